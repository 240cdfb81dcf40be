// bulkhead detect: what is unusual in captures, measured against captures of normal traffic.
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <sstream>

#include "config/cli/commands.h"
#include "config/cli/explanation_text.h"
#include "config/cli/inspector_run.h"
#include "config/cli/policy_input.h"
#include "config/cli/terminal.h"
#include "datapath/base/json_text.h"
#include "datapath/io/pcap_file_source.h"
#include "signatures/behaviour/behaviour_engine.h"
#include "signatures/behaviour/observer.h"
#include "signatures/models/half_space_trees.h"
#include "signatures/models/model_detector.h"

namespace bulkhead::config::cli {

namespace {

using namespace behaviour;

std::string seconds(Timestamp time) {
  char out[32];
  std::snprintf(out, sizeof out, "%" PRId64 ".%06" PRId64, time.ns / 1'000'000'000, time.ns % 1'000'000'000 / 1000);
  return out;
}

// One worker: its records come in the order of its packets.
class Direct final : public ObservationSink {
 public:
  explicit Direct(BehaviourEngine& engine) : engine_(engine) {}
  void take(const Observation& observation) override {
    engine_.take(observation);
    ++taken_;
    if (most_ == 0) return;
    const auto sample = collector_.take(observation);
    if (!sample || observation.cause != MilestoneCause::kEnd) return;
    const double rank = trees_.take(sample->features);
    ranked_.emplace(rank, *sample);
    if (ranked_.size() > most_) ranked_.erase(ranked_.begin());
  }
  // From now on flows are ranked by how unlike the others they are.
  void rank(std::size_t most) {
    most_ = most;
    ranked_.clear();
  }
  void print_ranks() const {
    for (auto i = ranked_.rbegin(); i != ranked_.rend(); ++i) {
      const FlowTuple& t = i->second.client;
      std::printf("%s  %3.0f %%  %s:%u -> %s:%u protocol %u\n", seconds(i->second.begin).c_str(), i->first * 100,
                  t.source.to_string().c_str(), t.source_port, t.destination.to_string().c_str(), t.destination_port,
                  t.protocol);
    }
  }
  [[nodiscard]] std::uint64_t taken() const { return taken_; }

