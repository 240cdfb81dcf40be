#include "config/audit/audit_log.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <sstream>

#include "config/audit/audit_verify.h"

namespace bulkhead::config::audit {
namespace {

class AuditLogTest : public ::testing::Test {
 protected:
  AuditLogTest() {
    ::umask(022);  // what others may write is not believed
    folder = ::testing::TempDir() + "bulkhead_audit_" + std::to_string(::getpid());
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all);
    settings.path = folder + "/audit.log";
  }
  ~AuditLogTest() override { std::filesystem::remove_all(folder); }
  std::unique_ptr<AuditLog> open() {
    auto log = AuditLog::open(settings);
    EXPECT_TRUE(log) << (log ? "" : log.error().to_string());
    return std::move(*log);
  }
  void write(std::size_t records) {
    const auto log = open();
    for (std::size_t i = 0; i < records; ++i) log->append("block", {{"kind", "flow"}, {"i", i}});
  }
  static std::string read(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  [[nodiscard]] std::string key() const { return read(settings.path + ".pub").substr(0, 64); }
  [[nodiscard]] std::string head() const { return read(settings.path + ".head"); }
  [[nodiscard]] AuditReport verify() const {
    std::vector<std::ifstream> files;
    std::vector<AuditInput> inputs;
    const auto names = audit_files(settings.path);
    files.reserve(names.size());
    for (const auto& name : names) {
      files.emplace_back(name);
      inputs.push_back({name, &files.back()});
    }
    return verify_audit(inputs, key(), head());
  }
  static AuditReport verify_text(const std::string& text, const std::string& key, const std::string& head) {
    std::istringstream in(text);
    return verify_audit({{"log", &in}}, key, head);
  }
  static std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> out;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) out.push_back(line + "\n");
    return out;
  }
  static std::string joined(const std::vector<std::string>& lines) {
    std::string out;
    for (const auto& line : lines) out += line;
    return out;
  }
  std::string folder;
  AuditSettings settings;
};

TEST_F(AuditLogTest, AWholeLogIsProvedToItsEnd) {
  settings.checkpoint_records = 10;
  write(25);
  const AuditReport report = verify();
  EXPECT_FALSE(report.fault) << report.fault->problem;
  EXPECT_EQ(report.records, 28U) << "25 and three checkpoints";
  EXPECT_EQ(report.checkpoints, 3U);
  EXPECT_EQ(report.signed_to, 28U);
}

TEST_F(AuditLogTest, TheChainGoesOnAfterARestart) {
  write(3);
  write(3);
  const AuditReport report = verify();
  EXPECT_FALSE(report.fault) << report.fault->problem;
  EXPECT_EQ(report.last, 8U);
}

TEST_F(AuditLogTest, EveryFlippedBitIsFoundWhereItIs) {
  settings.checkpoint_records = 4;
  write(8);
  const std::string text = read(settings.path);
  const std::string known = key(), end = head();
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (const int bit : {0, 3, 6}) {
      std::string changed = text;
      changed[at] = static_cast<char>(changed[at] ^ 1 << bit);
      const AuditReport report = verify_text(changed, known, end);
      ASSERT_TRUE(report.fault) << "byte " << at << " bit " << bit;
      const auto line =
          1 + static_cast<std::uint64_t>(std::count(text.begin(), text.begin() + static_cast<long>(at), '\n'));
      EXPECT_EQ(report.fault->line, line) << "byte " << at << " bit " << bit << ": " << report.fault->problem;
    }
  }
}

TEST_F(AuditLogTest, DeletedMovedDoubledAndCutRecordsAreFound) {
  settings.checkpoint_records = 7;
  write(20);
  const std::string text = read(settings.path);
  const std::vector<std::string> lines = lines_of(text);
  const std::string known = key(), end = head();
  for (std::size_t i = 0; i < lines.size(); ++i) {
    auto deleted = lines;
    deleted.erase(deleted.begin() + static_cast<long>(i));
    const AuditReport report = verify_text(joined(deleted), known, end);
    // The first one of a log may be in a rotated file that was not given: the rest is proved.
    if (i == 0) {
      EXPECT_EQ(report.first, 2U);
    } else {
      ASSERT_TRUE(report.fault) << i;
      EXPECT_EQ(report.fault->record, i + 1);
    }
    auto doubled = lines;
    doubled.insert(doubled.begin() + static_cast<long>(i), lines[i]);
    EXPECT_TRUE(verify_text(joined(doubled), known, end).fault) << i;
    if (i + 1 < lines.size()) {
      auto moved = lines;
      std::swap(moved[i], moved[i + 1]);
      EXPECT_TRUE(verify_text(joined(moved), known, end).fault) << i;
      const auto cut = std::vector<std::string>(lines.begin(), lines.begin() + static_cast<long>(i) + 1);
      const AuditReport missing = verify_text(joined(cut), known, end);
      ASSERT_TRUE(missing.fault) << i;
      EXPECT_EQ(missing.fault->record, i + 2);
    }
  }
  EXPECT_TRUE(verify_text(text.substr(0, text.size() - 1), known, end).fault) << "without its line end";
}

TEST_F(AuditLogTest, WhoHasNoKeyCannotMakeTheChainAnew) {
  write(5);
  const std::string real = key(), end = head();
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  write(5);  // the same content, another key
  const AuditReport report = verify_text(read(settings.path), real, "");
  ASSERT_TRUE(report.fault);
  EXPECT_EQ(report.fault->problem, "the checkpoint is signed with another key");
}

