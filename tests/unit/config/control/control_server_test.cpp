#include "config/control/control_server.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <thread>

#include "config/control/control_client.h"

namespace bulkhead::config::control {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;

class ControlServerTest : public ::testing::Test {
 protected:
  ControlServerTest() {
    settings.path = ::testing::TempDir() + "bulkhead_control_" + std::to_string(::getpid()) + ".sock";
    ::unlink(settings.path.c_str());
  }
  void start() {
    server =
        std::make_unique<ControlServer>(settings, [this](const Request& request, const Peer& peer, const Reply& reply) {
          last_peer = peer;
          if (request.command == "echo") return reply.result(request.arguments);
          if (request.command == "later") {
            later.emplace_back([reply] {
              std::this_thread::sleep_for(50ms);
              reply.result({{"late", true}});
            });
            return;
          }
          if (request.command == "long") return reply.result(std::string(8U << 20, 'x'));
          if (request.command == "watch") {
            const std::lock_guard lock(mutex);
            watchers.push_back(reply);
            return;
          }
          reply.refuse("command.unknown", "no such command", "try echo");
        });
    const Status started = server->start();
    ASSERT_TRUE(started) << started.error().to_string();
  }
  void TearDown() override {
    for (auto& thread : later) thread.join();
  }
  [[nodiscard]] Json ask(const std::string& command, const Json& arguments = Json::object()) const {
    auto client = ControlClient::connect(settings.path);
    if (!client) return {};
    auto reply = client->ask(command, arguments);
    return reply ? *reply : Json();
  }
  // A client that says what it likes and may not read.
  [[nodiscard]] int raw() const {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, settings.path.c_str(), sizeof address.sun_path - 1);
    EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return fd;
  }
  static std::string read_all(int fd) {
    std::string out;
    char chunk[4096];
    for (ssize_t n = 0; (n = ::read(fd, chunk, sizeof chunk)) > 0;) out.append(chunk, static_cast<std::size_t>(n));
    return out;
  }
  template <typename Condition>
  static bool comes_true(Condition&& condition) {
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(5ms);
    }
    return true;
  }

  ServerSettings settings;
  std::unique_ptr<ControlServer> server;
  Peer last_peer;
  std::mutex mutex;
  std::vector<Reply> watchers;
  std::vector<std::thread> later;
};

TEST_F(ControlServerTest, AnswersAndKnowsWhoAsks) {
  start();
  const Json reply = ask("echo", {{"a", "b"}});
  EXPECT_TRUE(reply.at("ok").get<bool>());
  EXPECT_EQ(reply.at("result").at("a"), "b");
  EXPECT_EQ(last_peer.uid, ::geteuid());
  EXPECT_EQ(last_peer.pid, ::getpid());
  EXPECT_EQ(last_peer.role, Role::kOperator) << "the daemon's own user";
}

TEST_F(ControlServerTest, RefusalsCarryCodeAndHint) {
  start();
  const Json reply = ask("nonsense");
  EXPECT_FALSE(reply.at("ok").get<bool>());
  EXPECT_EQ(reply.at("error").at("code"), "command.unknown");
  EXPECT_EQ(reply.at("error").at("hint"), "try echo");
  EXPECT_EQ(server->stats().refused_requests, 1U);
}

TEST_F(ControlServerTest, AnAnswerMayComeLaterAndFromElsewhere) {
  start();
  EXPECT_TRUE(ask("later").at("result").at("late").get<bool>());
}

TEST_F(ControlServerTest, ALongAnswerArrivesWhole) {
  start();
  EXPECT_EQ(ask("long").at("result").get<std::string>().size(), 8U << 20);
}

TEST_F(ControlServerTest, ManyRequestsOverOneConnection) {
  start();
  auto client = ControlClient::connect(settings.path);
  ASSERT_TRUE(client);
  for (int i = 0; i < 100; ++i) {
    const auto reply = client->ask("echo", {{"i", i}});
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->at("result").at("i"), i);
    EXPECT_EQ(reply->at("id"), i + 1);
  }
  EXPECT_EQ(server->stats().requests, 100U);
}

TEST_F(ControlServerTest, WhatIsNoRequestGetsAReasonAndTheDoor) {
  start();
  const int fd = raw();
  ASSERT_GT(::write(fd, frame("GET / HTTP/1.1").data(), 18), 0);
  const std::string answer = read_all(fd);
  ::close(fd);
  EXPECT_NE(answer.find("request.not_json"), std::string::npos);
  EXPECT_TRUE(comes_true([&] { return server->stats().malformed == 1; }));
}

