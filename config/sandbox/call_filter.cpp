#include "config/sandbox/call_filter.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>

namespace bulkhead::config::sandbox {

namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "config/sandbox: add the AUDIT_ARCH_ of this machine"
#endif

constexpr std::uint32_t kOtherNumbers = 0x40000000;  // x32: the same calls under other numbers

std::uint32_t answer(CallAction action) {
  switch (action) {
    case CallAction::kAllow: return SECCOMP_RET_ALLOW;
    case CallAction::kRefuse: return SECCOMP_RET_ERRNO | EPERM;
    case CallAction::kMissing: return SECCOMP_RET_ERRNO | ENOSYS;
    case CallAction::kTell: return SECCOMP_RET_TRAP;
    case CallAction::kLog: return SECCOMP_RET_LOG;
    case CallAction::kKill: break;
  }
  return SECCOMP_RET_KILL_PROCESS;
}

sock_filter load(std::size_t offset) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
}
sock_filter give(CallAction action) {
  return BPF_STMT(BPF_RET | BPF_K, answer(action));
}
constexpr std::size_t kNumber = offsetof(seccomp_data, nr);

// The low half of an argument; both machines are little-endian.
std::size_t argument_offset(std::uint8_t argument) {
  return offsetof(seccomp_data, args) + std::size_t{argument} * sizeof(std::uint64_t);
}

void add_rule(const CallRule& rule, std::vector<sock_filter>& program) {
  std::vector<CallCondition> conditions;
  std::copy_if(rule.conditions.begin(), rule.conditions.end(), std::back_inserter(conditions),
               [](const CallCondition& c) { return c.mask != 0; });
  constexpr std::size_t kPerCondition = 3;  // load, mask, compare
  // Behind a rule with conditions the number is loaded anew.
  const std::size_t body = conditions.size() * kPerCondition + 1;
  const std::size_t all = body + (conditions.empty() ? 0 : 1);
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, rule.number, 0, static_cast<std::uint8_t>(all)));
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    program.push_back(load(argument_offset(conditions[i].argument)));
    program.push_back(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, conditions[i].mask));
    const std::size_t left = body - (i + 1) * kPerCondition;
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, conditions[i].value, 0, static_cast<std::uint8_t>(left)));
  }
  program.push_back(give(rule.action));
  if (!conditions.empty()) program.push_back(load(kNumber));
}

}  // namespace

CallTable only_logged(CallTable table) {
  const auto log = [](CallAction& action) {
    if (action == CallAction::kRefuse || action == CallAction::kTell) action = CallAction::kLog;
  };
  for (CallRule& rule : table.rules) log(rule.action);
  log(table.rest);
  return table;
}

std::vector<sock_filter> assemble(const CallTable& table) {
  std::vector<sock_filter> program;
  program.push_back(load(offsetof(seccomp_data, arch)));
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0));
  program.push_back(give(CallAction::kKill));
  program.push_back(load(kNumber));
#if defined(__x86_64__)
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, kOtherNumbers, 0, 1));
  program.push_back(give(CallAction::kKill));
#endif
  for (const CallRule& rule : table.rules) add_rule(rule, program);
  program.push_back(give(table.rest));
  return program;
}

Status install(const std::vector<sock_filter>& program) {
  // The kernel does not write through the pointer, its header has no const.
  const sock_fprog attached{static_cast<unsigned short>(program.size()), const_cast<sock_filter*>(program.data())};
  if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &attached) != 0) return errno_error("seccomp", "filter of calls");
  return ok();
}

}  // namespace bulkhead::config::sandbox
