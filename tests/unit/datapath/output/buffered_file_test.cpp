#include "datapath/output/buffered_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "datapath/output/file_sink.h"
#include "sample_events.h"

namespace bulkhead::output {
namespace {

class BufferedFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "bulkhead_file_XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    settings_.path = folder_ / "log" / "eve.json";
    settings_.retry_interval = std::chrono::milliseconds(10);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  static std::string content(const std::filesystem::path& path) {
    std::ostringstream out;
    out << std::ifstream(path).rdbuf();
    return out.str();
  }
  std::filesystem::path folder_;
  FileSettings settings_;
};

TEST_F(BufferedFileTest, MakesFoldersAndWritesAtFlush) {
  BufferedFile file(settings_);
  ASSERT_TRUE(file.open());
  EXPECT_TRUE(file.append("one\n"));
  EXPECT_EQ(content(settings_.path), "") << "still buffered";
  file.flush();
  EXPECT_EQ(content(settings_.path), "one\n");
  EXPECT_EQ(file.bytes(), 4U);
  EXPECT_EQ(std::filesystem::status(settings_.path).permissions(), std::filesystem::perms{0640});
}

TEST_F(BufferedFileTest, RotatesBeforeTheRecordThatIsTooMuchAndKeepsSoManyFiles) {
  settings_.rotate_bytes = 10;
  settings_.rotate_keep = 2;
  BufferedFile file(settings_);
  ASSERT_TRUE(file.open());
  for (const char* record : {"1111\n", "2222\n", "3333\n", "a record of more\n", "5555\n", "6666\n"}) {
    EXPECT_TRUE(file.append(record));
  }
  file.flush();
  EXPECT_EQ(content(settings_.path), "5555\n6666\n");
  EXPECT_EQ(content(settings_.path + ".1"), "a record of more\n") << "a record is never cut";
  EXPECT_EQ(content(settings_.path + ".2"), "3333\n");
  EXPECT_FALSE(std::filesystem::exists(settings_.path + ".3")) << "1111 and 2222 were beyond what is kept";
  EXPECT_EQ(file.rotations(), 3U);
  EXPECT_EQ(file.lost(), 0U);
}

TEST_F(BufferedFileTest, RotatesByTimeAlsoWhatAnEarlierRunLeft) {
  settings_.rotate_interval = std::chrono::hours(1);
  std::filesystem::create_directories(folder_ / "log");
  std::ofstream(settings_.path) << "old\n";
  std::filesystem::last_write_time(settings_.path,
                                   std::filesystem::file_time_type::clock::now() - std::chrono::hours(2));
  BufferedFile file(settings_);
  ASSERT_TRUE(file.open());
  EXPECT_TRUE(file.append("new\n"));
  EXPECT_TRUE(file.append("new too\n"));
  file.flush();
  EXPECT_EQ(content(settings_.path + ".1"), "old\n");
  EXPECT_EQ(content(settings_.path), "new\nnew too\n");
  EXPECT_EQ(file.rotations(), 1U);
}

TEST_F(BufferedFileTest, KeepsWritingWhenTheFileCannotBePutAside) {
  settings_.rotate_bytes = 8;
  settings_.rotate_keep = 1;
  BufferedFile file(settings_);
  ASSERT_TRUE(file.open());
  EXPECT_TRUE(file.append("1111\n"));
  std::filesystem::create_directories(settings_.path + ".1/not-empty");  // rename cannot replace it
  EXPECT_TRUE(file.append("2222\n"));
  std::this_thread::sleep_for(settings_.retry_interval * 2);
  file.flush();
  EXPECT_EQ(content(settings_.path), "1111\n2222\n");
  EXPECT_THAT(file.last_error(), testing::HasSubstr("rename"));
}

TEST_F(BufferedFileTest, WritesWhenTheBufferIsFullAndAtTheEnd) {
  settings_.buffer_bytes = 10;
  {
    BufferedFile file(settings_);
    ASSERT_TRUE(file.open());
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(file.append("1234\n"));
    EXPECT_EQ(content(settings_.path), "1234\n1234\n");
    EXPECT_TRUE(file.append("a record longer than the buffer\n"));
    EXPECT_EQ(file.lost(), 0U);
  }
  EXPECT_EQ(content(settings_.path), "1234\n1234\n1234\n1234\na record longer than the buffer\n");
}

TEST_F(BufferedFileTest, AppendsOrEmpties) {
  std::filesystem::create_directories(folder_ / "log");
  std::ofstream(settings_.path) << "old\n";
  {
    BufferedFile file(settings_);
    ASSERT_TRUE(file.open());
    file.append("new\n");
  }
  EXPECT_EQ(content(settings_.path), "old\nnew\n");
  settings_.append = false;
  {
    BufferedFile file(settings_);
    ASSERT_TRUE(file.open());
  }
  EXPECT_EQ(content(settings_.path), "");
}

TEST_F(BufferedFileTest, ReopenAfterARenameMakesANewFile) {
  BufferedFile file(settings_);
  ASSERT_TRUE(file.open());
  file.append("before\n");
  const std::string rotated = settings_.path + ".1";
  std::filesystem::rename(settings_.path, rotated);
  std::thread([&] { file.request_reopen(); }).join();
  file.append("after\n");
  file.flush();
  EXPECT_EQ(content(rotated), "before\n") << "nothing is lost and no record is split";
  EXPECT_EQ(content(settings_.path), "after\n");
}

TEST_F(BufferedFileTest, AFailedReopenKeepsTheOldFile) {
  BufferedFile file(settings_);
  ASSERT_TRUE(file.open());
  const std::filesystem::path moved = folder_ / "moved";
  std::filesystem::rename(folder_ / "log", moved);
  std::ofstream(folder_ / "log") << "a file in the way of the folder";
  file.request_reopen();
  file.append("still\n");
  std::this_thread::sleep_for(settings_.retry_interval * 2);
  file.flush();
  EXPECT_EQ(content(moved / "eve.json"), "still\n");
  EXPECT_THAT(file.last_error(), testing::HasSubstr((folder_ / "log").string()));
  EXPECT_EQ(file.lost(), 0U);
}

TEST_F(BufferedFileTest, OpenSaysWhatIsWrong) {
  settings_.path = folder_;
  const Status status = BufferedFile(settings_).open();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, EISDIR);
  EXPECT_THAT(status.error().to_string(), testing::HasSubstr(folder_.string()));
}

