// Work that other threads hand to the control thread: a queue, and a descriptor that wakes it.
//
// Thread   post() by any; run() by the control thread.
// Limits   kMost tasks wait; post() answers false beyond that.
// Tests    tests/unit/config/daemon/main_tasks_test.cpp
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <vector>

namespace bulkhead::config {

class MainTasks {
 public:
  static constexpr std::size_t kMost = 256;

  MainTasks();
  ~MainTasks();
  MainTasks(const MainTasks&) = delete;
  MainTasks& operator=(const MainTasks&) = delete;

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] bool post(std::function<void()> task);
  void run();

 private:
  int fd_;
  std::mutex mutex_;
  std::vector<std::function<void()>> tasks_;
};

}  // namespace bulkhead::config
