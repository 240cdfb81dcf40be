// The reassembler against a twin that keeps one cell per byte and looks at every segment that covers it:
// random segments with overlaps, losses, reordering, wrapping sequence numbers, all policies, both moments.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "datapath/stream/tcp_reassembler.h"
#include "tests/support/tcp_conversation.h"

namespace bulkhead::stream {
namespace {

class Twin {
 public:
  Twin(OverlapPolicy policy, bool arrival, std::int64_t depth) : policy_(policy), arrival_(arrival), depth_(depth) {}

  void add(std::int64_t begin, std::string_view bytes) {
    const auto size = static_cast<std::int64_t>(bytes.size());
    const SegmentRange segment{begin, depth_ == 0 ? begin + size : std::min(begin + size, depth_)};
    for (std::int64_t at = begin; at < segment.end; ++at) {
      if (at < floor()) continue;
      const char byte = bytes[static_cast<std::size_t>(at - begin)];
      const auto found = cells_.find(at);
      if (found == cells_.end()) {
        cells_[at] = {byte, {segment}};
        continue;
      }
      bool wins = !arrival_ && policy_ != OverlapPolicy::kFirst;
      for (const SegmentRange& held : found->second.covered_by) wins = wins && new_data_wins(policy_, held, segment);
      if (wins) found->second.byte = byte;
      found->second.covered_by.push_back(segment);
    }
    advance();
    give_up();
  }

  void acknowledge(std::int64_t to) {
    acked_ = std::max(acked_, to);
    if (depth_ != 0) acked_ = std::min(acked_, depth_);
    give_up();
  }

  [[nodiscard]] std::string text() const {
    std::string out;
    for (std::int64_t at = 0; at < delivered_; ++at) out += cells_.at(at).byte;
    return out;
  }
  [[nodiscard]] std::int64_t inspect_end() const { return inspected_; }

 private:
  struct Cell {
    char byte = 0;
    std::vector<SegmentRange> covered_by;
  };
  [[nodiscard]] std::int64_t floor() const { return arrival_ ? delivered_ : inspected_; }
  // Acknowledged holes, where something stands behind them.
  void give_up() {
    const std::int64_t end = cells_.empty() ? 0 : std::min(acked_, cells_.rbegin()->first + 1);
    for (; delivered_ < end; ++delivered_) {
      if (!cells_.contains(delivered_)) cells_[delivered_] = {'.', {}};
    }
    advance();
  }
  void advance() {
    while (cells_.contains(delivered_)) ++delivered_;
    inspected_ = std::max(inspected_, arrival_ ? delivered_ : std::min(acked_, delivered_));
  }

  OverlapPolicy policy_;
  bool arrival_;
  std::int64_t depth_;
  std::int64_t delivered_ = 0, acked_ = 0, inspected_ = 0;
  std::map<std::int64_t, Cell> cells_;
};

struct Schedule {
  OverlapPolicy policy;
  InspectMoment moment;
  std::uint32_t depth;
  std::uint32_t look_back;
  int span;  // how far ahead a segment may begin
};

std::string run(const Schedule& schedule, std::uint32_t seed) {
  std::mt19937 random(seed);
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  StreamSettings settings;
  settings.inspect_moment = schedule.moment;
  settings.depth_bytes = schedule.depth;
  settings.look_back_bytes = schedule.look_back;
  test::StreamRecorder recorder;
  StreamCounters counters;
  BufferPool pool(1 << 24);
  TcpReassembler reassembler(settings, recorder, counters, pool);
  StreamSide side;
  StreamData data;
  flow::Flow flow;
  TcpReassembler::Target target{flow, Direction::kToServer, side, data, schedule.policy};
  const std::uint32_t base = random() % 3 == 0 ? 0xffffffffU - random() % 300 : random();
  TcpReassembler::start(data, base);
  Twin twin(schedule.policy, schedule.moment == InspectMoment::kArrival, schedule.depth);

  for (int step = 0; step < 60; ++step) {
    StreamUpdate update;
    reassembler.trim(side, data);
    const auto end = static_cast<std::int64_t>(side.delivered_end());
    if (below(5) == 0) {
      const std::int64_t to = std::max<std::int64_t>(0, end + below(schedule.span) - schedule.span / 2);
      reassembler.acknowledge(target, base + static_cast<std::uint32_t>(to), update);
      twin.acknowledge(to);
    } else {
      const std::int64_t begin = below(3) == 0 ? end : end + below(schedule.span * 2) - schedule.span;
      std::string bytes;
      for (int n = 1 + below(40); n > 0; --n) bytes += static_cast<char>('a' + below(26));
      reassembler.add(target, base + static_cast<std::uint32_t>(begin),
                      {reinterpret_cast<const Byte*>(bytes.data()), bytes.size()}, update);
      twin.add(begin, bytes);
    }
    const std::string& got = recorder.bytes[0];
    const std::string expected = twin.text();
    if (got != expected) return "step " + std::to_string(step) + "\n got " + got + "\nwant " + expected;
    if (!recorder.in_order) return "delivered out of order: " + recorder.log;
    if (static_cast<std::int64_t>(side.inspect_end()) != twin.inspect_end()) return "inspect_end";
    const std::string window(reinterpret_cast<const char*>(side.window().data()), side.window().size());
    if (side.window_begin() + window.size() != side.delivered_end()) return "window does not reach delivered_end";
    if (expected.substr(side.window_begin()) != window) return "window differs";
    if (below(3) == 0) side.release(side.inspect_end());
  }
  return "";
}

TEST(ReassemblyTwin, AgreesOnRandomSchedules) {
  std::uint32_t seed = 1;
  for (int policy = 0; policy <= static_cast<int>(OverlapPolicy::kOldSolaris); ++policy) {
    for (const InspectMoment moment : {InspectMoment::kAcknowledged, InspectMoment::kArrival}) {
      for (const std::uint32_t depth : {0U, 300U}) {
        for (const int span : {6, 60, 400}) {
          for (int i = 0; i < 40; ++i, ++seed) {
            const Schedule schedule{static_cast<OverlapPolicy>(policy), moment, depth, (seed % 3) * 20, span};
            ASSERT_EQ(run(schedule, seed), "") << "policy " << policy << " seed " << seed << " span " << span;
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace bulkhead::stream
