#include <gtest/gtest.h>

#include <string>

#include "signatures/keywords/buffer_keywords.h"
#include "tests/unit/signatures/keywords/keyword_fixture.h"

namespace bulkhead::signatures {
namespace {

using test::Built;

std::string bytes_of(const std::string& pattern) {
  Built built("content:\"" + pattern + "\";");
  EXPECT_TRUE(built.fine()) << pattern << " " << built.place();
  return built.fine() ? built.op<ContentOp>(0).bytes : "";
}

TEST(Content, DecodesTextHexAndEscapes) {
  EXPECT_EQ(bytes_of("abc"), "abc");
  EXPECT_EQ(bytes_of("a|0d 0A|b|33|"), "a\r\nb3");
  EXPECT_EQ(bytes_of("|4142|"), "AB");
  EXPECT_EQ(bytes_of("|4 1|"), "A");
  EXPECT_EQ(bytes_of("|41,42|"), "AB");
  EXPECT_EQ(bytes_of("|00|"), std::string(1, '\0'));
  EXPECT_EQ(bytes_of(R"(a\:b\;c\\d\"e)"), "a:b;c\\d\"e");
  EXPECT_EQ(bytes_of(R"(|5c 22 3b|\\)"), "\\\";\\");
  EXPECT_EQ(bytes_of("a\\"), "a");
}

TEST(Content, Refusals) {
  EXPECT_EQ(Built("content:\"|0|\";").place(), "signature.content.half_byte@11+3");
  EXPECT_EQ(Built("content:\"|22 2 22|\";").place(), "signature.content.half_byte@11+9");
  EXPECT_EQ(Built("content:\"a|22\";").place(), "signature.content.unclosed_hex@12+3");
  EXPECT_EQ(Built("content:\"|zz|\";").place(), "signature.content.hex@12+1");
  EXPECT_EQ(Built("content:\"ab\\x\";").place(), "signature.content.escape@13+2");
  EXPECT_EQ(Built("content:\"a\"b\";").place(), "signature.content.quote@12+1");
  EXPECT_EQ(Built("content:\"\";").place(), "signature.content.empty@11+0");
  EXPECT_EQ(Built("content:abc;").place(), "signature.keyword.no_quotes@10+3");
  EXPECT_EQ(Built("content;").place(), "signature.keyword.no_value@2+7");
}

TEST(Content, Modifiers) {
  Built built("content:!\"ABC\"; nocase; offset:2; depth:9; rawbytes; fast_pattern:only;");
  EXPECT_EQ(built.place(), "signature.fast_pattern.negated@55+17");
  Built fine(
      "content:\"ABC\"; nocase; offset:2; depth:9; fast_pattern:1,2; content:\"d\"; distance:-4; within:7; endswith;");
  ASSERT_TRUE(fine.fine()) << fine.place();
  const auto& first = fine.op<ContentOp>(0);
  EXPECT_TRUE(first.nocase);
  EXPECT_EQ(first.bytes, "abc");
  EXPECT_TRUE(first.has_offset && first.has_depth);
  EXPECT_EQ(first.offset.number, 2);
  EXPECT_EQ(first.depth.number, 9);
  EXPECT_TRUE(first.fast_pattern);
  EXPECT_FALSE(first.fast_pattern_only);
  EXPECT_EQ(first.fast_pattern_chop_offset, 1);
  EXPECT_EQ(first.fast_pattern_chop_length, 2);
  EXPECT_FALSE(first.relative);
  EXPECT_EQ(first.span.column, 30U);
  const auto& second = fine.op<ContentOp>(1);
  EXPECT_TRUE(second.relative && second.has_distance && second.has_within && second.ends_with);
  EXPECT_EQ(second.distance.number, -4);
  EXPECT_EQ(second.within.number, 7);
  Built start("content:\"abc\"; startswith;");
  EXPECT_TRUE(start.op<ContentOp>(0).starts_with);
  EXPECT_EQ(start.op<ContentOp>(0).depth.number, 3);
}

TEST(Content, ModifiersReachBackOverOtherOptions) {
  Built built("content:\"abc\"; pcre:\"/x/\"; depth:5;");
  ASSERT_TRUE(built.fine());
  EXPECT_EQ(built.op<ContentOp>(0).depth.number, 5);
}

TEST(Content, ModifierConflicts) {
  EXPECT_EQ(Built("content:\"abcdef\"; depth:3;").place(), "signature.depth.too_small@26+1");
  EXPECT_EQ(Built("content:\"abc\"; within:2;").place(), "signature.within.too_small@24+1");
  EXPECT_EQ(Built("content:\"abc\"; offset:1; distance:1;").place(), "signature.distance.mixed@27+10");
  EXPECT_EQ(Built("content:\"abc\"; within:5; depth:5;").place(), "signature.depth.mixed@27+7");
  EXPECT_EQ(Built("content:\"abc\"; distance:1; startswith;").place(), "signature.startswith.mixed@29+10");
  EXPECT_EQ(Built("content:\"abc\"; startswith; within:5;").place(), "signature.within.mixed@29+8");
  EXPECT_EQ(Built("content:\"abc\"; startswith; offset:1;").place(), "signature.offset.startswith@29+8");
  EXPECT_EQ(Built("content:\"abc\"; depth:3; depth:4;").place(), "signature.depth.duplicate@26+7");
  EXPECT_EQ(Built("content:\"abc\"; nocase; nocase;").place(), "signature.nocase.duplicate@25+6");
  EXPECT_EQ(Built("depth:3; content:\"abc\";").place(), "signature.depth.no_content@2+7");
  EXPECT_EQ(Built("endswith;").place(), "signature.endswith.no_content@2+8");
  EXPECT_EQ(Built("content:\"abc\"; depth:x;").place(), "signature.depth.variable@23+1");
  EXPECT_EQ(Built("content:\"abc\"; offset:65536;").place(), "signature.offset.range@24+5");
  EXPECT_EQ(Built("content:\"abc\"; distance:1048577;").place(), "signature.distance.range@26+7");
  EXPECT_EQ(Built("content:\"abc\"; fast_pattern:only; content:\"d\"; distance:1;").place(),
            "signature.distance.after_fast_pattern_only@49+10");
  EXPECT_EQ(Built("content:\"abc\"; fast_pattern:1,3;").place(), "signature.fast_pattern.range@30+3");
  EXPECT_EQ(Built("content:\"abc\"; fast_pattern; content:\"d\"; fast_pattern;").place(),
            "signature.fast_pattern.second@44+12");
  EXPECT_EQ(Built("content:!\"abc\"; offset:1; fast_pattern;").place(), "signature.fast_pattern.negated@28+12");
  EXPECT_EQ(Built("bsize:10;").place(), "signature.bsize.no_buffer@2+8");
}

TEST(IsDataAt, Forms) {
  Built built("isdataat:!100,relative,rawbytes;");
  ASSERT_TRUE(built.fine());
  const auto& op = built.op<IsDataAtOp>(0);
  EXPECT_TRUE(op.negated && op.relative && op.raw_bytes);
  EXPECT_EQ(op.position.number, 100);
  EXPECT_EQ(Built("isdataat:10,foo;").place(), "signature.isdataat.option@14+3");
  EXPECT_EQ(Built("isdataat:65536;").place(), "signature.isdataat.range@11+5");
}

TEST(Pcre, FlagsAndCaptures) {
  Built built("content:\"a\"; pcre:!\"/a\\/b[/(]c(d)/ismxAEGRB\";");
  ASSERT_TRUE(built.fine()) << built.place();
  const auto& op = built.op<PcreOp>(1);
  EXPECT_EQ(op.pattern, "a\\/b[/(]c(d)");
  EXPECT_TRUE(op.negated && op.caseless && op.dotall && op.multiline && op.extended && op.anchored &&
              op.dollar_end_only && op.ungreedy && op.relative && op.raw_bytes);
  Built captures("pcre:\"/(a)(b)/i, flow:user, pkt:name\";");
  ASSERT_TRUE(captures.fine()) << captures.place();
  ASSERT_EQ(captures.op<PcreOp>(0).captures.size(), 2U);
  EXPECT_EQ(captures.op<PcreOp>(0).captures[0].scope, 'f');
  EXPECT_EQ(captures.op<PcreOp>(0).captures[1].name, "name");
  Built named("pcre:\"/(?:x)(a)(?P<flow_user>b)(?P<other>c)/\";");
  ASSERT_EQ(named.op<PcreOp>(0).captures.size(), 2U);
  EXPECT_EQ(named.op<PcreOp>(0).captures[0].name, "");
  EXPECT_EQ(named.op<PcreOp>(0).captures[1].name, "user");
}

TEST(Pcre, TheLastSlashThatIsNotEscapedEndsTheExpression) {
  EXPECT_EQ(Built("pcre:\"/a\\/b/i\";").op<PcreOp>(0).pattern, "a\\/b");
  EXPECT_EQ(Built("pcre:\"/a/b/i\";").op<PcreOp>(0).pattern, "a/b");
  EXPECT_EQ(Built("pcre:\"/a\\\\/\";").op<PcreOp>(0).pattern, "a\\\\");
}

TEST(Pcre, Refusals) {
  EXPECT_EQ(Built("pcre:\"abc\";").place(), "signature.pcre.syntax@8+3");
  EXPECT_EQ(Built("pcre:\"/abc\";").place(), "signature.pcre.syntax@8+4");
  EXPECT_EQ(Built("pcre:\"/abc/ q\";").place(), "signature.pcre.flag@13+1");
  EXPECT_EQ(Built("pcre:\"/abc/U\";").signature().buffers.back().buffer,
            buffer_id(app::find_buffer("http.uri")->number));
  EXPECT_EQ(Built("pcre:\"/abc/UH\";").place(), "signature.pcre.buffers@14+1");
  EXPECT_EQ(Built("pcre:\"/abc/R\";").place(), "signature.pcre.relative@2+13");
  EXPECT_EQ(Built("pcre:\"/(a)/, flow:x, pkt:y\";").place(), "signature.pcre.captures@8+20");
  EXPECT_EQ(Built("pcre:\"/(a)/, foo:x\";").place(), "signature.pcre.capture@15+5");
}

}  // namespace
}  // namespace bulkhead::signatures
