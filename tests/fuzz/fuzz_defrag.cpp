// Feeds a sequence of fragments to the defragmenter and the datagrams it makes back to the decoder.
// Input: policy and limits (2 bytes), then for each fragment: offset and family (2), length (1), id and more (1), data.
// What the bytes must be is checked against a model in fragment_buffer_test.cpp. Here: no crash,
// and every datagram is a whole packet of the length its header says.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "datapath/base/byte_reader.h"
#include "datapath/base/check.h"
#include "datapath/decode/decoder.h"
#include "datapath/defrag/ip_defrag.h"

namespace {

using namespace bulkhead;

void put16(std::vector<Byte>& out, unsigned value) {
  out.push_back(static_cast<Byte>(value >> 8));
  out.push_back(static_cast<Byte>(value));
}

std::vector<Byte> ipv4_fragment(unsigned offset, bool more, unsigned id, ByteSpan data) {
  std::vector<Byte> out{0x45, 0};
  put16(out, static_cast<unsigned>(20 + data.size()));
  put16(out, id);
  put16(out, (more ? 0x2000U : 0U) | offset);
  out.insert(out.end(), {64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2});
  out.insert(out.end(), data.begin(), data.end());
  return out;
}

std::vector<Byte> ipv6_fragment(unsigned offset, bool more, unsigned id, ByteSpan data, bool options) {
  std::vector<Byte> out{0x60, 0, 0, 0};
  put16(out, static_cast<unsigned>((options ? 16 : 8) + data.size()));
  out.insert(out.end(), {static_cast<Byte>(options ? 0 : 44), 64});
  for (int i = 0; i < 32; ++i) out.push_back(static_cast<Byte>(i));
  if (options) out.insert(out.end(), {44, 0, 5, 2, 0, 0, 1, 0});
  out.insert(out.end(), {17, 0});
  put16(out, offset << 3 | (more ? 1U : 0U));
  put16(out, 0);
  put16(out, id);
  out.insert(out.end(), data.begin(), data.end());
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteReader in({data, size});
  const std::uint8_t policy = in.u8(), limits = in.u8();
  defrag::DefragSettings settings;
  settings.default_policy = static_cast<defrag::FragmentPolicy>(policy % 7);
  settings.max_trackers = (limits & 1) != 0 ? 2 : 64;  // a small table keeps each run short
  if ((limits & 2) != 0) settings.max_fragments = 4;
  if ((limits & 4) != 0) settings.memcap_bytes = 20000;
  decode::DecodeSettings decode_settings;
  decode_settings.verify_checksums = false;
  decode::Decoder decoder(decode_settings);
  defrag::IpDefrag defrag(settings);
  decode::PacketChain chain;
  Timestamp now{1'000'000'000};
  while (!in.at_end()) {
    const unsigned head = in.be16(), length = in.u8(), tail = in.u8();
    const ByteSpan body = in.bytes(std::min<std::size_t>(length * (1U + tail % 8), in.remaining()));
    const unsigned offset = head & 0x1fff, id = tail >> 4 & 3;
    const bool more = (tail & 0x08) != 0;
    const std::vector<Byte> packet = (head & 0x8000) == 0 ? ipv4_fragment(offset, more, id, body)
                                                          : ipv6_fragment(offset, more, id, body, (head & 0x4000) != 0);
    now = now + std::chrono::milliseconds((head & 0x2000) != 0 ? 30'000 : 1);
    io::RawPacket raw;
    raw.link_type = io::LinkType::kRaw;
    raw.data = packet.data();
    raw.captured = raw.wire_length = static_cast<std::uint32_t>(packet.size());
    decoder.decode(raw, chain);
    if (!chain.views[0].is_fragment) continue;
    const auto result = defrag.insert(chain.views[0], now);
    if (result.datagram.empty()) continue;
    decoder.decode_datagram(result.datagram, chain.views[0], chain);
    const decode::PacketView& whole = chain.views[1];
    BULKHEAD_CHECK(whole.is_ip() && whole.ip_total_length == result.datagram.size());
    BULKHEAD_CHECK(whole.origin == decode::PacketOrigin::kDefragment);
  }
  return 0;
}
