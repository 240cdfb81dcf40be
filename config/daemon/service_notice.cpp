#include "config/daemon/service_notice.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace bulkhead::config {

ServiceNotice::ServiceNotice(const std::string& socket, std::chrono::microseconds watchdog) : watchdog_(watchdog) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.size() < 2 || socket.size() >= sizeof address.sun_path) return;
  if (socket.front() != '/' && socket.front() != '@') return;
  std::memcpy(address.sun_path, socket.data(), socket.size());
  if (socket.front() == '@') address.sun_path[0] = '\0';  // a name of the kernel's, not of the file system
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket.size());
  fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd_ < 0 || ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), length) == 0) return;
  ::close(std::exchange(fd_, -1));
}

ServiceNotice::ServiceNotice(ServiceNotice&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), watchdog_(other.watchdog_), last_(other.last_) {}

ServiceNotice& ServiceNotice::operator=(ServiceNotice&& other) noexcept {
  std::swap(fd_, other.fd_);
  watchdog_ = other.watchdog_;
  last_ = other.last_;
  return *this;
}

ServiceNotice::~ServiceNotice() {
  if (fd_ >= 0) ::close(fd_);
}

ServiceNotice ServiceNotice::from_environment() {
  const auto text = [](const char* name) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody changes the environment
    return std::string(value == nullptr ? "" : value);
  };
  const std::string socket = text("NOTIFY_SOCKET");
  if (socket.empty()) return {};
  const std::string of = text("WATCHDOG_PID");
  const bool ours = of.empty() || of == std::to_string(::getpid());
  const long long every = ours ? std::strtoll(text("WATCHDOG_USEC").c_str(), nullptr, 10) : 0;
  return {socket, std::chrono::microseconds(every > 0 ? every : 0)};
}

void ServiceNotice::reloading() {
  const auto now = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now().time_since_epoch());
  send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now.count()));
}

void ServiceNotice::alive(Clock::time_point now) {
  last_ = now;
  send("WATCHDOG=1");
}

void ServiceNotice::send(const std::string& text) const {
  if (fd_ >= 0) static_cast<void>(::send(fd_, text.data(), text.size(), MSG_NOSIGNAL));
}

}  // namespace bulkhead::config
