// Frames to packet views. Raw limit: copying the same frames.
#include <benchmark/benchmark.h>

#include <cstring>
#include <memory>
#include <vector>

#include "bench/micro/traffic.h"
#include "datapath/decode/decoder.h"

namespace bulkhead::bench {
namespace {

void count(benchmark::State& state, const Traffic& traffic) {
  const auto rounds = static_cast<std::int64_t>(state.iterations());
  state.SetItemsProcessed(rounds * static_cast<std::int64_t>(traffic.packets().size()));
  state.SetBytesProcessed(rounds * static_cast<std::int64_t>(traffic.frame_bytes()));
}

// Range 0: payload bytes of every second packet. Range 1: checksums computed, or taken as verified by the kernel.
void decode_tcp(benchmark::State& state) {
  Traffic traffic({64, 64, static_cast<std::uint32_t>(state.range(0)), false});
  std::vector<io::RawPacket> packets = traffic.packets();
  for (auto& packet : packets) {
    packet.checksum = state.range(1) != 0 ? io::ChecksumState::kUnknown : io::ChecksumState::kValid;
  }
  decode::Decoder decoder{decode::DecodeSettings{}};
  const auto chain = std::make_unique<decode::PacketChain>();
  for (auto _ : state) {
    for (const auto& packet : packets) {
      decoder.decode(packet, *chain);
      benchmark::DoNotOptimize(chain->views[0].payload.data());
    }
  }
  if (decoder.counters().invalid.value() != 0) state.SkipWithError("the traffic does not decode");
  count(state, traffic);
}
BENCHMARK(decode_tcp)->ArgNames({"payload", "checksums"})->ArgsProduct({{0, 64, 1400, 60000}, {0, 1}});

void raw_limit_memcpy(benchmark::State& state) {
  const Traffic traffic({64, 64, static_cast<std::uint32_t>(state.range(0)), false});
  std::vector<Byte> target(70'000);
  for (auto _ : state) {
    for (const auto& packet : traffic.packets()) {
      std::memcpy(target.data(), packet.data, packet.captured);
      benchmark::ClobberMemory();
    }
  }
  count(state, traffic);
}
BENCHMARK(raw_limit_memcpy)->ArgName("payload")->Arg(0)->Arg(64)->Arg(1400)->Arg(60000);

}  // namespace
}  // namespace bulkhead::bench
