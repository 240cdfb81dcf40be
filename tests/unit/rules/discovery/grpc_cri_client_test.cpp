#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>

#include "rules/discovery/cri_client.h"
#include "tests/unit/rules/discovery/grpc_server.h"

namespace bulkhead::rules {
namespace {

using namespace std::chrono_literals;

// A runtime on a unix socket; several connections, each in a thread.
class Runtime {
 public:
  explicit Runtime(GrpcServer::Answer answer) : answer_(std::move(answer)) {
    directory_ = std::filesystem::temp_directory_path() / ("bulkhead-cri-" + std::to_string(::getpid()));
    std::filesystem::create_directories(directory_);
    start();
  }
  ~Runtime() {
    stop();
    std::filesystem::remove_all(directory_);
  }
  [[nodiscard]] std::string path() const { return directory_ / "s"; }
  void start() {
    stopping_ = false;
    ::unlink(path().c_str());
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path().c_str(), sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(listener_, 8), 0);
    acceptor_ = std::thread([this] {
      while (!stopping_) {
        if (!readable(listener_)) continue;
        const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        ++connections;
        threads_.emplace_back([this, fd] { serve(fd); });
      }
    });
  }
  void stop() {
    stopping_ = true;
    acceptor_.join();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    ::close(listener_);
    ::unlink(path().c_str());
  }
  std::atomic<int> connections{0};

 private:
  static bool readable(int fd) {
    pollfd p{fd, POLLIN, 0};
    return ::poll(&p, 1, 10) == 1;
  }
  void serve(int fd) {
    GrpcServer server(answer_);
    char buffer[65536];
    while (!stopping_) {
      if (!readable(fd)) continue;
      const ssize_t size = ::recv(fd, buffer, sizeof buffer, 0);
      if (size <= 0) break;
      std::string out = server.take({buffer, static_cast<std::size_t>(size)});
      while (!out.empty()) {
        const ssize_t sent = ::send(fd, out.data(), out.size(), MSG_NOSIGNAL);
        if (sent <= 0) break;
        out.erase(0, static_cast<std::size_t>(sent));
      }
    }
    ::close(fd);
  }

  GrpcServer::Answer answer_;
  std::filesystem::path directory_;
  int listener_ = -1;
  std::atomic<bool> stopping_{false};
  std::thread acceptor_;
  std::vector<std::thread> threads_;  // of the acceptor, until it has ended
};

TEST(GrpcCriClient, AsksOverOneConnection) {
  Runtime runtime([](const std::string& path, const std::string& request) {
    GrpcReply reply;
    reply.messages = {path + "?" + request};
    if (request == "no") reply = {{}, 5, "not%20found"};
    return reply;
  });
  auto client = make_grpc_cri_client(runtime.path());
  for (int i = 0; i < 3; ++i) {
    const auto answer = client->call("Version", "v1");
    ASSERT_TRUE(answer) << answer.error().to_string();
    EXPECT_EQ(answer->body, "/runtime.v1.RuntimeService/Version?v1");
  }
  const auto refused = client->call("PodSandboxStatus", "no");
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, kGrpcNotFound);
  EXPECT_EQ(refused->text, "not found");
  EXPECT_EQ(runtime.connections, 1);
}

TEST(GrpcCriClient, ARestartedRuntimeIsAskedAnew) {
  Runtime runtime([](const std::string&, const std::string&) { return GrpcReply{{"here"}}; });
  auto client = make_grpc_cri_client(runtime.path());
  ASSERT_TRUE(client->call("Version", ""));
  runtime.stop();
  const auto away = client->call("Version", "");
  ASSERT_FALSE(away);
  EXPECT_EQ(away.error().code, ENOENT) << away.error().to_string();
  runtime.start();
  ASSERT_TRUE(client->call("Version", ""));
  // Between two calls: nobody notices.
  runtime.stop();
  runtime.start();
  const auto again = client->call("Version", "");
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_EQ(again->body, "here");
}

TEST(GrpcCriClient, FollowsUntilToldToStop) {
  Runtime runtime([](const std::string&, const std::string&) {
    GrpcReply reply;
    reply.messages = {"a", "b"};
    reply.ends = false;
    return reply;
  });
  auto client = make_grpc_cri_client(runtime.path());
  std::string all;
  const auto ended = client->follow("GetContainerEvents", "", [&](std::string_view message) {
    all += message;
    return all != "ab";
  });
  ASSERT_TRUE(ended);
  EXPECT_EQ(all, "ab");
  std::thread stopper([&] {
    std::this_thread::sleep_for(20ms);
    client->stop();
  });
  const auto stopped = client->follow("GetContainerEvents", "", [](std::string_view) { return true; });
  EXPECT_FALSE(stopped);
  stopper.join();
  EXPECT_FALSE(client->call("Version", "")) << "stopped for good";
}

TEST(GrpcCriClient, SocketsThatAreNone) {
  auto nowhere = make_grpc_cri_client("/nonexistent/s");
  EXPECT_EQ(nowhere->call("Version", "").error().code, ENOENT);
  auto long_name = make_grpc_cri_client("/" + std::string(200, 'x'));
  EXPECT_EQ(long_name->call("Version", "").error().code, ENAMETOOLONG);
}

}  // namespace
}  // namespace bulkhead::rules
