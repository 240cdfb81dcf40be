// The behaviour thread as a bench has it: on, as it is set by default, with nobody to hear its events.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "config/daemon/behaviour_thread.h"

namespace bulkhead::bench {

class Nobody final : public event::EventPublisher {
 public:
  void publish(event::Event&&) override {}
  void watermark(std::uint64_t) override {}
};

[[nodiscard]] inline config::BehaviourThreadSettings behaviour_settings() {
  config::BehaviourThreadSettings out;
  out.enabled = true;
  return out;
}

struct Records {
  std::uint64_t taken = 0, ring_full = 0;
};

[[nodiscard]] inline Records records_of(const config::BehaviourThread& behaviour) {
  std::vector<std::pair<std::string, std::uint64_t>> counters;
  behaviour.add_stats(counters);
  Records out;
  for (const auto& [name, value] : counters) {
    if (name == "behaviour.taken") out.taken = value;
    if (name == "behaviour.ring_full") out.ring_full = value;
  }
  return out;
}

}  // namespace bulkhead::bench
