#include "config/daemon/resource_keeper.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>

#include "datapath/base/private_file.h"
#include "rules/discovery/docker_api.h"

namespace bulkhead::config {

using Json = nlohmann::json;

namespace {

constexpr std::size_t kMostState = std::size_t{8} << 20;
constexpr std::chrono::seconds kLongest{604800};  // as response.auto-limit.ttl

std::int64_t wall_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

bool is_gone(const Error& error) {
  return error.text.starts_with("HTTP 404");
}

bool share_address(const std::vector<IpAddress>& some, const std::vector<IpAddress>& others) {
  return std::any_of(some.begin(), some.end(), [&](const IpAddress& address) {
    return std::find(others.begin(), others.end(), address) != others.end();
  });
}

bool has_address(const rules::DockerContainer& container, const std::vector<IpAddress>& addresses) {
  return std::any_of(
      container.endpoints.begin(), container.endpoints.end(),
      [&](const rules::DockerEndpoint& endpoint) { return share_address(endpoint.addresses, addresses); });
}

std::int64_t number_of(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}
std::string text_of(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

const char* to_string(ResourceAction action) {
  switch (action) {
    case ResourceAction::kGive: return "give";
    case ResourceAction::kAdvise: return "advise";
    case ResourceAction::kTakeBack: return "take-back";
    case ResourceAction::kFail: return "fail";
  }
  return "advise";
}

Json resource_json(const ResourceOutcome& outcome) {
  Json json{{"action", to_string(outcome.action)}, {"workload", outcome.workload}, {"reason", outcome.reason}};
  if (outcome.limits.memory != 0) json["memory"] = outcome.limits.memory;
  if (outcome.limits.processes != 0) json["processes"] = outcome.limits.processes;
  if (outcome.limits.cpu_quota != 0) {
    json["cpu_percent"] = outcome.limits.cpu_quota * 100 / rules::ContainerLimits::kCpuPeriod;
  }
  if (outcome.ttl.count() != 0) json["ttl"] = outcome.ttl.count();
  if (!outcome.error.empty()) json["error"] = outcome.error;
  return json;
}

event::AppEvent resource_event(const ResourceOutcome& outcome, Timestamp now) {
  event::AppEvent out;
  out.type = "resources";
  out.header.time = now;
  out.fields.emplace_back("resources", resource_json(outcome).dump(-1, ' ', false, Json::error_handler_t::replace));
  return out;
}

ResourceKeeper::ResourceKeeper(std::unique_ptr<rules::DockerClient> client, rules::ContainerLimits wanted,
                               std::string state_file, Tell tell)
    : client_(std::move(client)), wanted_(wanted), state_file_(std::move(state_file)), tell_(std::move(tell)) {
  load(Clock::now());
}

ResourceKeeper::~ResourceKeeper() {
  stop();
}

void ResourceKeeper::start() {
  thread_ = std::thread([this] { run(); });
}

void ResourceKeeper::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void ResourceKeeper::post(Task task) {
  {
    const std::lock_guard lock(mutex_);
    if (tasks_.size() >= kMostWaiting) {
      refused_.add();  // under the lock: several threads count here
      return;
    }
    tasks_.push_back(std::move(task));
  }
  wake_.notify_one();
}

void ResourceKeeper::give(ResourceCase about) {
  post([this, about = std::move(about)](Clock::time_point now) { give_now(about, now); });
}

// Their time is over; take_back_due() does the rest.
void ResourceKeeper::take_back(std::vector<IpAddress> addresses) {
  if (addresses.empty()) return;
  post([this, addresses = std::move(addresses)](Clock::time_point now) {
    for (auto& [id, given] : given_) {
      if (share_address(given.addresses, addresses)) given.until = now;
    }
  });
}

void ResourceKeeper::run() {
  while (true) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, std::chrono::seconds(1), [this] { return stop_ || !tasks_.empty(); });
      if (stop_) return;  // what was given stands in the file
    }
    work(Clock::now());
  }
}

void ResourceKeeper::work(Clock::time_point now) {
  std::deque<Task> tasks;
  {
    const std::lock_guard lock(mutex_);
    tasks.swap(tasks_);
  }
  for (const Task& task : tasks) task(now);
  take_back_due(now);
}

void ResourceKeeper::fail(const std::string& workload, const std::string& reason, const Error& why) {
  failed_.add();
  tell_({.action = ResourceAction::kFail,
         .workload = workload,
         .reason = reason,
         .error = why.to_string(),
         .limits = {}});
}

rules::ContainerLimits ResourceKeeper::lacking(const rules::LimitedContainer& container) {
  rules::ContainerUsage usage;
  if (const auto answer = client_->get("/containers/" + container.id + "/stats?stream=false&one-shot=true"); answer) {
    if (const auto parsed = rules::parse_container_usage(*answer); parsed) usage = *parsed;
  }
  return rules::limits_to_give(container.now, wanted_, usage);
}

