#include "config/daemon/service_notice.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstring>

namespace bulkhead::config {
namespace {

using namespace std::chrono_literals;

// The manager's end, by the same kind of name.
class Manager {
 public:
  explicit Manager(std::string name) : name_(std::move(name)) {
    fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name_.data(), name_.size());
    if (name_.front() == '@') address.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size());
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), length), 0);
  }
  ~Manager() {
    ::close(fd_);
    if (name_.front() == '/') ::unlink(name_.c_str());
  }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;
  [[nodiscard]] std::string heard() const {
    std::array<char, 512> text{};
    const ssize_t size = ::recv(fd_, text.data(), text.size(), 0);
    return size < 0 ? "" : std::string(text.data(), static_cast<std::size_t>(size));
  }

 private:
  std::string name_;
  int fd_ = -1;
};

TEST(ServiceNotice, TellsByFileAndByName) {
  for (const std::string& name : {::testing::TempDir() + "notice_" + std::to_string(::getpid()),
                                  "@bulkhead-notice-" + std::to_string(::getpid())}) {
    const Manager manager(name);
    ServiceNotice notice(name, 0us);
    notice.ready("3 signatures");
    EXPECT_EQ(manager.heard(), "READY=1\nSTATUS=3 signatures");
    notice.reloading();
    EXPECT_TRUE(manager.heard().starts_with("RELOADING=1\nMONOTONIC_USEC=")) << name;
    notice.stopping();
    EXPECT_EQ(manager.heard(), "STOPPING=1");
    EXPECT_FALSE(notice.wants_sign(ServiceNotice::Clock::now() + 1h)) << "no watchdog";
  }
}

TEST(ServiceNotice, ASignOfLifeInHalfOfTheTime) {
  const std::string name = "@bulkhead-watchdog-" + std::to_string(::getpid());
  const Manager manager(name);
  ServiceNotice notice(name, 10s);
  const auto start = ServiceNotice::Clock::now();
  notice.alive(start);
  EXPECT_EQ(manager.heard(), "WATCHDOG=1");
  EXPECT_FALSE(notice.wants_sign(start + 4s));
  EXPECT_TRUE(notice.wants_sign(start + 5s));
}

TEST(ServiceNotice, WithoutAManagerNothingHappens) {
  for (const char* name : {"", "@", "relative", "/nowhere/at/all"}) {
    ServiceNotice notice(name, 1s);
    notice.ready("");
    notice.stopping();
    EXPECT_FALSE(notice.wants_sign(ServiceNotice::Clock::now() + 1h)) << name;
  }
  ServiceNotice(std::string(300, '/'), 1s).stopping();
}

TEST(ServiceNotice, TheWatchdogOfAnotherProcessIsNotOurs) {
  const std::string name = "@bulkhead-other-" + std::to_string(::getpid());
  const Manager manager(name);
  ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
  ::setenv("WATCHDOG_USEC", "1000000", 1);
  for (const bool ours : {true, false}) {
    ::setenv("WATCHDOG_PID", std::to_string(ours ? ::getpid() : 1).c_str(), 1);
    EXPECT_EQ(ServiceNotice::from_environment().wants_sign(ServiceNotice::Clock::now() + 1h), ours);
  }
  for (const char* variable : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(variable);
  ServiceNotice silent = ServiceNotice::from_environment();
  EXPECT_FALSE(silent.wants_sign(ServiceNotice::Clock::now() + 1h));
}

}  // namespace
}  // namespace bulkhead::config
