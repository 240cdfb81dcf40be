// Every event of decode_events.def has a frame that raises it, and the table is sound.
#include "datapath/decode/decode_events.h"

#include <gtest/gtest.h>

#include <set>

#include "datapath/decode/decoder.h"
#include "tests/unit/datapath/decode/event_cases.h"

namespace bulkhead::decode {
namespace {

TEST(DecodeEvents, NamesAreUniqueAndFound) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kDecodeEventCount; ++i) {
    const auto event = static_cast<DecodeEvent>(i);
    EXPECT_TRUE(names.insert(info(event).name).second) << info(event).name;
    EXPECT_EQ(find_decode_event(info(event).name), event);
    EXPECT_FALSE(info(event).text.empty());
    EXPECT_FALSE(info(event).source.empty());
  }
  EXPECT_EQ(find_decode_event("ipv4.no_such_event"), std::nullopt);
}

TEST(DecodeEvents, EveryEventHasAFrameThatRaisesIt) {
  std::set<DecodeEvent> raised;
  for (const test::EventCase& example : test::all_event_cases()) {
    Decoder decoder(DecodeSettings{});
    PacketChain chain;
    const io::RawPacket raw = test::raw_packet(example.frame, {}, 1, example.link);
    decoder.decode(raw, chain);
    std::set<DecodeEvent> here;
    std::string seen;
    for (std::size_t i = 0; i < chain.count; ++i) {
      for (const DecodeEvent event : chain.views[i].events) {
        raised.insert(event);
        seen += std::string(info(event).name) + " ";
        here.insert(event);
        EXPECT_TRUE(!info(event).makes_invalid || chain.views[i].invalid) << info(event).name;
      }
    }
    EXPECT_TRUE(here.contains(example.event)) << info(example.event).name << " not raised, but: " << seen;
    EXPECT_GE(decoder.counters().events[static_cast<std::size_t>(example.event)].value(), 1U);
    EXPECT_TRUE(!info(example.event).makes_invalid || decoder.counters().invalid.value() == 1) << seen;
  }
  for (std::size_t i = 0; i < kDecodeEventCount; ++i) {
    const auto event = static_cast<DecodeEvent>(i);
    EXPECT_EQ(raised.contains(event), !test::needs_more_than_a_frame(event)) << info(event).name;
  }
}

TEST(DecodeEvents, LiveCaptureCutByTheSnaplen) {
  const test::Bytes frame = test::event_cases::ip4().udp(1, 2).payload("abcd").build();
  io::RawPacket raw = test::raw_packet(frame);
  raw.wire_length += 100;
  for (const std::uint32_t interface : {0U, 3U}) {
    raw.interface_index = interface;
    Decoder decoder(DecodeSettings{});
    PacketChain chain;
    decoder.decode(raw, chain);
    EXPECT_EQ(chain.views[0].events.contains(DecodeEvent::afpacket_trunc_pkt), interface != 0);
  }
}

}  // namespace
}  // namespace bulkhead::decode
