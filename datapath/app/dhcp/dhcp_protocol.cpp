// DHCP as the rest of the engine sees it.
#include <array>
#include <memory>
#include <optional>

#include "datapath/app/dhcp/dhcp_parser.h"
#include "datapath/app/dhcp/dhcp_transaction.h"
#include "datapath/app/protocol.h"

namespace bulkhead::app {

namespace dhcp {
namespace {

constexpr std::array<std::uint8_t, 2> kBoth{kComplete, kComplete};

template <std::optional<std::uint32_t> Message::*kField>
bool get_number(const Transaction& tx, Direction, std::uint32_t, std::uint64_t& out) {
  const std::optional<std::uint32_t>& field = static_cast<const DhcpTransaction&>(tx).message.*kField;
  if (field) out = *field;
  return field.has_value();
}

// clang-format off
constexpr NumberDef kNumbers[] = {
    {"dhcp.leasetime", "", "Seconds that the address is lent for", NumberDef::Kind::kSingle, kBoth, get_number<&Message::lease_time>, UINT64_MAX, {}},
    {"dhcp.rebinding_time", "", "Seconds until the client asks any server", NumberDef::Kind::kSingle, kBoth, get_number<&Message::rebinding_time>, UINT64_MAX, {}},
    {"dhcp.renewal_time", "", "Seconds until the client asks its server again", NumberDef::Kind::kSingle, kBoth, get_number<&Message::renewal_time>, UINT64_MAX, {}},
};

constexpr EventDef kEvents[] = {
#define X(symbol, name, text) {name, name, {}},
#include "datapath/app/dhcp/dhcp_events.def"
#undef X
};
// clang-format on

std::unique_ptr<AppParser> make_parser(const AppSettings&) {
  return std::make_unique<DhcpParser>();
}

}  // namespace
}  // namespace dhcp

const Protocol& protocol_dhcp() {
  static constexpr Protocol protocol{.id = AppProtocol::dhcp,
                                     .rule_prefix = "dhcp",
                                     .over_udp = true,
                                     .complete = {dhcp::kComplete, dhcp::kComplete},
                                     .records = {"dhcp"},
                                     .probe_datagram = dhcp::probe_datagram,
                                     .make = dhcp::make_parser,
                                     .events = dhcp::kEvents,
                                     .numbers = dhcp::kNumbers};
  return protocol;
}

}  // namespace bulkhead::app
