// Reads DNS: a message a datagram, or over TCP one behind its length (RFC 1035 4.2.2), across segments.
//
// Thread   the worker owning the flow.
// In       datagrams; stream bytes of both directions. Which side asks is
//          known from the messages (Protocol::comes_from_other_side).
// Out      a transaction for each message.
// Limits   those of Message; what is left over is at most one message (64 KB).
// Errors   DnsEvent on a transaction of its own. A message that cannot be read does not end the flow: the next one may
//          be sound. After a gap whatever does not begin like a message is passed over.
// Tests    tests/unit/datapath/app/dns/dns_parser_test.cpp, tests/fuzz/fuzz_dns.cpp
#pragma once

#include <array>

#include "datapath/app/app_parser.h"
#include "datapath/app/dns/dns_transaction.h"
#include "datapath/app/protocol.h"

namespace bulkhead::app::dns {

[[nodiscard]] Probe probe_stream(Direction d, ByteSpan data, std::uint16_t server_port);
[[nodiscard]] Probe probe_datagram(const DatagramProbe& probe);
[[nodiscard]] bool comes_from_other_side(Direction d, ByteSpan data, bool datagram);

class DnsParser final : public AppParser {
 public:
  ParseResult parse(Direction d, ByteSpan data, const ParseMoment& moment) override;
  bool gap(Direction d, std::uint64_t length) override;
  void end(Direction, ByteSpan) override {}

 private:
  void message(Direction d, ByteSpan bytes);

  std::array<bool, 2> lost_{};  // by Direction: after a gap, where the next message begins is not known
};

}  // namespace bulkhead::app::dns
