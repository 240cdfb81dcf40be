// The behaviour engine beside the workers: their records in, incidents as events out, what was learned in a file.
//
//   worker --Observer--> lane (a ring of its own) --> behaviour thread --> incident events
//        feeds (intel.directory) --> indicators -------------|
//                                                          |--> blocks, where a protected workload is concerned
//                                                          `--> state file, every `save_every` and at the end
//
// Thread   factory(), start(), stop(), use(), add_stats(), baseline() by any thread but the workers; one thread inside
//          owns the engine; a lane has one writer, the worker whose Observer made it.
// Limits   `ring` records a lane; a full one drops records, counted (behaviour.ring_full), and counts as lost packets:
//          whoever reasons from what did not come is silent for a while. No packet waits.
// Time     steps of the wall clock are seen against the steady one (behaviour.clock_steps).
// Errors   a state file that cannot be read whole is said with its place, put aside as FILE.corrupt, and everything is
//          learned anew. One that cannot be written is tried again at the next round.
// Tests    tests/unit/config/daemon/behaviour_thread_test.cpp, tests/netns/daemon_netns_test.cpp
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "config/load/books_settings.h"
#include "datapath/base/counters.h"
#include "datapath/base/spsc_byte_ring.h"
#include "datapath/event/event_publisher.h"
#include "rules/discovery/inventory.h"
#include "signatures/behaviour/behaviour_engine.h"
#include "signatures/behaviour/observer.h"
#include "signatures/models/model_detector.h"

namespace bulkhead::config {

// Who a workload is to the behaviour engine: replicas of one owner are one.
[[nodiscard]] std::string owner_of(const rules::Workload& workload);

// The record of an incident: event_type "incident".
// `posture`: what of the actor's posture makes it worse (codes of rules/model/posture.h).
[[nodiscard]] event::AppEvent incident_event(const behaviour::Incident& incident,
                                             const behaviour::BehaviourEngine& engine,
                                             const std::vector<std::string>& posture = {});
// Who breaks out of a container that gives its node away has the node: one step graver, but for a model's word alone.
[[nodiscard]] behaviour::Severity severity_with_posture(const behaviour::Incident& incident, bool gives_node_away);

class BehaviourThread {
 public:
  // `block` is called on the behaviour thread, for grave incidents of protected workloads; may be empty.
  using Block = std::function<void(const behaviour::Incident&)>;
  // The same for every incident of a workload about whose posture there is something to say: its severity after
  // posture, the actor's name, codes of all findings.
  using Limit = std::function<void(const behaviour::Incident&, const std::string& actor,
                                   const std::vector<std::string>& findings)>;
  // How many packets the capture has lost so far; may be empty.
  using Losses = std::function<std::uint64_t()>;

  BehaviourThread(const BehaviourThreadSettings& settings, event::EventPublisher& publisher, Block block,
                  Losses losses);
  ~BehaviourThread();
  BehaviourThread(const BehaviourThread&) = delete;
  BehaviourThread& operator=(const BehaviourThread&) = delete;

  [[nodiscard]] std::shared_ptr<const pipeline::InspectorFactory> factory();
  void limit_with(Limit limit) { limit_ = std::move(limit); }  // before start()
  // Beside the lanes; without start().
  void take_for_test(const behaviour::Observation& seen) { engine_->take(seen); }
  void start();
  // Takes what is left in the lanes, saves, ends.
  void stop();
  void use(rules::InventoryPtr inventory);
  // Reads the feeds again, beside the table in use; also done when a file of their directory changes.
  void reload_feeds() { feeds_asked_ = true; }
  void add_stats(std::vector<std::pair<std::string, std::uint64_t>>& out) const;
  // What was learned, for operators: workloads with their phase, edges with their evidence.
  [[nodiscard]] nlohmann::json baseline() const;

 private:
  class Lane;
  void run();
  [[nodiscard]] std::size_t drain();  // the most that a lane had
  void look_at_losses();
  void look_at_feeds();
  void load();
  void load_models();
  void save();

  const BehaviourThreadSettings settings_;
  event::EventPublisher& publisher_;
  Block block_;
  Limit limit_;
  Losses losses_;
  mutable std::mutex engine_mutex_;  // the thread holds it while it works through the lanes
  std::unique_ptr<behaviour::BehaviourEngine> engine_;
  std::vector<models::ModelDetector*> models_;  // the engine's
  std::mutex lanes_mutex_;
  std::vector<std::shared_ptr<Lane>> lanes_;
  mutable std::mutex inventory_mutex_;
  rules::InventoryPtr inventory_;
  struct PostureCodes {
    std::vector<std::string> grave, all;  // of high danger; of any
  };
  std::map<std::string, PostureCodes> postures_;  // by owner
  std::atomic<bool> owners_changed_{false}, stopping_{false}, feeds_asked_{true};
  std::shared_ptr<const pipeline::InspectorFactory> factory_;
  std::thread thread_;
  std::atomic<std::uint64_t> dropped_{0};  // by all lanes
  Counter incidents_, blocks_, saves_, save_failures_;
  mutable std::mutex indicators_mutex_;
  intel::IndicatorTablePtr indicators_;
  std::uint64_t losses_seen_ = 0, feeds_stamp_ = 0;
  std::chrono::steady_clock::time_point last_round_, next_save_, next_loss_look_, next_feed_look_;
};

}  // namespace bulkhead::config
