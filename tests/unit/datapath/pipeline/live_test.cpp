#include "datapath/pipeline/live.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/support/packet_builder.h"

namespace bulkhead::pipeline {
namespace {

using test::Bytes;
using test::PacketBuilder;

class Ignored final : public event::EventPublisher {
 public:
  void publish(event::Event&&) override {}
  void watermark(std::uint64_t) override {}
};

// Gives its frames once, then nothing.
class Frames final : public io::PacketSource {
 public:
  explicit Frames(std::vector<Bytes> frames) : frames_(std::move(frames)) {}
  [[nodiscard]] io::SourceCapabilities capabilities() const override { return {.live = true}; }
  [[nodiscard]] Status open() override { return ok(); }
  [[nodiscard]] io::ReceiveStatus receive(io::PacketBatch& batch, std::chrono::milliseconds) override {
    if (next_ == frames_.size()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      return io::ReceiveStatus::kTimeout;
    }
    io::RawPacket packet;
    packet.data = frames_[next_].data();
    packet.captured = packet.wire_length = static_cast<std::uint32_t>(frames_[next_].size());
    packet.time = wall_clock();
    packet.number = ++next_;
    batch.packets.push_back(packet);
    return io::ReceiveStatus::kPackets;
  }
  void release(io::PacketBatch&) override {}
  [[nodiscard]] io::SourceStats stats() const override { return {}; }
  [[nodiscard]] const Error& last_error() const override { return error_; }
  [[nodiscard]] std::string describe() const override { return "frames"; }

 private:
  std::vector<Bytes> frames_;
  std::size_t next_ = 0;
  Error error_;
};

Bytes datagram(const char* from, std::uint16_t port) {
  return PacketBuilder().ethernet().ipv4(from, "10.0.0.3").udp(port, 53).payload("x").build();
}

TEST(Live, WorkersCopyTheirFlowsWhenAsked) {
  Frames first({datagram("10.0.0.1", 1000), datagram("10.0.0.2", 2000), datagram("10.0.0.1", 1000)});
  Frames second({datagram("10.0.0.4", 4000)});
  Ignored ignored;
  Live live(PipelineSettings{}, {&first, &second}, {&ignored, &ignored}, nullptr);
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->generation = 1;
  live.start(snapshot);
  std::vector<FlowRecord> flows;
  bool complete = false;
  for (int i = 0; i < 200 && flows.size() < 3; ++i) {
    flows = live.flows(100, std::chrono::seconds(5), &complete);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_TRUE(complete);
  ASSERT_EQ(flows.size(), 3U);
  EXPECT_EQ(flows[0].client.source.to_string(), "10.0.0.1") << "the most recently used first";
  EXPECT_EQ(flows[0].packets_to_server, 2U);
  EXPECT_EQ(flows[1].client.source.to_string(), "10.0.0.2");
  EXPECT_EQ(flows[2].client.source.to_string(), "10.0.0.4");
  EXPECT_EQ(live.flows(1, std::chrono::seconds(5)).size(), 2U) << "one of each worker";
  live.stop();
  EXPECT_TRUE(live.flows(100, std::chrono::milliseconds(1), &complete).empty());
  EXPECT_FALSE(complete) << "nobody is there to answer";
}

}  // namespace
}  // namespace bulkhead::pipeline
