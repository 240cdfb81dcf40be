#include "datapath/app/mime/transfer_decoder.h"

#include <gtest/gtest.h>

#include "datapath/app/text.h"

namespace bulkhead::app::mime {
namespace {

std::string base64(std::initializer_list<std::string_view> lines) {
  Base64Decoder decoder;
  std::vector<Byte> out;
  for (const auto line : lines) decoder.write(bytes_of(line), out);
  decoder.finish(out);
  return std::string(text_of(out));
}

TEST(Base64Decoder, GroupsGoOnOverLinesAndPadding) {
  EXPECT_EQ(base64({"aGV", "sbG8g", "d29ybG", "Q="}), "hello world");
  EXPECT_EQ(base64({"aGVsbG8=", "d29ybGQ=", "YQ=="}), "helloworlda");
  EXPECT_EQ(base64({"YWI=YWI=", "YQ=YQ=="}), "ababaa");
}

TEST(Base64Decoder, LeavesOutWhatIsNoDigitAndKeepsTheRestOfALastGroup) {
  EXPECT_EQ(base64({"aGVs!!bG8g", "d29y$$bGQ=", "zzz"}), std::string("hello world\xcf\x3c"));
  EXPECT_EQ(base64({"A"}), "");
  EXPECT_EQ(base64({"===="}), "");
}

std::pair<std::string, bool> quoted(std::initializer_list<std::string_view> lines) {
  QuotedPrintableDecoder decoder;
  std::vector<Byte> out;
  for (const auto line : lines) decoder.write(bytes_of(line), true, out);
  return {std::string(text_of(out)), decoder.bad()};
}

TEST(QuotedPrintableDecoder, DecodesAndJoinsSoftLineEnds) {
  EXPECT_EQ(quoted({"h=41llo=", " soft=20"}), std::make_pair(std::string("hAllo soft \r\n"), false));
  EXPECT_EQ(quoted({"", "a"}), std::make_pair(std::string("\r\na\r\n"), false));
}

TEST(QuotedPrintableDecoder, AnEqualsSignThatCodesNothingGoes) {
  EXPECT_EQ(quoted({"bad=ZZ and =4 "}), std::make_pair(std::string("badZZ and 4 \r\n"), true));
  EXPECT_EQ(quoted({"=e4=E4=3d"}).first,
            "e4\xe4"
            "3d\r\n");
  EXPECT_EQ(quoted({"c=3"}), std::make_pair(std::string("c3\r\n"), true));
  EXPECT_EQ(quoted({"a=="}), std::make_pair(std::string("a\r\n"), true));
}

TEST(QuotedPrintableDecoder, PiecesOfALineAreOneLine) {
  for (const std::size_t step : {1U, 2U, 3U}) {
    QuotedPrintableDecoder decoder;
    std::vector<Byte> out;
    const std::string_view text = "a=41=4x=42b";
    for (std::size_t at = 0; at < text.size(); at += step) {
      decoder.write(bytes_of(text.substr(at, step)), at + step >= text.size(), out);
    }
    EXPECT_EQ(text_of(out), "aA4xBb\r\n") << step;
  }
}

}  // namespace
}  // namespace bulkhead::app::mime
