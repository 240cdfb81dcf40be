#include "signatures/language/threshold_file.h"

#include <gtest/gtest.h>

#include <string>

#include "signatures/language/printer.h"

namespace bulkhead::signatures {
namespace {

using Line = ThresholdLine;

struct Parsed {
  Diagnostics out;
  ThresholdFile file;
  explicit Parsed(std::string text)
      : file(parse_thresholds(std::make_shared<const SourceFile>("t.config", std::move(text)), out)) {}
  [[nodiscard]] std::string place() const {
    if (out.all().empty()) return "";
    const Diagnostic& d = out.all().front();
    return d.code + "@" + std::to_string(d.span.line) + ":" + std::to_string(d.span.column) + "+" +
           std::to_string(d.span.length);
  }
};

TEST(ThresholdFile, ReadsEveryKind) {
  const Parsed p(
      "# comment\n"
      "threshold gen_id 1, sig_id 10, type limit, track by_src, count 2, seconds 60\n"
      "event_filter gen_id 1,sig_id 11,type both,track by_both,count 1,seconds 0\n"
      "  suppress gen_id 1, sig_id 13\n"
      "suppress gen_id 1, sig_id 14, track by_either, ip [1.2.3.4,!10.0.0.0/8, $HOME_NET]\n"
      "rate_filter gen_id 0, sig_id 0, track by_rule, count 5, \\\n  seconds 60, new_action sdrop, timeout 5\n");
  EXPECT_EQ(p.place(), "");
  ASSERT_EQ(p.file.entries.size(), 5U);
  const auto& e = p.file.entries;
  EXPECT_EQ(e[0].kind, Line::Kind::kThreshold);
  EXPECT_EQ(e[0].gid, 1U);
  EXPECT_EQ(e[0].sid, 10U);
  EXPECT_EQ(e[0].type, Line::Type::kLimit);
  EXPECT_EQ(e[0].track, Line::Track::kSource);
  EXPECT_EQ(e[0].count, 2U);
  EXPECT_EQ(e[0].seconds, 60U);
  EXPECT_EQ(e[1].kind, Line::Kind::kThreshold);
  EXPECT_EQ(e[1].type, Line::Type::kBoth);
  EXPECT_EQ(e[1].track, Line::Track::kBoth);
  EXPECT_EQ(e[2].kind, Line::Kind::kSuppress);
  EXPECT_EQ(e[2].track, Line::Track::kNone);
  EXPECT_FALSE(e[2].addresses);
  EXPECT_EQ(e[3].track, Line::Track::kEither);
  EXPECT_EQ(print(*e[3].addresses), "[1.2.3.4,!10.0.0.0/8,$HOME_NET]");
  EXPECT_EQ(e[4].kind, Line::Kind::kRateFilter);
  EXPECT_EQ(e[4].track, Line::Track::kRule);
  EXPECT_EQ(e[4].new_action, Line::NewAction::kDrop);
  EXPECT_EQ(e[4].timeout_seconds, 5U);
  EXPECT_EQ(p.file.span(e[4].text).line, 6U);
}

TEST(ThresholdFile, Errors) {
  EXPECT_EQ(Parsed("foo bar").place(), "signature.threshold_file.choice@1:1+3");
  EXPECT_EQ(Parsed("THRESHOLD gen_id 1").place(), "signature.threshold_file.choice@1:1+9");
  EXPECT_EQ(Parsed("suppress gen_id x, sig_id 1").place(), "signature.threshold_file.number@1:17+1");
  EXPECT_EQ(Parsed("suppress gen_id 1 sig_id 1").place(), "signature.threshold_file.syntax@1:19+8");
  EXPECT_EQ(Parsed("suppress gen_id 1, sig_id 1, track by_both, ip 1.1.1.1").place(),
            "signature.threshold_file.choice@1:36+7");
  EXPECT_EQ(Parsed("suppress gen_id 1, sig_id 1, track by_src").place(), "signature.threshold_file.syntax@1:42+0");
  EXPECT_EQ(Parsed("suppress gen_id 1, sig_id 1, track by_src, ip 1.1.1").place(), "signature.address.syntax@1:47+5");
  const std::string head = "threshold gen_id 1, sig_id 1, ";
  EXPECT_EQ(Parsed(head + "track by_src, type limit, count 1, seconds 1").place(),
            "signature.threshold_file.syntax@1:31+44");
  EXPECT_EQ(Parsed(head + "type limit, track by_src, count 0, seconds 1").place(),
            "signature.threshold_file.count@1:63+1");
  EXPECT_EQ(Parsed(head + "type limit, track by_flow, count 1, seconds 1").place(),
            "signature.threshold_file.choice@1:49+7");
  EXPECT_EQ(Parsed(head + "type limit, track by_src, count 1, seconds 1 x").place(),
            "signature.threshold_file.trailing_text@1:76+1");
  EXPECT_EQ(Parsed("foo\nbar\nsuppress gen_id 1, sig_id 1\n").out.error_count(), 2U);
  EXPECT_EQ(Parsed("foo\nbar\nsuppress gen_id 1, sig_id 1\n").file.entries.size(), 1U);
}

}  // namespace
}  // namespace bulkhead::signatures
