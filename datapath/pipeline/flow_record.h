// A flow as live views show it: a copy of what the worker knows at one moment.
//
// Thread   made by the worker that owns the flow; a plain value afterwards.
// Tests    tests/unit/datapath/pipeline/live_test.cpp
#pragma once

#include <cstdint>
#include <string_view>

#include "datapath/flow/flow.h"

namespace bulkhead::pipeline {

struct FlowRecord {
  std::uint64_t id = 0;
  FlowTuple client;  // source is the client
  Timestamp start, last;
  std::uint64_t packets_to_server = 0, packets_to_client = 0;
  std::uint64_t bytes_to_server = 0, bytes_to_client = 0;
  flow::FlowState state = flow::FlowState::kNew;
  flow::FlowAction action = flow::FlowAction::kNone;
  bool alerted = false;
  std::string_view app_protocol;  // static name; empty: not known
  std::uint32_t interface_index = 0;
};

[[nodiscard]] FlowRecord record_of(const flow::Flow& flow);

}  // namespace bulkhead::pipeline
