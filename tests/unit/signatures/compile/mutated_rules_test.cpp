// A thousand damaged rules: nothing crashes, every rule that does not load has an error at a place within it.
#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "signatures/compile/compiler.h"
#include "signatures/compile/resolve.h"
#include "signatures/keywords/keyword.h"
#include "signatures/language/parser.h"

namespace bulkhead::signatures {
namespace {

constexpr std::size_t kRules = 1000;

// The rules of rule_verdicts.txt that load.
std::vector<std::string> sound_rules() {
  std::ifstream in(BULKHEAD_SOURCE_DIR "/tests/unit/signatures/compile/rule_verdicts.txt", std::ios::binary);
  std::vector<std::string> rules;
  for (std::string line; std::getline(in, line);) {
    const std::size_t rule = line.find("\tok\t");
    if (rule != std::string::npos) rules.push_back(line.substr(rule + 4));
  }
  return rules;
}

class Mutator {
 public:
  explicit Mutator(std::uint32_t seed) : random_(seed) {}

  std::string damaged(std::string rule, const std::vector<std::string>& others) {
    for (std::size_t n = number(1, 2); n > 0 && !rule.empty(); --n) once(rule, others);
    std::erase_if(rule, [](char c) { return c == '\n' || c == '\r'; });
    return rule;
  }
  std::size_t number(std::size_t low, std::size_t high) {
    return std::uniform_int_distribution<std::size_t>(low, high)(random_);
  }

 private:
  void once(std::string& rule, const std::vector<std::string>& others) {
    const std::size_t at = number(0, rule.size() - 1);
    switch (number(0, 8)) {
      case 0: rule.erase(at, number(1, 4)); break;
      case 1: rule.insert(at, 1, static_cast<char>(number(1, 255))); break;
      case 2: rule[at] = kSigns[number(0, sizeof kSigns - 2)]; break;
      case 3: rule.resize(at); break;
      case 4: rule.insert(at, "99999999999999999999"); break;
      case 5: insert_option(rule, std::string(any_keyword()) + ";"); break;
      case 6: insert_option(rule, std::string(any_keyword()) + ":" + rule.substr(at, number(0, 12)) + ";"); break;
      case 7: {
        const std::string& other = others[number(0, others.size() - 1)];
        const std::size_t open = other.find('(');
        if (open != std::string::npos) insert_option(rule, other.substr(open + 1, other.size() - open - 2));
        break;
      }
      default: std::swap(rule[at], rule[number(0, rule.size() - 1)]); break;
    }
  }
  std::string_view any_keyword() { return all_keywords()[number(0, all_keywords().size() - 1)]->name; }
  void insert_option(std::string& rule, const std::string& option) {
    std::vector<std::size_t> ends;
    for (std::size_t i = 0; i < rule.size(); ++i) {
      if (rule[i] == ';' || rule[i] == '(') ends.push_back(i + 1);
    }
    if (!ends.empty()) rule.insert(ends[number(0, ends.size() - 1)], option);
  }

  static constexpr char kSigns[] = "(){}[]!$;:,\"|\\<>=/- \t#0xzZ";
  std::mt19937 random_;
};

TEST(MutatedRules, EveryErrorHasItsPlace) {
  const std::vector<std::string> sound = sound_rules();
  ASSERT_GT(sound.size(), 300U);
  Mutator mutator(20261123);
  std::string text;
  for (std::size_t i = 0; i < kRules; ++i) {
    text += mutator.damaged(sound[mutator.number(0, sound.size() - 1)], sound) + "\n";
  }
  Diagnostics out;
  const auto source = std::make_shared<const SourceFile>("mutated.rules", text);
  const RuleFile file = parse_rules(source, out);
  ResolvedRules rules = resolve_rules(file, {}, out);
  std::set<std::uint32_t> lines_with_errors;
  for (const Diagnostic& d : out.all()) {
    ASSERT_NE(d.span.file, nullptr) << d.code;
    EXPECT_EQ(d.span.file->name(), "mutated.rules") << d.code;
    ASSERT_GE(d.span.line, 1U) << d.code;
    ASSERT_LE(d.span.line, source->line_count()) << d.code;
    const std::size_t length = source->line(d.span.line).size();
    EXPECT_GE(d.span.column, 1U) << Diagnostics::format(d);
    EXPECT_LE(d.span.column + d.span.length, length + 2) << Diagnostics::format(d);
    EXPECT_FALSE(d.message.empty()) << d.code;
    if (d.severity == Severity::kError) lines_with_errors.insert(d.span.line);
  }
  EXPECT_EQ(rules.signatures.size() + rules.refused + rules.disabled + rules.replaced + rules.skipped,
            file.rules.size());
  EXPECT_GE(lines_with_errors.size(), kRules / 4);
  EXPECT_GE(out.error_count(), rules.refused + file.rejected);
  // What is left compiles.
  const std::size_t left = rules.signatures.size();
  EXPECT_GE(left, kRules / 100);
  Diagnostics compiling;
  CompilerSettings settings;
  settings.threads = 1;
  const auto db = compile_signatures(std::move(rules.signatures), std::move(rules.names), settings, compiling);
  ASSERT_TRUE(db.has_value()) << db.error().to_string();
  EXPECT_EQ((*db)->signatures.size() + compiling.error_count(), left);
}

}  // namespace
}  // namespace bulkhead::signatures
