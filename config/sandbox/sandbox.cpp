#include "config/sandbox/sandbox.h"

#include <sys/prctl.h>

#include <cerrno>
#include <ctime>

#include "config/sandbox/call_filter.h"
#include "config/sandbox/refused_calls.h"

namespace bulkhead::config::sandbox {

namespace {

Status filter_calls(CallTable table, SandboxMode mode) {
  return install(assemble(mode == SandboxMode::kLog ? only_logged(std::move(table)) : std::move(table)));
}

// A kernel built without it.
bool is_missing(const Error& error) {
  return error.code == EINVAL || error.code == ENOSYS;
}

}  // namespace

const char* to_string(SandboxMode mode) {
  switch (mode) {
    case SandboxMode::kOn: return "on";
    case SandboxMode::kOff: return "off";
    case SandboxMode::kLog: return "log";
  }
  return "off";
}

bool built_with_sanitizer() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
  return true;
#else
  return false;
#endif
#else
  return false;
#endif
}

SandboxReport confine_process(const SandboxPlan& plan) {
  SandboxReport out;
  if (plan.mode == SandboxMode::kOff || built_with_sanitizer()) {
    out.off_because = plan.mode == SandboxMode::kOff ? "sandbox.mode is off" : "this build has a sanitizer";
    return out;
  }
  out.mode = plan.mode;
  const auto leave_out = [&out](const char* what, const Error& why) {
    out.left_out.push_back(std::string(what) + ": " + why.to_string());
  };
  CapabilitySet keep = 0;
  for (const KeptCapability& kept : plan.capabilities) keep |= capability(kept.number);
  if (const Status kept = keep_capabilities(keep); !kept) leave_out("capabilities", kept.error());
  if (const auto now = effective_capabilities(); now) out.capabilities = to_words(*now);
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) leave_out("no_new_privs", errno_error("prctl", ""));
  if (plan.mode == SandboxMode::kOn) {  // Landlock has no mode that only logs
    if (const auto confined = confine_files(plan.files); !confined) {
      leave_out("files", confined.error());
    } else {
      out.landlock = *confined;
      if (*confined == 0) out.left_out.emplace_back("files: this kernel has no Landlock");
    }
  }
  if (const Status watched = watch_refused_calls(); !watched) leave_out("calls", watched.error());
  if (const Status filtered = filter_calls(process_calls(), plan.mode); !filtered) {
    leave_out("calls", filtered.error());
  } else {
    out.calls_filtered = true;
  }
  return out;
}

Status confine_worker(SandboxMode mode, CapabilitySet capabilities) {
  if (mode == SandboxMode::kOff || built_with_sanitizer()) return ok();
  ::tzset();  // the C library reads the time zone at its first use, and then it could not open it
  if (const Status kept = keep_capabilities(capabilities); !kept) return kept;
  if (mode == SandboxMode::kOn) {
    if (const auto confined = confine_files({.network = false}); !confined) return confined.error();
  }
  const Status filtered = filter_calls(worker_calls(), mode);
  return !filtered && is_missing(filtered.error()) ? ok() : filtered;
}

}  // namespace bulkhead::config::sandbox
