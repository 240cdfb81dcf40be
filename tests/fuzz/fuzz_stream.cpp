// Any bytes as a schedule of TCP packets through flow table, state machine and reassembler: the listener hears
// each direction without hole or repetition, and the window always holds what was delivered last.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "tests/support/tcp_conversation.h"

namespace {

using namespace bulkhead;

void require(bool condition) {
  if (!condition) std::abort();
}

class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : data_(data), end_(data + size) {}
  [[nodiscard]] bool done() const { return data_ == end_; }
  std::uint8_t u8() { return done() ? std::uint8_t{0} : *data_++; }
  std::uint32_t u16() { return u8() * 256U + u8(); }

 private:
  const std::uint8_t* data_;
  const std::uint8_t* end_;
};

// Remembers the bytes it was told, as far as they are not too many, and that nothing was left out.
class Checker final : public stream::StreamListener {
 public:
  void on_data(flow::Flow&, Direction d, std::uint64_t offset, ByteSpan data) override {
    require(!data.empty() && offset == end[index_of(d)]);
    end[index_of(d)] += data.size();
    text[index_of(d)].append(reinterpret_cast<const char*>(data.data()), data.size());
  }
  void on_gap(flow::Flow&, Direction d, std::uint64_t offset, std::uint64_t length) override {
    require(length > 0 && offset == end[index_of(d)]);
    end[index_of(d)] += length;
    text[index_of(d)].clear();
  }
  void on_rewind(flow::Flow&, Direction d, std::uint64_t offset) override {
    require(offset < end[index_of(d)] && end[index_of(d)] - offset <= text[index_of(d)].size());
    text[index_of(d)].resize(text[index_of(d)].size() - (end[index_of(d)] - offset));
    end[index_of(d)] = offset;
  }
  std::uint64_t end[2] = {0, 0};
  std::string text[2];  // since the last gap
};

stream::StreamSettings settings_from(Bytes& in) {
  stream::StreamSettings s;
  const std::uint8_t flags = in.u8();
  if ((flags & 1) != 0) s.inspect_moment = stream::InspectMoment::kArrival;
  s.midstream = (flags & 2) != 0;
  s.async_oneside = (flags & 4) != 0;
  s.depth_bytes = (flags & 8) != 0 ? 500 : 0;
  if ((flags & 16) != 0) s.reassembly_memcap_bytes = 8192;
  if ((flags & 32) != 0) s.max_segments = 3;
  s.judge_copies = (flags & 128) != 0;
  s.urgent_policy = static_cast<stream::UrgentPolicy>(in.u8() % 4);
  s.look_back_bytes = (flags & 64) != 0 ? 0 : 20;
  s.default_policy = static_cast<stream::OverlapPolicy>(in.u8() % 15);
  return s;
}

void check_side(const stream::StreamSide& side, const Checker& heard, Direction d) {
  const std::string& text = heard.text[index_of(d)];
  require(side.inspect_end() <= side.delivered_end());
  require(side.delivered_end() == heard.end[index_of(d)]);
  require(side.window_begin() + side.window().size() == side.delivered_end());
  require(side.window().size() <= text.size());
  require(std::equal(side.window().rbegin(), side.window().rend(), text.rbegin(),
                     [](Byte a, char b) { return a == static_cast<Byte>(b); }));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes in(data, size);
  const stream::StreamSettings settings = settings_from(in);
  Checker heard;
  stream::TcpTracker tracker(settings, heard);
  flow::FlowTable table({.max_flows = 16}, [&](flow::Flow& f, flow::FlowEndReason) { tracker.flush(f); });
  test::ViewMaker maker;
  const std::uint32_t isn[2] = {0xffffff00U + in.u8(), in.u16()};
  std::string payload;
  double now = 0;
  while (!in.done()) {
    const std::uint8_t kind = in.u8();
    const auto d = static_cast<Direction>(kind & 1);
    decode::TcpFields tcp;
    tcp.flags = in.u8();
    tcp.seq = isn[index_of(d)] + (in.u16() ^ ((kind & 2) != 0 ? 0x80000000U : 0U));
    if ((tcp.flags & decode::tcp_flag::kUrg) != 0) tcp.urgent = in.u8();
    tcp.ack = (tcp.flags & decode::tcp_flag::kAck) != 0 ? isn[1 - index_of(d)] + in.u16() : 0;
    tcp.window = static_cast<std::uint16_t>(in.u8() << 8);
    tcp.has_timestamps = (kind & 4) != 0;
    tcp.ts_value = tcp.has_timestamps ? in.u8() : 0;
    tcp.has_window_scale = (kind & 8) != 0;
    tcp.window_scale = kind >> 4;
    tcp.has_fast_open = (kind & 16) != 0;
    payload.assign(in.u8(), static_cast<char>('a' + (kind & 15)));
    test::ViewFields fields;
    fields.at = now += 0.01;
    if (d == Direction::kToClient) {
      std::swap(fields.from, fields.to);
      std::swap(fields.source_port, fields.destination_port);
    }
    decode::PacketView& packet = maker.tcp(fields, tcp, payload);
    flow::FlowLookup found = table.lookup(packet);
    stream::StreamUpdate update = tracker.handle(packet, *found.flow, found.direction);
    if (update.reused || update.direction_swapped) {
      table.end(*found.flow, flow::FlowEndReason::kForced);
      for (const std::size_t i : {0U, 1U}) {
        heard.end[i] = 0;
        heard.text[i].clear();
      }
      continue;
    }
    if (update.session == nullptr) continue;
    for (const Direction side : {Direction::kToServer, Direction::kToClient}) {
      check_side(update.session->side(side), heard, side);
      if ((kind & 32) != 0) update.session->side(side).release(update.session->side(side).inspect_end());
    }
  }
  table.end_all(flow::FlowEndReason::kShutdown);
  return 0;
}
