// A packet source read by a thread of its own, each packet judged as the test says.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <thread>
#include <utility>

#include "datapath/io/packet_source.h"

namespace bulkhead::testing {

template <typename Source>
class SourceThread {
 public:
  using Judge = std::function<void(io::RawPacket&)>;
  template <typename Settings>
  SourceThread(const Settings& settings, Judge judge) : source_(settings), judge_(std::move(judge)) {
    const Status opened = source_.open();
    EXPECT_TRUE(opened) << opened.error().to_string();
    thread_ = std::thread([this] { run(); });
  }
  ~SourceThread() {
    stop_ = true;
    thread_.join();
  }
  SourceThread(const SourceThread&) = delete;
  SourceThread& operator=(const SourceThread&) = delete;
  [[nodiscard]] std::uint64_t packets() const { return packets_; }
  // Whether so many have been read; waits for them, since a packet is read after its sender has gone on.
  [[nodiscard]] bool reaches(std::uint64_t packets) const {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(3);
    while (packets_ < packets && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return packets_ >= packets;
  }
  // The number of packets, once none has come for a tenth of a second.
  [[nodiscard]] std::uint64_t settled() const {
    std::uint64_t before = packets_ + 1;
    for (int i = 0; i < 30 && before != packets_; ++i) {
      before = packets_;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return packets_;
  }
  [[nodiscard]] std::uint32_t longest() const { return longest_; }
  [[nodiscard]] Source& source() { return source_; }

 private:
  void run() {
    io::PacketBatch batch;
    batch.packets.reserve(64);
    while (!stop_) {
      if (source_.receive(batch, std::chrono::milliseconds(20)) != io::ReceiveStatus::kPackets) continue;
      for (io::RawPacket& packet : batch.packets) {
        longest_ = std::max(longest_.load(), packet.captured);
        judge_(packet);
      }
      packets_ += batch.packets.size();
      source_.release(batch);
    }
  }
  Source source_;
  Judge judge_;
  std::atomic<bool> stop_{false};
  std::atomic<std::uint64_t> packets_{0};
  std::atomic<std::uint32_t> longest_{0};
  std::thread thread_;
};

}  // namespace bulkhead::testing
