// Tells both ends of a TCP connection that it is over, so that neither waits for a flow that the
// kernel now drops (RFC 9293 3.10.7.4: a reset counts when its sequence number is the next expected).
//
// Thread   the block thread.
// In       the flow with MAC addresses and next sequence numbers of both directions.
// Out      two frames through an AF_PACKET socket on the interface the flow was seen on. A bridge
//          sends them to the right port by its forwarding table, past the forward hook where blocks live.
// Limits   Ethernet without VLAN tags; best effort: a segment in flight makes the number stale, and the
//          receiver answers with a challenge (RFC 5961) that the block drops. The worker therefore asks again
//          for each packet that passed before the block was in force.
// Errors   send() gives the Error of the socket; CAP_NET_RAW is needed.
// Tests    tests/unit/rules/block/tcp_reset_test.cpp, tests/netns/
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "datapath/base/flow_key.h"
#include "datapath/base/result.h"

namespace bulkhead::rules {

struct ResetTarget {
  FlowTuple client;  // client first
  MacAddress client_mac, server_mac;
  std::uint32_t interface_index = 0;
  std::uint32_t client_next_seq = 0;  // next byte the client would send, host order
  std::uint32_t server_next_seq = 0;
};

// An Ethernet frame with a TCP RST,ACK from one end to the other; checksums filled in.
[[nodiscard]] std::vector<Byte> reset_frame(const FlowTuple& from_to, const MacAddress& source_mac,
                                            const MacAddress& destination_mac, std::uint32_t seq, std::uint32_t ack);

class TcpResetSender {
 public:
  TcpResetSender() = default;
  ~TcpResetSender();
  TcpResetSender(const TcpResetSender&) = delete;
  TcpResetSender& operator=(const TcpResetSender&) = delete;

  [[nodiscard]] Status open();
  [[nodiscard]] Status send(const ResetTarget& target);
  [[nodiscard]] std::uint64_t sent() const { return sent_; }

 private:
  int socket_ = -1;
  std::uint64_t sent_ = 0;
};

}  // namespace bulkhead::rules
