// Alerts and blocks as netlink messages: what a program that subscribes to the group reads.
//
//   datagram   one or more of:
//     nlmsghdr       16 bytes: length, type (MessageType), flags 0, sequence, sender's port
//     version        1 byte (kProtocolVersion), then 3 bytes 0
//     attributes     each nlattr: u16 length (header and value, without padding), u16 type, value, zeros to 4 bytes
//
// Order    lengths, types, sequence and integers in host byte order (netlink never leaves the node); addresses and
//          ports in network order, ports marked with NLA_F_NET_BYTEORDER. Strings end with a zero byte.
// Version  new attributes may come at any time: readers skip those they do not know. kProtocolVersion changes when
//          an attribute changes its meaning; readers refuse other versions.
// Loss     the sequence counts all messages of one sender from 1: a jump tells how many the reader missed.
// Limits   strings are cut at kMaxText bytes when written; a reader takes any length.
// Errors   decode() answers DecodeError, never reads outside, keeps no reference to the bytes.
// Source   netlink(7), include/uapi/linux/netlink.h. README.md has the table for readers in other languages.
// Tests    tests/unit/datapath/output/netlink_protocol_test.cpp, tests/fuzz/fuzz_netlink_tlv.cpp
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datapath/base/byte_reader.h"
#include "datapath/base/ip_address.h"
#include "datapath/base/timestamp.h"
#include "datapath/event/event.h"

namespace bulkhead::output {

inline constexpr std::uint8_t kProtocolVersion = 1;
inline constexpr std::uint32_t kDefaultNetlinkGroup = 27;
inline constexpr std::size_t kMaxText = 1024;

enum class MessageType : std::uint16_t {
  kAlert = 0x20,  // above NLMSG_MIN_TYPE
  kBlock = 0x21,
};

enum class Attribute : std::uint16_t {
  kTime = 1,           // u64   nanoseconds since 1970 (UTC)
  kFlowId = 2,         // u64
  kSourceAddress = 3,  // 4 or 16 bytes
  kDestinationAddress = 4,
  kSourcePort = 5,       // u16, network order
  kDestinationPort = 6,  // u16, network order
  kProtocol = 7,         // u8    IP protocol number
  kInterface = 8,        // u32   index of the interface
  kVlan = 9,             // u16[] VLAN ids, outermost first
  kAppProtocol = 10,     // string
  kSid = 16,             // u32
  kGid = 17,             // u32
  kRev = 18,             // u32
  kSeverity = 19,        // u8    1 is the gravest
  kMessage = 20,         // string
  kCategory = 21,        // string
  kBlocked = 22,         // u8    1: the packet was dropped or rejected
  kDirection = 23,       // u8    0 to server, 1 to client
  kBlockAction = 32,     // string add, remove, refuse, dry-run
  kBlockKind = 33,       // string limit, flow, pair, source
  kReason = 34,          // string
  kTtl = 35,             // u64   seconds
  kLatency = 36,         // u64   nanoseconds from the arrival of the packet to the kernel's acknowledgement
  kError = 37,           // string
};

// A message as a reader sees it.
struct NetlinkEvent {
  MessageType type = MessageType::kAlert;
  std::uint32_t sequence = 0;
  std::uint32_t sender_port = 0;
  Timestamp time;
  std::uint64_t flow_id = 0;
  FlowTuple tuple;
  std::uint32_t interface_index = 0;
  std::vector<std::uint16_t> vlan;
  std::string app_protocol;
  std::uint32_t sid = 0, gid = 0, rev = 0;
  std::uint8_t severity = 0;
  std::string message, category;
  bool blocked = false;
  std::optional<Direction> direction;
  std::string block_action, block_kind, reason, error;
  std::uint64_t ttl_seconds = 0;
  Nanoseconds latency{0};
};

class NetlinkEncoder {
 public:
  // The message for an alert or a block, empty for other events; valid until the next call.
  [[nodiscard]] ByteSpan encode(const event::Event& event, std::uint32_t sequence);

 private:
  void begin(MessageType type, std::uint32_t sequence, const event::EventHeader& header);
  void end();
  // A null value leaves `size` zero bytes.
  void put(Attribute type, const void* value, std::size_t size, std::uint16_t flags = 0);
  template <typename Integer>
  void number(Attribute type, Integer value) {
    put(type, &value, sizeof value);
  }
  void port(Attribute type, std::uint16_t value);
  void text(Attribute type, std::string_view value);

  std::vector<Byte> buffer_;
};

enum class DecodeError : std::uint8_t {
  kNone,
  kTruncated,      // a length points past the end, or is shorter than its header
  kVersion,        // not kProtocolVersion
  kUnknownType,    // not a MessageType
  kAttributeSize,  // a known attribute of the wrong size
};
[[nodiscard]] std::string_view text_of(DecodeError error);

// Takes the first message off `bytes`. On kTruncated nothing can be read any more and `bytes` becomes empty; after
// other errors the message has been skipped.
[[nodiscard]] DecodeError decode(ByteSpan& bytes, NetlinkEvent& event);

}  // namespace bulkhead::output
