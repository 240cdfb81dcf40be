// Packets of one queue of each port, as copies (tap) or on their way to the other port of the pair (wire).
//
//   port 0 queue i --+                       +-- port 1 queue i        wire: 0 <-> 1, 2 <-> 3
//   port 1 queue i --+-- burst -- verdict ---+-- port 0 queue i        tap: freed
//
// Thread   one worker, which is moved to its core and told to DPDK (its caches of mbufs are per thread) as it first
//          receives; stats() by any.
// Order    accepted packets of a port go on in the order in which they came.
// Limits   a burst at a time. A full send queue is tried again kSendTries times, then its packets are lost and counted.
// Tests    tests/unit/datapath/dpdk/ports/dpdk_source_test.cpp
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "datapath/base/counters.h"
#include "datapath/dpdk/ports/dpdk_port.h"
#include "datapath/io/packet_source.h"

struct rte_mbuf;

namespace bulkhead::dpdk {

using DpdkPorts = std::vector<std::unique_ptr<DpdkPort>>;

class DpdkSource final : public io::PacketSource {
 public:
  DpdkSource(std::shared_ptr<const DpdkPorts> ports, const DpdkSettings& settings, std::uint16_t queue);
  ~DpdkSource() override;

  [[nodiscard]] io::SourceCapabilities capabilities() const override {
    return {.live = true, .inline_verdict = settings_.wire, .multi_queue = true};
  }
  [[nodiscard]] Status open() override { return ok(); }  // open_ports() has done it
  [[nodiscard]] io::ReceiveStatus receive(io::PacketBatch& batch, std::chrono::milliseconds timeout) override;
  void release(io::PacketBatch& batch) override;
  [[nodiscard]] io::SourceStats stats() const override;
  [[nodiscard]] const Error& last_error() const override { return last_error_; }
  [[nodiscard]] std::string describe() const override;

 private:
  void begin_thread();
  void take(rte_mbuf* mbuf, Timestamp now, io::PacketBatch& batch);
  void pass_on(const io::RawPacket& packet, rte_mbuf* mbuf);
  void answer(const io::RawPacket& packet, const DpdkPort& from, const DpdkPort& to);
  void send(const DpdkPort& to, rte_mbuf* const* mbufs, std::uint16_t count);

  const std::shared_ptr<const DpdkPorts> ports_;
  const DpdkSettings settings_;
  const std::uint16_t queue_;
  bool begun_ = false;
  std::size_t next_port_ = 0;     // that the next burst is taken from
  std::size_t port_ = 0;          // of the batch that is out
  std::vector<rte_mbuf*> taken_;  // of the batch that is out, in its order
  std::vector<rte_mbuf*> sending_, ending_;
  std::vector<Byte> frame_;  // an answer
  Error last_error_;
  std::uint64_t packets_ = 0;
  std::uint32_t empty_ = 0;  // bursts that brought nothing, one after the other
  Counter received_, bytes_, truncated_, sent_, send_drops_;
};

}  // namespace bulkhead::dpdk
