#include "datapath/flow/flow_index.h"

#include <gtest/gtest.h>

#include <map>

namespace bulkhead::flow {
namespace {

// Hashes that differ only in bits the slot does not see, or share their home, must still be told apart.
TEST(FlowIndex, AgreesWithAMapUnderCollisions) {
  FlowIndex index(64);                          // 128 slots
  std::map<std::uint32_t, std::uint64_t> held;  // pool index to hash
  std::uint32_t random = 5;
  const auto next = [&](std::uint32_t n) { return (random = random * 1664525U + 1013904223U, (random >> 8) % n); };
  for (int step = 0; step < 50000; ++step) {
    const std::uint32_t entry = next(64);
    const auto found = held.find(entry);
    if (found == held.end()) {
      // Few homes, near the end of the array so that probing wraps; some with equal tags.
      const std::uint64_t hash = (std::uint64_t{120 + next(16)} << 32) | next(3);
      index.insert(hash, entry);
      held[entry] = hash;
    } else {
      index.erase(found->second, entry);
      held.erase(found);
    }
    for (const auto& [i, hash] : held) {
      ASSERT_EQ(index.find(hash, [wanted = i](std::uint32_t at) { return at == wanted; }), i) << "step " << step;
    }
    ASSERT_EQ(index.find(~0ULL, [](std::uint32_t) { return true; }), FlowIndex::kNone);
  }
}

}  // namespace
}  // namespace bulkhead::flow
