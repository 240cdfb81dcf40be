#include "datapath/netlink/attributes.h"

#include <gtest/gtest.h>

namespace bulkhead::netlink {
namespace {

TEST(Attributes, WriteAndRead) {
  std::vector<Byte> bytes;
  AttributeWriter out(bytes);
  out.text(1, "abc");
  const std::size_t nest = out.open(2);
  out.be16(3, 0x1234);
  out.be32(4, 0x12345678);
  out.be64(5, 0x123456789abcdef0ULL);
  out.u8(6, 9);
  EXPECT_TRUE(out.close(nest));
  EXPECT_EQ(bytes.size() % 4, 0U);

  AttributeReader reader(bytes);
  Attribute a;
  ASSERT_TRUE(reader.next(a));
  EXPECT_EQ(a.type, 1);
  EXPECT_EQ(a.text(), "abc");
  ASSERT_TRUE(reader.next(a));
  EXPECT_EQ(a.type, 2) << "without the nested flag";
  EXPECT_EQ(find_attribute(a.value, 3).be16(), 0x1234);
  EXPECT_EQ(find_attribute(a.value, 4).be32(), 0x12345678U);
  EXPECT_EQ(find_attribute(a.value, 5).be64(), 0x123456789abcdef0ULL);
  EXPECT_EQ(find_attribute(a.value, 6).u8(), 9);
  EXPECT_EQ(find_attribute(a.value, 7).be32(), 0U) << "absent";
  EXPECT_FALSE(reader.next(a));
  EXPECT_FALSE(reader.broken());
}

TEST(Attributes, ShortValuesReadAsZero) {
  const Byte one[] = {7};
  const Attribute a{1, one};
  EXPECT_EQ(a.be16() + a.be32() + a.be64(), 0U);
  EXPECT_EQ(a.u8(), 7);
}

TEST(Attributes, BrokenLengthsEndTheReading) {
  for (const std::vector<Byte>& bytes :
       {std::vector<Byte>{3, 0, 1, 0}, {8, 0, 1, 0, 1, 2, 3}, {0, 0, 0, 0}, {9, 0, 1}, {0xff, 0xff, 1, 0}}) {
    AttributeReader reader(bytes);
    Attribute a;
    EXPECT_FALSE(reader.next(a));
    EXPECT_TRUE(reader.broken());
  }
  const std::vector<Byte> unpadded = {5, 0, 1, 0, 42};
  AttributeReader reader(unpadded);
  Attribute a;
  EXPECT_TRUE(reader.next(a)) << "the last one may lack its padding";
  EXPECT_FALSE(reader.next(a));
  EXPECT_FALSE(reader.broken());
}

TEST(Attributes, ANestBeyond64KiBIsRefused) {
  std::vector<Byte> bytes;
  AttributeWriter out(bytes);
  const std::size_t nest = out.open(1);
  for (int i = 0; i < 2; ++i) out.bytes(2, std::vector<Byte>(40'000));
  EXPECT_FALSE(out.close(nest));
}

}  // namespace
}  // namespace bulkhead::netlink
