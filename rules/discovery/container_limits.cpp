#include "rules/discovery/container_limits.h"

#include <algorithm>
#include <utility>

#include "datapath/base/json_child.h"
#include "rules/discovery/docker_api.h"

namespace bulkhead::rules {

namespace {

using Json = nlohmann::json;

constexpr std::int64_t kMost = ContainerLimits::kNone;

// A number of the API, 0 for everything that is no limit.
std::int64_t number(const Json* value) {
  if (value == nullptr || !value->is_number()) return 0;
  if (value->is_number_unsigned()) {
    const auto n = value->get<std::uint64_t>();
    return n < static_cast<std::uint64_t>(kMost) ? static_cast<std::int64_t>(n) : 0;
  }
  if (!value->is_number_integer()) return 0;
  const auto n = value->get<std::int64_t>();
  return n > 0 && n < kMost ? n : 0;
}

Json parse(std::string_view json) {
  if (json.size() > kMaxDockerAnswer) return Json(Json::value_t::discarded);
  return Json::parse(json.begin(), json.end(), nullptr, false);
}

std::int64_t quota_of(const Json& top) {
  const auto host = [&](const char* key) { return number(child(top, "HostConfig", key)); };
  constexpr std::int64_t kNanosOfAPeriod = 1'000'000'000 / ContainerLimits::kCpuPeriod;
  if (const std::int64_t nanos = host("NanoCpus"); nanos != 0)
    return std::max<std::int64_t>(1, nanos / kNanosOfAPeriod);
  const std::int64_t quota = host("CpuQuota");
  const std::int64_t period = host("CpuPeriod");
  if (quota == 0 || period == 0 || period == ContainerLimits::kCpuPeriod) return quota;
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(static_cast<double>(quota) / static_cast<double>(period) *
                                                             ContainerLimits::kCpuPeriod));
}

}  // namespace

std::string ContainerLimits::to_string() const {
  std::string out;
  const auto add = [&](std::string text) { out += (out.empty() ? "" : ", ") + std::move(text); };
  if (memory != 0) add(std::to_string(memory >> 20) + " MB of memory");
  if (processes != 0) add(std::to_string(processes) + " processes");
  if (cpu_quota != 0) add(std::to_string(cpu_quota * 100 / kCpuPeriod) + " % of a CPU");
  return out;
}

Result<LimitedContainer> parse_container_limits(std::string_view json) {
  const auto problem = [](std::string text) {
    return Error{"parse", "docker /containers/ID/json", 0, std::move(text)};
  };
  const Json top = parse(json);
  if (!top.is_object()) return problem("no JSON object");
  LimitedContainer out;
  if (const Json* id = child(top, "Id"); id != nullptr && id->is_string()) out.id = id->get<std::string>();
  if (!is_docker_id(out.id)) return problem("no key Id");
  if (child(top, "HostConfig") == nullptr) return problem("no key HostConfig");
  const Json* running = child(top, "State", "Running");
  out.running = running != nullptr && running->is_boolean() && running->get<bool>();
  out.now.memory = number(child(top, "HostConfig", "Memory"));
  out.now.processes = number(child(top, "HostConfig", "PidsLimit"));
  out.now.cpu_quota = quota_of(top);
  return out;
}

Result<ContainerUsage> parse_container_usage(std::string_view json) {
  const Json top = parse(json);
  if (!top.is_object()) return Error{"parse", "docker /containers/ID/stats", 0, "no JSON object"};
  ContainerUsage out;
  out.memory = number(child(top, "memory_stats", "usage"));
  out.processes = number(child(top, "pids_stats", "current"));
  return out;
}

ContainerLimits limits_to_give(const ContainerLimits& now, const ContainerLimits& wanted, const ContainerUsage& usage) {
  ContainerLimits out;
  const auto room = [](std::int64_t wish, std::int64_t used) { return std::max(wish, std::min(used, kMost / 2) * 2); };
  if (now.memory == 0 && wanted.memory != 0 && usage.memory != 0) out.memory = room(wanted.memory, usage.memory);
  if (now.processes == 0 && wanted.processes != 0 && usage.processes != 0) {
    out.processes = room(wanted.processes, usage.processes);
  }
  if (now.cpu_quota == 0) out.cpu_quota = wanted.cpu_quota;
  return out;
}

ContainerLimits limits_to_take_back(const ContainerLimits& now, const ContainerLimits& given) {
  const auto same = [](std::int64_t is, std::int64_t was) { return is == was ? was : 0; };
  return {same(now.memory, given.memory), same(now.processes, given.processes), same(now.cpu_quota, given.cpu_quota)};
}

std::string update_that_gives(const ContainerLimits& limits) {
  Json out = Json::object();
  if (limits.memory != 0) out.update({{"Memory", limits.memory}, {"MemorySwap", limits.memory * 2}});
  if (limits.processes != 0) out["PidsLimit"] = limits.processes;
  if (limits.cpu_quota != 0) {
    out.update({{"CpuPeriod", ContainerLimits::kCpuPeriod}, {"CpuQuota", limits.cpu_quota}});
  }
  return out.dump();
}

std::string update_that_takes_back(const ContainerLimits& limits) {
  Json out = Json::object();
  // The engine refuses -1 for memory; so much is none, with as much swap beyond it.
  if (limits.memory != 0) out.update({{"Memory", kMost * 2}, {"MemorySwap", kMost * 4}});
  if (limits.processes != 0) out["PidsLimit"] = -1;
  if (limits.cpu_quota != 0) out["CpuQuota"] = -1;
  return out.dump();
}

bool is_container_name(std::string_view name) {
  const auto is_alnum = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  };
  return !name.empty() && name.size() <= 255 && is_alnum(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return is_alnum(c) || c == '_' || c == '.' || c == '-'; });
}

}  // namespace bulkhead::rules
