#include "datapath/dpdk/ports/dpdk_source.h"

#include <pthread.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#include "datapath/base/interface_index.h"
#include "datapath/io/reject_frames.h"

namespace bulkhead::dpdk {

namespace {

using io::PacketBatch;
using io::PacketVerdict;
using io::RawPacket;
using io::ReceiveStatus;

constexpr int kSendTries = 8;
constexpr std::uint32_t kEmptyBeforeSleep = 256;

// Told to DPDK for as long as the thread lives.
struct Registration {
  bool done = false;
  ~Registration() {
    if (done) ::rte_thread_unregister();
  }
};
thread_local Registration registration;  // NOLINT: what it stands for is the thread's

}  // namespace

DpdkSource::DpdkSource(std::shared_ptr<const DpdkPorts> ports, const DpdkSettings& settings, std::uint16_t queue)
    : ports_(std::move(ports)), settings_(settings), queue_(queue) {
  const std::size_t burst = std::min<std::size_t>(settings_.burst, io::kMaxBatch);
  taken_.resize(burst);
  sending_.reserve(burst);
  ending_.reserve(burst);
}

DpdkSource::~DpdkSource() = default;

std::string DpdkSource::describe() const {
  std::string out = settings_.wire ? "DPDK wire" : "DPDK tap";
  for (const auto& port : *ports_) out += (port == ports_->front() ? " on " : ", ") + port->name();
  return out + ", queue " + std::to_string(queue_);
}

void DpdkSource::begin_thread() {
  begun_ = true;
  if (!settings_.cores.empty()) {
    cpu_set_t core;
    CPU_ZERO(&core);
    CPU_SET(settings_.cores[queue_ % settings_.cores.size()], &core);
    // That the core is there was checked as ports were opened.
    static_cast<void>(::pthread_setaffinity_np(::pthread_self(), sizeof core, &core));
  }
  if (::rte_lcore_id() == LCORE_ID_ANY) registration.done = ::rte_thread_register() == 0;
}

ReceiveStatus DpdkSource::receive(PacketBatch& batch, std::chrono::milliseconds timeout) {
  if (!begun_) begin_thread();
  batch.clear();
  const auto limit = static_cast<std::uint16_t>(std::min(taken_.size(), batch.packets.capacity()));
  const auto end = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    for (std::size_t i = 0; i < ports_->size(); ++i) {
      port_ = next_port_;
      next_port_ = (next_port_ + 1) % ports_->size();
      const DpdkPort& port = *(*ports_)[port_];
      const std::uint16_t count = ::rte_eth_rx_burst(port.id(), queue_, taken_.data(), limit);
      if (count == 0) continue;
      empty_ = 0;
      for (std::uint16_t n = 0; n < count; ++n) rte_prefetch0(rte_pktmbuf_mtod(taken_[n], const void*));
      const Timestamp now = wall_clock();
      for (std::uint16_t n = 0; n < count; ++n) take(taken_[n], now, batch);
      return ReceiveStatus::kPackets;
    }
    if (++empty_ < kEmptyBeforeSleep) continue;
    if (settings_.idle != settings_.idle.zero()) std::this_thread::sleep_for(settings_.idle);
    if (std::chrono::steady_clock::now() >= end) return ReceiveStatus::kTimeout;
  }
}

void DpdkSource::take(rte_mbuf* mbuf, Timestamp now, PacketBatch& batch) {
  RawPacket packet;
  // Parts are put together where the first has room; else the first alone is read, and said to be cut.
  if (mbuf->nb_segs > 1 && rte_pktmbuf_linearize(mbuf) != 0) truncated_.add();
  packet.data = rte_pktmbuf_mtod(mbuf, const Byte*);
  packet.captured = mbuf->data_len;
  packet.wire_length = mbuf->pkt_len;
  packet.time = now;
  packet.number = ++packets_;
  packet.interface_index = kFirstPortIndex + static_cast<std::uint32_t>(port_);
  const std::uint64_t sum = mbuf->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK;
  if (sum == RTE_MBUF_F_RX_L4_CKSUM_GOOD) packet.checksum = io::ChecksumState::kValid;
  received_.add();
  bytes_.add(packet.captured);
  batch.packets.push_back(packet);
}

