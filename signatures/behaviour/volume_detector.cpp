#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "signatures/behaviour/bounded_map.h"
#include "signatures/behaviour/detectors.h"

namespace bulkhead::behaviour {

namespace {

constexpr std::size_t kOctaves = 40;
constexpr unsigned kEnough = 20;                               // flows before an edge has a measure
constexpr std::uint64_t kLeastBytes = std::uint64_t{1} << 20;  // what is smaller is worth no word

std::size_t octave_of(std::uint64_t bytes) {
  return std::min<std::size_t>(static_cast<std::size_t>(std::bit_width(bytes)), kOctaves - 1);
}

// Bytes of flows in powers of two: a median and its median deviation that one large flow does not move.
struct Octaves {
  std::array<std::uint16_t, kOctaves> count{};
  unsigned total = 0;

  void add(std::size_t octave) {
    if (count[octave] == UINT16_MAX) {  // the past weighs half
      total = 0;
      for (std::uint16_t& n : count) total += n = static_cast<std::uint16_t>(n / 2);
    }
    ++count[octave];
    ++total;
  }
  [[nodiscard]] std::size_t median() const { return nth(count); }
  [[nodiscard]] std::size_t deviation() const {
    std::array<std::uint16_t, kOctaves> distance{};
    const std::size_t middle = median();
    for (std::size_t i = 0; i < kOctaves; ++i) {
      auto& of = distance[i > middle ? i - middle : middle - i];
      of = static_cast<std::uint16_t>(std::min<unsigned>(UINT16_MAX, of + count[i]));
    }
    return nth(distance);
  }
  [[nodiscard]] std::size_t highest() const {
    std::size_t i = kOctaves;
    while (i > 0 && count[i - 1] == 0) --i;
    return i == 0 ? 0 : i - 1;
  }

 private:
  [[nodiscard]] std::size_t nth(const std::array<std::uint16_t, kOctaves>& of) const {
    unsigned sum = 0;
    for (std::size_t i = 0; i < kOctaves; ++i) {
      sum += of[i];
      if (2 * sum >= total) return i;
    }
    return 0;
  }
};

// A megabyte may be a new habit, a hundred are worth an incident; what a client gets it may have been given.
double weight_of(std::size_t octave, std::size_t side) {
  return std::min(0.8, (side == 0 ? 0.4 : 0.3) + 0.04 * (static_cast<double>(octave) - 20));
}

std::string size_text(std::uint64_t bytes) {
  char out[32];
  const bool small = bytes < 1048576;
  std::snprintf(out, sizeof out, small ? "%.1f kB" : "%.1f MB",
                static_cast<double>(bytes) / (small ? 1024.0 : 1048576.0));
  return out;
}

// What a flow carries, against what flows of its edge carry: data that is taken away, dumps that nobody made before.
class VolumeDetector final : public Detector {
 public:
  [[nodiscard]] Family family() const override { return Family::kVolume; }

  void learn(const Scene& scene) override {
    if (is_end(scene)) note(scene);
  }
  void learn_live(const Scene& scene, std::vector<Evidence>&) override {
    if (is_end(scene) && !scene.suspected) note(scene);
  }

  void watch(const Scene& scene, std::vector<Evidence>& out) override {
    const bool end = is_end(scene);
    if (!end && !is_period(scene)) return;
    const Edge* edge = edges_.find({scene.client, scene.service});
    bool told = false;
    for (const std::size_t side : {0U, 1U}) {
      const std::uint64_t bytes = scene.seen.payload[side];
      if (edge == nullptr || bytes < kLeastBytes) continue;
      const Octaves& usual = edge->side[side];
      const std::size_t* most = most_.find({scene.service, side});
      const std::size_t limit = std::max({usual.median() + std::max<std::size_t>(4, 6 * usual.deviation()),
                                          usual.highest() + 3, (most == nullptr ? 0 : *most) + 2});
      if (usual.total < kEnough || octave_of(bytes) < limit) continue;
      told = true;
      out.push_back(scene.evidence(Family::kVolume, weight_of(octave_of(bytes), side),
                                   scene.name(scene.client) + (side == 0 ? " sent " : " got ") + size_text(bytes) +
                                       " in one flow " + (side == 0 ? "to " : "from ") + scene.service_text() +
                                       "; half of its flows carry less than " +
                                       size_text(std::uint64_t{1} << usual.median())));
      out.back().detail = side;
    }
    if (end && !told && !scene.suspected && edge != nullptr) note(scene);
  }

  void save(const Put& put) const override {
    most_.each([&](const std::pair<Service, std::size_t>& key, std::size_t most) { put(key.first, key.second, most); });
  }
  void restore(const Service& service, std::uint64_t detail, std::uint64_t value) override {
    if (detail < 2) most_.at({service, static_cast<std::size_t>(detail)}) = std::min<std::size_t>(value, kOctaves);
  }

 private:
  struct Edge {
    std::array<Octaves, 2> side;
  };
  static bool is_period(const Scene& scene) {
    return scene.seen.kind == ObservationKind::kMilestone && scene.seen.cause == MilestoneCause::kPeriod &&
           scene.seen.answered && !scene.seen.midstream;
  }
  static bool is_end(const Scene& scene) {
    return scene.seen.kind == ObservationKind::kMilestone && scene.seen.cause == MilestoneCause::kEnd &&
           scene.seen.answered && !scene.seen.midstream;
  }
  void note(const Scene& scene) {
    Edge& edge = edges_.at({scene.client, scene.service});
    for (const std::size_t side : {0U, 1U}) {
      const std::size_t octave = octave_of(scene.seen.payload[side]);
      edge.side[side].add(octave);
      std::size_t& most = most_.at({scene.service, side});
      most = std::max(most, octave);
    }
  }
  BoundedMap<std::pair<PartyId, Service>, Edge> edges_{kMaxTracked};
  BoundedMap<std::pair<Service, std::size_t>, std::size_t> most_{kMaxTracked};
};

}  // namespace

std::unique_ptr<Detector> make_volume_detector() {
  return std::make_unique<VolumeDetector>();
}

}  // namespace bulkhead::behaviour
