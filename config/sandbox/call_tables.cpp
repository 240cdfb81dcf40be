// The two tables. Numbers come from the kernel's headers; a call that this machine does not have is left out.
#include <asm/unistd.h>
#include <linux/bpf.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <algorithm>

#include "config/sandbox/call_filter.h"

// The numbers of calls that are younger than the headers of some distributions.
#ifndef __NR_process_madvise
#define __NR_process_madvise 440
#endif
#ifndef __NR_mount_setattr
#define __NR_mount_setattr 442
#endif

namespace bulkhead::config::sandbox {

namespace {

#define CALL(name)     \
  CallRule {           \
    __NR_##name, #name \
  }

const CallRule kNeverOfProcess[] = {
    // other programs and processes
    CALL(execve),
    CALL(execveat),
    CALL(ptrace),
    CALL(process_vm_readv),
    CALL(process_vm_writev),
    CALL(kcmp),
    CALL(pidfd_getfd),
    CALL(pidfd_send_signal),
    CALL(process_madvise),
    CALL(personality),
    // the kernel
    CALL(init_module),
    CALL(finit_module),
    CALL(delete_module),
    CALL(kexec_load),
    CALL(kexec_file_load),
    CALL(bpf),
    CALL(perf_event_open),
    CALL(reboot),
    CALL(syslog),
    CALL(acct),
    CALL(quotactl),
    CALL(swapon),
    CALL(swapoff),
    CALL(userfaultfd),
    CALL(io_uring_setup),
    CALL(io_uring_enter),
    CALL(io_uring_register),
    CALL(add_key),
    CALL(request_key),
    CALL(keyctl),
    // mounts, namespaces, roots
    CALL(mount),
    CALL(umount2),
    CALL(pivot_root),
    CALL(chroot),
    CALL(move_mount),
    CALL(open_tree),
    CALL(fsopen),
    CALL(fsconfig),
    CALL(fsmount),
    CALL(fspick),
    CALL(mount_setattr),
    CALL(setns),
    CALL(unshare),
    CALL(name_to_handle_at),
    CALL(open_by_handle_at),
    CALL(fanotify_init),
    CALL(mknodat),
    // clocks, names
    CALL(settimeofday),
    CALL(clock_settime),
    CALL(clock_adjtime),
    CALL(adjtimex),
    CALL(sethostname),
    CALL(setdomainname),
    // accounts
    CALL(setuid),
    CALL(setgid),
    CALL(setreuid),
    CALL(setregid),
    CALL(setresuid),
    CALL(setresgid),
    CALL(setgroups),
    CALL(setfsuid),
    CALL(setfsgid),
#if defined(__x86_64__)
    CALL(iopl),
    CALL(ioperm),
    CALL(modify_ldt),
    CALL(mknod),
    CALL(fork),
    CALL(vfork),
#endif
};

const CallRule kAlwaysOfWorker[] = {
    // packets, verdicts, and telling other threads (eventfd, the text of a failed check)
    CALL(recvmsg),
    CALL(recvmmsg),
    CALL(recvfrom),
    CALL(sendmsg),
    CALL(sendmmsg),
    CALL(sendto),
    CALL(read),
    CALL(write),
    CALL(ppoll),
    CALL(close),
    CALL(getsockopt),
    // memory
    CALL(munmap),
    CALL(mremap),
    CALL(madvise),
    CALL(brk),
    CALL(membarrier),
    // time and waiting
    CALL(futex),
    CALL(clock_gettime),
    CALL(clock_nanosleep),
    CALL(nanosleep),
    CALL(gettimeofday),
    CALL(sched_yield),
    CALL(restart_syscall),
    // itself
    CALL(gettid),
    CALL(getpid),
    CALL(getrandom),
    CALL(getcpu),
    CALL(sched_getaffinity),
    CALL(rt_sigreturn),
    CALL(rt_sigprocmask),
    CALL(sigaltstack),
    CALL(set_robust_list),
    CALL(rseq),
    CALL(exit),
    CALL(exit_group),
#if defined(__x86_64__)
    CALL(poll),
    CALL(time),
#endif
};

CallRule with(CallRule rule, CallAction action, CallCondition first = {}, CallCondition second = {}) {
  rule.action = action;
  rule.conditions = {first, second};
  return rule;
}

constexpr std::uint32_t kEveryBit = 0xFFFFFFFF;

}  // namespace

CallTable process_calls() {
  CallTable out;
  out.rest = CallAction::kAllow;
  // Programs and maps that are there already: to a port and away, their entries. None is made.
  for (const std::uint32_t command : {BPF_MAP_LOOKUP_ELEM, BPF_MAP_UPDATE_ELEM, BPF_MAP_DELETE_ELEM, BPF_PROG_ATTACH,
                                      BPF_PROG_DETACH, BPF_MAP_GET_NEXT_ID}) {
    out.rules.push_back(with(CALL(bpf), CallAction::kAllow, {0, kEveryBit, command}));
  }
  for (const CallRule& rule : kNeverOfProcess) out.rules.push_back(with(rule, CallAction::kRefuse));
  // Threads, no processes; and no new namespaces with them. Flags of clone3 are behind a pointer: without that call the
  // C library uses clone.
  out.rules.push_back(with(CALL(clone3), CallAction::kMissing));
  out.rules.push_back(with(CALL(clone), CallAction::kRefuse, {0, CLONE_THREAD, 0}));
  return out;
}

CallTable worker_calls() {
  CallTable out;
  out.rest = CallAction::kTell;
  for (const CallRule& rule : kAlwaysOfWorker) out.rules.push_back(with(rule, CallAction::kAllow));
  // Memory that holds no code.
  out.rules.push_back(with(CALL(mmap), CallAction::kAllow, {2, PROT_EXEC, 0}));
  out.rules.push_back(with(CALL(mprotect), CallAction::kAllow, {2, PROT_EXEC, 0}));
  // How long to wait for packets.
  out.rules.push_back(
      with(CALL(setsockopt), CallAction::kAllow, {1, kEveryBit, SOL_SOCKET}, {2, kEveryBit, SO_RCVTIMEO}));
  // A check that fails ends the process (abort).
  out.rules.push_back(with(CALL(tgkill), CallAction::kAllow, {2, kEveryBit, 6}));
  return out;
}

std::string call_name(std::uint32_t number) {
  // What is refused and likely: the rest goes by its number.
  static const CallRule kOthers[] = {
    CALL(openat),
    CALL(socket),
    CALL(connect),
    CALL(bind),
    CALL(listen),
    CALL(accept4),
    CALL(clone),
    CALL(setsockopt),
    CALL(mmap),
    CALL(mprotect),
    CALL(socketpair),
    CALL(unlinkat),
    CALL(renameat2),
    CALL(mkdirat),
    CALL(ioctl),
    CALL(kill),
    CALL(capset),
    CALL(prctl),
#if defined(__x86_64__)
    CALL(open),
    CALL(unlink),
    CALL(rename),
    CALL(mkdir)
#endif
  };
  const auto find = [number](const auto& table) -> const char* {
    const auto found = std::find_if(std::begin(table), std::end(table), [&](auto& r) { return r.number == number; });
    return found == std::end(table) ? nullptr : found->name;
  };
  for (const char* name : {find(kOthers), find(kNeverOfProcess), find(kAlwaysOfWorker)}) {
    if (name != nullptr) return name;
  }
  return "call " + std::to_string(number);
}

}  // namespace bulkhead::config::sandbox
