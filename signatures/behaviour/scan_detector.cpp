#include <set>

#include "signatures/behaviour/bounded_map.h"
#include "signatures/behaviour/detectors.h"

namespace bulkhead::behaviour {

namespace {

constexpr std::size_t kTargets = 8, kRemembered = 64;
constexpr Nanoseconds kWindow = std::chrono::seconds(60);

class ScanDetector final : public Detector {
 public:
  [[nodiscard]] Family family() const override { return Family::kScan; }
  void learn(const Scene&) override {}

  // Everything is new then; services that do not answer are not what a workload is there for.
  void learn_live(const Scene& scene, std::vector<Evidence>& out) override {
    const Observation& seen = scene.seen;
    if (seen.kind != ObservationKind::kMilestone || seen.answered || seen.midstream || scene.client == kOutside) return;
    if (seen.cause != MilestoneCause::kEnd && seen.cause != MilestoneCause::kAge) return;
    if (scene.service.protocol != 6) return;
    Targets& targets = unanswered_.at(scene.client);
    if (seen.time - targets.begin > kWindow) targets = {seen.time, {}, {}};
    if (targets.services.size() < kRemembered) targets.services.insert(scene.service);
    targets.servers.insert(scene.service.server);
    if (targets.services.size() < 2 * kTargets) return;
    Evidence found = scene.evidence(family(), 0.85,
                                    scene.name(scene.client) + " tried " + std::to_string(targets.services.size()) +
                                        " services of " + std::to_string(targets.servers.size()) +
                                        " others that did not answer, within a minute");
    if (targets.servers.size() > 1) found.victim = kNobody;
    out.push_back(std::move(found));
  }

  void watch(const Scene& scene, std::vector<Evidence>& out) override {
    if (scene.seen.kind != ObservationKind::kOpen || scene.seen.midstream) return;
    if (scene.client == kOutside || scene.graph.knows_edge(scene.client, scene.service)) return;
    Targets& targets = targets_.at(scene.client);
    if (scene.seen.time - targets.begin > kWindow) targets = {scene.seen.time, {}, {}};
    if (targets.services.size() < kRemembered) targets.services.insert(scene.service);
    targets.servers.insert(scene.service.server);
    if (targets.services.size() < kTargets) return;
    std::string text = scene.name(scene.client) + " tried " + std::to_string(targets.services.size()) +
                       (targets.services.size() == kRemembered ? " and more" : "") + " services of " +
                       std::to_string(targets.servers.size()) + " others that it never used, within a minute";
    Evidence found = scene.evidence(family(), 0.85, std::move(text));
    if (targets.servers.size() > 1) found.victim = kNobody;
    out.push_back(std::move(found));
  }

 private:
  struct Targets {
    Timestamp begin;
    std::set<Service> services;
    std::set<PartyId> servers;
  };
  BoundedMap<PartyId, Targets> targets_{kMaxTracked}, unanswered_{kMaxTracked};
};

}  // namespace

std::unique_ptr<Detector> make_scan_detector() {
  return std::make_unique<ScanDetector>();
}

}  // namespace bulkhead::behaviour
