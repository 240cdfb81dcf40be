#include "config/sandbox/call_filter.h"

#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstring>
#include <set>

namespace bulkhead::config::sandbox {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kHere = AUDIT_ARCH_X86_64;
#else
constexpr std::uint32_t kHere = AUDIT_ARCH_AARCH64;
#endif

// The kernel's machine for these programs: the instructions that they use, and no other.
std::uint32_t answer(const std::vector<sock_filter>& program, const seccomp_data& data) {
  std::uint32_t a = 0;
  for (std::size_t at = 0; at < program.size(); ++at) {
    const sock_filter& i = program[at];
    switch (i.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        EXPECT_LE(i.k + 4, sizeof data);
        std::memcpy(&a, reinterpret_cast<const char*>(&data) + i.k, sizeof a);
        break;
      case BPF_ALU | BPF_AND | BPF_K: a &= i.k; break;
      case BPF_JMP | BPF_JEQ | BPF_K: at += a == i.k ? i.jt : i.jf; break;
      case BPF_JMP | BPF_JGE | BPF_K: at += a >= i.k ? i.jt : i.jf; break;
      case BPF_RET | BPF_K: return i.k;
      default: ADD_FAILURE() << "instruction " << i.code; return 0;
    }
  }
  ADD_FAILURE() << "the program has no end";
  return 0;
}

seccomp_data call(std::uint32_t number, std::initializer_list<std::uint64_t> arguments = {}) {
  seccomp_data out{};
  out.nr = static_cast<int>(number);
  out.arch = kHere;
  std::copy(arguments.begin(), arguments.end(), out.args);
  return out;
}

constexpr std::uint32_t kRefused = SECCOMP_RET_ERRNO | EPERM;

TEST(CallFilter, TheFirstRuleThatFitsDecides) {
  CallTable table;
  table.rest = CallAction::kRefuse;
  table.rules = {{10, "a", CallAction::kAllow, {{{0, 0xFF, 7}}}},
                 {10, "a", CallAction::kMissing, {{{1, 1, 1}, {2, 0xFFFFFFFF, 5}}}},
                 {11, "b", CallAction::kLog, {}}};
  const auto program = assemble(table);
  EXPECT_EQ(answer(program, call(10, {0x107})), SECCOMP_RET_ALLOW) << "the mask leaves the low byte";
  EXPECT_EQ(answer(program, call(10, {8, 3, 5})), static_cast<std::uint32_t>(SECCOMP_RET_ERRNO | ENOSYS));
  EXPECT_EQ(answer(program, call(10, {8, 3, 6})), kRefused) << "both conditions";
  EXPECT_EQ(answer(program, call(10, {8, 2, 5})), kRefused);
  EXPECT_EQ(answer(program, call(11)), SECCOMP_RET_LOG) << "the number is there again behind rules with conditions";
  EXPECT_EQ(answer(program, call(12)), kRefused);
}

TEST(CallFilter, OtherMachinesAndNumbersEndTheProcess) {
  const auto program = assemble(process_calls());
  seccomp_data other = call(__NR_read);
  other.arch = AUDIT_ARCH_I386;
  EXPECT_EQ(answer(program, other), SECCOMP_RET_KILL_PROCESS);
#if defined(__x86_64__)
  EXPECT_EQ(answer(program, call(0x40000000 + __NR_read)), SECCOMP_RET_KILL_PROCESS) << "x32";
#endif
}

TEST(CallFilter, OnlyLoggedRefusesNothing) {
  for (const CallTable& table : {process_calls(), worker_calls()}) {
    const auto program = assemble(only_logged(table));
    for (std::uint32_t number = 0; number < 600; ++number) {
      if (number == __NR_clone3) continue;  // the C library goes another way
      const std::uint32_t is = answer(program, call(number));
      EXPECT_TRUE(is == SECCOMP_RET_ALLOW || is == SECCOMP_RET_LOG) << call_name(number);
    }
  }
}

TEST(CallFilter, WhatAWorkerMayDoIsShortAndKnown) {
  const auto program = assemble(worker_calls());
  std::set<std::string> allowed;
  for (std::uint32_t number = 0; number < 600; ++number) {
    if (answer(program, call(number)) == SECCOMP_RET_ALLOW) allowed.insert(call_name(number));
  }
  for (const char* never :
       {"openat", "socket",  "connect",  "bind",      "listen",         "accept4",   "execve", "clone",
        "ptrace", "mount",   "bpf",      "unshare",   "setns",          "kill",      "prctl",  "capset",
        "ioctl",  "mkdirat", "unlinkat", "renameat2", "io_uring_setup", "setsockopt"}) {
    EXPECT_FALSE(allowed.contains(never)) << never;
  }
  EXPECT_LE(allowed.size(), 45U) << "each further call wants a reason";
  const auto is = [&](std::uint32_t number, std::initializer_list<std::uint64_t> arguments) {
    return answer(program, call(number, arguments));
  };
  EXPECT_EQ(is(__NR_mmap, {0, 4096, PROT_READ | PROT_WRITE}), SECCOMP_RET_ALLOW);
  EXPECT_EQ(is(__NR_mmap, {0, 4096, PROT_READ | PROT_EXEC}), SECCOMP_RET_TRAP);
  EXPECT_EQ(is(__NR_mprotect, {0, 4096, PROT_EXEC}), SECCOMP_RET_TRAP);
  EXPECT_EQ(is(__NR_setsockopt, {3, SOL_SOCKET, SO_RCVTIMEO}), SECCOMP_RET_ALLOW);
  EXPECT_EQ(is(__NR_setsockopt, {3, SOL_SOCKET, SO_ATTACH_FILTER}), SECCOMP_RET_TRAP);
  EXPECT_EQ(is(__NR_tgkill, {1, 1, 6}), SECCOMP_RET_ALLOW);
  EXPECT_EQ(is(__NR_tgkill, {1, 1, 9}), SECCOMP_RET_TRAP);
}

TEST(CallFilter, NamesForPeople) {
  EXPECT_EQ(call_name(__NR_openat), "openat");
  EXPECT_EQ(call_name(__NR_execve), "execve");
  EXPECT_EQ(call_name(599), "call 599");
}

}  // namespace
}  // namespace bulkhead::config::sandbox
