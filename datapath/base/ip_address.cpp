#include "datapath/base/ip_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace bulkhead {

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  char buffer[INET6_ADDRSTRLEN + 1];
  if (text.empty() || text.size() >= sizeof buffer) return std::nullopt;
  std::copy(text.begin(), text.end(), buffer);
  buffer[text.size()] = '\0';
  Byte bytes[16];
  if (inet_pton(AF_INET, buffer, bytes) == 1) return v4(bytes);
  if (inet_pton(AF_INET6, buffer, bytes) == 1) return v6(bytes);
  return std::nullopt;
}

IpAddress IpAddress::link_local(const MacAddress& mac) {
  Byte out[16] = {0xfe, 0x80};
  std::copy_n(mac.bytes.begin(), 3, out + 8);
  out[8] ^= 2;
  out[11] = 0xff;
  out[12] = 0xfe;
  std::copy_n(mac.bytes.begin() + 3, 3, out + 13);
  return v6(out);
}

IpAddress IpAddress::next() const {
  IpAddress out = *this;
  for (std::size_t i = size(); i-- > 0;) {
    if (++out.bytes_[i] != 0) break;
  }
  return out;
}

IpAddress IpAddress::previous() const {
  IpAddress out = *this;
  for (std::size_t i = size(); i-- > 0;) {
    if (out.bytes_[i]-- != 0) break;
  }
  return out;
}

IpAddress IpAddress::network(unsigned length) const {
  IpAddress out = *this;
  for (unsigned i = 0; i < size(); ++i) {
    const unsigned kept = length > i * 8 ? std::min(8U, length - i * 8) : 0;
    out.bytes_[i] = static_cast<Byte>(out.bytes_[i] & (0xff00U >> kept));
  }
  return out;
}

IpAddress IpAddress::broadcast(unsigned length) const {
  IpAddress out = *this;
  for (unsigned i = 0; i < size(); ++i) {
    const unsigned kept = length > i * 8 ? std::min(8U, length - i * 8) : 0;
    out.bytes_[i] = static_cast<Byte>(out.bytes_[i] | (0xffU >> kept));
  }
  return out;
}

bool IpAddress::is_first() const {
  return *this == network(0);
}
bool IpAddress::is_last() const {
  return *this == broadcast(0);
}

std::string IpAddress::to_string() const {
  char buffer[INET6_ADDRSTRLEN] = "";
  if (is_v4()) inet_ntop(AF_INET, bytes_.data(), buffer, sizeof buffer);
  if (is_v6()) inet_ntop(AF_INET6, bytes_.data(), buffer, sizeof buffer);
  return buffer;
}

std::string IpAddress::to_eve_string() const {
  if (!is_v6()) return to_string();
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  out.reserve(39);
  for (std::size_t i = 0; i < 16; ++i) {
    if (i != 0 && i % 2 == 0) out += ':';
    out += kHex[bytes_[i] >> 4];
    out += kHex[bytes_[i] & 15];
  }
  return out;
}

std::optional<IpPrefix> IpPrefix::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  unsigned length = address->bit_count();
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
    if (error != std::errc{} || end != digits.data() + digits.size() || length > address->bit_count()) {
      return std::nullopt;
    }
  }
  return IpPrefix{address->network(length), length};
}

std::optional<MacAddress> MacAddress::parse(std::string_view text) {
  if (text.size() != 17) return std::nullopt;
  MacAddress out;
  for (std::size_t i = 0; i < 6; ++i) {
    unsigned value = 0;
    const char* begin = text.data() + i * 3;
    const auto [end, error] = std::from_chars(begin, begin + 2, value, 16);
    if (error != std::errc{} || end != begin + 2) return std::nullopt;
    if (i != 5 && begin[2] != ':') return std::nullopt;
    out.bytes[i] = static_cast<Byte>(value);
  }
  return out;
}

std::string MacAddress::to_string() const {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < 6; ++i) {
    if (i != 0) out += ':';
    out += kHex[bytes[i] >> 4];
    out += kHex[bytes[i] & 15];
  }
  return out;
}

}  // namespace bulkhead
