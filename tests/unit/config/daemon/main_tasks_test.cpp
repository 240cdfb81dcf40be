#include "config/daemon/main_tasks.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <thread>

namespace bulkhead::config {
namespace {

TEST(MainTasks, WakesAndRunsInOrder) {
  MainTasks tasks;
  pollfd polled{tasks.fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&polled, 1, 0), 0);
  std::vector<int> seen;
  std::thread([&] {
    EXPECT_TRUE(tasks.post([&] { seen.push_back(1); }));
    EXPECT_TRUE(tasks.post([&] { seen.push_back(2); }));
  }).join();
  EXPECT_EQ(::poll(&polled, 1, 1000), 1);
  tasks.run();
  EXPECT_EQ(seen, (std::vector<int>{1, 2}));
  EXPECT_EQ(::poll(&polled, 1, 0), 0);
}

TEST(MainTasks, IsBounded) {
  MainTasks tasks;
  for (std::size_t i = 0; i < MainTasks::kMost; ++i) EXPECT_TRUE(tasks.post([] {}));
  EXPECT_FALSE(tasks.post([] {}));
  tasks.run();
  EXPECT_TRUE(tasks.post([] {}));
}

}  // namespace
}  // namespace bulkhead::config
