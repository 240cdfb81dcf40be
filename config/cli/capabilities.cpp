#include "config/cli/capabilities.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>

namespace bulkhead::config::cli {

const Needed kNeedNetRaw{CAP_NET_RAW, "CAP_NET_RAW", "to read packets of an interface"};
const Needed kNeedNetAdmin{CAP_NET_ADMIN, "CAP_NET_ADMIN", "to write nftables and to join netlink groups"};

std::vector<Needed> missing_capabilities(const std::vector<Needed>& needed) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
  if (::syscall(SYS_capget, &header, data.data()) != 0) return needed;
  std::vector<Needed> missing;
  for (const auto& capability : needed) {
    const auto number = static_cast<std::uint32_t>(capability.number);
    if ((data.at(number / 32).effective & (1U << (number % 32))) == 0) missing.push_back(capability);
  }
  return missing;
}

bool have_capabilities(const std::vector<Needed>& needed) {
  const auto missing = missing_capabilities(needed);
  std::string words;
  for (const auto& capability : missing) {
    std::fprintf(stderr, "error: missing capability %s, %s\n", capability.name, capability.why);
    words += (words.empty() ? "" : ",") + std::string(capability.name);
  }
  if (!missing.empty()) {
    std::fprintf(stderr, "  hint: run as root, or grant it once: setcap %s+ep %s\n", words.c_str(),
                 "$(command -v bulkhead)");
  }
  return missing.empty();
}

}  // namespace bulkhead::config::cli
