#include "config/daemon/safe_addresses.h"

#include <array>
#include <charconv>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

namespace bulkhead::config {

namespace {

std::optional<std::uint32_t> hex(std::string_view text) {
  std::uint32_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

// The words of each line.
template <typename Take>
void each_line(std::istream& in, Take take) {
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::vector<std::string> out;
    for (std::string word; words >> word;) out.push_back(word);
    take(out);
  }
}

}  // namespace

std::vector<IpAddress> gateways4(std::istream& routes) {
  constexpr std::size_t kGateway = 2;
  std::vector<IpAddress> out;
  each_line(routes, [&](const std::vector<std::string>& words) {
    if (words.size() <= kGateway || words[kGateway].size() != 8) return;
    const auto number = hex(words[kGateway]);
    if (!number || *number == 0) return;
    std::array<Byte, 4> bytes{};
    std::memcpy(bytes.data(), &*number, bytes.size());  // printed as the number that the address is in memory
    out.push_back(IpAddress::v4(bytes.data()));
  });
  return out;
}

std::vector<IpAddress> gateways6(std::istream& routes) {
  constexpr std::size_t kNextHop = 4, kDigits = 32;
  std::vector<IpAddress> out;
  each_line(routes, [&](const std::vector<std::string>& words) {
    if (words.size() <= kNextHop || words[kNextHop].size() != kDigits) return;
    std::array<Byte, 16> bytes{};
    bool any = false;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const auto byte = hex(std::string_view(words[kNextHop]).substr(i * 2, 2));
      if (!byte) return;
      bytes[i] = static_cast<Byte>(*byte);
      any = any || *byte != 0;
    }
    if (any) out.push_back(IpAddress::v6(bytes.data()));
  });
  return out;
}

std::vector<IpAddress> resolvers(std::istream& file) {
  std::vector<IpAddress> out;
  each_line(file, [&](const std::vector<std::string>& words) {
    if (words.size() < 2 || words[0] != "nameserver") return;
    const std::string& text = words[1];
    if (const auto address = IpAddress::parse(text.substr(0, text.find('%')))) out.push_back(*address);
  });
  return out;
}

std::vector<IpAddress> safe_addresses() {
  std::ifstream routes4("/proc/net/route"), routes6("/proc/net/ipv6_route"), names("/etc/resolv.conf");
  std::vector<IpAddress> out = gateways4(routes4);
  for (const auto& more : {gateways6(routes6), resolvers(names)}) out.insert(out.end(), more.begin(), more.end());
  return out;
}

}  // namespace bulkhead::config
