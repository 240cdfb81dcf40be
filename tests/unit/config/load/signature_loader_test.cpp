#include "config/load/signature_loader.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "config/load/config_loader.h"

namespace bulkhead::config {
namespace {

class SignatureLoader : public testing::Test {
 protected:
  SignatureLoader() {
    std::string name = testing::TempDir() + "bulkhead-rules-XXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
    Diagnostics none;
    settings_ = load_config({}, none).settings.signatures;
    settings_.cache_dir.clear();
  }
  ~SignatureLoader() override { std::filesystem::remove_all(directory_); }

  std::string write(const std::string& name, const std::string& text) {
    const auto path = directory_ / name;
    std::ofstream(path) << text;
    return path.string();
  }
  std::optional<LoadedSignatures> load(const std::string& rules) {
    settings_.files = {write("a.rules", rules)};
    return load_signatures(settings_, diagnostics_, &counts_);
  }

  std::filesystem::path directory_;
  SignatureSettings settings_;
  Diagnostics diagnostics_;
  SignatureCounts counts_;
};

constexpr const char* kGood =
    "alert tcp any any -> any any (msg:\"a\"; content:\"abc\"; classtype:trojan-activity; reference:cve,2021-44228; "
    "sid:1;)\n";

TEST_F(SignatureLoader, LoadsWithBuiltInTables) {
  const auto loaded = load(kGood);
  ASSERT_TRUE(loaded);
  for (const auto& d : diagnostics_.all()) ADD_FAILURE() << Diagnostics::format(d);
  ASSERT_EQ(loaded->db->signatures.size(), 1U);
  EXPECT_EQ(loaded->db->signatures[0].info->category, "A Network Trojan was detected");
  EXPECT_EQ(loaded->db->signatures[0].priority, 1);
  EXPECT_EQ(loaded->counts.rules, 1U);
  EXPECT_EQ(loaded->counts.loaded, 1U);
}

TEST_F(SignatureLoader, AReloadTakesOverWhatNothingHasChangedFor) {
  const std::string sets = write("set.lst", "YQ==\n");
  const std::string rules = kGood + ("alert http any any -> any any (http.uri; dataset:isset,s,type string,load " +
                                     sets + "; sid:2;)\nalert tcp $HOME_NET any -> any any (content:\"b\"; sid:3;)\n");
  settings_.files = {write("a.rules", rules)};
  const auto reload = [&](const signatures::SignatureDbPtr& previous) {
    const SignatureReload step{previous};
    auto loaded = load_signatures(settings_, diagnostics_, &counts_, nullptr, nullptr, &step);
    EXPECT_TRUE(loaded);
    EXPECT_EQ(loaded->db->signatures.size(), 3U);
    return loaded->db;
  };
  const auto first = reload(nullptr);
  EXPECT_EQ(counts_.taken_over, 0U);
  const auto second = reload(first);
  EXPECT_EQ(counts_.taken_over, 2U) << "what is in the set may be another thing now";
  EXPECT_EQ(&second->signatures[0], &first->signatures[0]);
  settings_.threshold_file = write("threshold.config", "suppress gen_id 1, sig_id 3\n");
  const auto third = reload(second);
  EXPECT_EQ(counts_.taken_over, 1U);
  EXPECT_EQ(third->signatures[2].external_thresholds.size(), 1U);
  EXPECT_TRUE(second->signatures[2].external_thresholds.empty()) << "workers still judge by it";
  settings_.threshold_file.clear();
  const auto fourth = reload(third);
  EXPECT_EQ(counts_.taken_over, 1U);
  EXPECT_TRUE(fourth->signatures[2].external_thresholds.empty());
  for (auto& variable : settings_.addresses) {
    if (variable.name == "HOME_NET") variable.value = "10.9.0.0/16";
  }
  const auto fifth = reload(fourth);
  EXPECT_EQ(counts_.taken_over, 0U);
  EXPECT_TRUE(fifth->signatures[2].source.contains(*IpAddress::parse("10.9.1.1")));
  write("a.rules", rules + "alert tcp any any -> any any (content:\"wrong\"; nonsense; sid:4;)\n");
  reload(fifth);
  EXPECT_EQ(counts_.taken_over, 2U);
  EXPECT_EQ(counts_.reasons["signature.keyword.unknown"], 1U);
}

TEST_F(SignatureLoader, MessagesOfALongFileShowTheirLinesWithoutHoldingIt) {
  std::string text;
  for (int i = 0; i < 6000; ++i) text += "# a comment that makes the file long, line by line, until it is\n";
  text += "alert tcp any any -> any any (contnet:\"a\"; sid:1;)\n#\nalert tcp any any -> any any (sidd:2;)\n";
  load(text);
  ASSERT_EQ(diagnostics_.all().size(), 2U);
  EXPECT_EQ(diagnostics_.all()[0].span.line, 6001U);
  EXPECT_EQ(diagnostics_.all()[0].span.file->line(6001), "alert tcp any any -> any any (contnet:\"a\"; sid:1;)");
  EXPECT_EQ(diagnostics_.all()[1].span.file->line(6003), "alert tcp any any -> any any (sidd:2;)");
  EXPECT_LT(diagnostics_.all()[0].span.file->text().size(), 10'000U);
  EXPECT_EQ(counts_.refused, 2U);
}

TEST_F(SignatureLoader, ABadRuleIsLeftOutAndCountedByReason) {
  const auto loaded = load(std::string(kGood) +
                           "alert tcp any any -> any any (msg:\"b\"; contnet:\"abc\"; sid:2;)\n"
                           "alert tcp any any -> any any (msg:\"c\"; contnet:\"abc\"; dsizes:1; sid:3;)\n"
                           "alert tcp any any -> any any (msg:\"d\"; content:\"|0|\"; sid:4;)\n"
                           "#alert tcp any any -> any any (msg:\"e\"; sid:5;)\n");
  ASSERT_TRUE(loaded);
  EXPECT_EQ(counts_.loaded, 1U);
  EXPECT_EQ(counts_.refused, 3U);
  EXPECT_EQ(counts_.disabled, 1U);
  EXPECT_EQ(counts_.rules, 4U);
  std::size_t sum = 0;
  for (const auto& [code, n] : counts_.reasons) sum += n;
  EXPECT_EQ(sum, 3U) << "one reason a rule";
  EXPECT_EQ(counts_.reasons.size(), 2U);
}

TEST_F(SignatureLoader, FatalWhenAsked) {
  settings_.failure_is_fatal = true;
  EXPECT_FALSE(load(std::string(kGood) + "alert tcp any any -> any any (contnet:\"abc\"; sid:2;)\n"));
  EXPECT_EQ(counts_.refused, 1U);
  diagnostics_ = {};
  EXPECT_TRUE(load(kGood));
}

TEST_F(SignatureLoader, ErrorsOfOneRuleOverSeveralLinesAreOneRule) {
  ASSERT_TRUE(load("alert tcp any any -> any any ( \\\n msg:\"b\"; contnet:\"abc\"; \\\n dsizes:1; sid:2;)\n"));
  EXPECT_EQ(counts_.refused, 1U);
  EXPECT_EQ(counts_.reasons.size(), 1U);
  EXPECT_EQ(counts_.reasons.begin()->second, 1U);
}

TEST_F(SignatureLoader, NewerRevisionsReplace) {
  const auto loaded = load(
      "alert tcp any any -> any any (msg:\"old\"; content:\"abc\"; sid:1; rev:1;)\n"
      "alert tcp any any -> any any (msg:\"new\"; content:\"abc\"; sid:1; rev:2;)\n");
  ASSERT_TRUE(loaded);
  ASSERT_EQ(loaded->db->signatures.size(), 1U);
  EXPECT_EQ(loaded->db->signatures[0].info->message, "new");
  EXPECT_EQ(counts_.rules, counts_.loaded + counts_.refused + counts_.replaced);
}

TEST_F(SignatureLoader, OwnTablesAndThresholdFile) {
  settings_.classification_file = write("c", "config classification: mine,My class,2\n");
  settings_.threshold_file = write("t", "suppress gen_id 1, sig_id 1, track by_src, ip 10.0.0.1\n");
  const auto loaded = load("alert tcp any any -> any any (msg:\"a\"; content:\"abc\"; classtype:mine; sid:1;)\n");
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->db->signatures[0].info->category, "My class");
  EXPECT_EQ(loaded->db->signatures[0].external_thresholds.size(), 1U);
}

TEST_F(SignatureLoader, VariablesOfTheSettings) {
  settings_.addresses = {{"MY_NET", "10.7.0.0/16", {}}};
  const auto loaded = load(
      "alert ip $MY_NET any -> any any (msg:\"a\"; sid:1;)\n"
      "alert ip $HOME_NET any -> any any (msg:\"a\"; sid:2;)\n");
  ASSERT_TRUE(loaded);
  EXPECT_EQ(counts_.loaded, 1U) << "HOME_NET is not set";
  EXPECT_TRUE(loaded->db->signatures[0].source.contains(*IpAddress::parse("10.7.1.1")));
  EXPECT_FALSE(loaded->db->signatures[0].source.contains(*IpAddress::parse("10.8.1.1")));
}

TEST_F(SignatureLoader, AnUnreadableFileIsAnError) {
  settings_.files = {(directory_ / "none.rules").string()};
  EXPECT_TRUE(load_signatures(settings_, diagnostics_));
  ASSERT_EQ(diagnostics_.error_count(), 1U);
  EXPECT_EQ(diagnostics_.all()[0].code, "signature.file.unreadable");
}

TEST(BuiltInTables, AreWhole) {
  const auto classes = built_in_classifications();
  EXPECT_EQ(classes.size(), 43U);
  ASSERT_NE(classes.find("attempted-admin"), nullptr);
  EXPECT_EQ(classes.find("attempted-admin")->priority, 1);
  const auto references = built_in_references();
  ASSERT_NE(references.find("url"), nullptr);
  EXPECT_EQ(references.find("url")->url_prefix, "http://");
}

}  // namespace
}  // namespace bulkhead::config
