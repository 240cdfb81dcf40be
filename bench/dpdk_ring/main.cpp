// 64-byte packets that circle between two ports of DPDK through one worker: decode, flow, policy, wire.
//
//   usage: dpdk_ring FLOWS SECONDS INVENTORY POLICY [SIGNATURES]
//
//   net_ring0 --burst--> worker --verdict--> net_ring1 --burst--> worker --> net_ring0 ...
//
// Nothing has to be generated while it runs: the packets stay the same. The same loop without a worker is the raw
// limit. Figures are by CPU time of the process: the worker's thread is the only one that does anything, and a busy
// machine does not disturb them much. bench/dpdk runs it.
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <thread>
#include <vector>

#include "config/daemon/generation.h"
#include "datapath/base/big_endian.h"
#include "datapath/dpdk/dpdk_sources.h"
#include "datapath/pipeline/live.h"

namespace bulkhead::bench {
namespace {

constexpr std::size_t kFrame = 60;  // 64 with the checksum of Ethernet
constexpr std::size_t kRing = 1023;

class EventCounter final : public event::EventPublisher {
 public:
  void publish(event::Event&& e) override { drops += std::holds_alternative<event::DropEvent>(e) ? 1 : 0; }
  void watermark(std::uint64_t) override {}

  std::uint64_t drops = 0;
};

double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

std::uint16_t checksum(const Byte* data, std::size_t size) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i + 1 < size; i += 2) sum += static_cast<std::uint32_t>(data[i] << 8 | data[i + 1]);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

// UDP from workload `flow` to the next; no checksum, as tunnels send it.
void write_frame(Byte* to, std::uint32_t flow, std::uint32_t workloads) {
  std::memset(to, 0, kFrame);
  to[0] = to[6] = 2;
  to[11] = 1;
  store_be16(to + 12, 0x0800);
  Byte* ip = to + 14;
  ip[0] = 0x45;
  store_be16(ip + 2, kFrame - 14);
  ip[8] = 64;
  ip[9] = 17;
  const std::uint32_t from = flow % workloads, other = (flow + 1) % workloads;
  store_be32(ip + 12, 0x0a000001 + from);
  store_be32(ip + 16, 0x0a000001 + other);
  store_be16(ip + 10, checksum(ip, 20));
  Byte* udp = ip + 20;
  store_be16(udp, static_cast<std::uint16_t>(20000 + flow / workloads));
  store_be16(udp + 2, 9999);
  store_be16(udp + 4, kFrame - 34);
}

bool fill(std::uint32_t flows, std::uint32_t workloads) {
  rte_mempool* pool = ::rte_pktmbuf_pool_create("traffic", 2 * kRing, 0, 0, 2048, SOCKET_ID_ANY);
  for (std::uint32_t i = 0; pool != nullptr && i < flows; ++i) {
    std::uint16_t port = 0;
    if (::rte_eth_dev_get_port_by_name(i % 2 == 0 ? "net_ring0" : "net_ring1", &port) != 0) return false;
    rte_mbuf* mbuf = ::rte_pktmbuf_alloc(pool);
    if (mbuf == nullptr) return false;
    write_frame(reinterpret_cast<Byte*>(rte_pktmbuf_append(mbuf, kFrame)), i, workloads);
    if (::rte_eth_tx_burst(port, 0, &mbuf, 1) != 1) return false;
  }
  return pool != nullptr;
}

struct Figure {
  double packets = 0, cpu = 0;
};

// The loop of a worker without the worker.
Figure raw(io::PacketSource& source, double seconds) {
  io::PacketBatch batch;
  batch.packets.reserve(256);
  const std::uint64_t before = source.stats().received;
  const double cpu = cpu_seconds();
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (std::chrono::steady_clock::now() < end) {
    for (int i = 0; i < 1000; ++i) {
      if (source.receive(batch, std::chrono::milliseconds(1)) == io::ReceiveStatus::kPackets) source.release(batch);
    }
  }
  return {static_cast<double>(source.stats().received - before), cpu_seconds() - cpu};
}

Figure worker(io::PacketSource& source, const pipeline::SnapshotPtr& snapshot, double seconds, std::uint64_t& drops) {
  pipeline::PipelineSettings settings;
  settings.inline_mode = true;
  EventCounter events;
  pipeline::Live live(settings, {&source}, {&events}, nullptr);
  live.start(snapshot);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));  // every flow is there
  const std::uint64_t before = source.stats().received;
  const double cpu = cpu_seconds();
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  const Figure out{static_cast<double>(source.stats().received - before), cpu_seconds() - cpu};
  live.stop();
  drops = events.drops;
  return out;
}

int run(int count, char** words) {
  if (count < 5) {
    std::fprintf(stderr, "usage: dpdk_ring FLOWS SECONDS INVENTORY POLICY [SIGNATURES]\n");
    return 2;
  }
  const auto flows = static_cast<std::uint32_t>(std::atoi(words[1]));
  const double seconds = std::atof(words[2]);
  constexpr std::uint32_t kWorkloads = 250;
  if (flows == 0 || flows > kRing) {
    std::fprintf(stderr, "1 to %zu flows: more may not fit into one ring\n", kRing);
    return 2;
  }
  config::EngineSettings settings;
  settings.policy.inventory = words[3];
  settings.policy.files = {words[4]};
  if (count > 5) settings.signatures.files = {words[5]};
  Diagnostics diagnostics;
  const auto generation = config::load_generation(settings, 1, diagnostics);
  if (!generation || generation->snapshot == nullptr || diagnostics.has_errors()) {
    std::fprintf(stderr, "%zu problems in %s, %s\n", diagnostics.all().size(), words[3], words[4]);
    for (const auto& one : diagnostics.all()) std::fprintf(stderr, "%s\n", one.message.c_str());
    return 2;
  }
  dpdk::DpdkSettings ports;
  ports.ports = {"net_ring0", "net_ring1"};
  ports.wire = true;
  ports.no_huge = true;
  ports.idle = std::chrono::microseconds(0);
  ports.module = BULKHEAD_DPDK_MODULE;
  auto sources = dpdk::open_dpdk(ports);
  if (!sources) {
    std::fprintf(stderr, "%s\n", sources.error().to_string().c_str());
    return 1;
  }
  if (!fill(flows, kWorkloads)) {
    std::fprintf(stderr, "the rings cannot be filled\n");
    return 1;
  }
  io::PacketSource& source = *sources->front();
  std::uint64_t drops = 0;
  const Figure engine = worker(source, generation->snapshot, seconds, drops);
  const Figure bare = raw(source, seconds / 2);
  const io::SourceStats stats = source.stats();
  std::printf(
      "{\"flows\": %u, \"packets\": %.0f, \"million_packets_per_core_second\": %.3f, \"ns_per_packet\": %.1f, "
      "\"raw_million_packets_per_core_second\": %.3f, \"dropped\": %llu, \"lost\": %llu}\n",
      flows, engine.packets, engine.packets / engine.cpu / 1e6, engine.cpu / engine.packets * 1e9,
      bare.packets / bare.cpu / 1e6, static_cast<unsigned long long>(drops),
      static_cast<unsigned long long>(stats.send_drops));
  return drops == 0 && stats.send_drops == 0 ? 0 : 1;
}

}  // namespace
}  // namespace bulkhead::bench

int main(int count, char** words) {
  return bulkhead::bench::run(count, words);
}
