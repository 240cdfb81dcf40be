#include "datapath/app/dns/dns_names.h"

#include <array>

namespace bulkhead::app::dns {
namespace {

// RFC 1035 4.1.1, RFC 2136 2.2.
constexpr std::array<std::string_view, 11> kRcodes = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN",
                                                      "NOTIMP",  "REFUSED", "YXDOMAIN", "YXRRSET",
                                                      "NXRRSET", "NOTAUTH", "NOTZONE"};

}  // namespace

std::string_view rrtype_name(std::uint16_t type) {
  switch (type) {
#define X(number, name) \
  case number:          \
    return name;
#include "datapath/app/dns/dns_rrtypes.def"
#undef X
    default: return {};
  }
}

std::string rrtype_text(std::uint16_t type) {
  const std::string_view name = rrtype_name(type);
  return name.empty() ? std::to_string(type) : std::string(name);
}

std::string rcode_text(std::uint8_t rcode) {
  return rcode < kRcodes.size() ? std::string(kRcodes[rcode]) : std::to_string(rcode);
}

}  // namespace bulkhead::app::dns
