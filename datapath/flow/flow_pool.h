// Flows at stable addresses, handed out from a free list, and their order of last use.
//
// Thread   one worker.
// Limits   `max` flows; chunks of 1,024 are allocated as they are first needed and kept.
// Tests    tests/unit/datapath/flow/flow_table_test.cpp
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "datapath/flow/flow.h"

namespace bulkhead::flow {

struct PooledFlow : Flow {
  std::uint32_t index = 0;
  std::uint64_t serial = 0;  // order of creation: settles ties between flows of one packet (tunnels)
  bool live = false;
  bool unsettled = false;  // its state may have changed since its deadline was worked out
};

class FlowPool {
 public:
  static constexpr std::uint32_t kNone = 0xffffffffU;
  static constexpr std::uint32_t kChunk = 1024;

  explicit FlowPool(std::uint32_t max) : max_(max) {}

  [[nodiscard]] bool full() const { return free_.empty() && created_ >= max_; }
  [[nodiscard]] std::uint32_t capacity() const { return static_cast<std::uint32_t>(chunks_.size()) * kChunk; }
  [[nodiscard]] PooledFlow& at(std::uint32_t index) { return chunks_[index / kChunk][index % kChunk]; }

  // The caller has made sure that the pool is not full. The new flow is the most recently used.
  PooledFlow& take() {
    std::uint32_t index;
    if (free_.empty()) {
      index = created_++;
      if (index / kChunk == chunks_.size()) add_chunk();
    } else {
      index = free_.back();
      free_.pop_back();
    }
    PooledFlow& flow = at(index);
    flow.index = index;
    flow.serial = ++serials_;
    flow.live = true;
    link_last(index);
    return flow;
  }

  void give_back(PooledFlow& flow) {
    const std::uint32_t index = flow.index;
    unlink(index);
    flow = PooledFlow{};
    free_.push_back(index);
  }

  void touch(std::uint32_t index) {
    if (newest_ == index) return;
    unlink(index);
    link_last(index);
  }
  [[nodiscard]] std::uint32_t least_recently_used() const { return oldest_; }

  template <class Visit>
  void for_each(Visit&& visit) {
    for (std::uint32_t i = oldest_; i != kNone; i = links_[i].next) visit(at(i));
  }

  // The live flows of at most `most` places from `from` on; where to go on, kNone behind the last.
  template <class Visit>
  std::uint32_t visit_places(std::uint32_t from, std::uint32_t most, Visit&& visit) {
    const std::uint32_t end = from < created_ ? from + std::min(most, created_ - from) : created_;
    for (std::uint32_t i = from; i < end; ++i) {
      if (at(i).live) visit(at(i));
    }
    return end < created_ ? end : kNone;
  }

  // From the most recently used on, until `visit` answers false.
  template <class Visit>
  void visit_newest(Visit&& visit) const {
    for (std::uint32_t i = newest_; i != kNone; i = links_[i].previous) {
      if (!visit(static_cast<const Flow&>(chunks_[i / kChunk][i % kChunk]))) return;
    }
  }

  [[nodiscard]] std::size_t memory_bytes() const {
    return chunks_.size() * kChunk * sizeof(PooledFlow) + links_.capacity() * sizeof(Link) +
           free_.capacity() * sizeof(std::uint32_t);
  }

 private:
  struct Link {
    std::uint32_t previous = kNone;
    std::uint32_t next = kNone;
  };

  void add_chunk() {
    chunks_.push_back(std::make_unique<PooledFlow[]>(kChunk));
    links_.resize(capacity());
    free_.reserve(capacity());
  }
  void link_last(std::uint32_t index) {
    links_[index] = {newest_, kNone};
    (newest_ == kNone ? oldest_ : links_[newest_].next) = index;
    newest_ = index;
  }
  void unlink(std::uint32_t index) {
    const Link link = links_[index];
    (link.previous == kNone ? oldest_ : links_[link.previous].next) = link.next;
    (link.next == kNone ? newest_ : links_[link.next].previous) = link.previous;
  }

  std::uint32_t max_;
  std::uint32_t created_ = 0;
  std::uint64_t serials_ = 0;
  std::vector<std::unique_ptr<PooledFlow[]>> chunks_;
  std::vector<Link> links_;  // order of use, kept apart from the flows: 8 bytes each stay in the cache
  std::vector<std::uint32_t> free_;
  std::uint32_t oldest_ = kNone;
  std::uint32_t newest_ = kNone;
};

}  // namespace bulkhead::flow
