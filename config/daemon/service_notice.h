// What the service manager hears (sd_notify): ready, reloading, stopping, still alive. A line of text to the datagram
// socket that it named in NOTIFY_SOCKET.
//
// Thread   control thread.
// In       from_environment(): NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID; without them every call does nothing.
// Errors   none: a manager that does not listen is no reason to stop.
// Source   sd_notify(3), sd_watchdog_enabled(3)
// Tests    tests/unit/config/daemon/service_notice_test.cpp, tests/netns/service_netns_test.cpp
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace bulkhead::config {

class ServiceNotice {
 public:
  using Clock = std::chrono::steady_clock;

  ServiceNotice() = default;
  // `watchdog`: how often it wants to hear that all is alive; 0: never.
  ServiceNotice(const std::string& socket, std::chrono::microseconds watchdog);
  ServiceNotice(ServiceNotice&& other) noexcept;
  ServiceNotice& operator=(ServiceNotice&& other) noexcept;
  ~ServiceNotice();
  [[nodiscard]] static ServiceNotice from_environment();

  void ready(std::string_view status) { send("READY=1\nSTATUS=" + std::string(status)); }
  void reloading();
  void stopping() { send("STOPPING=1"); }
  // Half of the watchdog's time is over since the last sign of life.
  [[nodiscard]] bool wants_sign(Clock::time_point now) const {
    return fd_ >= 0 && watchdog_.count() != 0 && now - last_ >= watchdog_ / 2;
  }
  void alive(Clock::time_point now);

 private:
  void send(const std::string& text) const;

  int fd_ = -1;
  std::chrono::microseconds watchdog_{0};
  Clock::time_point last_{};
};

}  // namespace bulkhead::config
