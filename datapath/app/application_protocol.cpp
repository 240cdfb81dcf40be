#include "datapath/app/application_protocol.h"

#include <array>

namespace bulkhead::app {
namespace {

struct Row {
  std::string_view name, help;
};
constexpr std::array<Row, kAppProtocolCount> kRows = {{
    {"", "not decided yet"},
    {"failed", "none that is known"},
#define X(symbol, name, help) {name, help},
#include "datapath/app/application_protocols.def"
#undef X
}};

AppProtocolSet only(AppProtocol p) {
  return AppProtocolSet().set(index_of(p));
}

}  // namespace

std::string_view name_of(AppProtocol p) {
  return kRows[index_of(p)].name;
}

std::string_view help_of(AppProtocol p) {
  return kRows[index_of(p)].help;
}

AppProtocol find_app_protocol(std::string_view name) {
  for (std::size_t i = kFirstAppProtocol; i < kRows.size(); ++i) {
    if (kRows[i].name == name) return static_cast<AppProtocol>(i);
  }
  return AppProtocol::kUnknown;
}

AppProtocolSet app_protocols_of_rule_name(std::string_view name) {
  if (name == "http") return only(AppProtocol::http1) | only(AppProtocol::http2);
  if (name == "http1") return only(AppProtocol::http1);
  if (name == "ssl") return only(AppProtocol::tls);
  if (name == "ikev2") return only(AppProtocol::ike);
  const AppProtocol p = find_app_protocol(name);
  return p == AppProtocol::kUnknown ? AppProtocolSet() : only(p);
}

}  // namespace bulkhead::app
