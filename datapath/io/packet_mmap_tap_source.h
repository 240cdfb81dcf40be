// A tap on live interfaces: reads copies of what passes, from a ring shared with the kernel (AF_PACKET).
//
// Thread   receive(), release() by the worker; tend() by one other, now and then, when the settings say so; stats() by
// any. In       GSO super-packets, partial checksums and VLAN tags out of band are normal (PACKET_VNET_HDR). Out
// packets of one ring block at a time, in place; numbered from 1 in the order of this source. Limits   the ring
// (settings); a full ring makes the kernel drop: kernel_drops, kernel_freezes. Nothing waits for us. Errors   open():
// what failed on which interface. While running, an interface that goes down, vanishes or comes back
//          under a new index is no end: receive() answers kTimeout, interface_losses() counts, last_error() tells, and
//          the ring is made anew when the interface is back.
// Tests    tests/netns/tap_source_test.cpp
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "datapath/base/counters.h"
#include "datapath/io/packet_mmap_tap_settings.h"
#include "datapath/io/packet_ring.h"
#include "datapath/io/packet_source.h"

namespace bulkhead::io {

class PacketMmapTapSource final : public PacketSource {
 public:
  explicit PacketMmapTapSource(PacketMmapTapSettings settings);
  ~PacketMmapTapSource() override;

  [[nodiscard]] SourceCapabilities capabilities() const override { return {.live = true, .multi_queue = true}; }
  [[nodiscard]] Status open() override;
  [[nodiscard]] ReceiveStatus receive(PacketBatch& batch, std::chrono::milliseconds timeout) override;
  void release(PacketBatch& batch) override;
  [[nodiscard]] SourceStats stats() const override;
  [[nodiscard]] const Error& last_error() const override { return last_error_; }
  [[nodiscard]] std::string describe() const override;

  // Sees to interfaces that went, came or were made anew; looks not more often than twice a second.
  void tend();

  // Times an interface went down or vanished, and how often the ring was made anew.
  [[nodiscard]] std::uint64_t interface_losses() const { return losses_.value(); }
  [[nodiscard]] std::uint64_t reopens() const { return reopens_.value(); }

 private:
  using Clock = std::chrono::steady_clock;
  bool take_block();
  void fill(PacketBatch& batch);
  [[nodiscard]] Result<std::vector<std::uint32_t>> look_up() const;
  void change_ring();
  void lose(Error error);
  void add_kernel_counts() const;

  const PacketMmapTapSettings settings_;
  std::vector<std::uint32_t> indexes_;  // of the thread that tends
  Clock::time_point next_check_{};      // the same
  // A ring that names an interface of the past is dropped by the worker, then the thread that tends makes one and hands
  // it over: rings of one fanout group must agree, so that all old ones go first.
  std::unique_ptr<PacketRing> ring_;  // the worker's; null while an interface is missing
  PacketRing::Block block_;           // being read; base null: none
  std::uint32_t block_left_ = 0;
  std::uint32_t block_at_ = 0;
  std::atomic<bool> down_{false};  // told already
  std::atomic<bool> drop_asked_{false}, handed_over_{false};
  Error last_error_;
  std::uint64_t packets_ = 0;
  Counter received_, bytes_, truncated_, invalid_, losses_, reopens_;

  mutable std::mutex counts_mutex_;     // ring_ as seen by others than the worker, last_error_ and what follows
  std::unique_ptr<PacketRing> handed_;  // to the worker
  mutable PacketRing::Counts counts_;
};

}  // namespace bulkhead::io
