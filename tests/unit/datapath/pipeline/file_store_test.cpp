#include "datapath/pipeline/file_store.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace bulkhead::pipeline {
namespace {

namespace fs = std::filesystem;

ByteSpan bytes_of(std::string_view text) {
  return {reinterpret_cast<const Byte*>(text.data()), text.size()};
}

class FileStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/file-store-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    settings_.directory = std::string(name) + "/store";
  }
  void TearDown() override { fs::remove_all(fs::path(settings_.directory).parent_path()); }

  FileStore& store() {
    if (!store_) {
      store_ = std::make_unique<FileStore>(settings_);
      EXPECT_TRUE(store_->open());
    }
    return *store_;
  }
  std::unique_ptr<app::File> file(std::string_view name = "f") {
    app::FileMaking making;
    making.taps = &store();
    return app::make_file(name, making);
  }
  [[nodiscard]] std::vector<fs::path> found() const {
    std::vector<fs::path> out;
    for (const auto& entry : fs::recursive_directory_iterator(settings_.directory)) {
      if (entry.is_regular_file()) out.push_back(entry.path());
    }
    std::sort(out.begin(), out.end());
    return out;
  }
  [[nodiscard]] static std::string content(const fs::path& path) {
    std::ostringstream out;
    out << std::ifstream(path, std::ios::binary).rdbuf();
    return out.str();
  }
  std::uint64_t stat(const std::string& name) {
    std::vector<std::pair<std::string, std::uint64_t>> all;
    store().add_stats(all);
    for (const auto& [key, value] : all) {
      if (key == "file_store." + name) return value;
    }
    ADD_FAILURE() << name;
    return 0;
  }
  FileStoreSettings settings_;
  std::unique_ptr<FileStore> store_;
};

// sha256 of "hello world"
constexpr const char* kHello = "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9";

TEST_F(FileStoreTest, WhatARuleAsksForIsStoredByItsDigest) {
  auto early = file();
  early->append(bytes_of("hello "));
  early->keep();
  early->append(bytes_of("world"));
  early->close(true);
  EXPECT_TRUE(early->stored);
  auto late = file();
  late->append(bytes_of("hello world"));
  late->close(true);
  EXPECT_FALSE(late->stored);
  late->keep();
  EXPECT_TRUE(late->stored) << "a rule may match at the end";
  const auto files = found();
  ASSERT_EQ(files.size(), 1U) << "the same content once";
  EXPECT_EQ(files[0], fs::path(settings_.directory) / "b9" / kHello);
  EXPECT_EQ(content(files[0]), "hello world");
  EXPECT_EQ(stat("stored"), 2U);
}

TEST_F(FileStoreTest, WhatNobodyAsksForLeavesNothing) {
  auto large = file();
  large->append(bytes_of(std::string(200 * 1024, 'x')));
  EXPECT_EQ(found().size(), 1U) << "on its way, in tmp";
  large->close(true);
  large.reset();
  EXPECT_TRUE(found().empty());
  EXPECT_EQ(stat("open_files"), 0U);
}

TEST_F(FileStoreTest, LargeFilesAreCutAtTheDepth) {
  settings_.depth = 100 * 1024;
  settings_.force = true;
  auto large = file();
  large->append(bytes_of(std::string(70 * 1024, 'x')));
  large->append(bytes_of(std::string(70 * 1024, 'x')));
  large->close(true);
  ASSERT_EQ(found().size(), 1U);
  EXPECT_EQ(fs::file_size(found()[0]), 100U * 1024U);
  EXPECT_EQ(stat("cut"), 1U);
}

TEST_F(FileStoreTest, OpenFilesAreBounded) {
  settings_.max_open_files = 1;
  auto first = file();
  auto second = file();
  EXPECT_EQ(second->tap, nullptr);
  EXPECT_EQ(stat("open_files_max_hit"), 1U);
  first.reset();
  EXPECT_NE(file()->tap, nullptr);
}

TEST_F(FileStoreTest, ADescriptionBesideIt) {
  settings_.write_fileinfo = true;
  auto one = file("../name\n");
  one->append(bytes_of("hello world"));
  one->keep();
  one->close(false);
  const auto files = found();
  ASSERT_EQ(files.size(), 2U);
  EXPECT_NE(content(files[1]).find(R"("state":"TRUNCATED","sha256":")" + std::string(kHello)), std::string::npos)
      << content(files[1]);
}

TEST_F(FileStoreTest, AFolderThatCannotBeWrittenIsCounted) {
  auto one = file();
  fs::remove_all(settings_.directory);
  one->append(bytes_of("x"));
  one->keep();
  one->close(true);
  EXPECT_FALSE(one->stored);
  EXPECT_EQ(stat("fs_errors"), 1U);
  FileStoreSettings bad;
  bad.directory = "/proc/none";
  EXPECT_FALSE(FileStore(bad).open());
}

TEST_F(FileStoreTest, AThreadOfItsOwnWritesTheSame) {
  store_ = std::make_unique<FileStore>(settings_);
  ASSERT_TRUE(store_->start());
  std::string large;
  for (int i = 0; i < 40000; ++i) large += "0123456789";
  for (int i = 0; i < 20; ++i) {
    auto kept = file();
    kept->append(bytes_of(large + std::to_string(i)));
    kept->keep();
    kept->close(true);
    EXPECT_TRUE(kept->stored);
    auto unwanted = file();
    unwanted->append(bytes_of(large));
    unwanted->close(true);
  }
  store_->stop();
  EXPECT_EQ(found().size(), 20U) << "nothing of those that nobody asked for, nothing in tmp/";
  EXPECT_EQ(stat("stored"), 20U);
  EXPECT_EQ(stat("queue_full"), 0U);
  EXPECT_EQ(stat("fs_errors"), 0U);
}

TEST_F(FileStoreTest, AFolderThatVanishesIsCountedByTheThread) {
  store_ = std::make_unique<FileStore>(settings_);
  ASSERT_TRUE(store_->start());
  fs::remove_all(settings_.directory);
  auto lost = file();
  lost->append(bytes_of("hello world"));
  lost->keep();
  lost->close(true);
  store_->stop();
  EXPECT_EQ(stat("stored"), 0U);
  EXPECT_EQ(stat("fs_errors"), 1U);
}

}  // namespace
}  // namespace bulkhead::pipeline
