// A TCP connection for tests: a flow table, a tracker and a recorder behind one `send()`. Sequence numbers
// are relative to the sender's ISN (the SYN is 0, the first byte 1), acknowledgments to the peer's.
//
//     TcpConversation c;
//     c.handshake();
//     c.send(kToServer, {.seq = 1, .ack = 1, .data = "GET"});
//     EXPECT_EQ(c.text(kToServer), "GET");
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "datapath/flow/flow_table.h"
#include "datapath/stream/tcp_tracker.h"
#include "tests/support/packet_views.h"

namespace bulkhead::test {

inline constexpr Direction kToServer = Direction::kToServer;
inline constexpr Direction kToClient = Direction::kToClient;

struct Segment {
  std::uint32_t seq = 0;
  std::uint32_t ack = 0;
  std::string_view data = {};
  std::uint8_t flags = decode::tcp_flag::kAck;
  std::uint16_t window = 65535;
  double at = 0;
  std::int64_t ts = -1;  // timestamp value; the echo is 0
  std::int64_t ts_echo = 0;
  int window_scale = -1;
  bool fast_open = false;
  std::uint16_t urgent = 0;
};

// What the listener was told, and the stream it adds up to ('.' for each byte of a gap).
class StreamRecorder final : public stream::StreamListener {
 public:
  void on_data(flow::Flow&, Direction d, std::uint64_t offset, ByteSpan data) override {
    log += name(d) + "data@" + std::to_string(offset) + "+" + std::to_string(data.size()) + " ";
    in_order &= offset == bytes[index_of(d)].size();
    bytes[index_of(d)].resize(offset);
    bytes[index_of(d)].append(reinterpret_cast<const char*>(data.data()), data.size());
  }
  void on_gap(flow::Flow&, Direction d, std::uint64_t offset, std::uint64_t length) override {
    log += name(d) + "gap@" + std::to_string(offset) + "+" + std::to_string(length) + " ";
    in_order &= offset == bytes[index_of(d)].size();
    bytes[index_of(d)].resize(offset);
    bytes[index_of(d)].append(length, '.');
  }
  void on_rewind(flow::Flow&, Direction d, std::uint64_t offset) override {
    log += name(d) + "rewind@" + std::to_string(offset) + " ";
    in_order &= offset <= bytes[index_of(d)].size();
    bytes[index_of(d)].resize(offset);
  }

  std::array<std::string, 2> bytes;
  std::string log;
  bool in_order = true;  // each call continued where the last ended

 private:
  static std::string name(Direction d) { return d == kToServer ? ">" : "<"; }
};

class TcpConversation {
 public:
  explicit TcpConversation(const stream::StreamSettings& settings = {}, std::uint32_t client_isn = 1000,
                           std::uint32_t server_isn = 5000)
      : tracker(settings, recorder),
        table({}, [this](flow::Flow& f, flow::FlowEndReason) { tracker.flush(f); }),
        isn_{client_isn, server_isn} {}

  // Direction as the wire has it: kToServer is sent by 10.0.0.1:40000.
  stream::StreamUpdate send(Direction d, const Segment& s) {
    decode::TcpFields tcp;
    tcp.seq = isn_[index_of(d)] + s.seq;
    tcp.ack = (s.flags & decode::tcp_flag::kAck) != 0 ? isn_[1 - index_of(d)] + s.ack : 0;
    tcp.flags = s.flags;
    tcp.window = s.window;
    tcp.has_fast_open = s.fast_open;
    tcp.urgent = s.urgent;
    if (s.ts >= 0) {
      tcp.has_timestamps = true;
      tcp.ts_value = static_cast<std::uint32_t>(s.ts);
      tcp.ts_echo = static_cast<std::uint32_t>(s.ts_echo);
    }
    if (s.window_scale >= 0) {
      tcp.has_window_scale = true;
      tcp.window_scale = static_cast<std::uint8_t>(s.window_scale);
    }
    ViewFields f;
    f.at = s.at;
    if (d == kToClient) {
      std::swap(f.from, f.to);
      std::swap(f.source_port, f.destination_port);
    }
    decode::PacketView& packet = maker_.tcp(f, tcp, s.data);
    if (!next_header.empty()) {
      packet.l4_header = next_header.data();
      packet.l4_header_length = static_cast<std::uint16_t>(next_header.size());
      next_header = {};
    }
    flow::FlowLookup found = table.lookup(packet);
    stream::StreamUpdate update = tracker.handle(packet, *found.flow, found.direction);
    if (update.reused) {
      found = table.reopen(*found.flow, packet, flow::FlowEndReason::kForced);
      update = tracker.handle(packet, *found.flow, found.direction);
      update.reused = true;
    }
    flow = found.flow;
    return update;
  }

  void handshake(std::int64_t client_ts = -1, std::int64_t server_ts = -1) {
    using namespace decode::tcp_flag;
    send(kToServer, {.flags = kSyn, .ts = client_ts});
    send(kToClient, {.ack = 1, .flags = kSyn | kAck, .ts = server_ts});
    send(kToServer, {.seq = 1, .ack = 1, .ts = client_ts});
  }

  [[nodiscard]] stream::TcpSession& session() {
    return *static_cast<stream::TcpSession*>(flow->extension(flow::ExtensionSlot::kStream));
  }
  [[nodiscard]] stream::StreamSide& side(Direction d) { return session().side(d); }
  [[nodiscard]] flow::TcpState state() { return session().state(); }
  // All bytes delivered so far.
  [[nodiscard]] const std::string& text(Direction d) const { return recorder.bytes[index_of(d)]; }
  [[nodiscard]] std::string window(Direction d) {
    const ByteSpan w = side(d).window();
    return {reinterpret_cast<const char*>(w.data()), w.size()};
  }

  StreamRecorder recorder;
  ByteSpan next_header;  // the next packet's TCP header as it lies, for those who read its options
  stream::TcpTracker tracker;
  flow::FlowTable table;
  flow::Flow* flow = nullptr;

 private:
  ViewMaker maker_;
  std::array<std::uint32_t, 2> isn_;
};

}  // namespace bulkhead::test
