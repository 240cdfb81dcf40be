// Packets that netfilter holds until they are judged: one NFQUEUE queue, inline.
//
//   kernel   rule -> queue N -> this socket, one message a packet; super-packets whole (GSO flag)
//   here     receive(): up to batch_packets messages in one system call, each in a slot of its own
//            release(): RawPacket::verdict of each; runs of accepted packets are one message
//
// Thread   receive() and release() by the owning worker; stats() by any thread.
// In       nothing to open but the queue: rules that fill it are written elsewhere.
// Out      packets from the IP header on (LinkType::kRaw).
// Order    accepted packets go on in the order in which they came.
// Limits   NfqueueSettings; a full queue or socket buffer loses packets, counted as kernel_drops, or lets
//          them pass, which nobody but the rule ahead of the queue can know (config/daemon/queue_books.h).
// Errors   open(): no CAP_NET_ADMIN (EPERM), a queue that someone else reads (EPERM or EBUSY). A message that cannot
//          be read is counted as invalid and its packet, if it has a number, is accepted.
// Source   linux/netfilter/nfnetlink_queue.h
// Tests    tests/netns/nfqueue_source_test.cpp (root)
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <memory>
#include <string>
#include <vector>

#include "datapath/base/counters.h"
#include "datapath/io/batch_bytes.h"
#include "datapath/io/burst_gather.h"
#include "datapath/io/nfqueue_message.h"
#include "datapath/io/nfqueue_settings.h"
#include "datapath/io/packet_source.h"
#include "datapath/netlink/netlink_socket.h"

namespace bulkhead::io {

class NfqueueSource final : public PacketSource {
 public:
  explicit NfqueueSource(NfqueueSettings settings);
  ~NfqueueSource() override;

  [[nodiscard]] SourceCapabilities capabilities() const override {
    return {.live = true, .inline_verdict = true, .multi_queue = true};
  }
  [[nodiscard]] Status open() override;
  [[nodiscard]] ReceiveStatus receive(PacketBatch& batch, std::chrono::milliseconds timeout) override;
  void release(PacketBatch& batch) override;
  [[nodiscard]] SourceStats stats() const override;
  [[nodiscard]] const Error& last_error() const override { return last_error_; }
  [[nodiscard]] std::string describe() const override;

  [[nodiscard]] std::uint64_t verdict_errors() const { return verdict_errors_.value(); }

 private:
  [[nodiscard]] Status configure();
  [[nodiscard]] Status acknowledged(const std::vector<Byte>& message, std::uint32_t sequence, const char* what);
  void set_timeout(std::chrono::milliseconds timeout);
  void take(ByteSpan datagram, Timestamp now, PacketBatch& batch);
  [[nodiscard]] bool send_verdicts();

  const NfqueueSettings settings_;
  std::unique_ptr<netlink::NetlinkSocket> socket_;
  std::vector<Byte> memory_;  // slots, one a message
  std::vector<iovec> slots_;
  std::vector<mmsghdr> messages_;
  struct Waiting {
    std::uint32_t id = 0, mark = 0;
  };
  std::vector<Waiting> waiting_;  // of the batch that is out, in its order
  std::vector<Byte> verdicts_;
  std::chrono::milliseconds timeout_{-1};  // that the socket has
  BurstGather gather_;
  BatchBytes batch_bytes_{kBatchBytes};
  std::size_t taken_ = 0, waiting_before_ = 0;
  Error last_error_;
  std::uint64_t packets_ = 0;
  Counter received_, bytes_, truncated_, invalid_, verdict_errors_;
};

}  // namespace bulkhead::io
