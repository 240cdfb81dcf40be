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

bool has_track(const std::vector<HostbitOp>& ops, bool pair) {
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
  for (std::size_t i = 0; i < signatures.size(); ++i) keys.emplace_back(key_of(signatures[i], order), i);
  std::sort(keys.begin(), keys.end());  // the index makes equal keys keep their order
  // In place, a cycle of the permutation at a time: a second list of these large objects would cost as much as all
  // the rest of the step.
  for (std::size_t start = 0; start < keys.size(); ++start) {
    if (keys[start].second == start) continue;
    Signature held = std::move(signatures[start]);
    std::size_t at = start;
    while (keys[at].second != start) {
      const std::size_t from = keys[at].second;
      signatures[at] = std::move(signatures[from]);
      keys[at].second = at;
      at = from;
    }
    signatures[at] = std::move(held);
    keys[at].second = at;
  }
  for (std::size_t i = 0; i < signatures.size(); ++i) signatures[i].index = static_cast<std::uint32_t>(i);
}

}  // namespace bulkhead::signatures
