#include "config/yaml/yaml_reader.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

namespace bulkhead::config {
namespace {

using namespace std::chrono_literals;

struct Read {
  Diagnostics diagnostics;
  std::vector<YamlNode> documents;
  explicit Read(std::string text, const YamlLimits& limits = {}) {
    documents = read_yaml(std::make_shared<SourceFile>("t.yaml", std::move(text)), diagnostics, limits);
  }
  [[nodiscard]] const YamlNode& root() const {
    static const YamlNode none;
    return documents.empty() ? none : documents[0];
  }
  [[nodiscard]] std::string code(std::size_t i = 0) const {
    return i < diagnostics.all().size() ? diagnostics.all()[i].code : "";
  }
  [[nodiscard]] const Diagnostic& first() const { return diagnostics.all().at(0); }
};

TEST(YamlReader, TreeWithPlaces) {
  const Read r("name: web\nports:\n  - 80\n  - \"443\"\nempty:\n");
  ASSERT_EQ(r.documents.size(), 1U);
  EXPECT_FALSE(r.diagnostics.has_errors());
  const YamlNode& root = r.root();
  ASSERT_TRUE(root.is_map());
  ASSERT_NE(root.find("name"), nullptr);
  EXPECT_EQ(root.find("name")->text, "web");
  EXPECT_EQ(root.find("name")->span.line, 1U);
  EXPECT_EQ(root.find("name")->span.column, 7U);
  EXPECT_EQ(root.find("name")->span.length, 3U);
  const YamlNode& ports = *root.find("ports");
  ASSERT_EQ(ports.items.size(), 2U);
  EXPECT_FALSE(ports.items[0].quoted);
  EXPECT_TRUE(ports.items[1].quoted);
  EXPECT_EQ(ports.items[1].span.length, 5U) << "quotes belong to the caret run";
  EXPECT_EQ(ports.items[1].text_span(1, 2).column, 7U) << "inside the quotes";
  EXPECT_TRUE(root.find("empty")->is_null());
  EXPECT_EQ(root.find("empty")->span.line, 5U) << "an absent value points at its key";
  EXPECT_EQ(root.find("none"), nullptr);
}

TEST(YamlReader, ManyDocuments) {
  const Read r("a: 1\n---\nb: 2\n---\n- c\n");
  ASSERT_EQ(r.documents.size(), 3U);
  EXPECT_TRUE(r.documents[2].is_sequence());
  EXPECT_EQ(r.documents[1].find("b")->span.line, 3U);
}

TEST(YamlReader, EmptyTextHasNoDocument) {
  EXPECT_TRUE(Read("").documents.empty());
  EXPECT_TRUE(Read("# nothing\n").documents.empty());
}

TEST(YamlReader, DuplicateKeyNamesBothLines) {
  const Read r("a: 1\nb: 2\na: 3\n");
  ASSERT_EQ(r.code(), "yaml.duplicate_key");
  EXPECT_EQ(r.first().span.line, 3U);
  EXPECT_NE(r.first().hint.find("line 1"), std::string::npos);
  EXPECT_EQ(r.root().find("a")->text, "1") << "the first one counts";
}

TEST(YamlReader, SyntaxErrorHasAPlaceAndKeepsEarlierDocuments) {
  const Read r("a: 1\n---\nb: [1, 2\nc: 3\n");
  EXPECT_EQ(r.code(), "yaml.syntax");
  EXPECT_GE(r.first().span.line, 3U);
  ASSERT_EQ(r.documents.size(), 1U);
  EXPECT_EQ(r.documents[0].find("a")->text, "1");
}

TEST(YamlReader, StrayTokensEnd) {
  for (const char* text : {", *x, *x]\n", "]", "}", ",", "a: 1\n---\n]\n", "? }"}) {
    const Read r(text);
    EXPECT_EQ(r.code(), "yaml.syntax") << text;
    EXPECT_LE(r.documents.size(), 2U) << text;
  }
}

TEST(YamlReader, EmptyDocumentsCount) {
  EXPECT_EQ(Read("---\n---\n--- a\n").documents.size(), 3U);
}

TEST(YamlReader, TabsAsIndentAreAnError) {
  EXPECT_EQ(Read("a:\n\tb: 1\n").code(), "yaml.syntax");
}

TEST(YamlReader, NotUtf8) {
  const Read r("a: 1\nb: \xff\n");
  ASSERT_EQ(r.code(), "yaml.encoding");
  EXPECT_EQ(r.first().span.line, 2U);
  EXPECT_EQ(r.first().span.column, 4U);
  EXPECT_EQ(Read(std::string("a: \0b\n", 6)).code(), "yaml.encoding");
  EXPECT_EQ(Read("a: \xe4\xbd").code(), "yaml.encoding") << "cut in the middle of a character";
  EXPECT_EQ(Read("a: \xe4\xbd\xa0").diagnostics.error_count(), 0U);
}

TEST(YamlReader, BillionLaughs) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 10; ++k) text += (k == 0 ? "*a" : ", *a") + std::to_string(i - 1);
    text += "]\n";
  }
  YamlLimits limits;
  limits.max_nodes = 100'000;
  const Read r(text, limits);
  EXPECT_EQ(r.code(), "yaml.too_many_nodes");
  EXPECT_EQ(r.diagnostics.error_count(), 1U);
}

