#include "datapath/base/private_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace bulkhead {
namespace {

class PrivateFileTest : public testing::Test {
 protected:
  void SetUp() override {
    folder = testing::TempDir() + "bulkhead_private_" + std::to_string(::getpid());
    std::filesystem::create_directories(folder);
    mode_of(folder, 0700);
    path = folder + "/state";
    std::ofstream(path) << "words";
    mode_of(path, 0600);
  }
  void TearDown() override { std::filesystem::remove_all(folder); }
  static void mode_of(const std::string& what, mode_t mode) { ASSERT_EQ(::chmod(what.c_str(), mode), 0); }
  std::string why() {
    const auto read = read_private(path);
    if (read) return {};
    EXPECT_TRUE(is_distrust(read.error())) << read.error().to_string();
    return read.error().to_string();
  }
  std::string folder, path;
};

TEST_F(PrivateFileTest, ReadsWhatNobodyElseCouldHaveWritten) {
  const auto read = read_private(path);
  ASSERT_TRUE(read) << read.error().to_string();
  EXPECT_EQ(*read, "words");
  mode_of(path, 0644);  // read by others is not written by others
  EXPECT_TRUE(read_private(path));
  ASSERT_EQ(::symlink(path.c_str(), (folder + "/link").c_str()), 0);
  EXPECT_TRUE(read_private(folder + "/link"));
}

TEST_F(PrivateFileTest, RefusesAFileThatGroupOrOthersMayWrite) {
  for (const mode_t mode : {0620, 0602, 0666}) {
    mode_of(path, mode);
    EXPECT_NE(why().find("chmod go-w"), std::string::npos) << mode;
  }
  mode_of(path, 0666);
  EXPECT_EQ(why(), "trust " + path + ": others than its owner may write it: mode 0666; chmod go-w (errno 1)");
}

TEST_F(PrivateFileTest, ASecretIsNotForOthersToRead) {
  EXPECT_TRUE(trust_file(path, true));
  EXPECT_TRUE(trust_file(folder + "/absent", true));
  mode_of(path, 0640);
  EXPECT_TRUE(trust_file(path));
  const Status secret = trust_file(path, true);
  ASSERT_FALSE(secret);
  EXPECT_EQ(secret.error().text, "others than its owner may read it: mode 0640; chmod go-rwx");
}

TEST_F(PrivateFileTest, RefusesADirectoryInWhichOthersReplaceIt) {
  mode_of(folder, 0777);
  EXPECT_NE(why().find(folder + ": others"), std::string::npos);
  mode_of(folder, 0770);
  EXPECT_NE(why(), "");
  mode_of(folder, 01777);  // there the owner of the file decides
  EXPECT_EQ(why(), "");
}

TEST_F(PrivateFileTest, RefusesWhatBelongsToSomebodyElse) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to give files away";
  ASSERT_EQ(::chown(path.c_str(), 65534, 65534), 0);
  EXPECT_NE(why().find("belongs to user 65534"), std::string::npos);
  ASSERT_EQ(::chown(path.c_str(), 0, 0), 0);
  ASSERT_EQ(::chown(folder.c_str(), 65534, 65534), 0);
  EXPECT_NE(why().find("belongs to user 65534"), std::string::npos);
  ASSERT_EQ(::chown(folder.c_str(), 0, 0), 0);
}

TEST_F(PrivateFileTest, ReadsRegularFilesOfAFewBytesAlone) {
  const auto large = read_private(path, 4);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, EFBIG);
  ASSERT_EQ(::mkfifo((folder + "/fifo").c_str(), 0600), 0);
  EXPECT_FALSE(read_private(folder + "/fifo")) << "and does not wait for a writer";
  const auto absent = read_private(folder + "/absent");
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, ENOENT);
  EXPECT_FALSE(is_distrust(absent.error()));
  EXPECT_TRUE(trust_directory(folder + "/absent"));
}

TEST_F(PrivateFileTest, WritesForItselfAloneWhateverTheUmask) {
  const mode_t before = ::umask(0);
  const std::string fresh = folder + "/fresh";
  std::ofstream(fresh + ".new") << "somebody was here";
  ASSERT_TRUE(write_private(fresh, "mine"));
  ASSERT_TRUE(write_private(folder + "/cache", "made again", folder + "/cache.1.2"));
  ::umask(before);
  for (const char* name : {"/fresh", "/cache"}) {
    struct stat status {};
    ASSERT_EQ(::stat((folder + name).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U) << name;
  }
  EXPECT_EQ(*read_private(fresh), "mine");
  EXPECT_FALSE(std::filesystem::exists(fresh + ".new"));
  EXPECT_FALSE(write_private(folder + "/absent/file", "x"));
}

// What stands where the new file is to be written is not written through.
TEST_F(PrivateFileTest, FollowsNoLinkWhenItWrites) {
  ASSERT_EQ(::symlink(path.c_str(), (folder + "/victim.new").c_str()), 0);
  ASSERT_TRUE(write_private(folder + "/victim", "other"));
  EXPECT_EQ(*read_private(path), "words");
}

}  // namespace
}  // namespace bulkhead
