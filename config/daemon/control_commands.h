// What the control socket's commands do. A command is a row of kCommands in the .cpp and a function.
//
// Thread   handle() by the control server; what changes the node is handed to the thread that owns it.
// Roles    rows say who may: readers look, operators act.
// Errors   refusals with code, text and hint, never an exception.
// Tests    tests/unit/config/daemon/control_commands_test.cpp, tests/netns/control_netns_test.cpp
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/control/control_server.h"
#include "config/daemon/behaviour_thread.h"
#include "config/daemon/block_thread.h"
#include "config/daemon/generation.h"
#include "config/daemon/live_view.h"
#include "config/daemon/main_tasks.h"
#include "datapath/event/event.h"
#include "datapath/pipeline/flow_record.h"
#include "rules/nft/enforcer.h"
#include "signatures/match/rule_use.h"
#include "signatures/patches/patch_book.h"

namespace bulkhead::config {

// What the control thread knows and others may read: replaced whole when something changes.
struct DaemonFacts {
  std::uint32_t generation = 0;
  LoadSummary summary;
  std::chrono::system_clock::time_point started, loaded;
  std::string reload_problem;  // of the last reload; empty: it worked
  std::string bridged_in;      // which hooks judge bridged traffic
  std::string response_mode;
  std::vector<std::string> interfaces;
  std::string inline_flows;
  std::size_t workers = 0;
  std::string engine_problem;            // why the container engine cannot be read
  std::vector<std::string> unread_pods;  // pods and containers whose status cannot be read: which, why
  std::string lease_problem;
  std::string audit_problem;    // why nothing is written for proof
  std::string cluster_problem;  // why policies of the cluster are not in force
  sandbox::SandboxReport sandbox;
  std::shared_ptr<const signatures::SignatureDb> signatures;
  std::shared_ptr<const rules::PolicyTable> policy;
  std::shared_ptr<const rules::Inventory> inventory;
  std::shared_ptr<const patches::PatchBook> patch_book;       // null: no reports of images
  std::set<std::pair<std::uint32_t, std::uint32_t>> enabled;  // rules that are on for virtual patches alone
  patches::PatchSettings patch_settings;
};

class FactsBoard {
 public:
  [[nodiscard]] DaemonFacts read() const {
    const std::lock_guard lock(mutex_);
    return facts_;
  }
  template <typename Change>
  void change(Change&& change) {
    const std::lock_guard lock(mutex_);
    change(facts_);
  }

 private:
  mutable std::mutex mutex_;
  DaemonFacts facts_;
};

struct ReloadReport {
  bool done = false;
  std::string problem;  // why not
  std::uint32_t generation = 0;
  Diagnostics diagnostics;
};

// What commands reach the daemon by.
struct DaemonAccess {
  FactsBoard& facts;
  LiveView& view;
  MainTasks& main;
  BlockThread& blocks;
  std::function<std::vector<pipeline::FlowRecord>(std::size_t most)> flows;           // any thread
  std::function<event::CounterList()> counters;                                       // any thread
  const BehaviourThread* behaviour = nullptr;                                         // null: it does not run
  std::function<control::ServerStats()> server;                                       // any thread
  std::function<signatures::RuleUseReport(const signatures::SignatureDb&)> rule_use;  // any thread
  std::function<ReloadReport()> reload;                                               // control thread
  std::function<Result<std::vector<rules::RuleCounter>>()> kernel_counters;           // control thread
  // Who did what: for the log of operators' actions.
  std::function<void(const control::Peer&, const std::string& action, const nlohmann::json& arguments)> note;
};

class ControlCommands {
 public:
  explicit ControlCommands(DaemonAccess access) : access_(std::move(access)) {}
  void handle(const control::Request& request, const control::Peer& peer, const control::Reply& reply);

  struct Row {
    std::string_view name;
    control::Role role;
    std::string_view help;
    void (ControlCommands::*run)(const control::Request&, const control::Peer&, const control::Reply&);
  };
  [[nodiscard]] static std::span<const Row> rows();

 private:
  using Request = control::Request;
  using Peer = control::Peer;
  using Reply = control::Reply;
  void commands(const Request& request, const Peer& peer, const Reply& reply);
  void status(const Request& request, const Peer& peer, const Reply& reply);
  void counters(const Request& request, const Peer& peer, const Reply& reply);
  void flows(const Request& request, const Peer& peer, const Reply& reply);
  void workloads(const Request& request, const Peer& peer, const Reply& reply);
  void edges(const Request& request, const Peer& peer, const Reply& reply);
  void baseline(const Request& request, const Peer& peer, const Reply& reply);
  void patches(const Request& request, const Peer& peer, const Reply& reply);
  void events(const Request& request, const Peer& peer, const Reply& reply);
  void event(const Request& request, const Peer& peer, const Reply& reply);
  void watch(const Request& request, const Peer& peer, const Reply& reply);
  void rule_list(const Request& request, const Peer& peer, const Reply& reply);
  void blocks_list(const Request& request, const Peer& peer, const Reply& reply);
  void blocks_add(const Request& request, const Peer& peer, const Reply& reply);
  void blocks_del(const Request& request, const Peer& peer, const Reply& reply);
  void undo(const Request& request, const Peer& peer, const Reply& reply);
  void panic(const Request& request, const Peer& peer, const Reply& reply);
  void quarantine(const Request& request, const Peer& peer, const Reply& reply);
  void release(const Request& request, const Peer& peer, const Reply& reply);
  void reload(const Request& request, const Peer& peer, const Reply& reply);
  void explain(const Request& request, const Peer& peer, const Reply& reply);
  void whatif(const Request& request, const Peer& peer, const Reply& reply);

  DaemonAccess access_;
};

[[nodiscard]] nlohmann::json diagnostics_json(const Diagnostics& diagnostics, std::size_t at_most);
[[nodiscard]] nlohmann::json block_json(const rules::ActiveBlock& active);

}  // namespace bulkhead::config
