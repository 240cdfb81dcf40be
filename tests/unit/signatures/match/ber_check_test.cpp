#include "signatures/match/ber_check.h"

#include <gtest/gtest.h>

#include <string>

namespace bulkhead::signatures {
namespace {

bool matches(const Asn1Op& op, std::string_view bytes) {
  return ber_matches(op, {reinterpret_cast<const Byte*>(bytes.data()), bytes.size()});
}

TEST(BerCheck, BitString) {
  const Asn1Op op{.bitstring_overflow = true};
  EXPECT_FALSE(matches(op, std::string_view("\x03\x02\x07\x80", 4)));
  EXPECT_TRUE(matches(op, std::string_view("\x03\x02\x09\x80", 4)));
  EXPECT_TRUE(matches(op, std::string_view("\x30\x06\x02\x01\x05\x03\x01\x08", 8)));  // within a sequence
  EXPECT_FALSE(matches(op, std::string_view("\x83\x02\x09\x80", 4)));                 // not of the universal class
}

TEST(BerCheck, Real) {
  const Asn1Op op{.double_overflow = true};
  std::string real("\x09\x82\x01\x01\x03", 5);
  real += std::string(256, '1');
  EXPECT_TRUE(matches(op, real));
  real[4] = '\x80';  // binary form
  EXPECT_FALSE(matches(op, real));
  EXPECT_FALSE(matches(op, std::string_view("\x09\x02\x03\x31", 4)));
}

TEST(BerCheck, Oversize) {
  EXPECT_TRUE(matches({.oversize_length = 1000}, std::string_view("\x04\x82\x03\xe9", 4)));
  EXPECT_FALSE(matches({.oversize_length = 1001}, std::string_view("\x04\x82\x03\xe9", 4)));
  EXPECT_FALSE(matches({.oversize_length = 10}, std::string_view("\x30\x80\x04\x01\x41\0\0", 7)));  // indefinite
}

TEST(BerCheck, BrokenBytesEnd) {
  const Asn1Op op{.bitstring_overflow = true, .double_overflow = true, .oversize_length = 1};
  for (const std::string_view bytes :
       {std::string_view("\x1f", 1), std::string_view("\x1f\xff\xff\xff\xff\xff\xff", 7), std::string_view("\x04", 1),
        std::string_view("\x04\x89\1\1\1\1\1\1\1\1\1", 11), std::string_view("\x04\x84\x01", 3)}) {
    EXPECT_FALSE(matches(op, bytes));
  }
  EXPECT_FALSE(matches({.oversize_length = 100000}, std::string(4000, '\x30')));  // nested beyond the limit
}

}  // namespace
}  // namespace bulkhead::signatures
