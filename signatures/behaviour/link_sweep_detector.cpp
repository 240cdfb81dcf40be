#include <algorithm>
#include <set>

#include "signatures/behaviour/bounded_map.h"
#include "signatures/behaviour/detectors.h"

namespace bulkhead::behaviour {

namespace {

constexpr Nanoseconds kWindow = std::chrono::seconds(10);
constexpr std::size_t kTargets = 32, kClaims = 4, kRemembered = 256;

// On the link itself: one MAC that asks for everybody, and one that says it is several others.
class LinkSweepDetector final : public Detector {
 public:
  [[nodiscard]] Family family() const override { return Family::kLinkSweep; }

  void learn(const Scene& scene) override {
    if (Talker* talker = note(scene)) learn_from(*talker);
  }
  void learn_live(const Scene& scene, std::vector<Evidence>& out) override {
    Talker* talker = note(scene);
    if (talker == nullptr) return;
    // A link has no workload that learns: what is far beyond is said at once.
    if (say(scene, *talker, std::max(2 * kTargets, 3 * talker->most_asked),
            std::max(2 * kClaims, 3 * talker->most_claimed), out)) {
      return;
    }
    learn_from(*talker);
  }
  void watch(const Scene& scene, std::vector<Evidence>& out) override {
    const Talker* talker = note(scene);
    if (talker == nullptr) return;
    static_cast<void>(say(scene, *talker, std::max(kTargets, 3 * talker->most_asked),
                          std::max(kClaims, 3 * talker->most_claimed), out));
  }

 private:
  struct Talker {
    Timestamp begin;
    std::set<IpAddress> asked, claimed;
    std::size_t most_asked = 0, most_claimed = 0;
  };
  Talker* note(const Scene& scene) {
    const Observation& seen = scene.seen;
    if (seen.kind != ObservationKind::kLink) return nullptr;
    Talker& talker = talkers_.at(seen.sender_mac);
    if (seen.time - talker.begin > kWindow) {
      talker.begin = seen.time;
      talker.asked.clear();
      talker.claimed.clear();
    }
    if (seen.operation == 1 && talker.asked.size() < kRemembered && seen.target != seen.sender) {
      talker.asked.insert(seen.target);
    }
    if (!seen.sender.is_first() && talker.claimed.size() < kRemembered) talker.claimed.insert(seen.sender);
    return &talker;
  }
  static void learn_from(Talker& talker) {
    talker.most_asked = std::max(talker.most_asked, talker.asked.size());
    talker.most_claimed = std::max(talker.most_claimed, talker.claimed.size());
  }
  static bool say(const Scene& scene, const Talker& talker, std::size_t asked, std::size_t claimed,
                  std::vector<Evidence>& out) {
    const bool asks = talker.asked.size() >= asked, claims = talker.claimed.size() >= claimed;
    if (!asks && !claims) return false;
    const std::string who = scene.seen.sender_mac.to_string();
    Evidence found = scene.evidence(
        Family::kLinkSweep, asks ? 0.7 : 0.65,
        asks ? who + " asked the link for " + std::to_string(talker.asked.size()) + " addresses within 10 s"
             : who + " says that it is " + std::to_string(talker.claimed.size()) + " addresses");
    found.detail = asks ? 1 : 2;
    found.actor = scene.parties.by_name("mac " + who);
    found.victim = kNobody;
    out.push_back(std::move(found));
    return true;
  }
  BoundedMap<MacAddress, Talker> talkers_{1024};
};

}  // namespace

std::unique_ptr<Detector> make_link_sweep_detector() {
  return std::make_unique<LinkSweepDetector>();
}

}  // namespace bulkhead::behaviour
