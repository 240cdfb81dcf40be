// Gives containers whose posture is bad the limits that they lack, for a while, and takes them back.
//
//   block thread, a limit in force --give()--> queue --> engine: inspect, usage, update --> told
//   undo, panic, the end of its time --take_back()--> queue --> engine: inspect, update --> told
//
// Modes    enforce changes the container; in every other the engine is only asked, and what would be given is told.
// Identity a case names a container and its addresses; one that has taken the name since, with other addresses, is
//          left alone.
// State    what was given stands in a file before the engine is asked, so that a daemon that was killed takes it back
//          all the same. A file that others may write is not believed: nothing is taken back by its word.
// Thread   give(), take_back(), add_stats() by any; one thread inside talks to the engine, up to 5 s a question.
// Limits   kMostWaiting cases wait, kMostGiven containers have something; beyond that nothing is given, counted.
// Errors   told and counted (response.resources.failed); what cannot be taken back is tried again every kAgain.
// Tests    tests/unit/config/daemon/resource_keeper_test.cpp, tests/docker/
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "datapath/base/counters.h"
#include "datapath/base/ip_address.h"
#include "datapath/event/event.h"
#include "rules/discovery/container_limits.h"
#include "rules/discovery/docker_client.h"

namespace bulkhead::config {

struct ResourceCase {
  std::string workload;   // "shop/api"
  std::string container;  // its name at the engine
  std::vector<IpAddress> addresses;
  std::string reason;
  std::chrono::seconds ttl{300};
  bool enforce = false;
};

enum class ResourceAction : std::uint8_t { kGive, kAdvise, kTakeBack, kFail };
[[nodiscard]] const char* to_string(ResourceAction action);  // "give", "advise", "take-back", "fail"

struct ResourceOutcome {
  ResourceAction action = ResourceAction::kAdvise;
  std::string workload, reason, error;
  rules::ContainerLimits limits;
  std::chrono::seconds ttl{0};
};
// The record: event_type "resources", and the same for the audit log.
[[nodiscard]] nlohmann::json resource_json(const ResourceOutcome& outcome);
[[nodiscard]] event::AppEvent resource_event(const ResourceOutcome& outcome, Timestamp now);

class ResourceKeeper {
 public:
  static constexpr std::size_t kMostWaiting = 1024, kMostGiven = 4096;
  static constexpr std::chrono::seconds kAgain{30};
  using Clock = std::chrono::steady_clock;
  using Tell = std::function<void(const ResourceOutcome&)>;  // on the keeper's thread

  ResourceKeeper(std::unique_ptr<rules::DockerClient> client, rules::ContainerLimits wanted, std::string state_file,
                 Tell tell);
  ~ResourceKeeper();
  ResourceKeeper(const ResourceKeeper&) = delete;
  ResourceKeeper& operator=(const ResourceKeeper&) = delete;

  void start();
  void stop();
  void give(ResourceCase about);
  void take_back(std::vector<IpAddress> addresses);
  void add_stats(std::vector<std::pair<std::string, std::uint64_t>>& out) const;
  // Without a thread: everything that waits, and everything whose time is over at `now`.
  void work_for_test(Clock::time_point now) { work(now); }

 private:
  using Task = std::function<void(Clock::time_point)>;
  struct Given {
    std::string workload, reason;
    std::vector<IpAddress> addresses;
    rules::ContainerLimits limits;
    Clock::time_point until;
  };
  void run();
  void post(Task task);
  void work(Clock::time_point now);
  void give_now(const ResourceCase& about, Clock::time_point now);
  [[nodiscard]] rules::ContainerLimits lacking(const rules::LimitedContainer& container);
  // False: once more later.
  [[nodiscard]] bool take_back_now(const std::string& id, const Given& given);
  void take_back_due(Clock::time_point now);
  void fail(const std::string& workload, const std::string& reason, const Error& why);
  void load(Clock::time_point now);
  void save();

  const std::unique_ptr<rules::DockerClient> client_;
  const rules::ContainerLimits wanted_;
  const std::string state_file_;
  const Tell tell_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> tasks_;
  bool stop_ = false;
  std::thread thread_;
  std::map<std::string, Given> given_;  // by container id
  std::set<std::string> advised_;       // container ids; emptied at kMostGiven
  Counter gave_, took_back_, failed_, refused_;
};

}  // namespace bulkhead::config
