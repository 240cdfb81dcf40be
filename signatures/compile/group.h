// Which rules a packet or flow has to be judged by, found once per flow by protocol, direction and ports.
//
// Layout   per protocol class and direction a table server port -> group. Rules that name few client ports sit in
//          one extra group, which only flows with such a client port use.
// Limits   at most max_groups per class and direction: the ports with most rules of their own get one each,
//          all others with rules of their own share one, the rest of the ports use the base group.
// Thread   built on the control thread, immutable afterwards.
// Tests    tests/unit/signatures/compile/compiler_test.cpp
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "signatures/compile/address_index.h"
#include "signatures/compile/hyperscan_db.h"
#include "signatures/compile/signature.h"

namespace bulkhead::signatures {

enum class ProtocolClass : std::uint8_t { kTcp, kUdp, kSctp, kIcmp, kIcmpv6, kOther, kNonIp, kCount };
inline constexpr std::size_t kProtocolClasses = static_cast<std::size_t>(ProtocolClass::kCount);
[[nodiscard]] ProtocolClass class_of(const decode::PacketView& packet);
[[nodiscard]] ProtocolClass class_of_protocol(std::uint8_t protocol);
[[nodiscard]] bool rule_applies(const Signature& rule, ProtocolClass c);
[[nodiscard]] bool rule_applies(const Signature& rule, bulkhead::Direction d);

using RuleIndexes = std::vector<std::uint32_t>;  // sorted: the order of inspection

// Literals with the rules that each makes a candidate.
struct LiteralDb {
  std::uint32_t id = 0;  // index in SignatureDb::literal_dbs
  ScanMode mode = ScanMode::kBlock;
  std::vector<Literal> literals;  // while the database is made
  std::size_t literal_count = 0;
  std::vector<std::uint32_t> first_rule;  // by literal; one more entry at the end
  RuleIndexes rules;                      // those of literal i: [first_rule[i], first_rule[i + 1])
  HyperscanDbPtr db;
  std::size_t database_bytes = 0;
  std::size_t stream_bytes = 0;           // per open stream
  std::size_t longest = 0, shortest = 0;  // literal

  [[nodiscard]] std::span<const std::uint32_t> rules_of(std::uint32_t literal) const {
    return std::span(rules).subspan(first_rule[literal], first_rule[literal + 1] - first_rule[literal]);
  }
};
using LiteralDbPtr = std::shared_ptr<LiteralDb>;

struct RuleGroup {
  RuleIndexes members;  // all rules of the group, while it is made
  std::size_t member_count = 0;
  LiteralDbPtr stream;                                     // null: no rule has a pattern for the stream
  LiteralDbPtr segment;                                    // both: over TCP payload that is in no stream
  LiteralDbPtr packet;                                     // over packet payload
  RuleIndexes stream_always;                               // look at the stream and have no pattern
  RuleIndexes packet_always;                               // judged packet by packet, without a pattern
  AddressIndex packet_by_source, packet_by_destination;    // those of packet_always that name few hosts
  AddressIndex ip_only_by_source, ip_only_by_destination;  // likewise
  RuleIndexes stream_events;                               // only for packets with stream events
  RuleIndexes ip_only;                                     // once per flow and direction
  RuleIndexes at_flow_end;  // need a protocol and no packet: judged when a flow ends, too
};

struct PortGroups {
  std::vector<RuleGroup> groups;
  std::vector<std::uint16_t> by_server_port;  // 65,536 entries; empty: group 0 for all
  std::bitset<65536> narrow_client_ports;     // ports for which the last group stands
  bool has_narrow = false;

  [[nodiscard]] const RuleGroup& find(std::uint16_t server_port, std::uint16_t client_port) const {
    if (has_narrow && narrow_client_ports[client_port]) return groups.back();
    return by_server_port.empty() ? groups.front() : groups[by_server_port[server_port]];
  }
};

// The groups of one class and direction with their members; the databases are filled in by the compiler.
[[nodiscard]] PortGroups make_port_groups(const SignatureList& signatures, ProtocolClass c, bulkhead::Direction d,
                                          std::size_t max_groups);

}  // namespace bulkhead::signatures