void DpdkSource::release(PacketBatch& batch) {
  const std::size_t count = batch.packets.size();
  if (!settings_.wire) {
    rte_pktmbuf_free_bulk(taken_.data(), static_cast<unsigned>(count));
    batch.clear();
    return;
  }
  const DpdkPort& from = *(*ports_)[port_];
  const DpdkPort& to = *(*ports_)[port_ ^ 1];
  for (std::size_t i = 0; i < count; ++i) {
    const RawPacket& packet = batch.packets[i];
    if (packet.verdict == PacketVerdict::kAccept) {
      pass_on(packet, taken_[i]);
      continue;
    }
    if (packet.verdict == PacketVerdict::kReject) answer(packet, from, to);
    ending_.push_back(taken_[i]);
  }
  if (!sending_.empty()) send(to, sending_.data(), static_cast<std::uint16_t>(sending_.size()));
  sending_.clear();
  if (!ending_.empty()) rte_pktmbuf_free_bulk(ending_.data(), static_cast<unsigned>(ending_.size()));
  ending_.clear();
  batch.clear();
}

// What was rewritten has the packet's length and a complete checksum; a cut packet has no such copy.
void DpdkSource::pass_on(const RawPacket& packet, rte_mbuf* mbuf) {
  if (!packet.rewritten.empty() && packet.rewritten.size() == mbuf->data_len) {
    std::memcpy(rte_pktmbuf_mtod(mbuf, Byte*), packet.rewritten.data(), packet.rewritten.size());
  }
  mbuf->ol_flags &= ~(RTE_MBUF_F_RX_L4_CKSUM_MASK | RTE_MBUF_F_RX_RSS_HASH);
  sending_.push_back(mbuf);
}

void DpdkSource::answer(const RawPacket& packet, const DpdkPort& from, const DpdkPort& to) {
  for (const bool to_sender : {true, false}) {
    if (!io::reject_frame(packet, to_sender, frame_)) continue;
    rte_mbuf* mbuf = rte_pktmbuf_alloc(from.pool());
    char* bytes = mbuf == nullptr ? nullptr : rte_pktmbuf_append(mbuf, static_cast<std::uint16_t>(frame_.size()));
    if (bytes == nullptr) {
      if (mbuf != nullptr) rte_pktmbuf_free(mbuf);
      send_drops_.add();
      continue;
    }
    std::memcpy(bytes, frame_.data(), frame_.size());
    send(to_sender ? from : to, &mbuf, 1);
  }
}

void DpdkSource::send(const DpdkPort& to, rte_mbuf* const* mbufs, std::uint16_t count) {
  std::vector<rte_mbuf*>& out = ending_;
  std::uint16_t done = 0;
  for (int tries = 0; done < count && tries < kSendTries; ++tries) {
    // The driver takes the pointers; it does not change the list.
    done = static_cast<std::uint16_t>(done + ::rte_eth_tx_burst(to.id(), queue_,
                                                                const_cast<rte_mbuf**>(mbufs) + done,  // NOLINT
                                                                static_cast<std::uint16_t>(count - done)));
  }
  sent_.add(done);
  send_drops_.add(static_cast<std::uint64_t>(count - done));
  for (; done < count; ++done) out.push_back(mbufs[done]);
}

io::SourceStats DpdkSource::stats() const {
  io::SourceStats out;
  out.received = received_.value();
  out.received_bytes = bytes_.value();
  out.truncated = truncated_.value();
  out.sent = sent_.value();
  out.send_drops = send_drops_.value();
  if (queue_ == 0) {  // a port's own figure counts once
    for (const auto& port : *ports_) out.kernel_drops += port->missed();
  }
  return out;
}

}  // namespace bulkhead::dpdk
