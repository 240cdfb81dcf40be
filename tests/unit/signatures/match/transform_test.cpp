#include "signatures/match/transform.h"

#include <gtest/gtest.h>

#include "signatures/data/text_codec.h"
#include "tests/support/matcher_harness.h"

namespace bulkhead::signatures {
namespace {

using Kind = Transform::Kind;

std::string run(const std::vector<Transform>& transforms, std::string_view text) {
  static TransformRunner runner(3500, 1500);
  const ByteSpan out = runner.apply(transforms, {reinterpret_cast<const Byte*>(text.data()), text.size()});
  return {out.begin(), out.end()};
}
std::string run(Kind kind, std::string_view text) {
  return run({{.kind = kind}}, text);
}

TEST(Transform, Each) {
  EXPECT_EQ(run(Kind::kCompressWhitespace, " a \t\r\n b  "), " a b ");
  EXPECT_EQ(run(Kind::kStripWhitespace, " a \t\r\n\v\f b "), "ab");
  EXPECT_EQ(run(Kind::kDotPrefix, "example.com"), ".example.com");
  EXPECT_EQ(run(Kind::kHeaderLowercase, "HoSt: ABC\r\nX-Y: Z:Q\r\n"), "host: ABC\r\nx-y: Z:Q\r\n");
  EXPECT_EQ(run(Kind::kStripPseudoHeaders, ":method: GET\r\nhost: a\r\n:path: /\r\nb: c"), "host: a\r\nb: c");
  EXPECT_EQ(run(Kind::kToLowercase, "aBZ@["), "abz@[");
  EXPECT_EQ(run(Kind::kToUppercase, "aBz`{"), "ABZ`{");
  EXPECT_EQ(run(Kind::kUrlDecode, "a%41%4a+%zz%4"), "aAJ %zz%4");
  EXPECT_EQ(to_hex(run(Kind::kToMd5, "abc")), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(to_hex(run(Kind::kToSha1, "abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(to_hex(run(Kind::kToSha256, "")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(run({{.kind = Kind::kXor, .argument = "\x01\x02"}}, "abc"), "``b");
}

TEST(Transform, SeveralActInOrder) {
  EXPECT_EQ(run({{.kind = Kind::kUrlDecode}, {.kind = Kind::kStripWhitespace}, {.kind = Kind::kDotPrefix}}, "A%20b"),
            ".Ab");
  EXPECT_EQ(run({{.kind = Kind::kDotPrefix}, {.kind = Kind::kUrlDecode}, {.kind = Kind::kToUppercase}}, "a%62"), ".AB");
}

// Through the language: the header buffer of a datagram, changed and searched.
TEST(Transform, InRules) {
  test::MatcherHarness h(
      "alert udp any any -> any any (udp.hdr; xor:\"ff\"; content:\"|ff af|\"; offset:2; depth:2; sid:1;)\n"
      "alert udp any any -> any any (udp.hdr; pcrexform:\"^..(..)\"; bsize:2; content:\"|00|P\"; sid:2;)\n"
      "alert udp any any -> any any (udp.hdr; to_md5; bsize:16; udp.hdr; bsize:8; sid:3;)\n"
      "alert udp any any -> any any (udp.hdr; to_md5; bsize:8; sid:4;)\n");
  EXPECT_EQ(h.udp("x"), (test::Sids{1, 2, 3}));
}

TEST(Transform, BuffersOfPackets) {
  test::MatcherHarness h(
      "alert udp any any -> any any (ip.src; content:\"|0a 00 00 01|\"; bsize:4; sid:1;)\n"
      "alert udp any any -> any any (ip.dst; content:\"|0a 00 00 01|\"; sid:2;)\n"
      "alert udp any any -> any any (udp.hdr; content:\"|00 50|\"; offset:2; depth:2; sid:3;)\n"
      "alert ip any any -> any any (ipv6.hdr; content:!\"|ff ff|\"; sid:4;)\n"
      "alert ip any any -> any any (tcp.hdr; content:!\"|ff ff ff|\"; sid:5;)\n"
      "alert udp any any -> any any (ip.src; dataset:isset,h,type ip; sid:6;)\n"
      "alert udp any any -> any any (ip.src; dataset:isnotset,h; sid:7;)\n");
  EXPECT_EQ(h.udp("x"), (test::Sids{1, 3, 7}));
}

TEST(Transform, Base64) {
  test::MatcherHarness h(
      "alert udp any any -> any any (content:\"k=\"; base64_decode:relative; base64_data; content:\"foo\"; depth:3; "
      "sid:1;)\n"
      "alert udp any any -> any any (base64_decode:bytes 4,offset 2; base64_data; bsize:3; sid:2;)\n"
      "alert udp any any -> any any (base64_decode; base64_data; content:\"foo\"; sid:3;)\n"
      "alert udp any any -> any any (content:\"k=\"; base64_decode:relative; base64_data; content:\"fob\"; sid:4;)\n"
      "alert udp any any -> any any (content:\"k=\"; base64_decode:relative; base64_data; pcre:\"/^f/\"; isdataat:3; "
      "isdataat:!4; sid:5;)\n");
  EXPECT_EQ(h.udp("k=Zm9vYg=="), (test::Sids{1, 2, 5}));
}

TEST(Transform, SetsThatRulesFill) {
  test::MatcherHarness h(
      "alert udp any any -> any any (ip.src; dataset:set,seen,type ipv4; sid:1;)\n"
      "alert udp any any -> any any (content:\"forget\"; ip.src; dataset:unset,seen; sid:2;)\n");
  EXPECT_EQ(h.udp("a"), test::Sids{1});
  EXPECT_EQ(h.udp("b"), test::Sids{});
  EXPECT_EQ(h.udp("forget"), test::Sids{2});
  EXPECT_EQ(h.udp("c"), test::Sids{1});
}

}  // namespace
}  // namespace bulkhead::signatures
