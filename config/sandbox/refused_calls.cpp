#include "config/sandbox/refused_calls.h"

#include <signal.h>
#include <ucontext.h>

#include <atomic>
#include <cerrno>

namespace bulkhead::config::sandbox {

namespace {

std::atomic<std::uint64_t> g_refused{0};
std::atomic<std::uint32_t> g_last{0};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);  // in a signal handler

void on_refused(int, siginfo_t* info, void* context) {
  g_last.store(static_cast<std::uint32_t>(info->si_syscall), std::memory_order_relaxed);
  g_refused.fetch_add(1, std::memory_order_relaxed);
  auto* of = static_cast<ucontext_t*>(context);
#if defined(__x86_64__)
  of->uc_mcontext.gregs[REG_RAX] = -EPERM;
#elif defined(__aarch64__)
  of->uc_mcontext.regs[0] = static_cast<unsigned long long>(-EPERM);
#endif
}

}  // namespace

Status watch_refused_calls() {
  struct sigaction action {};
  action.sa_sigaction = on_refused;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  sigemptyset(&action.sa_mask);
  if (::sigaction(SIGSYS, &action, nullptr) != 0) return errno_error("sigaction", "SIGSYS");
  return ok();
}

std::uint64_t refused_calls() {
  return g_refused.load(std::memory_order_relaxed);
}
std::uint32_t last_refused_call() {
  return g_last.load(std::memory_order_relaxed);
}

}  // namespace bulkhead::config::sandbox
