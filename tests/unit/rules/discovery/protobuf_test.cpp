#include "rules/discovery/protobuf.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace bulkhead::rules {
namespace {

std::vector<ProtobufField> fields(std::string_view bytes, bool broken = false) {
  ProtobufReader reader(bytes);
  std::vector<ProtobufField> out;
  ProtobufField field;
  while (reader.next(field)) out.push_back(field);
  EXPECT_EQ(reader.broken(), broken);
  EXPECT_FALSE(reader.next(field)) << "the end stays the end";
  return out;
}

TEST(Protobuf, ReadsEachType) {
  using namespace std::string_view_literals;
  const auto all = fields("\x08\x96\x01\x12\x07testing\x19\x01\x02\x03\x04\x05\x06\x07\x88\x25\x78\x56\x34\x12"sv);
  ASSERT_EQ(all.size(), 4U);
  EXPECT_TRUE(all[0].is_number(1));
  EXPECT_EQ(all[0].value, 150U);  // the example of the documentation
  EXPECT_TRUE(all[1].is_bytes(2));
  EXPECT_EQ(all[1].bytes, "testing");
  EXPECT_EQ(all[2].value, 0x8807060504030201U);
  EXPECT_EQ(all[3].number, 4U);
  EXPECT_EQ(all[3].value, 0x12345678U);
  EXPECT_FALSE(all[1].is_number(2)) << "another type is another field";
}

TEST(Protobuf, WhatIsWrittenIsRead) {
  const std::string long_text(300, 'x');
  const std::string text = ProtobufWriter()
                               .number(1, 0)
                               .number(16, std::numeric_limits<std::uint64_t>::max())
                               .bytes(2, "")
                               .bytes(536870911, long_text)
                               .text();
  const auto all = fields(text);
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[1].number, 16U);
  EXPECT_EQ(all[1].value, std::numeric_limits<std::uint64_t>::max());
  EXPECT_TRUE(all[2].is_bytes(2) && all[2].bytes.empty());
  EXPECT_EQ(all[3].number, 536870911U);
  EXPECT_EQ(all[3].bytes, long_text);
}

TEST(Protobuf, RefusesWhatCannotBe) {
  using namespace std::string_view_literals;
  for (const std::string_view bad : {
           "\x08"sv,                                              // no value
           "\x08\x80"sv,                                          // a varint that does not end
           "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"sv,      // more than 64 bits
           "\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00"sv,  // eleven bytes
           "\x12\x03yz"sv,                                        // longer than what is there
           "\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"sv,      // longer than anything
           "\x19\x01\x02"sv,                                      // eight bytes that are three
           "\x25\x01"sv,                                          // four that are one
           "\x0b"sv,                                              // a group
           "\x0c"sv, "\x0e"sv, "\x0f"sv,                          // its end, and no types
           "\x00\x00"sv,                                          // field 0
           "\x80\x80\x80\x80\x10\x00"sv,                          // field 2^29
       }) {
    EXPECT_TRUE(fields(bad, true).empty());
  }
  EXPECT_EQ(fields("\x08\x01\x12"sv, true).size(), 1U) << "what came before is given";
  EXPECT_TRUE(fields("").empty());
}

}  // namespace
}  // namespace bulkhead::rules
