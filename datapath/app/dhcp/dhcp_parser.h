// Reads DHCP: one message a datagram.
//
// Thread   the worker owning the flow.
// Errors   DhcpEvent; a datagram that is too short for a message is passed over.
// Tests    tests/unit/datapath/app/dhcp/dhcp_parser_test.cpp, tests/fuzz/fuzz_dhcp.cpp
#pragma once

#include "datapath/app/app_parser.h"
#include "datapath/app/protocol.h"

namespace bulkhead::app::dhcp {

// On the ports of DHCP the operation is enough; on others the magic cookie must be there too.
[[nodiscard]] Probe probe_datagram(const DatagramProbe& probe);

class DhcpParser final : public AppParser {
 public:
  ParseResult parse(Direction d, ByteSpan data, const ParseMoment& moment) override;
  bool gap(Direction, std::uint64_t) override { return true; }
  void end(Direction, ByteSpan) override {}
};

}  // namespace bulkhead::app::dhcp
