#include "rules/discovery/http_docker_client.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <thread>

#include "rules/discovery/docker_api.h"

namespace bulkhead::rules {
namespace {

using namespace std::chrono_literals;

// Answers each connection on a unix socket with fixed bytes, and keeps what it was asked.
class CannedServer {
 public:
  explicit CannedServer(std::string answer, bool hold_open = false) : answer_(std::move(answer)), hold_(hold_open) {
    directory_ = std::filesystem::temp_directory_path() / ("bulkhead-http-" + std::to_string(::getpid()));
    std::filesystem::create_directories(directory_);
    path_ = (directory_ / "s").string();
    ::unlink(path_.c_str());
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener_, 4), 0);
    thread_ = std::thread([this] { serve(); });
  }
  ~CannedServer() {
    stopping_ = true;
    thread_.join();
    ::close(listener_);
    std::filesystem::remove_all(directory_);
  }
  [[nodiscard]] const std::string& path() const { return path_; }
  std::string asked;

 private:
  static bool readable(int fd) {
    pollfd p{fd, POLLIN, 0};
    return ::poll(&p, 1, 20) == 1;
  }
  void serve() {
    while (!stopping_) {
      if (!readable(listener_)) continue;
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      char buffer[4096];
      const auto size = ::recv(fd, buffer, sizeof buffer, 0);
      if (size > 0) asked.assign(buffer, static_cast<std::size_t>(size));
      static_cast<void>(::send(fd, answer_.data(), answer_.size(), MSG_NOSIGNAL));
      while (hold_ && !stopping_ && !readable(fd)) {
      }
      ::close(fd);
    }
  }
  std::string answer_;
  bool hold_ = false;
  std::filesystem::path directory_;
  std::string path_;
  int listener_ = -1;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

std::string answer(const std::string& status, const std::string& body) {
  return "HTTP/1.1 " + status + "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nConnection: close\r\n\r\n" + body;
}
std::string chunk(const std::string& data) {
  char size[16];
  std::snprintf(size, sizeof size, "%zx\r\n", data.size());
  return size + data + "\r\n";
}
constexpr const char* kStream =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";

TEST(HttpDockerClient, GetsOverAUnixSocket) {
  CannedServer server(answer("200 OK", "[1,2]"));
  const auto client = make_http_docker_client(server.path());
  auto body = client->get("/containers/json");
  ASSERT_TRUE(body) << body.error().to_string();
  EXPECT_EQ(*body, "[1,2]");
  EXPECT_TRUE(server.asked.starts_with("GET /containers/json HTTP/1.1\r\n")) << server.asked;
  EXPECT_NE(server.asked.find("Host: docker\r\n"), std::string::npos) << server.asked;
}

TEST(HttpDockerClient, RefusalsAndAbsenceAreErrors) {
  {
    CannedServer server(answer("404 Not Found", "{\"message\":\"no such container\"}"));
    const auto missing = make_http_docker_client(server.path())->get("/containers/a/json");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().text, "HTTP 404 {\"message\":\"no such container\"}");
  }
  const auto absent = make_http_docker_client("/not/there.sock")->get("/networks");
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().object, "/not/there.sock:/networks");
  CannedServer garbage("this is no HTTP\r\n\r\n");
  EXPECT_FALSE(make_http_docker_client(garbage.path())->get("/networks"));
}

TEST(HttpDockerClient, PostsJsonAndTakesEveryAnswerOfSuccess) {
  {
    CannedServer server(answer("200 OK", "{\"Warnings\":null}"));
    const auto done = make_http_docker_client(server.path())->post("/containers/a/update", "{\"PidsLimit\":5}");
    ASSERT_TRUE(done) << done.error().to_string();
    EXPECT_EQ(*done, "{\"Warnings\":null}");
    EXPECT_TRUE(server.asked.starts_with("POST /containers/a/update HTTP/1.1\r\n")) << server.asked;
    EXPECT_NE(server.asked.find("Content-Type: application/json\r\n"), std::string::npos) << server.asked;
    EXPECT_NE(server.asked.find("Content-Length: 15\r\n"), std::string::npos) << server.asked;
  }
  CannedServer server(answer("409 Conflict", "{\"message\":\"not running\"}"));
  const auto refused = make_http_docker_client(server.path())->post("/containers/a/update", "{}");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().operation, "POST");
  EXPECT_EQ(refused.error().text, "HTTP 409 {\"message\":\"not running\"}");
}

TEST(HttpDockerClient, FollowsLinesAcrossChunks) {
  CannedServer server(kStream + chunk("{\"a\":1}\n{\"b\"") + chunk(":2}\n") + chunk("\n{\"c\":3}\n") + "0\r\n\r\n");
  std::vector<std::string> lines;
  const auto ended = make_http_docker_client(server.path())->follow("/events?since=1&filters=%7B%7D", [&](auto line) {
    lines.emplace_back(line);
    return true;
  });
  ASSERT_FALSE(ended) << "a stream that ends is an error";
  EXPECT_EQ(ended.error().text, "the stream ended");
  EXPECT_EQ(lines, (std::vector<std::string>{"{\"a\":1}", "{\"b\":2}", "{\"c\":3}"}));
  EXPECT_TRUE(server.asked.starts_with("GET /events?since=1&filters=%7B%7D HTTP/1.1")) << server.asked;
}

TEST(HttpDockerClient, TheReaderMayEndIt) {
  CannedServer server(kStream + chunk("1\n2\n3\n"), true);
  std::size_t lines = 0;
  EXPECT_TRUE(make_http_docker_client(server.path())->follow("/events", [&](auto) { return ++lines < 2; }));
  EXPECT_EQ(lines, 2U);
}

TEST(HttpDockerClient, StopEndsAStreamThatWaits) {
  CannedServer server(kStream + chunk("1\n"), true);
  const auto client = make_http_docker_client(server.path());
  std::atomic<bool> begun{false};
  Status ended = Error{};
  std::thread reader([&] {
    ended = client->follow("/events", [&](auto) {
      begun = true;
      return true;
    });
  });
  while (!begun) std::this_thread::sleep_for(1ms);
  client->stop();
  reader.join();
  EXPECT_TRUE(ended) << "asked for, no error";
  EXPECT_TRUE(client->follow("/events", [](auto) { return true; })) << "and at once from then on";
}

TEST(LineSplitter, LinesOfAnyCut) {
  const std::string text = "one\ntwo\n\nthree\nrest";
  for (std::size_t step = 1; step <= text.size(); ++step) {
    LineSplitter splitter;
    std::string seen;
    for (std::size_t at = 0; at < text.size(); at += step) {
      EXPECT_TRUE(splitter.feed(std::string_view(text).substr(at, step), [&](auto line) {
        seen += "<" + std::string(line) + ">";
        return true;
      }));
    }
    EXPECT_EQ(seen, "<one><two><three>") << step;
  }
}

TEST(LineSplitter, TooLongALineIsThrownAway) {
  LineSplitter splitter;
  std::vector<std::string> lines;
  const auto take = [&](std::string_view line) {
    lines.emplace_back(line);
    return true;
  };
  const std::string half(LineSplitter::kMaxLine / 2 + 1, 'x');
  EXPECT_TRUE(splitter.feed(half, take));
  EXPECT_TRUE(splitter.feed(half, take));
  EXPECT_TRUE(splitter.feed(half + "\nnext\n", take));
  EXPECT_EQ(lines, std::vector<std::string>{"next"});
  EXPECT_EQ(splitter.thrown_away(), 1U);
}

}  // namespace
}  // namespace bulkhead::rules
