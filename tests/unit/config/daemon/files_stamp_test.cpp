#include "config/daemon/files_stamp.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace bulkhead::config {
namespace {

namespace fs = std::filesystem;

class FilesStampTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = ::testing::TempDir() + "stamp_" + std::to_string(::getpid());
    fs::create_directories(folder_ + "/one");
    fs::create_directories(folder_ + "/two");
    for (const char* name : {"/one/a.rules", "/two/a.rules"}) std::ofstream(folder_ + name) << name;
    fs::create_directory_symlink(folder_ + "/one", folder_ + "/now");
  }
  void TearDown() override { fs::remove_all(folder_); }
  // Looks as often as it takes for a change to settle.
  bool sees(FilesStamp& stamp) {
    bool out = false;
    for (int i = 0; i < 3; ++i) out = stamp.changed(at_ += FilesStamp::kEvery) || out;
    return out;
  }
  std::string folder_;
  FilesStamp::Clock::time_point at_ = FilesStamp::Clock::now();
};

TEST_F(FilesStampTest, EachChangeOnce) {
  FilesStamp stamp({folder_ + "/now/a.rules", folder_ + "/now"});
  EXPECT_FALSE(sees(stamp));
  std::ofstream(folder_ + "/one/a.rules") << "another rule, longer";
  EXPECT_TRUE(sees(stamp)) << "written";
  EXPECT_FALSE(sees(stamp)) << "once";
  std::ofstream(folder_ + "/one/b.rules") << "x";
  EXPECT_TRUE(sees(stamp)) << "one beside it";
  // A mounted ConfigMap: a link beside, renamed over the old one.
  fs::create_directory_symlink(folder_ + "/two", folder_ + "/next");
  fs::rename(folder_ + "/next", folder_ + "/now");
  EXPECT_TRUE(sees(stamp)) << "swapped";
  fs::remove(folder_ + "/two/a.rules");
  EXPECT_TRUE(sees(stamp)) << "gone";
  EXPECT_FALSE(sees(stamp));
}

TEST_F(FilesStampTest, WhatIsStillChangingIsWaitedFor) {
  FilesStamp stamp({folder_ + "/one/a.rules"});
  for (int i = 0; i < 5; ++i) {
    std::ofstream(folder_ + "/one/a.rules", std::ios::app) << "more";
    EXPECT_FALSE(stamp.changed(at_ += FilesStamp::kEvery));
  }
  EXPECT_TRUE(stamp.changed(at_ += FilesStamp::kEvery));
}

TEST_F(FilesStampTest, DirectoriesThatAreWrittenAreLeftOut) {
  EngineSettings settings;
  settings.file = folder_ + "/one/bulkhead.yaml";
  settings.log_dir = folder_ + "/one";
  settings.signatures.files = {folder_ + "/two/a.rules"};
  EXPECT_EQ(files_of(settings),
            (std::vector<std::string>{folder_ + "/one/bulkhead.yaml", folder_ + "/two/a.rules", folder_ + "/two"}));
  EXPECT_FALSE(FilesStamp().changed(FilesStamp::Clock::now()));
}

}  // namespace
}  // namespace bulkhead::config
