#include "datapath/app/json_fields.h"

#include <gtest/gtest.h>

namespace bulkhead::app {
namespace {

class Listing final : public JsonVisitor {
 public:
  void visit(const JsonValue& v) override {
    ++count;
    if (out.size() > 500) return;
    out += std::to_string(v.depth) + " " + std::string(v.parent) + "." + std::string(v.key) + "[" +
           std::to_string(v.index) + "]=" + v.text + ";";
  }
  std::string out;
  unsigned count = 0;
};

TEST(JsonFields, EachScalarKnowsWhereItStands) {
  Listing list;
  EXPECT_TRUE(walk_json(R"( {"a" : "x\n\"\u0041", "b":[1,{"c":-2.5e3}], "d":{}, "e":[], "f":null} )", list));
  EXPECT_EQ(list.out, "1 .a[0]=x\n\"A;2 b.b[0]=1;3 b.c[0]=-2.5e3;1 .f[0]=;");
}

TEST(JsonFields, WhatIsNoJsonIsRefused) {
  for (const char* text :
       {"", "{", "{\"a\"}", "{\"a\":}", "[1,", "\"x", "tru", "{\"a\":1}x", "\"\\u00", "\"\\uzzzz\""}) {
    Listing list;
    EXPECT_FALSE(walk_json(text, list)) << text;
  }
}

TEST(JsonFields, DepthValuesAndTextAreBounded) {
  Listing deep, wide, large;
  EXPECT_FALSE(walk_json(std::string(100, '[') + "1" + std::string(100, ']'), deep));
  std::string many = "[0";
  for (int i = 0; i < 1000; ++i) many += ",1";
  EXPECT_FALSE(walk_json(many + "]", wide));
  EXPECT_LE(wide.count, 256U);
  EXPECT_TRUE(walk_json("\"" + std::string(5000, 'x') + "\"", large));
  EXPECT_LT(large.out.size(), 1100U);
}

}  // namespace
}  // namespace bulkhead::app
