// Which system calls a thread may make: a table of rules, assembled to the kernel's filter language (seccomp).
//
//   arch is ours? -> number of the call -> first rule that names it and whose conditions hold -> its action
//                                                                       none                  -> the table's rest
//
// Thread   assemble(): any. install(): acts on the calling thread and on those that it starts later; never undone.
// Limits   the low 32 bits of an argument are compared: all that the kernel reads of the arguments in the tables.
// Errors   install(): EINVAL where the kernel has no seccomp filters, EACCES without no_new_privs.
// Source   seccomp(2), Documentation/userspace-api/seccomp_filter.rst
// Tests    tests/unit/config/sandbox/call_filter_test.cpp
#pragma once

#include <linux/filter.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "datapath/base/result.h"

namespace bulkhead::config::sandbox {

enum class CallAction : std::uint8_t {
  kAllow,
  kRefuse,   // EPERM
  kMissing,  // ENOSYS: the caller has another way
  kTell,     // EPERM, after the process has been told (refused_calls.h)
  kLog,      // allowed; the kernel's audit log says so
  kKill,     // the process
};

// (argument & mask) == value
struct CallCondition {
  std::uint8_t argument = 0;
  std::uint32_t mask = 0;  // 0: no condition
  std::uint32_t value = 0;
};

struct CallRule {
  std::uint32_t number = 0;  // __NR_...
  const char* name = "";
  CallAction action = CallAction::kAllow;
  std::array<CallCondition, 2> conditions{};  // all of them
};

struct CallTable {
  std::vector<CallRule> rules;  // the first that fits decides
  CallAction rest = CallAction::kRefuse;
};

// Every kRefuse and kTell as kLog: what would be refused is carried out and logged.
[[nodiscard]] CallTable only_logged(CallTable table);

[[nodiscard]] std::vector<sock_filter> assemble(const CallTable& table);
[[nodiscard]] Status install(const std::vector<sock_filter>& program);

// What the whole process never does: other programs, other processes, modules, mounts, namespaces, clocks, accounts.
[[nodiscard]] CallTable process_calls();
// All that a thread does which reads, judges and sends packets.
[[nodiscard]] CallTable worker_calls();
// "openat", or "call 257" for one that the tables do not name.
[[nodiscard]] std::string call_name(std::uint32_t number);

}  // namespace bulkhead::config::sandbox
