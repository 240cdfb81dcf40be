#include "rules/model/protocol_names.h"

#include <array>
#include <charconv>

#include "datapath/base/flow_key.h"

namespace bulkhead::rules {

namespace {

struct ProtocolName {
  const char* name;
  std::uint8_t number;
};
constexpr std::array kProtocols = {ProtocolName{"tcp", ip_proto::kTcp},      ProtocolName{"udp", ip_proto::kUdp},
                                   ProtocolName{"sctp", ip_proto::kSctp},    ProtocolName{"icmp", ip_proto::kIcmp},
                                   ProtocolName{"icmp6", ip_proto::kIcmpv6}, ProtocolName{"gre", ip_proto::kGre},
                                   ProtocolName{"esp", ip_proto::kEsp},      ProtocolName{"ah", ip_proto::kAh},
                                   ProtocolName{"ipip", ip_proto::kIpip}};

constexpr std::array kIcmpNames = {IcmpName{"echo-request", 8, 128},
                                   IcmpName{"echo-reply", 0, 129},
                                   IcmpName{"destination-unreachable", 3, 1},
                                   IcmpName{"packet-too-big", -1, 2},
                                   IcmpName{"time-exceeded", 11, 3},
                                   IcmpName{"parameter-problem", 12, 4},
                                   IcmpName{"redirect", 5, 137},
                                   IcmpName{"router-solicitation", 10, 133},
                                   IcmpName{"router-advertisement", 9, 134},
                                   IcmpName{"timestamp-request", 13, -1},
                                   IcmpName{"timestamp-reply", 14, -1},
                                   IcmpName{"neighbor-solicitation", -1, 135},
                                   IcmpName{"neighbor-advertisement", -1, 136}};

}  // namespace

std::optional<std::uint8_t> protocol_number(std::string_view name) {
  for (const auto& p : kProtocols) {
    if (name == p.name) return p.number;
  }
  std::uint8_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc{} || end != name.data() + name.size() || name.empty()) return std::nullopt;
  return number;
}

std::string protocol_name(std::uint8_t protocol) {
  for (const auto& p : kProtocols) {
    if (protocol == p.number) return p.name;
  }
  return std::to_string(protocol);
}

const std::vector<std::string>& protocol_words() {
  static const std::vector<std::string> words = [] {
    std::vector<std::string> out;
    for (const auto& p : kProtocols) out.emplace_back(p.name);
    return out;
  }();
  return words;
}

const IcmpName* icmp_by_name(std::string_view name) {
  for (const auto& n : kIcmpNames) {
    if (name == n.name) return &n;
  }
  return nullptr;
}

const IcmpName* icmp_by_type(std::uint8_t protocol, unsigned type) {
  for (const auto& n : kIcmpNames) {
    if ((protocol == ip_proto::kIcmp ? n.v4 : n.v6) == static_cast<int>(type)) return &n;
  }
  return nullptr;
}

std::vector<std::string> icmp_words() {
  std::vector<std::string> out;
  for (const auto& n : kIcmpNames) out.emplace_back(n.name);
  return out;
}

}  // namespace bulkhead::rules