void ResourceKeeper::give_now(const ResourceCase& about, Clock::time_point now) {
  if (!rules::is_container_name(about.container)) return;
  const auto body = client_->get("/containers/" + about.container + "/json");
  if (!body) {
    if (!is_gone(body.error())) fail(about.workload, about.reason, body.error());
    return;
  }
  const auto container = rules::parse_container(*body);
  const auto limited = rules::parse_container_limits(*body);
  if (!container || !limited) {
    return fail(about.workload, about.reason, container ? limited.error() : container.error());
  }
  if (!limited->running || !has_address(*container, about.addresses)) return;
  if (const auto known = given_.find(limited->id); known != given_.end()) {
    known->second.until = std::max(known->second.until, now + about.ttl);
    return save();
  }
  if (!about.enforce && advised_.contains(limited->id)) return;
  const rules::ContainerLimits limits = lacking(*limited);
  if (limits.empty()) return;
  ResourceOutcome outcome{.action = ResourceAction::kAdvise,
                          .workload = about.workload,
                          .reason = about.reason,
                          .error = {},
                          .limits = limits,
                          .ttl = about.ttl};
  if (!about.enforce) {
    if (advised_.size() >= kMostGiven) advised_.clear();
    advised_.insert(limited->id);
    return tell_(outcome);
  }
  if (given_.size() >= kMostGiven) {
    const std::lock_guard lock(mutex_);
    return refused_.add();
  }
  given_[limited->id] = {about.workload, about.reason, about.addresses, limits, now + about.ttl};
  save();
  if (const auto done = client_->post("/containers/" + limited->id + "/update", rules::update_that_gives(limits));
      !done) {
    given_.erase(limited->id);
    save();
    return fail(about.workload, about.reason, done.error());
  }
  gave_.add();
  outcome.action = ResourceAction::kGive;
  tell_(outcome);
}

bool ResourceKeeper::take_back_now(const std::string& id, const Given& given) {
  const auto body = client_->get("/containers/" + id + "/json");
  if (!body) {
    if (is_gone(body.error())) return true;
    fail(given.workload, given.reason, body.error());
    return false;
  }
  const auto limited = rules::parse_container_limits(*body);
  if (!limited) {
    fail(given.workload, given.reason, limited.error());
    return false;
  }
  const rules::ContainerLimits limits = rules::limits_to_take_back(limited->now, given.limits);
  if (limits.empty()) return true;  // somebody set others since
  if (const auto done = client_->post("/containers/" + id + "/update", rules::update_that_takes_back(limits)); !done) {
    fail(given.workload, given.reason, done.error());
    return false;
  }
  took_back_.add();
  tell_({.action = ResourceAction::kTakeBack,
         .workload = given.workload,
         .reason = given.reason,
         .error = {},
         .limits = limits});
  return true;
}

void ResourceKeeper::take_back_due(Clock::time_point now) {
  bool changed = false;
  for (auto entry = given_.begin(); entry != given_.end();) {
    if (entry->second.until > now) {
      ++entry;
      continue;
    }
    if (take_back_now(entry->first, entry->second)) {
      entry = given_.erase(entry);
      changed = true;
    } else {
      entry->second.until = now + kAgain;
      ++entry;
    }
  }
  if (changed) save();
}

// {"version":1,"given":[{"id":...,"until":second,"memory":...}]}
void ResourceKeeper::save() {
  if (state_file_.empty()) return;
  Json list = Json::array();
  const auto now = Clock::now();
  for (const auto& [id, given] : given_) {
    Json addresses = Json::array();
    for (const IpAddress& address : given.addresses) addresses.push_back(address.to_string());
    const auto left = std::chrono::ceil<std::chrono::seconds>(given.until - now);
    list.push_back({{"id", id},
                    {"workload", given.workload},
                    {"reason", given.reason},
                    {"addresses", std::move(addresses)},
                    {"memory", given.limits.memory},
                    {"processes", given.limits.processes},
                    {"cpu_quota", given.limits.cpu_quota},
                    {"until", wall_seconds() + left.count()}});
  }
  const Json top{{"version", 1}, {"given", std::move(list)}};
  const Status written = write_private(state_file_, top.dump(-1, ' ', false, Json::error_handler_t::replace));
  if (!written) spdlog::error("resources: what was given is not written down: {}", written.error().to_string());
}

void ResourceKeeper::load(Clock::time_point now) {
  if (state_file_.empty()) return;
  const auto text = read_private(state_file_, kMostState);
  if (!text) {
    if (text.error().code != ENOENT) {
      spdlog::error("resources: limits of an earlier run are not taken back: {}", text.error().to_string());
    }
    return;
  }
  const Json top = Json::parse(*text, nullptr, false);
  const auto list = top.is_object() ? top.find("given") : top.end();
  if (!top.is_object() || number_of(top, "version") != 1 || list == top.end() || !list->is_array()) {
    spdlog::error("resources: {} is damaged, limits of an earlier run are not taken back", state_file_);
    return;
  }
  for (const Json& one : *list) {
    if (!one.is_object() || given_.size() >= kMostGiven) continue;
    Given given;
    given.workload = text_of(one, "workload");
    given.reason = text_of(one, "reason");
    given.limits = {number_of(one, "memory"), number_of(one, "processes"), number_of(one, "cpu_quota")};
    const auto addresses = one.find("addresses");
    if (addresses != one.end() && addresses->is_array()) {
      for (const Json& address : *addresses) {
        if (!address.is_string()) continue;
        if (const auto parsed = IpAddress::parse(address.get<std::string>())) given.addresses.push_back(*parsed);
      }
    }
    const std::int64_t left = std::clamp<std::int64_t>(number_of(one, "until") - wall_seconds(), 0, kLongest.count());
    given.until = now + std::chrono::seconds(left);
    const std::string id = text_of(one, "id");
    if (rules::is_docker_id(id) && !given.limits.empty()) given_.emplace(id, std::move(given));
  }
}

void ResourceKeeper::add_stats(std::vector<std::pair<std::string, std::uint64_t>>& out) const {
  out.emplace_back("response.resources.given", gave_.value());
  out.emplace_back("response.resources.taken_back", took_back_.value());
  out.emplace_back("response.resources.failed", failed_.value());
  out.emplace_back("response.resources.refused", refused_.value());
}

}  // namespace bulkhead::config
