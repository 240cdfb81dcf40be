// Every example of GRAMMAR.md is read by the parser it documents.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "signatures/language/classification.h"
#include "signatures/language/parser.h"
#include "signatures/language/reference_config.h"
#include "signatures/language/threshold_file.h"

namespace bulkhead::signatures {
namespace {

struct Block {
  std::string language;
  std::string text;
};

std::vector<Block> blocks() {
  std::ifstream in(BULKHEAD_SOURCE_DIR "/signatures/language/GRAMMAR.md");
  std::vector<Block> all;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("```")) {
      inside = !inside;
      if (inside) all.push_back({line.substr(3), ""});
    } else if (inside) {
      all.back().text += line + "\n";
    }
  }
  return all;
}

// Feeds a block to its parser; answers the number of entries.
std::size_t parse_block(const std::string& language, const std::string& text, Diagnostics& out) {
  const auto file = std::make_shared<const SourceFile>("GRAMMAR.md", text);
  if (language == "rules" || language == "refused") return parse_rules(file, out).rules.size();
  if (language == "classification") return parse_classifications(file, out).size();
  if (language == "reference") return parse_references(file, out).size();
  return parse_thresholds(file, out).entries.size();
}

TEST(Grammar, ExamplesAreRead) {
  std::size_t examples = 0;
  for (const Block& block : blocks()) {
    if (block.language == "text" || block.language == "refused") continue;
    Diagnostics out;
    const std::size_t entries = parse_block(block.language, block.text, out);
    EXPECT_GT(entries, 0U) << block.text;
    for (const auto& d : out.all()) ADD_FAILURE() << Diagnostics::format(d);
    examples += entries;
  }
  EXPECT_GE(examples, 20U);
}

// Blocks of refused rules: one rule a line with its code behind '=>'.
TEST(Grammar, RefusedExamplesAreRefusedWithTheirCode) {
  std::size_t examples = 0;
  for (const Block& block : blocks()) {
    if (block.language != "refused") continue;
    std::size_t at = 0;
    while (at < block.text.size()) {
      const std::string line = block.text.substr(at, block.text.find('\n', at) - at);
      at += line.size() + 1;
      const std::size_t arrow = line.find("  =>  ");
      ASSERT_NE(arrow, std::string::npos) << line;
      Diagnostics out;
      EXPECT_EQ(parse_block("refused", line.substr(0, arrow), out), 0U);
      ASSERT_FALSE(out.all().empty()) << line;
      EXPECT_EQ(out.all()[0].code, line.substr(arrow + 6));
      ++examples;
    }
  }
  EXPECT_GE(examples, 10U);
}

}  // namespace
}  // namespace bulkhead::signatures
