#include "datapath/decode/checksum.h"

#include <gtest/gtest.h>

#include <random>

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

}  // namespace
}  // namespace bulkhead::decode
