#include "config/cli/terminal.h"

#include <gtest/gtest.h>

#include <memory>

#include "config/cli/progress_bar.h"

namespace bulkhead::config::cli {
namespace {

TEST(Terminal, NumbersForPeople) {
  EXPECT_EQ(with_commas(0), "0");
  EXPECT_EQ(with_commas(999), "999");
  EXPECT_EQ(with_commas(1000), "1,000");
  EXPECT_EQ(with_commas(1234567), "1,234,567");
  EXPECT_EQ(human_bytes(512), "512 B");
  EXPECT_EQ(human_bytes(1500), "1.50 KB");
  EXPECT_EQ(human_bytes(999'999), "1.00 MB");
  EXPECT_EQ(human_bytes(1.27e9), "1.27 GB");
  EXPECT_EQ(human_bytes(661e6), "661 MB");
  EXPECT_EQ(human_seconds(0.0032), "3.2 ms");
  EXPECT_EQ(human_seconds(1.84), "1.84 s");
  EXPECT_EQ(human_seconds(125), "2 min 05 s");
  EXPECT_EQ(human_seconds(3720), "1 h 02 min");
  EXPECT_EQ(human_seconds(0.9999), "1.00 s");
}

TEST(Terminal, ColoursOnlyWhereTheyShow) {
  Terminal plain;
  EXPECT_EQ(plain.red("x"), "x");
  Terminal colour;
  colour.colour = true;
  EXPECT_NE(colour.red("x"), "x");
  EXPECT_EQ(visible_width(colour.red("häuser")), 6U);
}

TEST(Terminal, TablesAlignByWhatIsVisible) {
  Terminal colour;
  colour.colour = true;
  Table table({Table::Align::kLeft, Table::Align::kRight, Table::Align::kLeft});
  table.add({"packets", "1,204,511", "661 MB"});
  table.add({colour.red("x"), "7", ""});
  const std::string text = table.text(1);
  EXPECT_EQ(text, " packets  1,204,511  661 MB\n " + colour.red("x") + "                7\n");
}

Diagnostics three_of_a_kind() {
  Diagnostics out;
  const auto file = std::make_shared<SourceFile>("a.rules", "alert tcp");
  for (int i = 0; i < 3; ++i) out.error({file, 1, 7, 3}, "signature.x", "number " + std::to_string(i), "mend it");
  out.warning({file, 1, 1, 5}, "signature.y", "beware");
  return out;
}

TEST(Terminal, DiagnosticsAreCappedByKind) {
  const std::string text = format_diagnostics(three_of_a_kind(), 2, {});
  EXPECT_EQ(text,
            "a.rules:1:1-5: warning[signature.y]: beware\n   1 | alert tcp\n     | ^^^^^\n"
            "a.rules:1:7-9: error[signature.x]: number 0\n   1 | alert tcp\n     |       ^^^\n  hint: mend it\n"
            "a.rules:1:7-9: error[signature.x]: number 1\n   1 | alert tcp\n     |       ^^^\n  hint: mend it\n"
            "... and 1 more [signature.x]\n"
            "explain: bulkhead explain signature.y\n");
  EXPECT_NE(format_diagnostics(three_of_a_kind(), 0, {}).find("number 2"), std::string::npos);
}

TEST(Terminal, ColouredDiagnosticsSayTheSame) {
  Terminal colour;
  colour.colour = true;
  const std::string text = format_diagnostics(three_of_a_kind(), 0, colour);
  std::string bare;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\x1b') {
      i = text.find('m', i);
    } else {
      bare += text[i];
    }
  }
  EXPECT_EQ(bare, format_diagnostics(three_of_a_kind(), 0, {}));
  EXPECT_NE(text, bare);
}

TEST(ProgressLine, ShowsShareRateAndTimeLeft) {
  EXPECT_EQ(progress_line(500'000'000, 1'000'000'000, 1234567, 1.0, 120),
            "[====================>                   ]  50%  1,234,567 packets  500 MB  500 MB/s  ETA 1 s");
  EXPECT_EQ(progress_line(100, 100, 3, 1.0, 120),
            "[========================================] 100%  3 packets  100 B  100 B/s");
}

TEST(ProgressLine, FitsTheWindow) {
  for (unsigned width = 10; width < 140; ++width) {
    EXPECT_LT(visible_width(progress_line(77'000'000, 1'000'000'000, 1234567, 1.0, width)), width) << width;
  }
}

TEST(ProgressLine, NothingToDivideBy) {
  EXPECT_NE(progress_line(0, 0, 0, 0, 80).find("  0%"), std::string::npos);
}

}  // namespace
}  // namespace bulkhead::config::cli