TEST(YamlReader, DeepNesting) {
  EXPECT_EQ(Read(std::string(60, '[') + std::string(60, ']')).diagnostics.error_count(), 0U);
  EXPECT_EQ(Read(std::string(65, '[') + std::string(65, ']')).code(), "yaml.too_deep");
  EXPECT_EQ(Read(std::string(100'000, '[')).code(), "yaml.too_deep");
  EXPECT_EQ(Read(std::string(100'000, '{')).code(), "yaml.too_deep");
}

TEST(YamlReader, DepthCountsThroughAliases) {
  YamlLimits limits;
  limits.max_depth = 6;
  EXPECT_EQ(Read("a: &a [[[1]]]\nb: [*a]\n", limits).diagnostics.error_count(), 0U);
  EXPECT_EQ(Read("a: &a [[[1]]]\nb: [[[*a]]]\n", limits).code(), "yaml.too_deep");
}

TEST(YamlReader, AliasesAreCopies) {
  const Read r("base: &b {x: 1}\nuse: *b\n");
  ASSERT_FALSE(r.diagnostics.has_errors());
  EXPECT_EQ(r.root().find("use")->find("x")->text, "1");
}

TEST(YamlReader, AliasInsideItsOwnNode) {
  const Read r("a: &a [1, *a]\n");
  EXPECT_EQ(r.code(), "yaml.unknown_alias");
}

TEST(YamlReader, UnknownAlias) {
  EXPECT_EQ(Read("a: *nobody\n").code(), "yaml.syntax");
}

TEST(YamlReader, MapAsKey) {
  const Read r("? {a: 1}\n: 2\nok: 3\n");
  EXPECT_EQ(r.code(), "yaml.bad_key");
  EXPECT_EQ(r.root().find("ok")->text, "3");
}

TEST(YamlReader, TooLarge) {
  YamlLimits limits;
  limits.max_bytes = 10;
  EXPECT_EQ(Read("a: 1234567\n", limits).code(), "yaml.too_large");
}

TEST(YamlReader, Files) {
  Diagnostics diagnostics;
  EXPECT_TRUE(read_yaml_file("/nonexistent/x.yaml", diagnostics).empty());
  ASSERT_EQ(diagnostics.all().size(), 1U);
  EXPECT_EQ(diagnostics.all()[0].code, "yaml.unreadable");
  EXPECT_EQ(diagnostics.all()[0].span.file->name(), "/nonexistent/x.yaml");

  Diagnostics directory;
  EXPECT_TRUE(read_yaml_file("/tmp", directory).empty());
  EXPECT_EQ(directory.error_count(), 1U);

  const std::string path = testing::TempDir() + "bulkhead_yaml_reader_test.yaml";
  std::string text = "list:\n";
  for (int i = 0; i < 20'000; ++i) text += "  - item" + std::to_string(i) + "\n";
  std::ofstream(path) << text;
  Diagnostics fine;
  const auto documents = read_yaml_file(path, fine);
  std::remove(path.c_str());
  ASSERT_EQ(documents.size(), 1U);
  EXPECT_EQ(documents[0].find("list")->items.size(), 20'000U);
}

TEST(YamlMap, TypedValues) {
  const Read r(
      "n: 42\nhex: 0x1F\nneg: -5\nf: 1.5\nyes: yes\noff: off\nd: 1.5s\nz: 0\nsize: 64MiB\nkilo: 2k\n"
      "word: audit\none: x\nlist: [a, b]\nnull_key: ~\n");
  Diagnostics d;
  YamlMap m(r.root(), d);
  EXPECT_EQ(m.integer("n"), 42);
  EXPECT_EQ(m.integer("hex"), 31);
  EXPECT_EQ(m.integer("neg", -10, 10), -5);
  EXPECT_EQ(m.number("f", 0, 2), 1.5);
  EXPECT_EQ(m.boolean("yes"), true);
  EXPECT_EQ(m.boolean("off"), false);
  EXPECT_EQ(m.duration("d"), 1500ms);
  EXPECT_EQ(m.duration("z"), 0ns);
  EXPECT_EQ(m.size("size"), 64ULL << 20);
  EXPECT_EQ(m.size("kilo"), 2048U);
  EXPECT_EQ(m.choice("word", {"enforce", "audit"}), "audit");
  EXPECT_EQ(m.texts("one"), std::vector<std::string>{"x"});
  EXPECT_EQ(m.texts("list"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(m.sequence("list").size(), 2U);
  EXPECT_EQ(m.text("null_key"), std::nullopt);
  EXPECT_EQ(m.text("absent"), std::nullopt);
  m.finish();
  EXPECT_EQ(d.error_count(), 0U);
}

TEST(YamlMap, EveryWrongValueIsReported) {
  const Read r(
      "a: x1\nb: 70000\nc: maybe\nd: 5 parsecs\ne: 3 apples\nf: adit\ng: [1]\nh: {x: 1}\ni: 99999999999999999999\n"
      "j: \"5\"\nk: {y: 1}\nl: 300y\nm: -9223372036854775809\n");
  Diagnostics d;
  YamlMap m(r.root(), d);
  EXPECT_FALSE(m.integer("a"));
  EXPECT_FALSE(m.integer("b", 1, 65535));
  EXPECT_FALSE(m.boolean("c"));
  EXPECT_FALSE(m.duration("d"));
  EXPECT_FALSE(m.size("e"));
  EXPECT_FALSE(m.choice("f", {"enforce", "audit"}));
  EXPECT_FALSE(m.text("g"));
  EXPECT_TRUE(m.sequence("h").empty());
  EXPECT_FALSE(m.integer("i"));
  EXPECT_FALSE(m.integer("j")) << "quoted is text";
  EXPECT_TRUE(m.texts("k").empty());
  EXPECT_FALSE(m.duration("l"));
  EXPECT_FALSE(m.integer("m"));
  m.finish();
  ASSERT_EQ(d.error_count(), 13U);
  EXPECT_EQ(d.all()[1].code, "yaml.out_of_range");
  EXPECT_EQ(d.all()[5].hint, "did you mean \"audit\"?");
}

TEST(YamlMap, UnknownKeysGetTheNearestWord) {
  const Read r("modee: audit\nzzzzzzzzzz: 1\n");
  Diagnostics d;
  YamlMap m(r.root(), d);
  EXPECT_FALSE(m.choice("mode", {"enforce", "audit"}));
  m.also_known({"order"});
  m.finish();
  ASSERT_EQ(d.error_count(), 2U);
  EXPECT_EQ(d.all()[0].code, "yaml.unknown_key");
  EXPECT_EQ(d.all()[0].span.column, 1U);
  EXPECT_EQ(d.all()[0].span.length, 5U);
  EXPECT_EQ(d.all()[0].hint, "did you mean \"mode\"?");
  EXPECT_EQ(d.all()[1].hint, "known keys are mode, order");
}

TEST(YamlMap, MissingKeysAndWrongShape) {
  const Read r("a: 1\nlist: [1, 2]\n");
  Diagnostics d;
  YamlMap m(r.root(), d);
  EXPECT_FALSE(m.required_text("name"));
  EXPECT_EQ(d.all().at(0).code, "yaml.missing_key");
  YamlMap wrong(*r.root().find("list"), d);
  EXPECT_FALSE(wrong.valid());
  EXPECT_FALSE(wrong.required_text("name")) << "one report is enough";
  wrong.finish();
  EXPECT_EQ(d.error_count(), 2U);
}

}  // namespace
}  // namespace bulkhead::config
