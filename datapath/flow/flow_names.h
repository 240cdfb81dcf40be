// Words for what a flow is and how it ended, as EVE spells them.
//
// Thread   pure functions. Tests  tests/unit/datapath/output/eve_json_test.cpp, tests/golden/
#pragma once

#include <string_view>

#include "datapath/flow/flow.h"

namespace bulkhead::flow {

[[nodiscard]] constexpr std::string_view name_of(FlowState state) {
  switch (state) {
    case FlowState::kNew: return "new";
    case FlowState::kEstablished: return "established";
    case FlowState::kClosed: return "closed";
    case FlowState::kBypassed: return "bypassed";
  }
  return "new";
}

// "" for none.
[[nodiscard]] constexpr std::string_view name_of(FlowAction action) {
  switch (action) {
    case FlowAction::kNone: return "";
    case FlowAction::kPass: return "pass";
    case FlowAction::kDrop: return "drop";
  }
  return "";
}

[[nodiscard]] constexpr std::string_view name_of(FlowEndReason reason) {
  switch (reason) {
    case FlowEndReason::kTimeout: return "timeout";
    case FlowEndReason::kForced: return "forced";
    case FlowEndReason::kShutdown: return "shutdown";
  }
  return "timeout";
}

}  // namespace bulkhead::flow
