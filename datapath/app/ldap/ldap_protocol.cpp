// LDAP as the rest of the engine sees it.
#include <memory>

#include "datapath/app/buffer_getters.h"
#include "datapath/app/ldap/ldap_parser.h"

namespace bulkhead::app {

namespace ldap {
namespace {

using Kind = BufferDef::Kind;
using Tx = LdapTransaction;

// clang-format off
constexpr BufferDef kBuffers[] = {
    {"ldap.operation", "", "", "The request: bind_request, search_request ...", Kind::kSingle, exchange::kRequest, get_text<&Tx::operation>},
    {"ldap.dn", "", "", "The name bound to, searched from, or changed", Kind::kSingle, exchange::kRequest, get_text<&Tx::dn>},
    {"ldap.filter", "", "", "The filter of a search, as text", Kind::kSingle, exchange::kRequest, get_text<&Tx::filter>},
    {"ldap.attribute", "", "", "One attribute that a search asks for after the other", Kind::kMulti, exchange::kRequest, get_list<&Tx::attributes>},
    {"ldap.mechanism", "", "", "How a bind authenticates: simple, or a SASL mechanism", Kind::kSingle, exchange::kRequest, get_text<&Tx::mechanism>},
    {"ldap.result", "", "", "The result: success, invalid_credentials ...", Kind::kSingle, exchange::kAnswer, get_text<&Tx::result>},
    {"ldap.message", "", "", "What the server says about it", Kind::kSingle, exchange::kAnswer, get_text<&Tx::message>},
};

constexpr EventDef kEvents[] = {
#define X(symbol, name, record, text) {name, record},
#include "datapath/app/ldap/ldap_events.def"
#undef X
};
// clang-format on

std::unique_ptr<AppParser> make_parser(const AppSettings&) {
  return std::make_unique<LdapParser>();
}

}  // namespace
}  // namespace ldap

const Protocol& protocol_ldap() {
  static constexpr Protocol protocol{.id = AppProtocol::ldap,
                                     .rule_prefix = "ldap",
                                     .over_tcp = true,
                                     .over_udp = true,
                                     .complete = {exchange::kComplete, exchange::kComplete},
                                     .first_bytes = {{"0", "0"}},
                                     .records = {"ldap"},
                                     .probe = ldap::probe_ldap,
                                     .make = ldap::make_parser,
                                     .buffers = ldap::kBuffers,
                                     .events = ldap::kEvents};
  return protocol;
}

}  // namespace bulkhead::app
