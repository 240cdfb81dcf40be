#include <algorithm>
#include <cmath>
#include <set>

#include "signatures/behaviour/bounded_map.h"
#include "signatures/behaviour/detectors.h"

namespace bulkhead::behaviour {

namespace {

constexpr std::size_t kRemembered = 16;                    // different verbs of a client at a service
constexpr std::uint64_t kEnough = 20;                      // requests before a service is known to be read alone
constexpr Nanoseconds kWindow = std::chrono::seconds(60);  // in which they add up

// What a service is asked for that it was never asked for. The alphabets of databases are small, so that one new word
// says much; paths come and go with releases, so that one says half.
class VerbDetector final : public Detector {
 public:
  [[nodiscard]] Family family() const override { return Family::kVerb; }

  void learn(const Scene& scene) override {
    if (is_fact(scene, FactKind::kQuestion)) scene.graph.learn_question(scene.client, scene.seen.text());
    if (!is_fact(scene, FactKind::kVerb)) return;
    scene.graph.learn_verb(scene.service, scene.seen.text());
    note_method(scene);
  }

  // Verbs themselves are learned by promotion.
  void learn_live(const Scene& scene, std::vector<Evidence>&) override {
    if (is_fact(scene, FactKind::kVerb) && !scene.suspected) note_method(scene);
  }

  void watch(const Scene& scene, std::vector<Evidence>& out) override {
    const bool question = is_fact(scene, FactKind::kQuestion);
    if (!question && !is_fact(scene, FactKind::kVerb)) return;
    const std::string_view verb = scene.seen.text();
    const double surprise =
        question ? scene.graph.question_surprise(scene.client, verb) : scene.graph.verb_surprise(scene.service, verb);
    double scale = std::clamp((surprise - 1) / 2, 0.0, 1.0);
    const bool http = verb.find(' ') != std::string_view::npos && verb.find('/') != std::string_view::npos;
    const bool written = http && !question && surprise > 0 && is_new_method(scene);
    if (written) scale = std::max(scale, 0.85);
    if (scale <= 0) return;
    New& fresh = new_.at({scene.client, scene.service});
    if (scene.seen.time - fresh.begin > kWindow) fresh = {scene.seen.time, {}};
    if (fresh.verbs.size() < kRemembered) fresh.verbs.insert(scene.seen.whole_hash());
    const double first = http && !written ? 0.5 : 0.75;
    const double weight = scale * (1 - std::pow(1 - first, static_cast<double>(fresh.verbs.size())));
    std::string text = scene.name(scene.client) + " asked " + scene.service_text() + " for \"" + std::string(verb) +
                       "\", which nobody did before";
    if (fresh.verbs.size() > 1) text += "; " + std::to_string(fresh.verbs.size()) + " such within a minute";
    if (written) text += "; it never met this method";
    Evidence found = scene.evidence(family(), std::min(weight, 0.95), std::move(text));
    found.detail = scene.seen.whole_hash();
    out.push_back(std::move(found));
  }

  void save(const Put& put) const override {
    methods_.each([&](const Service& service, const Methods& known) {
      for (const std::uint64_t method : known.seen) put(service, method, known.total);
    });
  }
  void restore(const Service& service, std::uint64_t detail, std::uint64_t value) override {
    Methods& known = methods_.at(service);
    if (known.seen.size() < kRemembered) known.seen.insert(detail);
    known.total = value;
  }

 private:
  struct Methods {
    std::set<std::uint64_t> seen;  // hashes
    std::uint64_t total = 0;
  };
  static std::string_view method_of(std::string_view verb) {
    const std::size_t space = verb.find(" /");
    return space == std::string_view::npos || verb.starts_with("header ") ? std::string_view() : verb.substr(0, space);
  }
  void note_method(const Scene& scene) {
    const std::string_view method = method_of(scene.seen.text());
    if (method.empty()) return;
    Methods& known = methods_.at(scene.service);
    ++known.total;
    if (known.seen.size() < kRemembered) known.seen.insert(text_hash(method));
  }
  bool is_new_method(const Scene& scene) {
    const std::string_view method = method_of(scene.seen.text());
    const Methods* known = methods_.find(scene.service);
    return !method.empty() && known != nullptr && known->total >= kEnough && !known->seen.contains(text_hash(method));
  }
  struct New {
    Timestamp begin;
    std::set<std::uint64_t> verbs;
  };
  static bool is_fact(const Scene& scene, FactKind kind) {
    return scene.seen.kind == ObservationKind::kFact && scene.seen.fact == kind;
  }
  BoundedMap<std::pair<PartyId, Service>, New> new_{kMaxTracked};
  BoundedMap<Service, Methods> methods_{kMaxTracked};
};

}  // namespace

std::unique_ptr<Detector> make_verb_detector() {
  return std::make_unique<VerbDetector>();
}

}  // namespace bulkhead::behaviour
