#include "config/daemon/main_tasks.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

namespace bulkhead::config {

MainTasks::MainTasks() : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

MainTasks::~MainTasks() {
  ::close(fd_);
}

bool MainTasks::post(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    if (tasks_.size() >= kMost) return false;
    tasks_.push_back(std::move(task));
  }
  const std::uint64_t one = 1;
  static_cast<void>(!::write(fd_, &one, sizeof one));
  return true;
}

void MainTasks::run() {
  std::uint64_t count = 0;
  static_cast<void>(!::read(fd_, &count, sizeof count));
  std::vector<std::function<void()>> tasks;
  {
    const std::lock_guard lock(mutex_);
    tasks.swap(tasks_);
  }
  for (const auto& task : tasks) task();
}

}  // namespace bulkhead::config
