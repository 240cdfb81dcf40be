#include <algorithm>

#include "signatures/behaviour/bounded_map.h"
#include "signatures/behaviour/detectors.h"

namespace bulkhead::behaviour {

namespace {

constexpr unsigned kTurns = 4;                              // command, answer, command, answer
constexpr double kMostCommand = 160;                        // bytes a turn of who commands
constexpr Nanoseconds kLeastAge = std::chrono::seconds(2);  // people and their scripts wait for answers
constexpr Nanoseconds kLeastTurn = std::chrono::milliseconds(80);
constexpr std::uint8_t kText = 6 * 16;  // sixteenths of a bit: what is above is no text

// Somebody types and a machine answers, in a protocol that nobody knows, where nobody was known to talk.
//   reverse   the client, one of ours, does what the server says: it sends more than it gets
//   bind      the server, one of ours, does what the client says, on a port that it never served
class ShellDetector final : public Detector {
 public:
  [[nodiscard]] Family family() const override { return Family::kShell; }
  void learn(const Scene& scene) override {
    if (scene.seen.kind == ObservationKind::kAnswered && !scene.seen.midstream) served_.at(scene.service) = true;
  }
  void learn_live(const Scene& scene, std::vector<Evidence>&) override {
    if (!scene.suspected) learn(scene);
  }

  void watch(const Scene& scene, std::vector<Evidence>& out) override {
    const Observation& seen = scene.seen;
    if (seen.kind != ObservationKind::kMilestone || seen.midstream || !seen.answered) return;
    if (scene.service.protocol != 6 || seen.turns < kTurns || seen.age < kLeastAge) return;
    if (seen.protocol != app::AppProtocol::kUnknown && seen.protocol != app::AppProtocol::kFailed) return;
    if (seen.first_entropy > kText || seen.age / seen.turns < kLeastTurn) return;
    if (scene.graph.knows_edge(scene.client, scene.service)) return;
    const double asked = per_turn(seen.payload[0], seen.turns), answered = per_turn(seen.payload[1], seen.turns);
    const bool client_ours = scene.client != kOutside;
    const bool server_ours = scene.parties.is_inside(seen.client.destination);
    if (client_ours && answered <= kMostCommand && seen.payload[1] > 0 &&
        (seen.server_first || seen.payload[0] >= seen.payload[1])) {
      out.push_back(scene.evidence(family(), 0.65,
                                   scene.name(scene.client) + " does what " + scene.service_text() +
                                       " tells it: short lines come in, answers go out, in no known protocol"));
      return;
    }
    if (server_ours && asked <= kMostCommand && seen.payload[0] > 0 && seen.payload[1] >= seen.payload[0] &&
        scene.graph.history(scene.service.server) > 0) {
      out.push_back(scene.evidence(family(), served_.find(scene.service) == nullptr ? 0.6 : 0.45,
                                   scene.service_text() + " does what " + scene.name(scene.client) +
                                       " tells it: short lines come in, answers go out, in no known protocol"));
    }
  }

  void save(const Put& put) const override {
    served_.each([&](const Service& service, bool) { put(service, 0, 1); });
  }
  void restore(const Service& service, std::uint64_t, std::uint64_t) override { served_.at(service) = true; }

 private:
  BoundedMap<Service, bool> served_{kMaxTracked};  // by ours, while they were learned
  // Two turns are one each way.
  static double per_turn(std::uint64_t bytes, unsigned turns) {
    return static_cast<double>(bytes) / std::max(1.0, static_cast<double>(turns) / 2);
  }
};

}  // namespace

std::unique_ptr<Detector> make_shell_detector() {
  return std::make_unique<ShellDetector>();
}

}  // namespace bulkhead::behaviour
