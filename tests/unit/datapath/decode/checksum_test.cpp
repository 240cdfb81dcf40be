#include "datapath/decode/checksum.h"

#include <gtest/gtest.h>

#include <random>

#include "datapath/decode/checksum_check.h"
#include "datapath/decode/decoder.h"
#include "tests/support/packet_builder.h"

namespace bulkhead::decode {
namespace {

TEST(Checksum, ExampleOfRfc1071) {
  const test::Bytes data = test::from_hex("0001 f203 f4f5 f6f7");
  const std::uint16_t folded = internet_checksum(data);
  Byte bytes[2];
  std::memcpy(bytes, &folded, 2);
  EXPECT_EQ(load_be16(bytes), static_cast<std::uint16_t>(~0xddf2));
}

TEST(Checksum, AgreesWithThePlainSumAtEveryLengthAndAlignment) {
  std::mt19937 random(1);
  test::Bytes data(200);
  for (auto& b : data) b = static_cast<std::uint8_t>(random());
  for (std::size_t begin = 0; begin < 9; ++begin) {
    for (std::size_t size = 0; begin + size <= data.size(); ++size) {
      const ByteSpan part(data.data() + begin, size);
      const std::uint16_t folded = internet_checksum(part);
      Byte bytes[2];
      std::memcpy(bytes, &folded, 2);
      EXPECT_EQ(load_be16(bytes), test::checksum_finish(test::checksum_sum(part))) << begin << " " << size;
    }
  }
}

TEST(Checksum, LongRunsOfOnesDoNotOverflow) {
  const test::Bytes data(70000, 0xff);
  EXPECT_EQ(internet_checksum(data), 0);
}

// Of the innermost packet, decoded without looking at checksums.
bool wrong(const test::PacketBuilder& builder, io::ChecksumState state = io::ChecksumState::kUnknown) {
  const test::Bytes frame = builder.build();
  io::RawPacket raw = test::raw_packet(frame);
  raw.checksum = state;
  DecodeSettings settings;
  settings.verify_checksums = false;
  Decoder decoder(settings);
  const auto chain = std::make_unique<PacketChain>();
  decoder.decode(raw, *chain);
  const PacketView& view = chain->views[chain->count - 1];
  EXPECT_FALSE(view.l4_checksum_bad);
  return transport_checksum_wrong(view) || ip_checksum_wrong(view);
}

TEST(ChecksumCheck, FindsWrongOnesThatNobodyVerified) {
  using test::PacketBuilder;
  const auto v4 = [] { return PacketBuilder().ethernet().ipv4("10.0.0.1", "10.0.0.2"); };
  const auto v6 = [] { return PacketBuilder().ethernet().ipv6("fd00::1", "fd00::2"); };
  for (const bool bad : {false, true}) {
    EXPECT_EQ(wrong(v4().tcp(1, 2, {.bad_checksum = bad}).payload("abc")), bad);
    EXPECT_EQ(wrong(v6().tcp(1, 2, {.bad_checksum = bad}).payload("abc")), bad);
    EXPECT_EQ(wrong(v4().udp(1, 2, {.bad_checksum = bad}).payload("abc").trailer(test::Bytes(6, 1))), bad);
    EXPECT_EQ(wrong(v6().udp(1, 2, {.bad_checksum = bad}).payload("abc")), bad);
    EXPECT_EQ(wrong(v4().icmp(8, 0, {.bad_checksum = bad}).payload("abc")), bad);
    EXPECT_EQ(wrong(v6().icmpv6(128, 0, {.bad_checksum = bad}).payload("abc")), bad);
    EXPECT_EQ(wrong(PacketBuilder().ethernet().ipv4("10.0.0.1", "10.0.0.2", {.bad_checksum = bad}).udp(1, 2)), bad);
  }
  EXPECT_FALSE(wrong(v4().udp(1, 2, {.checksum = 0}).payload("abc")));
  EXPECT_FALSE(wrong(v4().tcp(1, 2, {.bad_checksum = true}), io::ChecksumState::kPartial));
}

}  // namespace
}  // namespace bulkhead::decode
