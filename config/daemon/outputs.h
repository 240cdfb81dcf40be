// The outputs of the daemon: from settings to an EveOutputs, and what becomes of them to counters and to the log.
//
// Thread   make_eve_outputs() and OutputStates by the control thread; add_counters() by any.
// Tests    tests/unit/config/daemon/outputs_test.cpp
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config/load/engine_settings.h"
#include "datapath/event/event.h"
#include "datapath/output/eve_outputs.h"

namespace bulkhead::config {

// `names` outlives it.
[[nodiscard]] std::unique_ptr<output::EveOutputs> make_eve_outputs(const EngineSettings& settings,
                                                                   output::WorkloadNames& names);

// output.NAME.written, .lost, and .lost_to.REASON for reasons that an output can have.
void add_counters(const std::string& name, const output::SinkHealth& health, event::CounterList& to);

// Says once in the log when a receiver goes and when it is back.
class OutputStates {
 public:
  void tell(const std::vector<std::pair<std::string, output::SinkHealth>>& healths);

 private:
  std::map<std::string, bool> away_;
};

}  // namespace bulkhead::config
