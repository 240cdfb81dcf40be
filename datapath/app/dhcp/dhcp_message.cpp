#include "datapath/app/dhcp/dhcp_message.h"

#include <algorithm>

#include "datapath/base/text_encoding.h"

namespace bulkhead::app::dhcp {
namespace {

constexpr std::size_t kServerNameAt = 44, kServerNameBytes = 64, kFileAt = 108, kFileBytes = 128;
constexpr std::size_t kHardwareAt = 28, kHardwareBytes = 16;
constexpr std::uint32_t kCookie = 0x63825363;

namespace option {
constexpr std::uint8_t kPad = 0, kSubnetMask = 1, kRouters = 3, kDnsServers = 6, kHostName = 12, kRequestedAddress = 50,
                       kLeaseTime = 51, kOverload = 52, kMessageType = 53, kParameters = 55, kRenewalTime = 58,
                       kRebindingTime = 59, kVendorClass = 60, kClientId = 61, kEnd = 255;
}
constexpr std::uint8_t kFileHasOptions = 1, kServerNameHasOptions = 2;  // of option 52

std::string text_of(ByteSpan bytes) {
  return {bytes.begin(), bytes.end()};
}

class OptionReader {
 public:
  explicit OptionReader(Message& out) : out_(out) {}

  // False: the options end too early.
  bool read(ByteSpan bytes) {
    std::size_t at = 0;
    while (at < bytes.size()) {
      const std::uint8_t code = bytes[at++];
      if (code == option::kEnd) return true;
      if (code == option::kPad) continue;
      if (at == bytes.size() || bytes.size() - at - 1 < bytes[at]) return false;
      const ByteSpan value = bytes.subspan(at + 1, bytes[at]);
      at += 1 + value.size();
      if (!take(code, value)) return false;
    }
    return false;  // no end
  }
  [[nodiscard]] std::uint8_t overload() const { return overload_; }

 private:
  bool number(ByteSpan value, std::optional<std::uint32_t>& to) {
    if (value.size() < 4) return false;
    out_.malformed_options |= value.size() > 4;
    to = load_be32(value.data());
    return true;
  }

  static std::vector<IpAddress> addresses(ByteSpan value) {
    std::vector<IpAddress> out;
    for (std::size_t at = 0; value.size() - at >= 4; at += 4) out.push_back(IpAddress::v4(&value[at]));
    return out;
  }

  bool take(std::uint8_t code, ByteSpan value) {
    switch (code) {
      case option::kMessageType:
        if (!value.empty()) out_.type = value[0];
        return true;
      case option::kLeaseTime: return number(value, out_.lease_time);
      case option::kRenewalTime: return number(value, out_.renewal_time);
      case option::kRebindingTime: return number(value, out_.rebinding_time);
      case option::kSubnetMask:
        out_.subnet_mask = value.size() == 4 ? std::string(AddressText(IpAddress::v4(value.data())).view()) : "";
        return true;
      case option::kRouters: out_.routers = addresses(value); return true;
      case option::kDnsServers: out_.dns_servers = addresses(value); return true;
      case option::kRequestedAddress:
        if (value.size() == 4) out_.requested = IpAddress::v4(value.data());
        return true;
      case option::kHostName: out_.host_name = text_of(value); return true;
      case option::kVendorClass: out_.vendor_class = text_of(value); return true;
      case option::kParameters: out_.parameters = text_of(value); return true;
      case option::kClientId:
        if (value.size() < 2) return false;
        out_.client_id = text_of(value.subspan(1));
        return true;
      case option::kOverload:
        if (!value.empty()) overload_ = value[0];
        return true;
      default: return true;
    }
  }

  Message& out_;
  std::uint8_t overload_ = 0;
};

}  // namespace

bool read_message(ByteSpan bytes, Message& out) {
  if (bytes.size() < kOptionsAt) return false;
  out.op = bytes[0];
  const std::size_t hardware_length = std::min<std::size_t>(bytes[2], kHardwareBytes);
  out.transaction = load_be32(&bytes[4]);
  out.client = IpAddress::v4(&bytes[12]);
  out.assigned = IpAddress::v4(&bytes[16]);
  out.next_server = IpAddress::v4(&bytes[20]);
  out.relay = IpAddress::v4(&bytes[24]);
  out.hardware_address = text_of(bytes.subspan(kHardwareAt, hardware_length));
  out.has_cookie = load_be32(&bytes[kOptionsAt - 4]) == kCookie;
  OptionReader reader(out);
  bool whole = reader.read(bytes.subspan(kOptionsAt));
  const std::uint8_t overload = reader.overload();
  if ((overload & kFileHasOptions) != 0) whole &= reader.read(bytes.subspan(kFileAt, kFileBytes));
  if ((overload & kServerNameHasOptions) != 0) whole &= reader.read(bytes.subspan(kServerNameAt, kServerNameBytes));
  out.truncated_options = !whole;
  return true;
}

}  // namespace bulkhead::app::dhcp
