// DNS as the rest of the engine sees it: how it is found, its buffers, its events.
#include <array>
#include <memory>
#include <string_view>

#include "datapath/app/dns/dns_parser.h"
#include "datapath/app/dns/dns_transaction.h"
#include "datapath/app/protocol.h"

namespace bulkhead::app {

namespace dns {
namespace {

constexpr std::array<std::uint8_t, 2> kRequests{kComplete, BufferDef::kNever};

bool get_query(Transaction& tx, Direction, std::uint32_t index, BufferView& out) {
  const auto& dns = static_cast<const DnsTransaction&>(tx);
  if (dns.refused || dns.direction != Direction::kToServer || index >= dns.message.questions.size()) return false;
  const std::string_view name = dns.message.questions[index].name.text;
  out.bytes = {reinterpret_cast<const Byte*>(name.data()), name.size()};
  return true;
}

constexpr std::array<std::uint8_t, 2> kBoth{kComplete, kComplete};

bool get_opcode(const Transaction& tx, Direction, std::uint32_t, std::uint64_t& out) {
  const auto& dns = static_cast<const DnsTransaction&>(tx);
  out = dns.message.header.opcode();
  return !dns.refused;
}

// clang-format off
constexpr BufferDef kBuffers[] = {
    {"dns.query", "dns_query", "", "A name that is asked for", BufferDef::Kind::kMulti, kRequests, get_query},
};

constexpr NumberDef kNumbers[] = {
    {"dns.opcode", "", "The operation in the header: 0 query, 4 notify, 5 update", NumberDef::Kind::kSingle, kBoth, get_opcode, 15, {}},
};

constexpr EventDef kEvents[] = {
#define X(symbol, name, alias, text) {name, name, alias},
#include "datapath/app/dns/dns_events.def"
#undef X
};
// clang-format on

std::unique_ptr<AppParser> make_parser(const AppSettings&) {
  return std::make_unique<DnsParser>();
}

}  // namespace
}  // namespace dns

const Protocol& protocol_dns() {
  static constexpr Protocol protocol{.id = AppProtocol::dns,
                                     .rule_prefix = "dns",
                                     .over_tcp = true,
                                     .over_udp = true,
                                     .complete = {dns::kComplete, dns::kComplete},
                                     .records = {"dns"},
                                     .probe = dns::probe_stream,
                                     .probe_datagram = dns::probe_datagram,
                                     .comes_from_other_side = dns::comes_from_other_side,
                                     .make = dns::make_parser,
                                     .buffers = dns::kBuffers,
                                     .events = dns::kEvents,
                                     .numbers = dns::kNumbers};
  return protocol;
}

}  // namespace bulkhead::app
