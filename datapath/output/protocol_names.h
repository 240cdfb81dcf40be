// IP protocol numbers as EVE spells them: "TCP", "IPv6-ICMP", "IP-in-IP"; the number where there is no name.
//
// Source   IANA protocol numbers; spelling as Suricata 7 prints it.
// Tests    tests/unit/datapath/output/protocol_names_test.cpp
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace bulkhead::output {

using NumberText = std::array<char, 3>;
// The view is into static memory or into `buffer`.
[[nodiscard]] std::string_view protocol_name(std::uint8_t protocol, NumberText& buffer);

}  // namespace bulkhead::output
