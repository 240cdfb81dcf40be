#include "datapath/base/scheduling.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>

namespace bulkhead {
namespace {

TEST(Scheduling, NamesTheThreadAndSetsItsNiceValue) {
  const int before = getpriority(PRIO_PROCESS, 0);  // a test run may itself be nice
  std::string name;
  int nice = 0;
  bool done = false;
  std::thread([&] {
    done = make_prompt("a-name-that-is-too-long", before + 1).has_value();  // upwards needs no capability
    std::array<char, 16> text{};
    pthread_getname_np(pthread_self(), text.data(), text.size());
    name = text.data();
    nice = getpriority(PRIO_PROCESS, 0);
  }).join();
  EXPECT_TRUE(done);
  EXPECT_EQ(name, "a-name-that-is-");
  EXPECT_EQ(nice, before + 1);
  EXPECT_EQ(getpriority(PRIO_PROCESS, 0), before) << "only the calling thread";
}

TEST(Scheduling, ARefusalNamesTheCapability) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root to give up root";
  const int before = getpriority(PRIO_PROCESS, 0);
  std::string text;
  int nice = -1;
  std::thread([&] {
    // The raw system call changes this thread alone; leaving uid 0 clears its effective capabilities.
    if (syscall(SYS_setresuid, 65534, 65534, 65534) != 0) return;
    if (const Status done = make_prompt("refused", -5); !done) text = done.error().to_string();
    nice = getpriority(PRIO_PROCESS, 0);
  }).join();
  EXPECT_NE(text.find("CAP_SYS_NICE"), std::string::npos) << text;
  EXPECT_EQ(nice, before);
}

}  // namespace
}  // namespace bulkhead
