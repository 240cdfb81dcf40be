// How a worker asks for a flow to be cut. The worker does not wait: the block manager acts on its own thread.
//
// Thread   request() by any worker; must not block or allocate without bound.
#pragma once

#include <chrono>
#include <cstdint>

#include "datapath/base/flow_key.h"
#include "datapath/base/timestamp.h"
#include "datapath/event/signature_info.h"

namespace bulkhead::pipeline {

struct BlockRequest {
  FlowTuple client;  // the flow, client first
  event::SignatureInfoPtr signature;
  std::uint64_t flow_id = 0;
  Timestamp packet_time;  // kernel's receive time of the packet that matched
  std::uint64_t packet_number = 0;
  Direction direction = Direction::kToServer;  // of the packet that matched
  // The handshake was seen, and the packet belongs into the connection: neither end can be forged from elsewhere.
  bool verified = false;
  bool is_tcp = false;
  // The flow was asked for before, and this packet came after: only its sequence numbers are news, for resets.
  bool follows = false;
  std::uint32_t next_seq[2] = {0, 0};  // by Direction: sequence numbers for resets
  // Where and how the flow's frames travel, for resets; MAC addresses by role in the flow.
  bool has_ethernet = false;
  MacAddress client_mac, server_mac;
  std::uint32_t interface_index = 0;
  std::uint32_t ingress = 0;  // interface by which the packet that matched came in; 0: not known
  std::uint8_t vlan_count = 0;
};

class ResponseSink {
 public:
  ResponseSink() = default;
  ResponseSink(const ResponseSink&) = delete;
  ResponseSink& operator=(const ResponseSink&) = delete;
  virtual ~ResponseSink() = default;
  virtual void request(const BlockRequest& request) = 0;
};

}  // namespace bulkhead::pipeline
