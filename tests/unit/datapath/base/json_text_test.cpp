#include "datapath/base/json_text.h"

#include <gtest/gtest.h>

namespace bulkhead {
namespace {

TEST(JsonText, ObjectsArraysAndCommas) {
  JsonText json;
  json.open_object();
  json.field("a", 1U);
  json.field("b", "x");
  json.open_array("c");
  json.element("y");
  json.element(std::uint64_t{2});
  json.open_object();
  json.close_object();
  json.close_array();
  json.field("d", true);
  json.raw_field("e", "{\"f\":-1}");
  json.close_object();
  EXPECT_EQ(json.take(), R"({"a":1,"b":"x","c":["y",2,{}],"d":true,"e":{"f":-1}})");
  EXPECT_TRUE(json.empty());
}

TEST(JsonText, TextIsEscapedAndAlwaysUtf8) {
  JsonText json;
  json.open_object();
  json.field("k", std::string_view("\"\\\n\x01\xc3\xa9", 6));
  json.field("bad", "\xff!");
  json.base64_field("raw", "ab");
  json.close_object();
  EXPECT_EQ(json.take(), "{\"k\":\"\\\"\\\\\\n\\u0001\xc3\xa9\",\"bad\":\"\\\\xff!\",\"raw\":\"YWI=\"}");
}

TEST(JsonText, BytesThatAreNotTextKeepTheirControlCharacters) {
  JsonText json;
  json.open_object();
  json.bytes_field("good", "\x01\xc3\xa9");
  json.bytes_field("bad", "a\x01\xff");
  json.open_array("list");
  json.bytes_element("\x80");
  json.close_array();
  json.close_object();
  EXPECT_EQ(json.take(), "{\"good\":\"\\u0001\xc3\xa9\",\"bad\":\"a\\u0001\\\\xff\",\"list\":[\"\\\\x80\"]}");
}

}  // namespace
}  // namespace bulkhead
