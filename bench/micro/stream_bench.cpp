// Segments to ordered bytes: flow lookup, TCP state and reassembly of decoded packets, in both inspection moments,
// in order and with every second pair of segments swapped. Raw limit: copying the payload once.
#include <benchmark/benchmark.h>

#include <cstring>
#include <memory>
#include <vector>

#include "bench/micro/traffic.h"
#include "datapath/decode/decoder.h"
#include "datapath/flow/flow_table.h"
#include "datapath/stream/tcp_tracker.h"

namespace bulkhead::bench {
namespace {

class ByteCounter final : public stream::StreamListener {
 public:
  void on_data(flow::Flow&, Direction, std::uint64_t, ByteSpan data) override {
    bytes += data.size();
    if (!data.empty()) benchmark::DoNotOptimize(data.data());
  }
  void on_gap(flow::Flow&, Direction, std::uint64_t, std::uint64_t) override {}
  void on_rewind(flow::Flow&, Direction, std::uint64_t) override {}

  std::uint64_t bytes = 0;
};

void reassemble(benchmark::State& state) {
  const Traffic traffic({64, 64, static_cast<std::uint32_t>(state.range(0)), state.range(1) != 0});
  decode::Decoder decoder{decode::DecodeSettings{}};
  const auto chain = std::make_unique<decode::PacketChain>();
  std::vector<decode::PacketView> views;
  for (const auto& packet : traffic.packets()) {
    decoder.decode(packet, *chain);
    views.push_back(chain->views[0]);
  }
  stream::StreamSettings settings;
  settings.depth_bytes = 0;
  settings.inspect_moment =
      state.range(2) != 0 ? stream::InspectMoment::kArrival : stream::InspectMoment::kAcknowledged;
  ByteCounter counter;
  for (auto _ : state) {
    state.PauseTiming();
    stream::TcpTracker tracker(settings, counter);
    flow::FlowTable table({}, [](flow::Flow&, flow::FlowEndReason) {});
    state.ResumeTiming();
    for (const auto& view : views) {
      const auto found = table.lookup(view);
      stream::TcpSession* session = tracker.handle(view, *found.flow, found.direction).session;
      stream::StreamSide& side = session->side(found.direction);
      side.release(side.delivered_end());  // as a matcher that is done with what it saw
    }
    state.PauseTiming();
    table.end_all(flow::FlowEndReason::kShutdown);
    state.ResumeTiming();
  }
  if (counter.bytes != traffic.payload_bytes() * state.iterations()) state.SkipWithError("bytes were lost");
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * views.size()));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * traffic.payload_bytes()));
}
BENCHMARK(reassemble)->ArgNames({"payload", "swapped", "arrival"})->ArgsProduct({{64, 1400, 30000}, {0, 1}, {0, 1}});

void raw_limit_memcpy(benchmark::State& state) {
  const Traffic traffic({64, 64, static_cast<std::uint32_t>(state.range(0)), false});
  std::vector<Byte> target(70'000);
  for (auto _ : state) {
    for (const auto& packet : traffic.packets()) {
      std::memcpy(target.data(), packet.data + 54, packet.captured - 54);
      benchmark::ClobberMemory();
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * traffic.packets().size()));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * traffic.payload_bytes()));
}
BENCHMARK(raw_limit_memcpy)->ArgName("payload")->Arg(64)->Arg(1400)->Arg(60000);

}  // namespace
}  // namespace bulkhead::bench
