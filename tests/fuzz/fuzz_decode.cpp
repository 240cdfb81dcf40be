// Decodes one frame. Input: link type selector, flags (checksum state, GSO, VLAN, Teredo on any port), then the frame.
// Checks that every span of every view lies inside the frame and that headers are where the view says.
#include <cstddef>
#include <cstdint>

#include "datapath/base/check.h"
#include "datapath/decode/decoder.h"

namespace {

using namespace bulkhead;

constexpr std::uint16_t kLinks[] = {1, 0, 9, 12, 101, 108, 113, 228, 229, 276, 104, 14, 999};

void check_inside(ByteSpan frame, const Byte* begin, std::size_t length) {
  if (begin == nullptr) return;
  BULKHEAD_CHECK(begin >= frame.data() && begin + length <= frame.data() + frame.size());
}

void check_view(ByteSpan frame, const decode::PacketView& v) {
  check_inside(frame, v.frame.data(), v.frame.size());
  check_inside(frame, v.payload.data(), v.payload.size());
  check_inside(frame, v.ip_header, v.ip_header_length);
  check_inside(frame, v.l4_header, v.l4_header_length);
  check_inside(frame, v.ethernet, v.ethernet == nullptr ? 0 : 14);
  check_inside(frame, v.arp, v.arp == nullptr ? 0 : 28);
  BULKHEAD_CHECK(v.vlan_count <= v.vlan_id.size());
  BULKHEAD_CHECK((v.ip_header != nullptr) == v.is_ip());
  BULKHEAD_CHECK(!v.has_tcp || (v.l4_header != nullptr && v.tcp.header_length >= 20));
  BULKHEAD_CHECK(!v.is_fragment || v.l4_header == nullptr);
  BULKHEAD_CHECK((v.tunnel_depth != 0) == (v.outer != nullptr));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::uint8_t flags = data[1];
  io::RawPacket raw;
  raw.link_type = static_cast<io::LinkType>(kLinks[data[0] % std::size(kLinks)]);
  raw.data = data + 2;
  raw.captured = static_cast<std::uint32_t>(size - 2);
  raw.wire_length = raw.captured + ((flags & 0x80) != 0 ? 100 : 0);
  raw.checksum = static_cast<io::ChecksumState>((flags & 3) % 3);
  if ((flags & 4) != 0) raw.gso_segment_size = 1448;
  raw.vlan = {0x8100, 7, (flags & 8) != 0};
  decode::DecodeSettings settings;
  settings.teredo_any_port = (flags & 16) != 0;
  settings.max_layers = (flags & 32) != 0 ? 255 : 16;

  decode::Decoder decoder(settings);
  decode::PacketChain chain;
  decoder.decode(raw, chain);
  BULKHEAD_CHECK(chain.count >= 1 && chain.count <= chain.views.size());
  for (std::size_t i = 0; i < chain.count; ++i) check_view(raw.bytes(), chain.views[i]);
  return 0;
}
