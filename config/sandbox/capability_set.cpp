#include "config/sandbox/capability_set.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

namespace bulkhead::config::sandbox {

namespace {

constexpr int kAll = 64;  // more than the kernel has

constexpr std::array<const char*, 41> kNames = {"CHOWN",
                                                "DAC_OVERRIDE",
                                                "DAC_READ_SEARCH",
                                                "FOWNER",
                                                "FSETID",
                                                "KILL",
                                                "SETGID",
                                                "SETUID",
                                                "SETPCAP",
                                                "LINUX_IMMUTABLE",
                                                "NET_BIND_SERVICE",
                                                "NET_BROADCAST",
                                                "NET_ADMIN",
                                                "NET_RAW",
                                                "IPC_LOCK",
                                                "IPC_OWNER",
                                                "SYS_MODULE",
                                                "SYS_RAWIO",
                                                "SYS_CHROOT",
                                                "SYS_PTRACE",
                                                "SYS_PACCT",
                                                "SYS_ADMIN",
                                                "SYS_BOOT",
                                                "SYS_NICE",
                                                "SYS_RESOURCE",
                                                "SYS_TIME",
                                                "SYS_TTY_CONFIG",
                                                "MKNOD",
                                                "LEASE",
                                                "AUDIT_WRITE",
                                                "AUDIT_CONTROL",
                                                "SETFCAP",
                                                "MAC_OVERRIDE",
                                                "MAC_ADMIN",
                                                "SYSLOG",
                                                "WAKE_ALARM",
                                                "BLOCK_SUSPEND",
                                                "AUDIT_READ",
                                                "PERFMON",
                                                "BPF",
                                                "CHECKPOINT_RESTORE"};

using Data = std::array<__user_cap_data_struct, 2>;

Result<Data> read() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  Data data{};
  if (::syscall(SYS_capget, &header, data.data()) != 0) return errno_error("capget", "this thread");
  return data;
}

CapabilitySet joined(std::uint32_t low, std::uint32_t high) {
  return CapabilitySet{high} << 32 | low;
}

}  // namespace

Result<CapabilitySet> effective_capabilities() {
  const auto data = read();
  if (!data) return data.error();
  return joined((*data)[0].effective, (*data)[1].effective);
}

Status keep_capabilities(CapabilitySet keep) {
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  for (int number = 0; number < kAll; ++number) {
    if ((keep & capability(number)) == 0) ::prctl(PR_CAPBSET_DROP, number, 0, 0, 0);
  }
  auto data = read();
  if (!data) return data.error();
  for (std::size_t half = 0; half < data->size(); ++half) {
    const auto mask = static_cast<std::uint32_t>(keep >> (32 * half));
    __user_cap_data_struct& part = (*data).at(half);
    part.permitted &= mask;
    part.effective &= mask;
    part.inheritable = 0;
  }
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  if (::syscall(SYS_capset, &header, data->data()) != 0) return errno_error("capset", "this thread");
  return ok();
}

std::string to_words(CapabilitySet set) {
  std::string out;
  for (int number = 0; number < kAll; ++number) {
    if ((set & capability(number)) == 0) continue;
    const auto index = static_cast<std::size_t>(number);
    out += (out.empty() ? "CAP_" : ", CAP_") + (index < kNames.size() ? kNames.at(index) : std::to_string(number));
  }
  return out.empty() ? "none" : out;
}

}  // namespace bulkhead::config::sandbox
