#include <gtest/gtest.h>

#include <string>

#include "tests/unit/signatures/keywords/keyword_fixture.h"

namespace bulkhead::signatures {
namespace {

using test::Built;

TEST(ByteTest, Forms) {
  Built built("byte_test: 4 , !> , 0xff , -16 , relative , little , bitmask 0xf0;");
  ASSERT_TRUE(built.fine()) << built.place();
  const auto& op = built.op<ByteTestOp>(0);
  EXPECT_EQ(op.field.count.number, 4);
  EXPECT_EQ(op.field.offset.number, -16);
  EXPECT_TRUE(op.field.relative);
  EXPECT_EQ(op.field.order, ByteOrder::kLittle);
  EXPECT_EQ(op.field.base, NumberBase::kBinary);
  EXPECT_EQ(op.field.bitmask, 0xf0U);
  EXPECT_EQ(op.compare, Compare::kGreater);
  EXPECT_TRUE(op.negated);
  EXPECT_EQ(op.value.number, 255);
  Built text("byte_test:10,!,5,0,string,hex;");
  EXPECT_EQ(text.op<ByteTestOp>(0).field.base, NumberBase::kHexadecimal);
  EXPECT_EQ(text.op<ByteTestOp>(0).compare, Compare::kEqual);
  EXPECT_TRUE(text.op<ByteTestOp>(0).negated);
  EXPECT_EQ(Built("byte_test:4,=,1,0,string;").op<ByteTestOp>(0).field.base, NumberBase::kDecimal);
  EXPECT_EQ(Built("byte_test:4,^,1,0;").op<ByteTestOp>(0).compare, Compare::kOr);
}

TEST(ByteTest, Refusals) {
  EXPECT_EQ(Built("byte_test:1,==,1,0;").place(), "signature.byte_test.operator@14+2");
  EXPECT_EQ(Built("byte_test:9,=,1,0;").place(), "signature.byte_test.count.range@12+1");
  EXPECT_EQ(Built("byte_test:24,=,1,0,string,oct;").place(), "signature.byte_test.count.range@12+2");
  EXPECT_EQ(Built("byte_test:4,=,1,0,dec;").place(), "signature.byte_test.base@20+3");
  EXPECT_EQ(Built("byte_test:1,=,1;").place(), "signature.byte_test.syntax@12+5");
  EXPECT_EQ(Built("byte_test:1,=,x,0;").place(), "signature.byte_test.value.variable@16+1");
  EXPECT_EQ(Built("byte_test:1,=,1,0,foo;").place(), "signature.byte_test.option@20+3");
  EXPECT_EQ(Built("byte_test:1,=,1,0,dce;").place(), "signature.keyword.protocol_buffer@2+21");
}

TEST(ByteJump, Forms) {
  Built built("byte_jump:2,-17,relative,little,align,from_beginning,multiplier 3,post_offset -1;");
  ASSERT_TRUE(built.fine()) << built.place();
  const auto& op = built.op<ByteJumpOp>(0);
  EXPECT_TRUE(op.align && op.from_beginning && op.field.relative);
  EXPECT_EQ(op.multiplier, 3);
  EXPECT_EQ(op.post_offset, -1);
  EXPECT_EQ(op.field.offset.number, -17);
  EXPECT_EQ(Built("byte_jump:1,0,from_beginning,from_end;").place(), "signature.byte_jump.from@2+37");
  EXPECT_EQ(Built("byte_jump:1,0,multiplier 0;").place(), "signature.byte_jump.multiplier@16+12");
  EXPECT_EQ(Built("byte_jump:1,0,post_offset 65536;").place(), "signature.byte_jump.post_offset@16+17");
  EXPECT_EQ(Built("byte_jump:1;").place(), "signature.byte_jump.syntax@12+1");
  EXPECT_EQ(Built("byte_jump:1,65536;").place(), "signature.byte_jump.offset.range@14+5");
}

TEST(ByteExtract, VariablesAreKnownFromThereOn) {
  Built built(
      "byte_extract:1,0,first,relative,multiplier 2,align 4; byte_math:bytes first, offset 0, oper <<, rvalue 3, "
      "result second; "
      "content:\"a\"; offset:first; depth:second; content:\"b\"; distance:first; within:second; isdataat:!second; "
      "byte_test:first,=,second,first; byte_jump:1,second;");
  ASSERT_TRUE(built.fine()) << built.place();
  EXPECT_EQ(built.signature().variable_slots, 2);
  EXPECT_EQ(built.op<ByteExtractOp>(0).slot, 0);
  EXPECT_EQ(built.op<ByteExtractOp>(0).multiplier, 2);
  EXPECT_EQ(built.op<ByteExtractOp>(0).align, 4);
  EXPECT_EQ(built.op<ByteMathOp>(1).slot, 1);
  EXPECT_EQ(built.op<ByteMathOp>(1).field.count.slot, 0);
  EXPECT_EQ(built.op<ByteMathOp>(1).operation, Arithmetic::kShiftLeft);
  EXPECT_EQ(built.op<ContentOp>(2).offset.slot, 0);
  EXPECT_EQ(built.op<ContentOp>(2).depth.slot, 1);
  EXPECT_EQ(built.op<ContentOp>(3).within.slot, 1);
  EXPECT_EQ(built.op<IsDataAtOp>(4).position.slot, 1);
  EXPECT_EQ(built.op<ByteTestOp>(5).value.slot, 1);
  EXPECT_EQ(built.op<ByteJumpOp>(6).field.offset.slot, 1);
  EXPECT_EQ(Built("isdataat:x; byte_extract:1,0,x;").place(), "signature.isdataat.variable@11+1");
  EXPECT_EQ(Built("byte_extract:1,0;").place(), "signature.byte_extract.syntax@15+3");
  EXPECT_EQ(Built("byte_extract:4,0,x,align 3;").place(), "signature.byte_extract.align@21+7");
}

TEST(ByteMath, Refusals) {
  const auto place = [](const std::string& value) { return Built("byte_math:" + value + ";").place(); };
  EXPECT_EQ(place("bytes 4, offset 0, oper %, rvalue 4, result y"), "signature.byte_math.oper@31+6");
  EXPECT_EQ(place("bytes 11, offset 0, oper +, rvalue 4, result y"), "signature.byte_math.bytes.range@18+2");
  EXPECT_EQ(place("bytes 4, oper +, rvalue 4, result y"), "signature.byte_math.syntax@12+35");
  EXPECT_EQ(place("bytes 4, offset 0, oper /, rvalue 0, result y"), "signature.byte_math.division@12+45");
  EXPECT_EQ(place("bytes 4, bytes 3, offset 0, oper +, rvalue 4, result y"), "signature.byte_math.duplicate@21+7");
  EXPECT_EQ(place("bytes 4, offset 0, oper +, rvalue x, result y"), "signature.byte_math.rvalue.variable@46+1");
}

}  // namespace
}  // namespace bulkhead::signatures
