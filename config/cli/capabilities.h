// Which capabilities this process lacks for what it is about to do (capabilities(7)).
#pragma once

#include <string>
#include <vector>

namespace bulkhead::config::cli {

struct Needed {
  int number;        // CAP_NET_RAW, CAP_NET_ADMIN
  const char* name;  // "CAP_NET_RAW"
  const char* why;   // "to read packets"
};

extern const Needed kNeedNetRaw;
extern const Needed kNeedNetAdmin;

// Those not in the effective set.
[[nodiscard]] std::vector<Needed> missing_capabilities(const std::vector<Needed>& needed);
// Says on stderr what is missing and how to get it; false when something is.
[[nodiscard]] bool have_capabilities(const std::vector<Needed>& needed);

}  // namespace bulkhead::config::cli
