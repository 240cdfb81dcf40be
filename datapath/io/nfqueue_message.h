// The messages of NFQUEUE: the kernel's packets read, verdicts and the queue's configuration written.
//
//   nlmsghdr 16 | nfgenmsg 4 (family, version, queue as be16) | attributes
//
// Thread   pure functions of their arguments.
// Errors   parse_queued_packet(): false when the attributes are broken or have no packet header; never throws.
// Limits   a payload of 65531 bytes, what a netlink attribute holds; the kernel cuts a longer packet and says so.
// Source   linux/netfilter/nfnetlink_queue.h, linux/netfilter/nfnetlink.h
// Tests    tests/unit/datapath/io/nfqueue_message_test.cpp, tests/fuzz/fuzz_nfqueue.cpp
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "datapath/base/byte_reader.h"
#include "datapath/base/timestamp.h"
#include "datapath/io/nfqueue_settings.h"
#include "datapath/io/packet_batch.h"

namespace bulkhead::io {

struct QueuedPacket {
  std::uint32_t id = 0;
  std::uint16_t ether_type = 0;  // host order
  std::uint8_t hook = 0;         // NF_INET_*
  std::uint32_t mark = 0;
  std::uint32_t in_interface = 0, out_interface = 0;  // bridge ports where the packet is bridged
  std::optional<Timestamp> time;
  ByteSpan payload;               // from the IP header on
  std::uint32_t wire_length = 0;  // more than the payload where the kernel has cut it
  bool super_packet = false;
  ChecksumState checksum = ChecksumState::kUnknown;
};

// `body` is what follows the nlmsghdr of an NFQNL_MSG_PACKET.
[[nodiscard]] bool parse_queued_packet(ByteSpan body, QueuedPacket& out);

// Whole messages, header included; those of the configuration ask for an acknowledgement.
void append_bind(std::vector<Byte>& out, std::uint16_t queue, std::uint32_t sequence);
void append_unbind(std::vector<Byte>& out, std::uint16_t queue, std::uint32_t sequence);
void append_parameters(std::vector<Byte>& out, const NfqueueSettings& settings, std::uint32_t sequence);

// One packet: NF_ACCEPT or NF_DROP; `mark` becomes the packet's, `payload` its new content.
void append_verdict(std::vector<Byte>& out, std::uint16_t queue, std::uint32_t id, std::uint32_t verdict,
                    std::optional<std::uint32_t> mark, ByteSpan payload);
// Every packet that waits, up to and including `last_id`.
void append_batch_accept(std::vector<Byte>& out, std::uint16_t queue, std::uint32_t last_id);

// The figures of a queue in the text of /proc/net/netfilter/nfnetlink_queue.
struct QueueCounts {
  std::uint64_t waiting = 0;  // for a verdict
  std::uint64_t full = 0;     // lost: too many waited. What passes instead (fail open) the kernel does not count.
  std::uint64_t lost = 0;     // lost: the socket's buffer was full
};
[[nodiscard]] std::optional<QueueCounts> parse_queue_counts(std::string_view text, std::uint16_t queue);

}  // namespace bulkhead::io
