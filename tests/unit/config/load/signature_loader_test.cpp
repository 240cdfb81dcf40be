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
