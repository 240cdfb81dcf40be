#include "signatures/compile/order.h"

#include <algorithm>
#include <utility>

namespace bulkhead::signatures {
namespace {

using Key = std::array<int, 7>;

// 0: sets only, 1: sets and tests, 2: tests only, 3: neither.
int rank(bool sets, bool tests) {
  return sets ? (tests ? 1 : 0) : (tests ? 2 : 3);
}

bool has_track(const RareList<HostbitOp>& ops, bool pair) {
  return std::any_of(ops.begin(), ops.end(),
                     [&](const HostbitOp& op) { return (op.track == HostbitOp::Track::kPair) == pair; });
}

bool has_captures(const Signature& s) {
  for (const BufferProgram& buffer : s.buffers) {
    for (const PayloadOp& op : buffer.ops) {
      const auto* pcre = std::get_if<PcreOp>(&op);
      if (pcre != nullptr && !pcre->captures.empty()) return true;
    }
  }
  return false;
}

Key key_of(const Signature& s, const ActionOrder& order) {
  const auto action = std::find(order.begin(), order.end(), s.action) - order.begin();
  return {static_cast<int>(action),
          rank(!s.flowbit_changes.empty(), !s.flowbit_checks.empty()),
          rank(!s.flowint_changes.empty(), !s.flowint_checks.empty()),
          rank(has_captures(s), false),
          rank(has_track(s.hostbit_changes, false), has_track(s.hostbit_checks, false)),
          rank(has_track(s.hostbit_changes, true), has_track(s.hostbit_checks, true)),
          s.priority};
}

}  // namespace

void sort_signatures(SignatureList& signatures, const ActionOrder& order) {
  std::vector<std::pair<Key, std::size_t>> keys;
  keys.reserve(signatures.size());
  for (std::size_t i = 0; i < signatures.size(); ++i) keys.emplace_back(key_of(std::as_const(signatures)[i], order), i);
  std::sort(keys.begin(), keys.end());  // the index makes equal keys keep their order
  std::vector<std::size_t> order_of_rules;
  order_of_rules.reserve(keys.size());
  for (const auto& [key, from] : keys) order_of_rules.push_back(from);
  signatures.reorder(order_of_rules);
}

}  // namespace bulkhead::signatures
