#include "datapath/base/byte_reader.h"

#include <gtest/gtest.h>

#include <array>

namespace bulkhead {
namespace {

constexpr std::array<Byte, 8> kBytes{1, 2, 3, 4, 5, 6, 7, 8};

TEST(ByteReader, ReadsBigEndianInOrder) {
  ByteReader in(kBytes);
  EXPECT_EQ(in.u8(), 1);
  EXPECT_EQ(in.be16(), 0x0203);
  EXPECT_EQ(in.be24(), 0x040506U);
  EXPECT_EQ(in.remaining(), 2U);
  EXPECT_EQ(in.position(), 6U);
  EXPECT_FALSE(in.failed());
  EXPECT_EQ(ByteReader(kBytes).be32(), 0x01020304U);
  EXPECT_EQ(ByteReader(kBytes).be64(), 0x0102030405060708ULL);
}

TEST(ByteReader, BytesAndRestBorrow) {
  ByteReader in(kBytes);
  in.skip(2);
  const ByteSpan part = in.bytes(3);
  EXPECT_EQ(part.data(), kBytes.data() + 2);
  EXPECT_EQ(part.size(), 3U);
  EXPECT_EQ(in.rest().data(), kBytes.data() + 5);
  EXPECT_EQ(in.rest().size(), 3U);
}

TEST(ByteReader, AReadPastTheEndFailsForGood) {
  ByteReader in(kBytes);
  in.skip(6);
  EXPECT_EQ(in.be32(), 0U);
  EXPECT_TRUE(in.failed());
  EXPECT_TRUE(in.at_end());
  EXPECT_EQ(in.u8(), 0);
  EXPECT_EQ(in.be16(), 0);
  EXPECT_EQ(in.be24(), 0U);
  EXPECT_EQ(in.be64(), 0U);
  EXPECT_TRUE(in.bytes(1).empty());
  EXPECT_TRUE(in.failed());
}

TEST(ByteReader, EndIsNoFailure) {
  ByteReader in(kBytes);
  EXPECT_EQ(in.bytes(8).size(), 8U);
  EXPECT_TRUE(in.at_end());
  EXPECT_TRUE(in.bytes(0).empty());
  in.skip(0);
  EXPECT_FALSE(in.failed());
  in.skip(1);
  EXPECT_TRUE(in.failed());
}

TEST(ByteReader, HugeCountsDoNotWrap) {
  ByteReader in(kBytes);
  in.skip(4);
  EXPECT_TRUE(in.bytes(static_cast<std::size_t>(-1)).empty());
  EXPECT_TRUE(in.failed());
}

TEST(BigEndian, StoreIsTheInverseOfLoad) {
  Byte out[4];
  store_be16(out, 0xbeef);
  EXPECT_EQ(load_be16(out), 0xbeef);
  EXPECT_EQ(out[0], 0xbe);
  store_be32(out, 0xdeadbeef);
  EXPECT_EQ(load_be32(out), 0xdeadbeefU);
  EXPECT_EQ(load_be24(out), 0xdeadbeU);
}

}  // namespace
}  // namespace bulkhead
