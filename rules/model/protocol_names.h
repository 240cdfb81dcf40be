// Names of protocols and ICMP types as policies write them.
//
// Thread   pure functions on static tables. Source  IANA protocol, ICMP and ICMPv6 parameter registries.
// Tests    tests/unit/rules/model/rule_parser_test.cpp
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bulkhead::rules {

struct IcmpName {
  const char* name;
  int v4;  // type, or -1: ICMPv4 has none
  int v6;
};

[[nodiscard]] std::optional<std::uint8_t> protocol_number(std::string_view name);  // tcp, udp, ... or 0-255
[[nodiscard]] std::string protocol_name(std::uint8_t protocol);
[[nodiscard]] const std::vector<std::string>& protocol_words();
[[nodiscard]] const IcmpName* icmp_by_name(std::string_view name);
[[nodiscard]] const IcmpName* icmp_by_type(std::uint8_t protocol, unsigned type);
[[nodiscard]] std::vector<std::string> icmp_words();

}  // namespace bulkhead::rules
