#include "datapath/pipeline/replay.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "tests/support/packet_builder.h"

namespace bulkhead::pipeline {
namespace {

using test::Bytes;
using test::PacketBuilder;

// A source over frames in memory.
class MemorySource final : public io::PacketSource {
 public:
  MemorySource(const std::vector<std::pair<Timestamp, Bytes>>& frames, bool stable)
      : frames_(frames), stable_(stable) {}
  io::SourceCapabilities capabilities() const override { return {.file = true, .stable_bytes = stable_}; }
  Status open() override { return ok(); }
  io::ReceiveStatus receive(io::PacketBatch& batch, std::chrono::milliseconds) override {
    if (next_ == frames_.size()) return io::ReceiveStatus::kEnd;
    scratch_.clear();
    while (next_ < frames_.size() && batch.packets.size() < batch.packets.capacity()) {
      const auto& [time, frame] = frames_[next_++];
      io::RawPacket p = test::raw_packet(frame);
      if (!stable_) {
        scratch_.push_back(frame);
        p.data = scratch_.back().data();
      }
      p.time = time;
      p.number = next_;
      batch.packets.push_back(p);
    }
    return io::ReceiveStatus::kPackets;
  }
  void release(io::PacketBatch& batch) override {
    for (auto& bytes : scratch_) std::fill(bytes.begin(), bytes.end(), 0xee);  // whoever still reads them will notice
    batch.clear();
  }
  io::SourceStats stats() const override { return {}; }
  const Error& last_error() const override { return error_; }
  std::string describe() const override { return "memory"; }

 private:
  const std::vector<std::pair<Timestamp, Bytes>>& frames_;
  const bool stable_;
  std::size_t next_ = 0;
  std::vector<Bytes> scratch_;
  Error error_;
};

class Collector final : public event::EventPublisher {
 public:
  void publish(event::Event&& e) override {
    EXPECT_GE(event::header_of(e)->order.packet, watermark_);
    events.push_back(std::move(e));
  }
  void watermark(std::uint64_t n) override { watermark_ = n; }
  std::vector<event::Event> events;

 private:
  std::uint64_t watermark_ = 0;
};

std::string describe(const event::Event& e) {
  const auto& h = *event::header_of(e);
  std::string out = std::to_string(h.order.packet) + " " + h.tuple.source.to_string() + ":" +
                    std::to_string(h.tuple.source_port) + " " + std::to_string(h.flow_id) + " " +
                    std::to_string(h.time.ns);
  if (const auto* flow = std::get_if<event::FlowEvent>(&e)) {
    out += " flow " + std::string(flow->state) + " " + std::string(flow->reason) + " " +
           std::to_string(flow->summary.packets_to_server) + "/" + std::to_string(flow->summary.packets_to_client) +
           " " + std::to_string(flow->summary.bytes_to_server) + "/" + std::to_string(flow->summary.bytes_to_client);
  }
  if (const auto* anomaly = std::get_if<event::AnomalyEvent>(&e)) out += " " + anomaly->name;
  return out;
}

std::vector<std::string> run(const std::vector<std::pair<Timestamp, Bytes>>& frames, std::size_t workers, bool stable) {
  PipelineSettings settings;
  settings.report.decode_anomalies = true;
  settings.report.stream_anomalies = true;
  settings.checksum_auto = false;
  settings.flow.udp.fresh = std::chrono::seconds(5);
  std::vector<Collector> collectors(workers);
  std::vector<event::EventPublisher*> publishers;
  for (auto& c : collectors) publishers.push_back(&c);
  Replay replay(settings, publishers);
  std::vector<std::unique_ptr<io::PacketSource>> sources;
  sources.push_back(std::make_unique<MemorySource>(frames, stable));
  const ReplayResult result = replay.run(sources, std::make_shared<Snapshot>(), {});
  EXPECT_EQ(result.packets, frames.size());
  std::vector<const event::Event*> all;
  for (const auto& c : collectors) {
    for (const auto& e : c.events) all.push_back(&e);
  }
  std::stable_sort(all.begin(), all.end(), [](const auto* a, const auto* b) {
    return event::header_of(*a)->order < event::header_of(*b)->order;
  });
  std::vector<std::string> out;
  for (const auto* e : all) out.push_back(describe(*e));
  for (const auto& [name, value] : result.stats) {
    if (value != 0 && name.find("mem") == std::string::npos) out.push_back(name + " " + std::to_string(value));
  }
  return out;
}

// Many hosts, TCP and UDP, fragments, broken packets, pauses longer than timeouts.
std::vector<std::pair<Timestamp, Bytes>> traffic(std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<std::pair<Timestamp, Bytes>> frames;
  Timestamp now{1'700'000'000'000'000'000};
  const auto host = [&](unsigned i) { return "10.0.0." + std::to_string(1 + i % 12); };
  std::map<std::string, std::uint32_t> seq;
  for (int i = 0; i < 6000; ++i) {
    now = now + Nanoseconds(random() % 40'000'000);
    if (random() % 500 == 0) now = now + std::chrono::seconds(40);
    const std::string a = host(random()), b = host(random());
    const auto port = static_cast<std::uint16_t>(1000 + random() % 4);
    switch (random() % 6) {
      case 0:
        frames.emplace_back(now, PacketBuilder().ethernet().ipv4(a, b).udp(port, 53).payload("query").build());
        break;
      case 1: {
        const Bytes whole = PacketBuilder().ethernet().ipv4(a, b).udp(port, 99).payload(Bytes(300)).build();
        for (const Bytes& f : test::fragment_frame(whole, 128, static_cast<std::uint32_t>(i)))
          frames.emplace_back(now, f);
        break;
      }
      case 2:
        frames.emplace_back(now, PacketBuilder().ethernet().ipv4(a, b, {.total_length = 19}).udp(1, 2).build());
        break;
      case 3: frames.emplace_back(now, PacketBuilder().ethernet().arp().build()); break;
      default: {
        auto& s = seq[a + b];
        const std::uint8_t flags = s == 0 ? test::tcp_flags::kSyn : test::tcp_flags::kAck;
        frames.emplace_back(now,
                            PacketBuilder().ethernet().ipv4(a, b).tcp(port, 80, {.flags = flags, .seq = s}).build());
        s += 1;
      }
    }
  }
  return frames;
}

void expect_same(const std::vector<std::string>& want, const std::vector<std::string>& got) {
  for (std::size_t i = 0; i < std::min(want.size(), got.size()); ++i) ASSERT_EQ(want[i], got[i]) << "line " << i;
  EXPECT_EQ(want.size(), got.size());
}

TEST(Replay, AnyNumberOfWorkersGivesTheSameEventsInTheSameOrder) {
  const auto frames = traffic(1);
  const auto alone = run(frames, 1, true);
  ASSERT_GT(alone.size(), 500U);
  expect_same(alone, run(frames, 2, true));
  expect_same(alone, run(frames, 4, true));
}

TEST(Replay, BytesThatDoNotLastAreCopiedForTheWorkers) {
  const auto frames = traffic(2);
  expect_same(run(frames, 1, false), run(frames, 3, false));
}

}  // namespace
}  // namespace bulkhead::pipeline
