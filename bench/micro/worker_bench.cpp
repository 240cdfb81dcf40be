// The whole engine without its sources and outputs: a worker over made traffic, by number of signatures and payload
// size. Its raw limits are scan_bench.cpp (patterns), decode_bench.cpp, flow_bench.cpp and stream_bench.cpp.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "bench/micro/traffic.h"
#include "config/daemon/generation.h"
#include "datapath/pipeline/shared_gate.h"
#include "datapath/pipeline/worker.h"

namespace bulkhead::bench {
namespace {

class EventCounter final : public event::EventPublisher {
 public:
  void publish(event::Event&& e) override { alerts += std::holds_alternative<event::AlertEvent>(e) ? 1 : 0; }
  void watermark(std::uint64_t) override {}

  std::uint64_t alerts = 0;
};

// Rules whose words the traffic does not hold: the cost of looking, not of finding.
std::string made_rules(std::int64_t number) {
  std::mt19937 random(20260103);  // NOLINT: the same rules on every run
  std::string rules;
  for (std::int64_t sid = 1; sid <= number; ++sid) {
    std::string word;
    for (std::size_t i = 0; i < 12; ++i) word += static_cast<char>('a' + random() % 26);
    rules += "alert tcp any any -> any 80 (msg:\"made\"; flow:established,to_server; content:\"" + word +
             "#\"; content:\"" + word.substr(0, 4) + "\"; sid:" + std::to_string(sid) + ";)\n";
  }
  return rules;
}

pipeline::SnapshotPtr snapshot_with(std::int64_t rules) {
  config::EngineSettings settings;
  std::string path = "/tmp/bulkhead-bench-XXXXXX";
  const int file = mkstemp(path.data());
  if (file < 0) return nullptr;
  close(file);
  std::ofstream(path) << made_rules(rules);
  if (rules > 0) settings.signatures.files = {path};
  Diagnostics diagnostics;
  const auto generation = config::load_generation(settings, 1, diagnostics);
  std::remove(path.c_str());
  return generation && !diagnostics.has_errors() ? generation->snapshot : nullptr;
}

void worker(benchmark::State& state) {
  const Traffic traffic({64, 64, static_cast<std::uint32_t>(state.range(1)), false});
  const auto snapshot = snapshot_with(state.range(0));
  if (snapshot == nullptr) {
    state.SkipWithError("the rules do not load");
    return;
  }
  std::vector<io::RawPacket> packets = traffic.packets();
  EventCounter events;
  pipeline::UnorderedGate gate;
  const pipeline::PipelineSettings settings;
  for (auto _ : state) {
    state.PauseTiming();
    auto engine = std::make_unique<pipeline::Worker>(settings, 0, events, gate, nullptr);
    engine->use(snapshot);
    state.ResumeTiming();
    for (auto& packet : packets) engine->process(packet);
    state.PauseTiming();
    engine.reset();
    state.ResumeTiming();
  }
  if (events.alerts != 0) state.SkipWithError("made rules matched made traffic");
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * packets.size()));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * traffic.frame_bytes()));
}
BENCHMARK(worker)->ArgNames({"rules", "payload"})->ArgsProduct({{0, 100, 2000}, {64, 1400, 30000}});

}  // namespace
}  // namespace bulkhead::bench
