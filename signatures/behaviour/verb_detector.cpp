#include <algorithm>
#include <cmath>
#include <set>

#include "signatures/behaviour/bounded_map.h"
#include "signatures/behaviour/detectors.h"

namespace bulkhead::behaviour {

namespace {

constexpr std::size_t kRemembered = 16;                    // different verbs of a client at a service
constexpr Nanoseconds kWindow = std::chrono::seconds(60);  // in which they add up

// What a service is asked for that it was never asked for. The alphabets of databases are small, so that one new word
// says much; paths come and go with releases, so that one says half.
class VerbDetector final : public Detector {
 public:
  [[nodiscard]] Family family() const override { return Family::kVerb; }

  void learn(const Scene& scene) override {
    if (is_fact(scene, FactKind::kQuestion)) scene.graph.learn_question(scene.client, scene.seen.text());
    if (is_fact(scene, FactKind::kVerb)) scene.graph.learn_verb(scene.service, scene.seen.text());
  }

  void watch(const Scene& scene, std::vector<Evidence>& out) override {
    const bool question = is_fact(scene, FactKind::kQuestion);
    if (!question && !is_fact(scene, FactKind::kVerb)) return;
    const std::string_view verb = scene.seen.text();
    const double surprise =
        question ? scene.graph.question_surprise(scene.client, verb) : scene.graph.verb_surprise(scene.service, verb);
    double scale = std::clamp((surprise - 1) / 2, 0.0, 1.0);
    if (scale <= 0) return;
    const bool http = verb.find(' ') != std::string_view::npos && verb.find('/') != std::string_view::npos;
    New& fresh = new_.at({scene.client, scene.service});
    if (scene.seen.time - fresh.begin > kWindow) fresh = {scene.seen.time, {}};
    if (fresh.verbs.size() < kRemembered) fresh.verbs.insert(scene.seen.number);
    const double first = http ? 0.5 : 0.75;
    const double weight = scale * (1 - std::pow(1 - first, static_cast<double>(fresh.verbs.size())));
    std::string text = scene.name(scene.client) + " asked " + scene.service_text() + " for \"" + std::string(verb) +
                       "\", which nobody did before";
    if (fresh.verbs.size() > 1) text += "; " + std::to_string(fresh.verbs.size()) + " such within a minute";
    Evidence found = scene.evidence(family(), std::min(weight, 0.95), std::move(text));
    found.detail = scene.seen.number;
    out.push_back(std::move(found));
  }

 private:
  struct New {
    Timestamp begin;
    std::set<std::uint64_t> verbs;
  };
  static bool is_fact(const Scene& scene, FactKind kind) {
    return scene.seen.kind == ObservationKind::kFact && scene.seen.fact == kind;
  }
  BoundedMap<std::pair<PartyId, Service>, New> new_{kMaxTracked};
};

}  // namespace

std::unique_ptr<Detector> make_verb_detector() {
  return std::make_unique<VerbDetector>();
}

}  // namespace bulkhead::behaviour
