// When to look at a flow again: one slot per second, intrusive lists over pool indices.
//
// Thread   one worker.
// In       an index and the second of its deadline; a deadline beyond the horizon waits in the last slot
//          and is judged again there (the owner compares the true deadline).
// Out      the indices of all slots up to a second, unordered: the owner sorts what really ended.
// Cost     schedule and cancel O(1). A packet does not touch the wheel: a deadline that moved on is found out
//          when the old slot comes up, and the index is scheduled again.
// Tests    tests/unit/datapath/flow/timer_wheel_test.cpp
#pragma once

#include <cstdint>
#include <vector>

namespace bulkhead::flow {

class TimerWheel {
 public:
  static constexpr std::uint32_t kNone = 0xffffffffU;
  static constexpr std::int64_t kSlots = 1024;  // seconds of horizon

  TimerWheel() : heads_(kSlots, kNone) {}

  // The present: nothing is ever scheduled before it. Only the first call counts.
  void start(std::int64_t second) {
    if (started_) return;
    started_ = true;
    cursor_ = second;
  }
  // Room for indices below `count`.
  void grow(std::size_t count) { links_.resize(count); }
  [[nodiscard]] bool scheduled(std::uint32_t index) const { return links_[index].second != kIdle; }
  [[nodiscard]] std::int64_t second(std::uint32_t index) const { return links_[index].second; }

  void schedule(std::uint32_t index, std::int64_t second) {
    cancel(index);
    if (second < cursor_) second = cursor_;
    if (second >= cursor_ + kSlots) second = cursor_ + kSlots - 1;
    std::uint32_t& head = heads_[slot(second)];
    links_[index] = {kNone, head, second};
    if (head != kNone) links_[head].previous = index;
    head = index;
  }

  void cancel(std::uint32_t index) {
    Link& link = links_[index];
    if (link.second == kIdle) return;
    if (link.previous == kNone) {
      heads_[slot(link.second)] = link.next;
    } else {
      links_[link.previous].next = link.next;
    }
    if (link.next != kNone) links_[link.next].previous = link.previous;
    link = Link{};
  }

  // Takes every index whose second is <= `second` out of the wheel and appends it to `out`.
  void take_until(std::int64_t second, std::vector<std::uint32_t>& out) {
    if (!started_ || second < cursor_) return;
    const std::int64_t last = second - cursor_ >= kSlots ? cursor_ + kSlots - 1 : second;
    for (std::int64_t s = cursor_; s <= last; ++s) {
      for (std::uint32_t& head = heads_[slot(s)]; head != kNone;) {
        const std::uint32_t index = head;
        head = links_[index].next;
        links_[index] = Link{};
        out.push_back(index);
      }
    }
    cursor_ = second;
  }

  [[nodiscard]] std::size_t memory_bytes() const {
    return heads_.capacity() * sizeof(std::uint32_t) + links_.capacity() * sizeof(Link);
  }

 private:
  static constexpr std::int64_t kIdle = INT64_MIN;
  struct Link {
    std::uint32_t previous = kNone;
    std::uint32_t next = kNone;
    std::int64_t second = kIdle;
  };
  [[nodiscard]] static std::size_t slot(std::int64_t second) {
    return static_cast<std::size_t>(static_cast<std::uint64_t>(second) % static_cast<std::uint64_t>(kSlots));
  }

  std::vector<std::uint32_t> heads_;
  std::vector<Link> links_;
  std::int64_t cursor_ = 0;
  bool started_ = false;
};

}  // namespace bulkhead::flow
