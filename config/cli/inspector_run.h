// One inspector over captures or live packets, with default settings and one worker: for commands that look at traffic
// and want no events of the engine.
//
// Thread   the caller's; replay().request_stop() by any.
// Errors   what a source reports becomes a warning on stderr.
// Tests    tests/policy/captures.py, tests/differential/behaviour.cmake, tests/netns/learn_netns_test.cpp
#pragma once

#include <memory>
#include <vector>

#include "datapath/event/event_publisher.h"
#include "datapath/pipeline/replay.h"

namespace bulkhead::config::cli {

class InspectorRun {
 public:
  InspectorRun();
  [[nodiscard]] pipeline::Replay& replay() { return replay_; }
  pipeline::ReplayResult run(const std::vector<std::unique_ptr<io::PacketSource>>& sources,
                             std::shared_ptr<const pipeline::InspectorFactory> inspector);

 private:
  class NoEvents final : public event::EventPublisher {
   public:
    void publish(event::Event&&) override {}
    void watermark(std::uint64_t) override {}
  };

  NoEvents nobody_;
  pipeline::Replay replay_;
};

}  // namespace bulkhead::config::cli
