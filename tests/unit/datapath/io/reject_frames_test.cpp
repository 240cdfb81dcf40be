#include "datapath/io/reject_frames.h"

#include <gtest/gtest.h>
#include <algorithm>
#include <array>

#include <cstring>

#include "datapath/base/big_endian.h"
#include "datapath/decode/checksum.h"
#include "tests/support/packet_builder.h"

namespace bulkhead::io {
namespace {

struct Frame {
  test::Bytes bytes;
  [[nodiscard]] RawPacket packet() const {
    RawPacket out;
    out.data = bytes.data();
    out.captured = out.wire_length = static_cast<std::uint32_t>(bytes.size());
    return out;
  }
};

// Ethernet, IPv4 10.0.0.1 -> 10.0.0.2, and a TCP header 1000 -> 80 with these numbers, flags and payload.
Frame tcp4(std::uint32_t seq, std::uint32_t ack, Byte flags, std::size_t payload = 0) {
  Frame out;
  out.bytes.assign(14 + 20 + 20 + payload, 0);
  Byte* p = out.bytes.data();
  constexpr std::array<Byte, 14> kEthernet = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0};
  std::copy(kEthernet.begin(), kEthernet.end(), p);
  p[14] = 0x45;
  store_be16(p + 16, static_cast<std::uint16_t>(40 + payload));
  p[23] = 6;
  store_be32(p + 26, 0x0a000001);
  store_be32(p + 30, 0x0a000002);
  store_be16(p + 34, 1000);
  store_be16(p + 36, 80);
  store_be32(p + 38, seq);
  store_be32(p + 42, ack);
  p[46] = 5 << 4;
  p[47] = flags;
  return out;
}
constexpr Byte kSyn = 2, kRst = 4, kAck = 16;

void expect_good_sums(const std::vector<Byte>& frame) {
  EXPECT_EQ(decode::internet_checksum({&frame[14], 20}), 0);
  EXPECT_EQ(decode::transport_checksum(IpAddress::v4(&frame[26]), IpAddress::v4(&frame[30]), 6, {&frame[34], 20}), 0);
}

TEST(RejectFrames, ASynIsRefusedAsIfNobodyListened) {
  const Frame syn = tcp4(100, 0, kSyn);
  std::vector<Byte> out;
  ASSERT_TRUE(reject_frame(syn.packet(), true, out));
  ASSERT_EQ(out.size(), 54U);
  EXPECT_EQ(out[5], 1) << "to who sent it";
  EXPECT_EQ(out[11], 2);
  EXPECT_EQ(load_be32(&out[26]), 0x0a000002U);
  EXPECT_EQ(load_be16(&out[34]), 80);
  EXPECT_EQ(load_be16(&out[36]), 1000);
  EXPECT_EQ(load_be32(&out[38]), 0U);
  EXPECT_EQ(load_be32(&out[42]), 101U);
  EXPECT_EQ(out[47], kRst | kAck);
  expect_good_sums(out);
  EXPECT_FALSE(reject_frame(syn.packet(), false, out)) << "the receiver knows of nothing";
}

TEST(RejectFrames, DataEndsBothSides) {
  const Frame data = tcp4(500, 900, kAck, 10);
  std::vector<Byte> out;
  ASSERT_TRUE(reject_frame(data.packet(), true, out));
  EXPECT_EQ(load_be32(&out[38]), 900U) << "what it expects next";
  EXPECT_EQ(out[47], kRst);
  expect_good_sums(out);
  ASSERT_TRUE(reject_frame(data.packet(), false, out));
  EXPECT_EQ(out[5], 2);
  EXPECT_EQ(load_be32(&out[38]), 500U);
  EXPECT_EQ(load_be32(&out[42]), 900U);
  EXPECT_EQ(out[47], kRst | kAck);
  expect_good_sums(out);
}

TEST(RejectFrames, OthersGetAnIcmpErrorWithTheirPacket) {
  Frame udp = tcp4(1, 2, 0, 30);
  udp.bytes[23] = 17;
  std::vector<Byte> out;
  ASSERT_TRUE(reject_frame(udp.packet(), true, out));
  ASSERT_EQ(out.size(), 14U + 20 + 8 + 28);
  EXPECT_EQ(out[23], 1);
  EXPECT_EQ(out[34], 3);
  EXPECT_EQ(out[35], 13);
  EXPECT_TRUE(std::equal(out.begin() + 42, out.end(), udp.bytes.begin() + 14));
  EXPECT_EQ(decode::internet_checksum({&out[34], out.size() - 34}), 0);
  EXPECT_FALSE(reject_frame(udp.packet(), false, out));
}

TEST(RejectFrames, WhatMustNotBeAnsweredIsNot) {
  std::vector<Byte> out;
  EXPECT_FALSE(reject_frame(tcp4(1, 2, kRst).packet(), true, out)) << "resets";
  Frame frame = tcp4(1, 2, kAck);
  frame.bytes[21] = 1;
  EXPECT_FALSE(reject_frame(frame.packet(), true, out)) << "fragments";
  frame = tcp4(1, 2, kAck);
  frame.bytes[0] = 0xff;
  EXPECT_FALSE(reject_frame(frame.packet(), true, out)) << "frames to many";
  frame = tcp4(1, 2, kAck);
  frame.bytes[23] = 1;
  frame.bytes[34] = 3;
  EXPECT_FALSE(reject_frame(frame.packet(), true, out)) << "ICMP errors";
  frame.bytes[34] = 8;
  EXPECT_TRUE(reject_frame(frame.packet(), true, out)) << "ICMP requests";
  frame.bytes[12] = 0x08;
  frame.bytes[13] = 0x06;
  EXPECT_FALSE(reject_frame(frame.packet(), true, out)) << "ARP";
}

TEST(RejectFrames, CutAnywhereNothingIsReadBeyond) {
  const Frame data = tcp4(500, 900, kAck, 10);
  std::vector<Byte> out;
  for (std::size_t size = 0; size < data.bytes.size(); ++size) {
    const std::vector<Byte> cut(data.bytes.begin(), data.bytes.begin() + static_cast<std::ptrdiff_t>(size));
    RawPacket packet;
    packet.data = cut.data();
    packet.captured = static_cast<std::uint32_t>(cut.size());
    EXPECT_EQ(reject_frame(packet, true, out), size >= 54) << size;
  }
}

}  // namespace
}  // namespace bulkhead::io