// A limit on the file size fails like a full disk, and can be lifted.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    old_handler_ = std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{bytes, old_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { lift(); }
  void lift() {
    setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, old_handler_);
  }

 private:
  rlimit old_{};
  void (*old_handler_)(int);
};

TEST_F(BufferedFileTest, AFullDiskLosesCountsAndRecovers) {
  settings_.buffer_bytes = 20;
  BufferedFile file(settings_);
  ASSERT_TRUE(file.open());
  int taken = 0;
  {
    const FileSizeLimit limit(23);
    for (int i = 0; i < 20; ++i) taken += file.append("record " + std::to_string(10 + i) + "\n") ? 1 : 0;
    EXPECT_GT(file.lost(), 0U);
    EXPECT_EQ(taken + static_cast<int>(file.lost()), 20);
    EXPECT_THAT(file.last_error(), testing::HasSubstr("write " + settings_.path));
  }
  std::this_thread::sleep_for(settings_.retry_interval * 2);
  EXPECT_TRUE(file.append("record 99\n"));
  file.flush();
  const std::string text = content(settings_.path);
  std::istringstream lines(text);
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) EXPECT_EQ(line.size(), 9U) << "a cut record was completed";
  EXPECT_EQ(count, taken + 1) << text;
  EXPECT_THAT(text, testing::EndsWith("record 99\n"));
}

TEST_F(BufferedFileTest, FileSinkWritesLinesAndReportsHealth) {
  FileSink sink(settings_, {});
  ASSERT_TRUE(sink.open());
  for (const event::Event& event : test::all_sample_events()) sink.write(event);
  sink.flush();
  const std::string text = content(settings_.path);
  const SinkHealth health = sink.health();
  EXPECT_EQ(static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n')), health.written);
  EXPECT_EQ(health.bytes, text.size());
  EXPECT_EQ(health.lost, 0U);
  EXPECT_EQ(health.last_error, "");
  std::filesystem::rename(settings_.path, settings_.path + ".1");
  sink.reopen();
  sink.write(test::sample_block());
  sink.flush();
  EXPECT_THAT(content(settings_.path), testing::HasSubstr("\"event_type\":\"block\""));
}

}  // namespace
}  // namespace bulkhead::output
