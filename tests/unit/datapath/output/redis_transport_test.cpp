// Against a real redis-server on a unix socket.
#include "datapath/output/redis_transport.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <fstream>

#include "datapath/output/queued_output.h"
#include "output_records.h"

extern char** environ;  // NOLINT(readability-redundant-declaration)

namespace bulkhead::output {
namespace {

using test::record_of;
using test::soon;

class RedisTransportTest : public testing::Test {
 protected:
  void SetUp() override {
    if (::access("/usr/bin/redis-server", X_OK) != 0) GTEST_SKIP() << "redis-server is not installed";
    settings_.server.path = folder_.file("redis.sock");
    start_server();
  }
  void TearDown() override { stop_server(); }

  void start_server(std::vector<std::string> more = {}) {
    std::vector<std::string> words = {"/usr/bin/redis-server", "--port", "0", "--unixsocket",
                                      settings_.server.path,   "--save", "",  "--dir",
                                      folder_.file("")};
    words.insert(words.end(), more.begin(), more.end());
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
    ASSERT_EQ(::posix_spawn(&server_, words[0].c_str(), &quiet, nullptr, arguments.data(), environ), 0);
    posix_spawn_file_actions_destroy(&quiet);
    ASSERT_TRUE(soon([this] { return bool(connect_to(settings_.server, std::chrono::milliseconds(100))); }));
  }
  void stop_server() {
    if (server_ <= 0) return;
    ::kill(server_, SIGKILL);
    ::waitpid(server_, nullptr, 0);
    server_ = 0;
  }
  std::string ask(const std::string& command) const {
    const std::string line = "redis-cli -s " + settings_.server.path + " " + command + " 2>&1";
    FILE* pipe = ::popen(line.c_str(), "r");  // NOLINT(cert-env33-c): a fixed program
    std::string out;
    std::array<char, 4096> piece{};
    while (const std::size_t got = std::fread(piece.data(), 1, piece.size(), pipe)) out.append(piece.data(), got);
    ::pclose(pipe);
    return out;
  }

  test::ScratchFolder folder_;
  RedisSettings settings_;
  pid_t server_ = 0;
};

TEST_F(RedisTransportTest, FillsAStream) {
  QueuedOutput output(std::make_unique<RedisTransport>(settings_), {});
  ASSERT_TRUE(output.start());
  for (int i = 0; i < 1000; ++i) output.push(record_of("{\"n\":" + std::to_string(i) + "}"));
  ASSERT_TRUE(soon([&] { return output.health().written == 1000; }));
  EXPECT_EQ(ask("XLEN bulkhead"), "1000\n");
  EXPECT_THAT(ask("XREVRANGE bulkhead + - COUNT 1"), testing::HasSubstr("event\n{\"n\":999}"));
}

TEST_F(RedisTransportTest, AStreamStaysAboutAsLongAsSaid) {
  settings_.most_entries = 100;
  QueuedOutput output(std::make_unique<RedisTransport>(settings_), {});
  ASSERT_TRUE(output.start());
  for (int i = 0; i < 2000; ++i) output.push(record_of("{}"));
  ASSERT_TRUE(soon([&] { return output.health().written == 2000; }));
  EXPECT_LT(std::stoi(ask("XLEN bulkhead")), 400);
}

TEST_F(RedisTransportTest, FillsAListAndCountsWhatAKeyOfAnotherTypeRefuses) {
  settings_.mode = RedisSettings::Mode::kList;
  settings_.key = "events";
  QueuedOutput output(std::make_unique<RedisTransport>(settings_), {});
  ASSERT_TRUE(output.start());
  output.push(record_of("{1}"));
  ASSERT_TRUE(soon([&] { return output.health().written == 1; }));
  EXPECT_EQ(ask("LRANGE events 0 -1"), "{1}\n");
  ask("DEL events");
  ask("SET events text");
  output.push(record_of("{2}"));
  EXPECT_TRUE(soon([&] { return output.health().losses[static_cast<std::size_t>(LossReason::kRefused)] == 1; }));
}

TEST_F(RedisTransportTest, WaitsForAServerThatIsAway) {
  QueuedOutput output(std::make_unique<RedisTransport>(settings_), {});
  ASSERT_TRUE(output.start());
  output.push(record_of("{1}"));
  ASSERT_TRUE(soon([&] { return output.health().written == 1; }));
  stop_server();
  for (int i = 0; i < 10; ++i) output.push(record_of("{2}"));
  EXPECT_TRUE(soon([&] { return !output.health().connected; }));
  start_server();
  EXPECT_TRUE(soon([&] { return output.health().written == 11; }));
  EXPECT_EQ(output.health().lost, 0U);
  EXPECT_EQ(ask("XLEN bulkhead"), "10\n");
}

TEST_F(RedisTransportTest, AFullServerIsWaitedForUntilTheQueueIsFull) {
  ask("CONFIG SET maxmemory 1");
  QueuedOutput output(std::make_unique<RedisTransport>(settings_), {.records = 5});
  ASSERT_TRUE(output.start());
  for (int i = 0; i < 8; ++i) output.push(record_of("{1}"));
  EXPECT_TRUE(soon([&] { return output.health().last_error.find("OOM") != std::string::npos; }));
  EXPECT_EQ(output.health().losses[static_cast<std::size_t>(LossReason::kQueueFull)], 3U);
  ask("CONFIG SET maxmemory 0");
  EXPECT_TRUE(soon([&] { return output.health().written == 5; }));
}

TEST_F(RedisTransportTest, LogsInWithThePasswordOfAFile) {
  stop_server();
  start_server({"--requirepass", "s3cret"});
  std::ofstream(folder_.file("password")) << "wrong\n";
  settings_.password_file = folder_.file("password");
  QueuedOutput output(std::make_unique<RedisTransport>(settings_), {});
  ASSERT_TRUE(output.start());
  output.push(record_of("{1}"));
  EXPECT_TRUE(soon([&] { return output.health().last_error.find("WRONGPASS") != std::string::npos; }));
  std::ofstream(folder_.file("password")) << "s3cret\n";
  EXPECT_TRUE(soon([&] { return output.health().written == 1; })) << "the file is read again at each attempt";
}

}  // namespace
}  // namespace bulkhead::output
