#include "config/control/control_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace bulkhead::config::control {

namespace {
constexpr std::chrono::milliseconds kIdle{500};
}

Result<ControlClient> ControlClient::connect(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return Error{"connect", path, 0, "a socket's path has 1 to 107 bytes"};
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno_error("socket", path);
  ControlClient out(path, fd);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return errno_error("connect", path);
  }
  return out;
}

ControlClient::~ControlClient() {
  if (fd_ >= 0) ::close(fd_);
}

Status ControlClient::send(const std::string& command, const nlohmann::json& arguments) {
  const std::string bytes = frame(request_text({++id_, command, arguments}));
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t n = ::send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error("send", path_);
    sent += static_cast<std::size_t>(n);
  }
  return ok();
}

Result<nlohmann::json> ControlClient::receive(std::chrono::milliseconds wait) {
  const auto end = std::chrono::steady_clock::now() + wait;
  std::array<char, 65536> chunk;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled by recv
  while (true) {
    if (input_.size() >= kFrameHeader) {
      const std::uint32_t length = frame_length(input_);
      if (length > kMaxReply) return Error{"receive", path_, 0, "what answers there is no bulkhead daemon"};
      if (input_.size() >= kFrameHeader + length) {
        auto out = nlohmann::json::parse(std::string_view(input_).substr(kFrameHeader, length), nullptr, false);
        input_.erase(0, kFrameHeader + length);
        if (!out.is_object()) return Error{"receive", path_, 0, "what answers there is no bulkhead daemon"};
        return out;
      }
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    pollfd polled{fd_, POLLIN, 0};
    const int ready = left.count() <= 0 ? 0 : ::poll(&polled, 1, static_cast<int>(left.count()));
    if (ready == 0) return nlohmann::json();
    if (ready < 0) {
      if (errno == EINTR) return nlohmann::json();
      return errno_error("poll", path_);
    }
    const ssize_t got = ::recv(fd_, chunk.data(), chunk.size(), 0);
    if (got == 0) return Error{"receive", path_, ECONNRESET, "the daemon has closed the connection"};
    if (got < 0 && errno != EINTR) return errno_error("receive", path_);
    if (got > 0) input_.append(chunk.data(), static_cast<std::size_t>(got));
  }
}

Result<nlohmann::json> ControlClient::ask(const std::string& command, const nlohmann::json& arguments) {
  if (const Status sent = send(command, arguments); !sent) return sent.error();
  auto reply = receive(patience_);
  if (reply && reply->is_null()) return Error{"receive", path_, ETIMEDOUT, "the daemon does not answer"};
  return reply;
}

Result<nlohmann::json> ControlClient::follow(const std::string& command, const nlohmann::json& arguments,
                                             const std::function<bool(const nlohmann::json&)>& take,
                                             const std::function<bool()>& idle) {
  if (const Status sent = send(command, arguments); !sent) return sent.error();
  while (true) {
    auto got = receive(kIdle);
    if (!got) return got;
    if (got->is_null()) {
      if (!idle()) return nlohmann::json{{"ok", true}};
      continue;
    }
    const auto event = got->find("event");
    if (event == got->end()) return got;
    if (!take(*event)) return nlohmann::json{{"ok", true}};
  }
}

}  // namespace bulkhead::config::control