TEST_F(ControlServerTest, ALengthBeyondTheLimitIsNotWaitedFor) {
  start();
  const int fd = raw();
  ASSERT_EQ(::write(fd, "GET ", 4), 4);  // 1,195,725,856 bytes
  const std::string answer = read_all(fd);
  ::close(fd);
  EXPECT_NE(answer.find("request.too_long"), std::string::npos);
}

TEST_F(ControlServerTest, EventsReachTheWatcherAndASlowOneIsDropped) {
  settings.max_events_bytes = 100000;
  start();
  auto client = ControlClient::connect(settings.path);
  ASSERT_TRUE(client);
  std::vector<int> got;
  std::thread sender([&] {
    EXPECT_TRUE(comes_true([&] {
      const std::lock_guard lock(mutex);
      return watchers.size() == 1;
    }));
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(watchers[0].event("{\"n\":" + std::to_string(i) + "}"));
  });
  const auto end = client->follow(
      "watch", Json::object(),
      [&](const Json& event) {
        got.push_back(event.at("n"));
        return got.size() < 3;
      },
      [] { return true; });
  sender.join();
  ASSERT_TRUE(end);
  EXPECT_EQ(got, (std::vector<int>{0, 1, 2}));

  const int slow = raw();
  const std::string request = frame(request_text({1, "watch", Json::object()}));
  ASSERT_EQ(::write(slow, request.data(), request.size()), static_cast<ssize_t>(request.size()));
  ASSERT_TRUE(comes_true([&] {
    const std::lock_guard lock(mutex);
    return watchers.size() == 2;
  }));
  const std::string big = "\"" + std::string(10000, 'x') + "\"";
  EXPECT_TRUE(comes_true([&] { return !watchers[1].event(big); })) << "the watcher that does not read is gone";
  EXPECT_EQ(server->stats().slow_clients, 1U);
  ::close(slow);
}

TEST_F(ControlServerTest, ClientsHaveALimit) {
  settings.max_clients = 2;
  start();
  std::vector<int> fds = {raw(), raw(), raw()};
  EXPECT_TRUE(comes_true([&] { return server->stats().refused_clients == 1; }));
  EXPECT_EQ(server->stats().accepted, 2U);
  for (const int fd : fds) ::close(fd);
  EXPECT_TRUE(comes_true([&] { return ask("echo").is_object(); })) << "there is room again";
}

TEST_F(ControlServerTest, ThePermissionIsTheSettingsAndTheFileGoesWithTheServer) {
  settings.mode = 0600;
  start();
  struct stat file {};
  ASSERT_EQ(::stat(settings.path.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0600U);
  server->stop();
  EXPECT_NE(::stat(settings.path.c_str(), &file), 0);
}

TEST_F(ControlServerTest, ASocketThatIsLeftOverIsTakenAndALiveOneIsNot) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, settings.path.c_str(), sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ::close(fd);
  start();
  ControlServer second(settings, [](const Request&, const Peer&, const Reply&) {});
  const Status refused = second.start();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, EADDRINUSE);
  EXPECT_TRUE(ask("echo").at("ok").get<bool>()) << "the first one goes on";
}

TEST_F(ControlServerTest, AFileThatIsNoSocketStays) {
  std::ofstream(settings.path) << "notes";
  ControlServer second(settings, [](const Request&, const Peer&, const Reply&) {});
  EXPECT_FALSE(second.start());
  EXPECT_EQ(::access(settings.path.c_str(), F_OK), 0);
  ::unlink(settings.path.c_str());
}

TEST_F(ControlServerTest, AnUnknownGroupIsAnError) {
  settings.operator_group = "no-such-group-here";
  ControlServer second(settings, [](const Request&, const Peer&, const Reply&) {});
  EXPECT_FALSE(second.start());
}

TEST_F(ControlServerTest, AReplyMayOutliveTheServer) {
  start();
  const int fd = raw();
  const std::string request = frame(request_text({1, "watch", Json::object()}));
  ASSERT_EQ(::write(fd, request.data(), request.size()), static_cast<ssize_t>(request.size()));
  ASSERT_TRUE(comes_true([&] {
    const std::lock_guard lock(mutex);
    return watchers.size() == 1;
  }));
  server.reset();
  EXPECT_FALSE(watchers[0].event("1"));
  watchers[0].result(1);
  ::close(fd);
}

}  // namespace
}  // namespace bulkhead::config::control
