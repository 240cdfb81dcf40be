#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "signatures/keywords/buffer_keywords.h"
#include "signatures/keywords/keyword.h"
#include "signatures/keywords/known_names.h"
#include "signatures/keywords/transaction_keywords.h"
#include "tests/unit/signatures/keywords/keyword_fixture.h"

namespace bulkhead::signatures {
namespace {

TEST(KeywordTable, SortedUniqueAndComplete) {
  const auto all = all_keywords();
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end(), [](auto* a, auto* b) { return a->name < b->name; }));
  std::set<std::string_view> names;
  for (const Keyword* keyword : all) {
    EXPECT_TRUE(names.insert(keyword->name).second) << keyword->name;
    EXPECT_FALSE(keyword->syntax.empty()) << keyword->name;
    EXPECT_FALSE(keyword->help.empty()) << keyword->name;
    EXPECT_NE(keyword->apply, nullptr) << keyword->name;
    EXPECT_EQ(find_keyword(keyword->name), keyword);
    if (!keyword->alias.empty()) {
      EXPECT_EQ(find_keyword(keyword->alias), keyword);
    }
  }
  EXPECT_EQ(find_keyword("NoCase"), find_keyword("nocase"));
  EXPECT_EQ(find_keyword("flags"), find_keyword("tcp.flags"));
  EXPECT_EQ(find_keyword("nothing"), nullptr);
}

TEST(KeywordTable, ExamplesLoad) {
  std::size_t examples = 0;
  for (const Keyword* keyword : all_keywords()) {
    if (keyword->example.empty()) continue;
    ++examples;
    const test::Built built{std::string(keyword->example)};
    for (const auto& d : built.diagnostics().all()) {
      EXPECT_NE(d.severity, Severity::kError) << keyword->name << ": " << Diagnostics::format(d);
    }
    EXPECT_NE(keyword->example.find(keyword->name), std::string_view::npos) << keyword->name;
  }
  EXPECT_GE(examples, 55U);
}

// The first comment of every keyword file begins with its name, or a few names that one file has; that is where a
// newcomer looks.
TEST(KeywordTable, EveryKeywordHasAFileThatExplainsIt) {
  for (const Keyword* keyword : all_keywords()) {
    // Those of buffers are rows of their protocol's table.
    const auto& of_buffers = buffer_keywords();
    const auto& of_tests = transaction_keywords();
    const auto is_row = [&](const auto& rows) {
      return !rows.empty() && keyword >= &rows.front() && keyword <= &rows.back();
    };
    bool explained = is_row(of_buffers) || is_row(of_tests);
    for (const auto& entry : std::filesystem::directory_iterator(BULKHEAD_SOURCE_DIR "/signatures/keywords")) {
      if (entry.path().extension() != ".cpp") continue;
      std::ifstream in(entry.path());
      std::string line;
      std::getline(in, line);
      explained |= line.starts_with("// " + std::string(keyword->name) + ":") ||
                   line.starts_with("// " + std::string(keyword->name) + " (also ");
      const std::string_view names = std::string_view(line).substr(0, line.find(": "));
      for (std::size_t at = 0; (at = names.find(keyword->name, at)) != names.npos; ++at) {
        const std::size_t end = at + keyword->name.size();
        explained |= names[at - 1] == ' ' && (end == names.size() || names[end] == ',');
      }
    }
    EXPECT_TRUE(explained) << keyword->name;
  }
}

TEST(KnownNames, TellsApart) {
  EXPECT_EQ(unbuilt_keyword("http.uri"), UnbuiltKeyword::kNo);
  EXPECT_EQ(unbuilt_keyword("DNP3.Data"), UnbuiltKeyword::kProtocol);
  EXPECT_EQ(unbuilt_keyword("krb5.cname"), UnbuiltKeyword::kProtocol);
  EXPECT_EQ(unbuilt_keyword("lua"), UnbuiltKeyword::kOther);
  EXPECT_EQ(unbuilt_keyword("content"), UnbuiltKeyword::kNo);
  EXPECT_EQ(unbuilt_keyword("contend"), UnbuiltKeyword::kNo);
  EXPECT_TRUE(is_application_protocol("HTTP"));
  EXPECT_TRUE(is_application_protocol("ftp-data"));
  EXPECT_FALSE(is_application_protocol("tcp"));
  for (const std::string& name : all_keyword_names()) {
    EXPECT_TRUE(find_keyword(name) != nullptr || unbuilt_keyword(name) != UnbuiltKeyword::kNo) << name;
  }
}

TEST(KnownNames, Diagnostics) {
  EXPECT_EQ(test::Built("nocasse;").place(), "signature.keyword.unknown@2+7");
  EXPECT_EQ(test::Built("nocasse;").diagnostics().all()[0].hint, "did you mean nocase?");
  EXPECT_EQ(test::Built("krb5.cname; content:\"a\";").place(), "signature.keyword.protocol_buffer@2+10");
  // One missing parser is one error: what follows is not taken for payload.
  EXPECT_EQ(test::Built("krb5.cname; bsize:5; content:\"a\";").diagnostics().error_count(), 1U);
  EXPECT_EQ(test::Built("dns.query; dotprefix; dataset:isset,a; content:\"a\";").diagnostics().error_count(), 1U);
  EXPECT_EQ(test::Built("lua:script.lua;").place(), "signature.keyword.not_built@2+3");
}

}  // namespace
}  // namespace bulkhead::signatures
