#include "datapath/pipeline/flow_record.h"

#include "datapath/app/app_flow.h"
#include "datapath/app/application_protocol.h"

namespace bulkhead::pipeline {

FlowRecord record_of(const flow::Flow& flow) {
  FlowRecord out;
  out.id = flow.id;
  out.client = flow.client;
  out.start = flow.start;
  out.last = flow.last;
  out.packets_to_server = flow.counts[0].packets;
  out.packets_to_client = flow.counts[1].packets;
  out.bytes_to_server = flow.counts[0].bytes;
  out.bytes_to_client = flow.counts[1].bytes;
  out.state = flow.state;
  out.action = flow.action;
  out.alerted = flow.alerted;
  out.interface_index = flow.interface_index;
  const app::AppFlow* state = app::app_flow(flow);
  if (state != nullptr && state->protocol != app::AppProtocol::kUnknown) {
    out.app_protocol = app::name_of(state->protocol);
  }
  return out;
}

}  // namespace bulkhead::pipeline
