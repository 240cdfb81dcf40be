#include "datapath/output/community_id.h"

#include <openssl/evp.h>

#include <array>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "datapath/base/big_endian.h"
#include "datapath/base/text_encoding.h"

namespace bulkhead::output {

namespace {

using Pair = std::pair<std::uint8_t, std::uint8_t>;
constexpr std::array kIcmp{Pair{8, 0}, Pair{13, 14}, Pair{15, 16}, Pair{17, 18}, Pair{10, 9}};
constexpr std::array kIcmpv6{Pair{128, 129}, Pair{133, 134}, Pair{135, 136}, Pair{130, 131}, Pair{144, 145}};

template <std::size_t N>
std::optional<std::uint8_t> counterpart(const std::array<Pair, N>& pairs, std::uint8_t type) {
  for (const auto& [a, b] : pairs) {
    if (type == a) return b;
    if (type == b) return a;
  }
  return std::nullopt;
}

}  // namespace

void CommunityId::Free::operator()(evp_md_ctx_st* context) const {
  EVP_MD_CTX_free(context);
}

CommunityId::CommunityId(std::uint16_t seed) : seed_(seed), context_(EVP_MD_CTX_new()) {}

const std::string& CommunityId::of(const FlowTuple& tuple, std::uint8_t icmp_type, std::uint8_t icmp_code) {
  FlowTuple ends = tuple;
  bool one_way = false;
  bool has_ports =
      tuple.protocol == ip_proto::kTcp || tuple.protocol == ip_proto::kUdp || tuple.protocol == ip_proto::kSctp;
  if (tuple.protocol == ip_proto::kIcmp || tuple.protocol == ip_proto::kIcmpv6) {
    const auto other =
        tuple.protocol == ip_proto::kIcmp ? counterpart(kIcmp, icmp_type) : counterpart(kIcmpv6, icmp_type);
    ends.source_port = icmp_type;
    ends.destination_port = other.value_or(icmp_code);
    one_way = !other;
    has_ports = true;
  }
  const bool swap = !one_way && (ends.destination < ends.source ||
                                 (ends.destination == ends.source && ends.destination_port < ends.source_port));
  if (swap) {
    std::swap(ends.source, ends.destination);
    std::swap(ends.source_port, ends.destination_port);
  }

  Byte message[2 + 16 + 16 + 2 + 4];
  std::size_t length = 0;
  const auto put16 = [&](std::uint16_t value) {
    store_be16(message + length, value);
    length += 2;
  };
  const auto put_address = [&](const IpAddress& address) {
    std::memcpy(message + length, address.bytes().data(), address.size());
    length += address.size();
  };
  put16(seed_);
  put_address(ends.source);
  put_address(ends.destination);
  put16(static_cast<std::uint16_t>(ends.protocol << 8));  // protocol, then a zero byte
  if (has_ports) {
    put16(ends.source_port);
    put16(ends.destination_port);
  }

  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  text_ = "1:";
  if (EVP_DigestInit_ex(context_.get(), EVP_sha1(), nullptr) == 1 &&
      EVP_DigestUpdate(context_.get(), message, length) == 1 &&
      EVP_DigestFinal_ex(context_.get(), digest, &size) == 1) {
    append_base64(text_, {reinterpret_cast<const char*>(digest), size});
  }
  return text_;
}

}  // namespace bulkhead::output
