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

}  // namespace
}  // namespace bulkhead
