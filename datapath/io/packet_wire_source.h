// A wire: takes packets out of one interface and sends them out of another once they are judged (AF_PACKET).
//
//   container -- veth H          P -- veth Q -- bridge
//                     \        /
//                      receive  ->  verdict  ->  send        H to P and P to H
//
// The kernel still gets what is read here: rules of its own must drop it (rules/wire), else it goes on twice.
//
// Thread   receive() and release() by the owning worker; use() and stats() by any thread.
// In       whole frames of any EtherType, GSO super-packets and partial checksums (PACKET_VNET_HDR) of the interfaces
//          in use(). What carries sent_mark is left to the kernel: some wire has sent it before.
// Out      accepted packets in the order in which they came; a super-packet as one, with what was left to do about its
//          checksum left to do. Rejected ones are answered (reject_frames.h).
// Limits   PacketWireSettings. A full socket buffer loses packets: kernel_drops. About 2000 pairs: the filter's length.
// Errors   open(): what failed; CAP_NET_RAW. Each packet that is lost is counted in WireCounts.
// Source   packet(7), linux/if_packet.h, linux/virtio_net.h
// Tests    tests/unit/datapath/io/packet_wire_source_test.cpp, tests/netns/wire_netns_test.cpp (root)
#pragma once

#include <linux/filter.h>
#include <linux/if_packet.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "datapath/base/counters.h"
#include "datapath/io/batch_bytes.h"
#include "datapath/io/burst_gather.h"
#include "datapath/io/packet_source.h"
#include "datapath/io/packet_wire_settings.h"
#include "datapath/io/virtio_header.h"

namespace bulkhead::io {

// Classic BPF: packets of these interfaces without the mark.
[[nodiscard]] std::vector<sock_filter> wire_filter(const std::vector<WirePair>& pairs, std::uint32_t mark,
                                                   std::uint32_t mask);

struct WireCounts {
  std::uint64_t sent = 0, sent_bytes = 0;
  std::uint64_t rejects_sent = 0;
  std::uint64_t unreadable = 0;   // of a segmentation that the kernel cannot describe (tunnels inside of containers)
  std::uint64_t too_long = 0;     // longer than a slot (BIG TCP)
  std::uint64_t no_way = 0;       // the interface's pair was removed meanwhile
  std::uint64_t send_full = 0;    // the other side takes nothing more (ENOBUFS, EAGAIN)
  std::uint64_t send_down = 0;    // the other side is down or gone
  std::uint64_t send_failed = 0;  // anything else
};

class PacketWireSource final : public PacketSource {
 public:
  explicit PacketWireSource(PacketWireSettings settings);
  ~PacketWireSource() override;

  [[nodiscard]] SourceCapabilities capabilities() const override {
    return {.live = true, .inline_verdict = true, .multi_queue = true};
  }
  [[nodiscard]] Status open() override;
  [[nodiscard]] ReceiveStatus receive(PacketBatch& batch, std::chrono::milliseconds timeout) override;
  void release(PacketBatch& batch) override;
  [[nodiscard]] SourceStats stats() const override;
  [[nodiscard]] const Error& last_error() const override { return last_error_; }
  [[nodiscard]] std::string describe() const override;

  // From the next packet on. Nothing is read before the first call. What was read of pairs that are no longer named
  // still goes on, until the call after this one.
  [[nodiscard]] Status use(const std::vector<WirePair>& pairs);
  // Waits until what had been read before the call has gone on, at most for `patience`. Not by the worker.
  void drain(std::chrono::milliseconds patience) const;
  [[nodiscard]] WireCounts counts() const;

 private:
  struct Outgoing {
    VirtioHeader header;
    sockaddr_ll address{};
    std::array<iovec, 7> parts{};
    std::array<Byte, 4> tag{};
  };
  using Ways = std::vector<std::pair<std::uint32_t, std::uint32_t>>;  // in, out; sorted

  [[nodiscard]] Status open_receiver();
  [[nodiscard]] Status open_sender();
  [[nodiscard]] Status attach(const std::vector<WirePair>& pairs);
  void set_timeout(std::chrono::milliseconds timeout);
  void take(std::size_t slot, Timestamp now, PacketBatch& batch);
  [[nodiscard]] std::uint32_t way_of(std::uint32_t index) const;
  void add_out(std::size_t slot, const RawPacket& packet, std::uint32_t out);
  void add_rejects(const RawPacket& packet, std::uint32_t out);
  void send_all();
  void count_failure(int error);

  const PacketWireSettings settings_;
  int receiver_ = -1, sender_ = -1;
  std::vector<Byte> memory_;
  std::vector<iovec> slots_;
  std::vector<mmsghdr> messages_;
  std::vector<sockaddr_ll> senders_;
  struct Control;
  std::vector<Control> controls_;
  std::vector<std::size_t> slot_of_;  // by place in the batch
  std::vector<Outgoing> out_;
  std::vector<mmsghdr> out_messages_;
  std::size_t out_count_ = 0;
  std::vector<std::vector<Byte>> rejects_;
  std::size_t reject_count_ = 0;
  BurstGather gather_;
  BatchBytes batch_bytes_{kBatchBytes};
  std::chrono::milliseconds timeout_{-1};
  std::size_t taken_ = 0;
  std::atomic<bool> waits_{false};  // the worker has nothing in its hands
  Error last_error_;
  std::uint64_t packets_ = 0;

  mutable std::mutex ways_mutex_;
  std::shared_ptr<const Ways> next_ways_, named_ways_;
  std::atomic<std::uint32_t> ways_version_{0};
  std::uint32_t ways_seen_ = 0;
  std::shared_ptr<const Ways> ways_;  // the worker's

  mutable std::mutex drops_mutex_;
  mutable std::uint64_t drops_ = 0;  // the kernel forgets its count when it is read
  Counter received_, bytes_, sent_, sent_bytes_, rejects_sent_, unreadable_, too_long_, no_way_, send_full_, send_down_,
      send_failed_;
};

}  // namespace bulkhead::io
