#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>
#include <vector>

#include "rules/discovery/cri_client.h"
#include "rules/discovery/grpc_session.h"

namespace bulkhead::rules {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
constexpr auto kAnswer = 10s;  // a runtime under load takes seconds for a verbose status
constexpr std::size_t kReadBytes = std::size_t{64} << 10;
const std::string kService = "/runtime.v1.RuntimeService/";

// One connection and what came of it: bytes between the socket and the session, until a call has ended.
class Connection {
 public:
  Connection(std::string path, int stop_fd) : path_(std::move(path)), stop_fd_(stop_fd) {}
  ~Connection() { close(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Runs one call to its end. `timeout` 0: however long it takes. A connection on which something went wrong is closed;
  // the next call makes another.
  Result<CriAnswer> run(const std::string& method, const std::string& request, std::chrono::milliseconds timeout,
                        const std::function<bool(std::string_view)>& message) {
    const bool reused = session_ != nullptr;
    auto answer = exchange(method, request, timeout, message);
    // A runtime that has been restarted in between: asked anew, it is there.
    if (!answer && reused && (answer.error().code == ECONNRESET || answer.error().code == EPIPE)) {
      close();
      answer = exchange(method, request, timeout, message);
    }
    if (!answer || session_->closing() || !session_->end()) close();
    return answer;
  }

 private:
  Error problem(const char* operation, const std::string& text, int code = 0) const {
    return {operation, path_, code, text};
  }

  Status open() {
    if (session_ != nullptr) return ok();
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path_.size() >= sizeof address.sun_path) return problem("connect", "the path is too long", ENAMETOOLONG);
    std::memcpy(address.sun_path, path_.data(), path_.size());
    fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd_ < 0) return errno_error("socket", path_);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      Error error = errno_error("connect", path_);
      close();
      return error;
    }
    auto session = GrpcSession::create();
    if (!session) {
      close();
      return session.error();
    }
    session_ = std::move(*session);
    return ok();
  }

  void close() {
    session_.reset();
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
    unsent_.clear();
  }

  Result<CriAnswer> exchange(const std::string& method, const std::string& request, std::chrono::milliseconds timeout,
                             const std::function<bool(std::string_view)>& message) {
    if (auto opened = open(); !opened) return opened.error();
    if (auto begun = session_->begin(kService + method, request, timeout); !begun) return begun.error();
    const auto end = Clock::now() + timeout;
    for (;;) {
      while (auto next = session_->message()) {
        if (!message(*next)) return CriAnswer{};
      }
      if (session_->end()) break;
      if (auto written = write(); !written) return written.error();
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
      if (timeout.count() > 0 && left <= 0) return problem(method.c_str(), "the runtime does not answer", ETIMEDOUT);
      std::array<pollfd, 2> fds = {
          {{fd_, static_cast<short>(unsent_.empty() ? POLLIN : POLLIN | POLLOUT), 0}, {stop_fd_, POLLIN, 0}}};
      if (::poll(fds.data(), fds.size(), timeout.count() > 0 ? static_cast<int>(left) : -1) < 0 && errno != EINTR) {
        return errno_error("poll", path_);
      }
      if (fds[1].revents != 0) return problem(method.c_str(), "stopped", ECANCELED);
      if ((fds[0].revents & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
      if (auto got = read(); !got) return got.error();
    }
    // What the library has to say yet (an acknowledgement) goes with the next call.
    return CriAnswer{session_->end()->status, session_->end()->text, {}};
  }

  Status write() {
    auto more = session_->send();
    if (!more) return more.error();
    unsent_ += *more;
    while (!unsent_.empty()) {
      const ssize_t size = ::send(fd_, unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
      if (size < 0 && (errno == EAGAIN || errno == EINTR)) return ok();
      if (size < 0) return errno_error("send", path_);
      unsent_.erase(0, static_cast<std::size_t>(size));
    }
    return ok();
  }

  Status read() {
    const ssize_t size = ::recv(fd_, buffer_.data(), buffer_.size(), 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return ok();
    if (size < 0) return errno_error("receive", path_);
    if (size == 0) return problem("receive", "the runtime closed the connection", ECONNRESET);
    return session_->take(ByteSpan(buffer_).first(static_cast<std::size_t>(size)));
  }

  std::string path_;
  int stop_fd_ = -1, fd_ = -1;
  std::unique_ptr<GrpcSession> session_;
  std::string unsent_;
  std::vector<Byte> buffer_ = std::vector<Byte>(kReadBytes);
};

class GrpcCriClient : public CriClient {
 public:
  explicit GrpcCriClient(const std::string& path)
      : stop_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), calls_(path, stop_fd_), stream_(path, stop_fd_) {}
  ~GrpcCriClient() override {
    if (stop_fd_ >= 0) ::close(stop_fd_);
  }

  Result<CriAnswer> call(const std::string& method, const std::string& request) override {
    std::string body;
    auto answer = calls_.run(method, request, kAnswer, [&](std::string_view message) {
      body.assign(message);
      return true;
    });
    if (answer) answer->body = std::move(body);
    return answer;
  }

  Result<CriAnswer> follow(const std::string& method, const std::string& request,
                           const std::function<bool(std::string_view)>& message) override {
    return stream_.run(method, request, 0ms, message);
  }

  void stop() override { static_cast<void>(::eventfd_write(stop_fd_, 1)); }

 private:
  int stop_fd_ = -1;
  Connection calls_, stream_;
};

}  // namespace

std::unique_ptr<CriClient> make_grpc_cri_client(const std::string& socket_path) {
  return std::make_unique<GrpcCriClient>(socket_path);
}

}  // namespace bulkhead::rules
