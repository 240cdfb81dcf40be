// What the behaviour engine costs: time of replays with and without it, in turns; memory of 10,000 edges and 100,000
// flows. A tap's worker does what the replay does, without waiting for packets.
//
//   behaviour_cost [--signatures FILE] ROUNDS CAPTURE...
//
// Prints it for a tap that only follows protocols, and for one that applies the rules.
#include <sys/resource.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "config/daemon/behaviour_thread.h"
#include "config/daemon/generation.h"
#include "config/load/config_loader.h"
#include "datapath/base/allocator.h"
#include "datapath/io/pcap_file_source.h"
#include "datapath/pipeline/replay.h"

using namespace bulkhead;
using namespace std::chrono_literals;

namespace {

class Nobody final : public event::EventPublisher {
 public:
  void publish(event::Event&&) override {}
  void watermark(std::uint64_t) override {}
};

struct Run {
  double wall = 0, cpu = 0;
  std::uint64_t taken = 0, ring_full = 0;
};

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

config::BehaviourThreadSettings settings() {
  config::BehaviourThreadSettings out;
  out.enabled = true;
  return out;
}

Run replay(const std::vector<std::string>& files, const pipeline::SnapshotPtr& rules, bool with) {
  Nobody nobody;
  std::vector<std::unique_ptr<io::PacketSource>> sources;
  for (const std::string& file : files) {
    auto source = std::make_unique<io::PcapFileSource>(file);
    if (const Status opened = source->open(); !opened) {
      std::fprintf(stderr, "%s\n", opened.error().to_string().c_str());
      std::exit(1);
    }
    sources.push_back(std::move(source));
  }
  Diagnostics none;
  pipeline::Replay engine(config::load_config({}, none).settings.pipeline, {&nobody});
  config::BehaviourThread behaviour(settings(), nobody, {}, {});
  auto snapshot = std::make_shared<pipeline::Snapshot>();
  if (rules != nullptr) snapshot->inspectors = rules->inspectors;
  if (with) snapshot->inspectors.push_back(behaviour.factory());
  if (with) behaviour.start();
  const double cpu = cpu_seconds();
  const auto begin = std::chrono::steady_clock::now();
  engine.run(sources, snapshot, {});
  Run out;
  out.wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  behaviour.stop();
  out.cpu = cpu_seconds() - cpu;
  std::vector<std::pair<std::string, std::uint64_t>> stats;
  behaviour.add_stats(stats);
  for (const auto& [name, value] : stats) {
    if (name == "behaviour.taken") out.taken = value;
    if (name == "behaviour.ring_full") out.ring_full = value;
  }
  return out;
}

double median(std::vector<double> of) {
  std::sort(of.begin(), of.end());
  return of[of.size() / 2];
}

// 100 clients with 100 services each, learned, and as much that waits; names of workloads.
double memory_of_edges() {
  const std::size_t before = allocated_bytes();
  behaviour::BehaviourSettings to;
  to.graph.learn_windows = 1;
  to.graph.learn_age = 0s;
  behaviour::BehaviourEngine engine(to, [](const IpAddress& a) { return "namespace/workload-" + a.to_string(); });
  engine.set_mode(behaviour::BehaviourMode::kLive);
  behaviour::Observation seen;
  seen.time = {1'700'000'000'000'000'000};
  for (std::uint32_t client = 0; client < 100; ++client) {
    for (std::uint32_t service = 0; service < 100; ++service) {
      seen.flow = client * 1000 + service;
      seen.client = {IpAddress::v4(0x0a000000 + client), IpAddress::v4(0x0a010000 + service * 7 % 1000), 40000,
                     static_cast<std::uint16_t>(1000 + service), 6};
      for (const auto kind : {behaviour::ObservationKind::kOpen, behaviour::ObservationKind::kAnswered}) {
        seen.kind = kind;
        engine.take(seen);
      }
      seen.kind = behaviour::ObservationKind::kFact;
      seen.fact = behaviour::FactKind::kVerb;
      seen.set_text("GET /api/items/" + std::to_string(service));
      engine.take(seen);
      seen.time = seen.time + 1ms;
    }
  }
  std::printf("edges learned: %zu, workloads: %zu\n", engine.graph().edges(), engine.parties().size());
  return static_cast<double>(allocated_bytes() - before) / 1048576;
}

class Discard final : public behaviour::ObservationSink {
 public:
  void take(const behaviour::Observation&) override {}
};

// Whose clients have all spoken; with the part that stands in every flow.
double memory_of_flows() {
  std::vector<std::unique_ptr<flow::Flow>> flows;
  for (int i = 0; i < 100'000; ++i) flows.push_back(std::make_unique<flow::Flow>());
  const std::size_t before = allocated_bytes();
  Discard discard;
  behaviour::ObserverFactory factory(discard);
  const auto observer = factory.make(0);
  decode::PacketView view;
  const std::array<Byte, 200> words{};
  view.payload = words;
  for (const auto& flow : flows) {
    pipeline::InspectContext context;
    context.packet = &view;
    context.flow = flow.get();
    context.flow_is_new = true;
    observer->inspect(context);
  }
  return static_cast<double>(allocated_bytes() - before + flows.size() * sizeof(flow::FlowWatch)) / 1048576;
}

// Without rules where there are none.
void compare(const std::vector<std::string>& files, const pipeline::SnapshotPtr& rules, int rounds) {
  std::vector<double> wall[2], cpu[2], ratio;
  Run last;
  static_cast<void>(replay(files, rules, false));  // into the page cache
  for (int i = 0; i < rounds; ++i) {
    Run run[2];
    for (const bool with : {i % 2 == 0, i % 2 != 0}) run[with ? 1 : 0] = replay(files, rules, with);
    for (const std::size_t k : {0, 1}) {
      wall[k].push_back(run[k].wall);
      cpu[k].push_back(run[k].cpu);
    }
    ratio.push_back(run[1].wall / run[0].wall);
    last = run[1];
  }
  const double c0 = median(cpu[0]), c1 = median(cpu[1]);
  std::printf(
      "%s: without %.3f s, with %.3f s: median of ratios %+.1f %% (aim 3); CPU of all threads %.3f s, %.3f s: %+.1f "
      "%%\n",
      rules == nullptr ? "protocols alone" : "with signatures", median(wall[0]), median(wall[1]),
      (median(ratio) - 1) * 100, c0, c1, (c1 / c0 - 1) * 100);
  std::printf("records: %llu taken, %llu dropped at a full ring (a replay does not wait for it)\n",
              static_cast<unsigned long long>(last.taken), static_cast<unsigned long long>(last.ring_full));
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  pipeline::SnapshotPtr rules;
  if (words.size() > 1 && words[0] == "--signatures") {
    Diagnostics diagnostics;
    config::EngineSettings with_rules = config::load_config({}, diagnostics).settings;
    with_rules.signatures.files = {words[1]};
    with_rules.policy = {};
    const auto generation = config::load_generation(with_rules, 1, diagnostics);
    if (!generation || generation->signatures == nullptr) {
      std::fprintf(stderr, "%s: no rules\n", words[1].c_str());
      return 1;
    }
    rules = generation->snapshot;
    std::printf("signatures: %zu\n", generation->summary.rules_loaded);
    words.erase(words.begin(), words.begin() + 2);
  }
  const int rounds = words.empty() ? 3 : std::atoi(words[0].c_str());
  const double edges = memory_of_edges(), flows = memory_of_flows();
  const double ring = 8192.0 * sizeof(behaviour::Observation) / 1048576;
  std::printf("memory: 10,000 edges %.1f MB, 100,000 flows %.1f MB, ring of a worker %.1f MB; sum %.1f MB (aim 64)\n",
              edges, flows, ring, edges + flows + ring);
  if (words.size() < 2 || rounds < 1) return 0;
  const std::vector<std::string> files(words.begin() + 1, words.end());
  compare(files, nullptr, rounds);
  if (rules != nullptr) compare(files, rules, rounds);
  return 0;
}
