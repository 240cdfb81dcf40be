// Finding the flow of a packet in tables of different sizes, in random order. Raw limit: one random cache line.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <memory>
#include <numeric>
#include <random>
#include <vector>

#include "bench/micro/traffic.h"
#include "datapath/decode/decoder.h"
#include "datapath/flow/flow_table.h"

namespace bulkhead::bench {
namespace {

constexpr std::size_t kBatch = 32;

std::vector<std::uint32_t> random_order(std::size_t size) {
  std::vector<std::uint32_t> order(size);
  std::iota(order.begin(), order.end(), 0U);
  std::shuffle(order.begin(), order.end(), std::mt19937(20260101));  // NOLINT: the same order on every run
  return order;
}

// Decoded packets of `flows` flows, one of each, and a table that knows them.
struct KnownFlows {
  explicit KnownFlows(std::uint32_t flows)
      : traffic({flows, 1, 64, false}), table(settings(flows), [](flow::Flow&, flow::FlowEndReason) {}) {
    decode::Decoder decoder{decode::DecodeSettings{}};
    const auto chain = std::make_unique<decode::PacketChain>();
    const auto& packets = traffic.packets();
    for (std::size_t i = 0; i < flows; ++i) {  // the client's data packets come last, one of each pair
      decoder.decode(packets[packets.size() - 2 * flows + 2 * i], *chain);
      views.push_back(chain->views[0]);
    }
    for (const auto& view : views) benchmark::DoNotOptimize(table.lookup(view).flow);
  }
  static flow::FlowSettings settings(std::uint32_t flows) {
    flow::FlowSettings s;
    s.max_flows = std::max<std::uint32_t>(2 * flows, 1024);
    return s;
  }
  Traffic traffic;
  flow::FlowTable table;
  std::vector<decode::PacketView> views;
};

void flow_lookup(benchmark::State& state) {
  KnownFlows known(static_cast<std::uint32_t>(state.range(0)));
  const auto order = random_order(known.views.size());
  std::size_t made = 0;
  for (auto _ : state) {
    for (const auto index : order) made += known.table.lookup(known.views[index]).is_new ? 1 : 0;
  }
  if (made != 0) state.SkipWithError("a known flow was not found");
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * order.size()));
}
BENCHMARK(flow_lookup)->ArgName("flows")->Arg(1'000)->Arg(32'000)->Arg(256'000);

// As a worker that hashes a batch first and asks for the buckets before it needs them.
void flow_lookup_prefetched(benchmark::State& state) {
  KnownFlows known(static_cast<std::uint32_t>(state.range(0)));
  const auto order = random_order(known.views.size());
  for (auto _ : state) {
    for (std::size_t start = 0; start < order.size(); start += kBatch) {
      const std::size_t end = std::min(start + kBatch, order.size());
      for (std::size_t i = start; i < end; ++i) {
        known.table.prefetch(known.table.hash_of(known.views[order[i]]));
      }
      for (std::size_t i = start; i < end; ++i) {
        benchmark::DoNotOptimize(known.table.lookup(known.views[order[i]]).flow);
      }
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * order.size()));
}
BENCHMARK(flow_lookup_prefetched)->ArgName("flows")->Arg(1'000)->Arg(32'000)->Arg(256'000);

void raw_limit_random_line(benchmark::State& state) {
  struct alignas(64) Line {
    std::array<std::uint64_t, 8> words{};
  };
  std::vector<Line> lines(static_cast<std::size_t>(state.range(0)));
  const auto order = random_order(lines.size());
  std::uint64_t sum = 0;
  for (auto _ : state) {
    for (const auto index : order) sum += ++lines[index].words[sum & 1U];
  }
  benchmark::DoNotOptimize(sum);
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * order.size()));
}
BENCHMARK(raw_limit_random_line)->ArgName("flows")->Arg(1'000)->Arg(32'000)->Arg(256'000);

}  // namespace
}  // namespace bulkhead::bench
