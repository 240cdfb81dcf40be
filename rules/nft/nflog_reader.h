// Frames that rules logged to an nflog group of this network namespace.
//
//   nlmsghdr | nfgenmsg (group in res_id) | NFULA_PREFIX, _IFINDEX_INDEV, _L2HDR or _HWHEADER, _VLAN, _PAYLOAD
//
// Thread   one thread at a time.
// Out      whole Ethernet frames, a VLAN tag that the kernel keeps beside the packet put back, cut at snaplen.
// Limits   the kernel bounds what waits for us; what it dropped shows as lost().
// Errors   the environment lane; EPERM: another program reads the group. Broken messages are counted.
// Source   linux/netfilter/nfnetlink_log.h
// Tests    tests/unit/rules/nft/nflog_reader_test.cpp, tests/netns/l2_guard_netns_test.cpp, tests/fuzz/fuzz_nflog.cpp
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "datapath/base/timestamp.h"
#include "datapath/netlink/netlink_socket.h"
#include "rules/nft/nft_ruleset.h"

namespace bulkhead::rules {

struct NflogRecord {
  std::string prefix;
  std::uint32_t in_index = 0;
  Timestamp time;  // zero: the kernel gave none
  Bytes frame;
};

// All records of a datagram; false when it holds something that is no record or is broken.
[[nodiscard]] bool parse_nflog(ByteSpan datagram, std::vector<NflogRecord>& out);
// The messages that bind a socket to a group and ask for `snaplen` bytes of each packet at once.
[[nodiscard]] std::vector<Bytes> nflog_bind_messages(std::uint16_t group, std::uint32_t snaplen);

class NflogReader {
 public:
  [[nodiscard]] static Result<std::unique_ptr<NflogReader>> open(std::uint16_t group, std::uint32_t snaplen = 256);

  // What is there after at most `timeout`; may be nothing.
  [[nodiscard]] Result<std::vector<NflogRecord>> read(std::chrono::milliseconds timeout);
  [[nodiscard]] int fd() const { return socket_.fd(); }
  [[nodiscard]] std::uint64_t lost() const { return lost_; }      // times that the kernel dropped records for us
  [[nodiscard]] std::uint64_t broken() const { return broken_; }  // datagrams with something unreadable

 private:
  explicit NflogReader(netlink::NetlinkSocket socket) : socket_(std::move(socket)) {}

  netlink::NetlinkSocket socket_;
  netlink::Datagram datagram_;
  std::uint64_t lost_ = 0, broken_ = 0;
};

}  // namespace bulkhead::rules
