#include "rules/compile/policy_table.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace bulkhead::rules {

std::string TableRule::place() const {
  if (!span.file || span.line == 0) return {};
  return span.file->name() + ":" + std::to_string(span.line);
}

bool TableMatch::matches(const FlowQuery& query, FlowEnd end) const {
  const IpAddress& peer = end == FlowEnd::kEgress ? query.tuple.destination : query.tuple.source;
  const bool port = ports.empty() || std::any_of(ports.begin(), ports.end(), [&](const PortMatch& p) {
                      return p.covers(query.tuple.protocol, query.port_key());
                    });
  if (!port) return false;
  return self ? query.tuple.source == query.tuple.destination : peers.contains(peer);
}

std::size_t AddressIndex::slot_of(const IpAddress& address) const {
  std::uint64_t words[2];
  std::memcpy(words, address.bytes().data(), sizeof words);
  // Fibonacci hashing of both halves; the top bits are the best mixed ones.
  const std::uint64_t h = (words[0] ^ std::rotl(words[1], 29)) * 0x9e3779b97f4a7c15ULL;
  return static_cast<std::size_t>(h ^ (h >> 32)) & (slots_.size() - 1);
}

void AddressIndex::build(const std::vector<TableWorkload>& workloads) {
  std::size_t count = 0;
  for (const auto& workload : workloads) count += workload.addresses.size();
  slots_.assign(std::bit_ceil(count * 2 + 2), Slot{});
  for (std::uint32_t i = 0; i < workloads.size(); ++i) {
    for (const IpAddress& address : workloads[i].addresses) {
      std::size_t at = slot_of(address);
      while (slots_[at].value != kNone) at = (at + 1) & (slots_.size() - 1);
      slots_[at] = {address, i};
    }
  }
}

std::uint32_t AddressIndex::find(const IpAddress& address) const {
  if (slots_.empty()) return kNone;
  for (std::size_t at = slot_of(address); slots_[at].value != kNone; at = (at + 1) & (slots_.size() - 1)) {
    if (slots_[at].address == address) return slots_[at].value;
  }
  return kNone;
}

std::uint32_t PolicyTable::rule_named(std::string_view key) const {
  for (std::uint32_t i = 0; i < rules_.size(); ++i) {
    if (rules_[i].key == key) return i;
  }
  return kNone;
}

std::string PolicyTable::to_string() const {
  std::string out;
  for (std::size_t p = 0; p < programs_.size(); ++p) {
    out += "program " + std::to_string(p) + ":";
    for (const TableWorkload& w : workloads_) {
      if (w.egress == p) out += " egress of " + w.name;
      if (w.ingress == p) out += " ingress of " + w.name;
    }
    out += '\n';
    for (const Step& step : programs_[p].steps) {
      const TableRule& rule = rules_[step.rule];
      const TableMatch& match = matches_[step.match];
      out += "  " + tiers_[step.tier].name + "  " + rule.key + (rule.audit ? " (audit)" : "") + "  " +
             rules::to_string(step.action) + " " + match.peers.to_string(4);
      for (std::size_t i = 0; i < match.ports.size(); ++i) {
        out += (i == 0 ? " on " : ", ") + match.ports[i].to_string();
      }
      out += rule.place().empty() ? "\n" : "  # " + rule.place() + "\n";
    }
  }
  return out;
}

}  // namespace bulkhead::rules
