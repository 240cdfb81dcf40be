// The table of application protocols (application_protocols.def): one name each, for rules, events and settings.
//
// Thread   pure functions over constant tables.
// Tests    tests/unit/datapath/app/application_protocol_test.cpp
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace bulkhead::app {

enum class AppProtocol : std::uint8_t {
  kUnknown,  // not decided yet
  kFailed,   // decided: none that is known
#define X(symbol, name, help) symbol,
#include "datapath/app/application_protocols.def"
#undef X
  kCount
};
inline constexpr std::size_t kAppProtocolCount = static_cast<std::size_t>(AppProtocol::kCount);
inline constexpr std::size_t kFirstAppProtocol = 2;
using AppProtocolSet = std::bitset<kAppProtocolCount>;

[[nodiscard]] constexpr std::size_t index_of(AppProtocol p) {
  return static_cast<std::size_t>(p);
}
[[nodiscard]] constexpr bool is_known(AppProtocol p) {
  return index_of(p) >= kFirstAppProtocol && p != AppProtocol::kCount;
}
// "" for kUnknown, "failed" for kFailed.
[[nodiscard]] std::string_view name_of(AppProtocol p);
[[nodiscard]] std::string_view help_of(AppProtocol p);
[[nodiscard]] AppProtocol find_app_protocol(std::string_view name);  // kUnknown: there is no such name
// What a name in a rule stands for: "http" is HTTP of any version, "http1" HTTP/1 alone, "ssl" is tls.
[[nodiscard]] AppProtocolSet app_protocols_of_rule_name(std::string_view name);

}  // namespace bulkhead::app
