// What `tag` has asked for after an alert: further packets of a flow or of a host are logged.
//
//   packets N   this packet counts as the first; N - 1 more are logged
//   bytes N     packets until N bytes have passed
//   seconds N   packets until N seconds after the alert
// The packet that brought the alert is not logged: its alert is.
//
// Thread   of a flow: the worker owning it; of hosts: with the SharedGate's lock held.
// Limits   kMostTags at once; a rule that alerts again starts its tag anew, at most kMostRestarts times.
// Tests    tests/unit/signatures/match/tag_list_test.cpp, tests/golden/signatures/tag/
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "datapath/base/counters.h"
#include "datapath/base/timestamp.h"
#include "signatures/compile/signature.h"
#include "signatures/match/host_key.h"

namespace bulkhead::signatures {

class TagList {
 public:
  static constexpr std::size_t kMostTags = 50;
  static constexpr std::uint8_t kMostRestarts = 10;

  // `rule` tells rules apart: gid and sid.
  void add(const TagSpec& spec, std::uint64_t rule, Timestamp now);
  // One packet of the flow or host: is it to be logged? Tags that are over go.
  [[nodiscard]] bool take_packet(Timestamp now, std::uint32_t bytes);
  [[nodiscard]] bool empty() const { return tags_.empty(); }

 private:
  struct Tag {
    TagSpec spec;
    std::uint64_t rule = 0;
    Timestamp since;
    std::uint64_t packets = 0, bytes = 0;
    std::uint8_t restarts = 0;
    bool first_seen = false;
  };
  [[nodiscard]] static bool is_over(const Tag& tag, Timestamp now);

  std::vector<Tag> tags_;
};

struct HostTagCounters {
  Counter full;
};

// Tags of hosts, for all workers.
class HostTagTable {
 public:
  explicit HostTagTable(std::size_t max_hosts) : max_hosts_(max_hosts) {}

  void add(const IpAddress& host, const TagSpec& spec, std::uint64_t rule, Timestamp now);
  [[nodiscard]] bool take_packet(const IpAddress& host, Timestamp now, std::uint32_t bytes);
  [[nodiscard]] const HostTagCounters& counters() const { return counters_; }

 private:
  std::unordered_map<HostKey, TagList, HostKeyHash> hosts_;
  const std::size_t max_hosts_;
  HostTagCounters counters_;
};

}  // namespace bulkhead::signatures