TEST_F(AuditLogTest, ATornTailIsCutOffAndSaid) {
  write(3);
  std::ofstream(settings.path, std::ios::app) << R"({"n":5,"time":"20)";
  write(1);
  const AuditReport report = verify();
  EXPECT_FALSE(report.fault) << report.fault->problem;
  EXPECT_NE(read(settings.path).find(R"("type":"recovered","data":{"torn_bytes":17})"), std::string::npos);
}

TEST_F(AuditLogTest, AFileThatIsNoChainIsPutAsideAndSaid) {
  write(3);
  std::ofstream(settings.path, std::ios::trunc) << "noise\nmore noise\n";
  write(2);
  EXPECT_EQ(read(settings.path + ".broken-5"), "noise\nmore noise\n");
  EXPECT_NE(read(settings.path).find(R"("put_aside":")"), std::string::npos);
  EXPECT_NE(read(settings.path).find("{\"n\":5,"), std::string::npos);
}

TEST_F(AuditLogTest, EveryLengthOfATornTailIsSurvived) {
  write(2);
  const std::string before = read(settings.path);
  write(1);
  const std::string after = read(settings.path);
  for (std::size_t size = before.size(); size < after.size(); size += 37) {
    std::ofstream(settings.path, std::ios::trunc) << after.substr(0, size);
    // The head may be ahead of what reached the disk.
    write(1);
    std::ifstream file(settings.path);
    const AuditReport report = verify_audit({{"log", &file}}, key(), "");
    EXPECT_FALSE(report.fault) << size << ": " << report.fault->problem;
  }
}

TEST_F(AuditLogTest, RotatedFilesAreOneChain) {
  settings.max_bytes = 2000;
  write(40);
  EXPECT_GT(audit_files(settings.path).size(), 3U);
  const AuditReport report = verify();
  EXPECT_FALSE(report.fault) << report.fault->file << " " << report.fault->problem;
  EXPECT_EQ(report.first, 1U);
  write(5);  // goes on, also when the last file is empty
  EXPECT_FALSE(verify().fault);
  const auto files = audit_files(settings.path);
  std::filesystem::remove(files[1]);
  ASSERT_TRUE(verify().fault) << "a whole file is missing";
}

TEST_F(AuditLogTest, LongDataIsKeptAsItsHash) {
  {
    const auto log = open();
    log->append("operator", {{"text", std::string(100000, 'x')}});
  }
  EXPECT_LT(read(settings.path).size(), 2000U);
  EXPECT_FALSE(verify().fault);
}

TEST_F(AuditLogTest, TextThatLooksLikeTheEndOfARecordIsOnlyText) {
  {
    const auto log = open();
    log->append("operator", {{"text", "\",\"hash\":\"00\",\"type\":\"checkpoint\",\"prev\":\""}});
    log->append("operator", {{"text", std::string("\xff\xfe\0\n", 4)}});
  }
  EXPECT_FALSE(verify().fault) << verify().fault->problem;
}

// In the million of the acceptance figure every kind of damage is tried at random places.
TEST_F(AuditLogTest, DamageInALongLogIsFound) {
  settings.checkpoint_records = 500;
  write(5000);
  const std::string text = read(settings.path);
  const std::string known = key(), end = head();
  std::mt19937 random(1);  // NOLINT(cert-msc51-cpp): the same damage each time
  for (int i = 0; i < 20; ++i) {
    std::string changed = text;
    const std::size_t at = random() % changed.size();
    changed[at] = static_cast<char>(changed[at] ^ (1 + random() % 127));
    EXPECT_TRUE(verify_text(changed, known, end).fault) << at;
  }
}

// Who knows the key, or may write the chain, could have made it: it stays to be looked at, and another one begins.
TEST_F(AuditLogTest, WhatOthersCouldHaveMadeIsPutAside) {
  const auto aside = [&] {
    std::size_t out = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      out += entry.path().filename().string().find(".distrusted-") != std::string::npos ? 1 : 0;
    }
    return out;
  };
  write(3);
  const std::string before = key();
  write(1);
  EXPECT_EQ(key(), before);
  EXPECT_EQ(aside(), 0U);
  std::filesystem::permissions(settings.path + ".key", static_cast<std::filesystem::perms>(0644));
  write(2);
  EXPECT_NE(key(), before) << "others knew it";
  EXPECT_EQ(aside(), 4U) << "log, head, key and its public half";
  const auto lines = lines_of(read(settings.path));
  ASSERT_FALSE(lines.empty());
  const auto first = nlohmann::json::parse(lines[0]);
  EXPECT_EQ(first.at("type"), "distrusted");
  EXPECT_EQ(first.at("n"), 1);
  EXPECT_NE(first.at("data").at("why").get<std::string>().find("audit.log.key: others than its owner may read it"),
            std::string::npos);
  EXPECT_FALSE(verify().fault);
}

TEST_F(AuditLogTest, NothingIsProvedInADirectoryThatOthersMayWrite) {
  std::filesystem::permissions(folder, static_cast<std::filesystem::perms>(0777));
  const auto log = AuditLog::open(settings);
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().operation, "trust");
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all);
}

}  // namespace
}  // namespace bulkhead::config::audit
