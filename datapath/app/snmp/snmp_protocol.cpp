// SNMP as the rest of the engine sees it.
#include <array>
#include <memory>
#include <string>

#include "datapath/app/protocol.h"
#include "datapath/app/snmp/snmp_parser.h"

namespace bulkhead::app {

namespace snmp {
namespace {

constexpr std::array<std::uint8_t, 2> kBoth{kComplete, kComplete};

const SnmpTransaction& snmp_of(const Transaction& tx) {
  return static_cast<const SnmpTransaction&>(tx);
}

bool give(const std::string& text, BufferView& out) {
  out.bytes = {reinterpret_cast<const Byte*>(text.data()), text.size()};
  return true;
}

bool get_community(Transaction& tx, Direction, std::uint32_t, BufferView& out) {
  const SnmpTransaction& snmp = snmp_of(tx);
  return !snmp.refused && snmp.message.version != 3 && give(snmp.message.community, out);
}
bool get_user(Transaction& tx, Direction, std::uint32_t, BufferView& out) {
  const SnmpTransaction& snmp = snmp_of(tx);
  return !snmp.refused && snmp.message.has_user && give(snmp.message.user, out);
}
bool get_version(const Transaction& tx, Direction, std::uint32_t, std::uint64_t& out) {
  out = snmp_of(tx).message.version;
  return !snmp_of(tx).refused;
}
bool get_pdu(const Transaction& tx, Direction, std::uint32_t, std::uint64_t& out) {
  out = snmp_of(tx).message.pdu;
  return !snmp_of(tx).refused && !snmp_of(tx).message.encrypted;
}

// clang-format off
constexpr BufferDef kBuffers[] = {
    {"snmp.community", "", "", "The community of versions 1 and 2", BufferDef::Kind::kSingle, kBoth, get_community},
    {"snmp.usm", "", "", "The user of version 3", BufferDef::Kind::kSingle, kBoth, get_user},
};
constexpr NumberDef kNumbers[] = {
    {"snmp.version", "", "1, 2 or 3", NumberDef::Kind::kSingle, kBoth, get_version, UINT32_MAX, {}},
    {"snmp.pdu_type", "", "What the message asks or tells: 0 get, 1 get next, 2 response, 3 set, 4 trap", NumberDef::Kind::kSingle, kBoth, get_pdu, UINT32_MAX, {}},
};
constexpr EventDef kEvents[] = {
#define X(symbol, name, text) {name, name, {}},
#include "datapath/app/snmp/snmp_events.def"
#undef X
};
// clang-format on

std::unique_ptr<AppParser> make_parser(const AppSettings&) {
  return std::make_unique<SnmpParser>();
}

}  // namespace
}  // namespace snmp

const Protocol& protocol_snmp() {
  static constexpr Protocol protocol{.id = AppProtocol::snmp,
                                     .rule_prefix = "snmp",
                                     .over_udp = true,
                                     .complete = {snmp::kComplete, snmp::kComplete},
                                     .records = {"snmp"},
                                     .probe_datagram = snmp::probe_datagram,
                                     .make = snmp::make_parser,
                                     .buffers = snmp::kBuffers,
                                     .events = snmp::kEvents,
                                     .numbers = snmp::kNumbers};
  return protocol;
}

}  // namespace bulkhead::app
