// Whether a decoded packet's checksums are wrong, for those who ask although the engine was told not to verify them.
//
// Thread   pure functions.
// In       a view with an IP header; the transport question is for packets with a transport header.
// Out      true: wrong. A checksum that hardware has verified, or that is not filled in yet, is never wrong; nor is one
//          that UDP over IPv4 leaves out.
// Tests    tests/unit/datapath/decode/checksum_test.cpp
#pragma once

#include <algorithm>

#include "datapath/base/big_endian.h"
#include "datapath/decode/checksum.h"
#include "datapath/decode/packet_view.h"

namespace bulkhead::decode {

[[nodiscard]] inline bool checksums_are_real(const PacketView& v) {
  return v.raw != nullptr && v.raw->checksum == io::ChecksumState::kUnknown && v.raw->gso_segment_size == 0;
}

[[nodiscard]] inline bool ip_checksum_wrong(const PacketView& v) {
  return checksums_are_real(v) && v.family == IpFamily::kV4 &&
         internet_checksum({v.ip_header, v.ip_header_length}) != 0;
}

[[nodiscard]] inline bool transport_checksum_wrong(const PacketView& v) {
  if (!checksums_are_real(v) || v.l4_header == nullptr || v.is_fragment || v.invalid) return false;
  const auto before = static_cast<std::size_t>(v.l4_header - v.ip_header);
  if (v.ip_total_length < before) return false;
  std::size_t length = v.ip_total_length - before;
  if (v.has_udp) {
    constexpr std::size_t kLengthAt = 4, kChecksumAt = 6;
    if (v.family == IpFamily::kV4 && load_be16(v.l4_header + kChecksumAt) == 0) return false;
    length = std::min<std::size_t>(length, load_be16(v.l4_header + kLengthAt));
  }
  const ByteSpan bytes{v.l4_header, length};
  if (v.has_icmp) return internet_checksum(bytes) != 0;
  return transport_checksum(v.source, v.destination, v.protocol, bytes) != 0;
}

}  // namespace bulkhead::decode
