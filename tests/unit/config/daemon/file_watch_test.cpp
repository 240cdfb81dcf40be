#include "config/daemon/file_watch.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace bulkhead::config {
namespace {

class FileWatchTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = ::testing::TempDir() + "bulkhead_watch_" + std::to_string(::getpid());
    std::filesystem::create_directories(folder_);
    write("file", "one");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void write(const std::string& name, const std::string& text) const { std::ofstream(folder_ + "/" + name) << text; }
  std::string folder_;
};

TEST_F(FileWatchTest, WritingReplacingAndSwappingAreChanges) {
  auto watch = FileWatch::open(folder_ + "/file");
  ASSERT_TRUE(watch) << watch.error().to_string();
  EXPECT_FALSE(watch->changed());
  write("file", "another");
  EXPECT_TRUE(watch->changed());
  EXPECT_FALSE(watch->changed());
  write("beside", "nobody asked");
  EXPECT_FALSE(watch->changed());
  write("new", "replaced");
  std::filesystem::rename(folder_ + "/new", folder_ + "/file");
  EXPECT_TRUE(watch->changed());
  std::filesystem::remove(folder_ + "/file");
  EXPECT_FALSE(watch->changed()) << "gone: what is known stays";
  write("other", "linked");
  std::filesystem::create_symlink(folder_ + "/other", folder_ + "/file");
  EXPECT_TRUE(watch->changed());
}

TEST_F(FileWatchTest, AFolderThatIsNotThereIsAnError) {
  const auto watch = FileWatch::open(folder_ + "/none/file");
  ASSERT_FALSE(watch);
  EXPECT_EQ(watch.error().object, folder_ + "/none");
}

}  // namespace
}  // namespace bulkhead::config