 private:
  BehaviourEngine& engine_;
  std::uint64_t taken_ = 0;
  std::size_t most_ = 0;
  models::FlowCollector collector_;
  models::HalfSpaceTrees trees_;
  std::multimap<double, models::Sample> ranked_;
};

void print_json(const char* type, const PartyTable& parties, const Evidence& evidence, const Incident* incident) {
  JsonText json;
  json.open_object();
  json.field("type", type);
  json.field("time", seconds(evidence.time));
  if (incident != nullptr) {
    json.field("id", incident->id);
    json.field("severity", to_string(incident->severity));
    json.field("first", seconds(incident->first));
  }
  json.field("family", to_string(evidence.family));
  json.field("weight", static_cast<std::int64_t>(std::lround(evidence.weight * 100)));
  json.field("actor", parties.name(evidence.actor));
  if (evidence.victim != kNobody) json.field("victim", parties.name(evidence.victim));
  json.field("flow_id", evidence.flow);
  json.field("packet", evidence.packet);
  json.field("text", evidence.text);
  json.close_object();
  std::printf("%s\n", json.take().c_str());
}

void print_text(const PartyTable& parties, const Incident& incident) {
  std::printf("%s  incident %" PRIu64 ", %s, %.0f %%: %s", seconds(incident.evidence.back().time).c_str(), incident.id,
              to_string(incident.severity), incident.weight * 100, parties.name(incident.actor).c_str());
  std::printf(" -> %s\n", incident.victim == kNobody ? "several" : parties.name(incident.victim).c_str());
  for (const Evidence& evidence : incident.evidence) {
    std::printf("    %-12s %.0f %%  %s (packet %" PRIu64 ")\n", to_string(evidence.family), evidence.weight * 100,
                evidence.text.c_str(), evidence.packet);
  }
}

bool run(const std::vector<std::string>& patterns, ObservationSink& sink) {
  const auto files = policy_files(patterns);
  if (!files) return false;
  std::vector<std::unique_ptr<io::PacketSource>> sources;
  for (const std::string& file : *files) {
    auto source = std::make_unique<io::PcapFileSource>(file);
    if (const Status status = source->open(); !status) {
      std::fprintf(stderr, "error: %s\n", status.error().to_string().c_str());
      return false;
    }
    sources.push_back(std::move(source));
  }
  InspectorRun().run(sources, std::make_shared<ObserverFactory>(sink));
  return true;
}

}  // namespace

int cmd_detect(const DetectOptions& options) {
  BehaviourSettings settings;
  if (!options.inside.empty()) {
    settings.inside.clear();
    for (const std::string& text : options.inside) {
      const auto prefix = IpPrefix::parse(text);
      if (!prefix) {
        std::fprintf(stderr, "error: --inside %s: no address range\n", text.c_str());
        return kExitBadInput;
      }
      settings.inside.push_back(*prefix);
    }
  }
  for (const std::string& name : options.without) {
    const auto family = find_family(name);
    if (!family) {
      std::fprintf(stderr, "error: --without %s: no detector of this name\n", name.c_str());
      return kExitBadInput;
    }
    settings.without.push_back(*family);
  }
  OwnerOf owner_of;
  if (!options.inventory.empty()) {
    const rules::InventoryPtr inventory = load_inventory_or_print(options.inventory, false);
    if (inventory == nullptr) return kExitBadInput;
    owner_of = [inventory](const IpAddress& address) -> std::optional<std::string> {
      const rules::Workload* workload = inventory->workload_at(address);
      if (workload == nullptr) return std::nullopt;
      return workload->name_space + "/" + workload->name;
    };
  }
  BehaviourEngine engine(settings, owner_of);
  if (!options.model.empty()) {
    Diagnostics diagnostics;
    std::ifstream in(options.model, std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    auto model = models::parse_model(std::make_shared<SourceFile>(options.model, text.str()), diagnostics);
    std::fputs(format_diagnostics(diagnostics, kShownPerReason, Terminal::of(2)).c_str(), stderr);
    if (!model) return kExitBadInput;
    engine.add(std::make_unique<models::ModelDetector>(std::move(*model), true));
  }
  if (!options.intel.empty()) {
    Diagnostics diagnostics;
    intel::IntelSettings of_feeds;
    of_feeds.directory = options.intel;
    of_feeds.expire = std::chrono::hours(24 * 3650);  // captures are old
    engine.use(intel::load_indicators(of_feeds, wall_clock(), diagnostics));
    std::fputs(format_diagnostics(diagnostics, kShownPerReason, Terminal::of(2)).c_str(), stderr);
  }
  Direct sink(engine);
  if (!run(options.learn, sink)) return kExitBadInput;
  std::fprintf(stderr, "learned %zu edges from %" PRIu64 " observations\n", engine.graph().edges(), sink.taken());
  engine.set_mode(BehaviourMode::kWatch);
  sink.rank(options.rank);
  if (options.evidence) {
    engine.on_evidence = [&](const Evidence& e) { print_json("evidence", engine.parties(), e, nullptr); };
  }
  std::set<std::string> families;
  engine.on_incident = [&](const Incident& incident) {
    for (const auto& [family, weight] : incident.strongest) families.insert(to_string(family));
    if (options.json) return print_json("incident", engine.parties(), incident.evidence.back(), &incident);
    print_text(engine.parties(), incident);
  };
  if (!run(options.pcap_files, sink)) return kExitBadInput;
  sink.print_ranks();
  std::fprintf(stderr, "%" PRIu64 " incidents\n", engine.incidents());
  std::fputs(explain_line({families.begin(), families.end()}, Terminal::of(2), explanations::Kind::kDetector).c_str(),
             stderr);
  return engine.incidents() == 0 ? kExitFine : kExitFailed;
}

}  // namespace bulkhead::config::cli
