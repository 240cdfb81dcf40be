#include "datapath/base/scheduling.h"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <string>

namespace bulkhead {

namespace {

// struct sched_attr of <linux/sched/types.h>, which clashes with the C library's <sched.h>. Version 0, 48 bytes.
struct SchedulingAttributes {
  std::uint32_t size;
  std::uint32_t policy;  // 0: SCHED_OTHER
  std::uint64_t flags;
  std::int32_t nice;
  std::uint32_t priority;
  std::uint64_t runtime;  // ns; for SCHED_OTHER the slice
  std::uint64_t deadline;
  std::uint64_t period;
};
static_assert(sizeof(SchedulingAttributes) == 48);

constexpr std::uint64_t kSliceNs = 100'000;  // the kernel's lower limit

bool set_attributes(int nice) {
  SchedulingAttributes attributes{};
  attributes.size = sizeof attributes;
  attributes.nice = nice;
  attributes.runtime = kSliceNs;
  return syscall(SYS_sched_setattr, 0, &attributes, 0) == 0;
}

}  // namespace

Status make_prompt(std::string_view name, int nice) {
  const std::string text(name.substr(0, 15));
  pthread_setname_np(pthread_self(), text.c_str());
  if (set_attributes(nice)) return ok();
  Error error = errno_error("sched_setattr", text + ", nice " + std::to_string(nice));
  if (error.code == EPERM) {
    error.text += "; needs the capability CAP_SYS_NICE";
    errno = 0;
    const int now = getpriority(PRIO_PROCESS, 0);
    if (errno == 0) static_cast<void>(set_attributes(now));
  }
  return error;
}

}  // namespace bulkhead
