// Limits of memory, processes and processor time of a container, and what may be given to one that has none.
//
//   GET  /containers/NAME/json                              -> what it is limited to now
//   GET  /containers/ID/stats?stream=false&one-shot=true    -> what it uses
//   POST /containers/ID/update                              <- what it lacks, or no more limits
//
// Rules    a limit that is there is never touched. Memory and processes are given at least twice what is in use: what
//          runs goes on running. Where it cannot be told what is in use, that limit is left out.
//          Taken back is only what still stands as it was given: whoever set another one meant it.
// Form     memory with as much swap again (the engine's own default); CPU as quota of 100 ms: NanoCpus cannot be
//          taken back over the API. -1 is no limit, and 2^60 and more: the engine takes no other word for memory.
// Thread   pure functions. Limits  numbers of the API below 0 count as none.
// Errors   Error{"parse", which answer, 0, what is missing}.
// Source   Docker Engine API v1.24 to v1.47, ContainerUpdate.
// Tests    tests/unit/rules/discovery/container_limits_test.cpp, tests/docker/
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "datapath/base/result.h"

namespace bulkhead::rules {

// 0: none.
struct ContainerLimits {
  static constexpr std::int64_t kCpuPeriod = 100'000;           // microseconds
  static constexpr std::int64_t kNone = std::int64_t{1} << 60;  // numbers from here on limit nothing
  std::int64_t memory = 0;                                      // bytes
  std::int64_t processes = 0;
  std::int64_t cpu_quota = 0;  // microseconds of each kCpuPeriod
  bool operator==(const ContainerLimits&) const = default;
  [[nodiscard]] bool empty() const { return *this == ContainerLimits{}; }
  // "512 MB of memory, 512 processes, 100 % of a CPU"
  [[nodiscard]] std::string to_string() const;
};

// What a container is limited to, in whatever form it was said, and who it is.
struct LimitedContainer {
  std::string id;
  bool running = false;
  ContainerLimits now;
};
[[nodiscard]] Result<LimitedContainer> parse_container_limits(std::string_view json);

struct ContainerUsage {
  std::int64_t memory = 0;  // bytes; 0: not known
  std::int64_t processes = 0;
};
[[nodiscard]] Result<ContainerUsage> parse_container_usage(std::string_view json);

// What of `wanted` the container lacks.
[[nodiscard]] ContainerLimits limits_to_give(const ContainerLimits& now, const ContainerLimits& wanted,
                                             const ContainerUsage& usage);
// What of `given` still stands.
[[nodiscard]] ContainerLimits limits_to_take_back(const ContainerLimits& now, const ContainerLimits& given);

// Bodies of the update.
[[nodiscard]] std::string update_that_gives(const ContainerLimits& limits);
[[nodiscard]] std::string update_that_takes_back(const ContainerLimits& limits);

// Whether a name may stand in a path: what the engine itself allows in names.
[[nodiscard]] bool is_container_name(std::string_view name);

}  // namespace bulkhead::rules
