// Puts blocks into the kernel, takes them out, and says what is there. The kernel ends them.
//
// Thread   one thread at a time; the transport is its own (a block is one round trip on an open socket).
// Out      each block stands in table bulkhead of the families inet and bridge, looked up before
//          conntrack and before every policy, so that established flows are cut.
// Guards   in this order: an address that is none (unspecified, loopback, multicast), the safe list (the
//          source is never blocked), dry-run, the cap per minute. Renewing a block counts for nothing.
// Limits   65536 elements a set (NftSettings); the kernel's ENFILE is passed on.
// Errors   the environment lane; without the table (Enforcer::load comes first) ENOENT.
// Tests    tests/unit/rules/block/block_manager_test.cpp (fake), tests/netns/block_netns_test.cpp (kernel)
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "datapath/base/counters.h"
#include "rules/block/block_list.h"
#include "rules/nft/nft_transport.h"

namespace bulkhead::rules {

struct BlockSettings {
  std::string table = "bulkhead";
  std::vector<IpPrefix> safe_list;
  std::uint32_t max_per_minute = 600;  // 0: none at all
  std::chrono::seconds max_ttl{86400};
  bool dry_run = false;
};

enum class BlockOutcome : std::uint8_t { kAdded, kRenewed, kDryRun, kBadAddress, kSafe, kTooMany };
[[nodiscard]] const char* to_string(BlockOutcome outcome);
[[nodiscard]] inline bool is_in_force(BlockOutcome o) {
  return o == BlockOutcome::kAdded || o == BlockOutcome::kRenewed;
}

class BlockManager {
 public:
  using Clock = std::chrono::steady_clock;

  BlockManager(NftTransport& transport, BlockSettings settings)
      : transport_(transport), settings_(std::move(settings)) {}

  // An error: the kernel refused. A refusal by a guard is an outcome.
  [[nodiscard]] Result<BlockOutcome> add(const Block& block, Clock::time_point now = Clock::now());
  // False: no such block was in force.
  [[nodiscard]] Result<bool> remove(const Block& block);
  // What the kernel holds now, with the time that is left.
  [[nodiscard]] Result<std::vector<ActiveBlock>> list();
  // The last ones that were made, the newest first, out of the kernel; what they were. Blocks of unknown age count as
  // oldest.
  [[nodiscard]] Result<std::vector<Block>> undo(std::size_t most);
  // Takes over what an earlier run left; how many.
  [[nodiscard]] Result<std::size_t> adopt(Clock::time_point now = Clock::now());
  // Ends the blocks of these addresses, whoever made them; how many. For addresses that have lost their workload: who
  // gets one next has done nothing.
  [[nodiscard]] Result<std::size_t> forget(const std::vector<IpAddress>& addresses);
  // Somebody else emptied the table: what this manager knows of stands there again, with the time that is left; how
  // many.
  [[nodiscard]] Result<std::size_t> restore(Clock::time_point now = Clock::now());
  // Somebody else changed the table: the next block makes sure of the hooks again. From any thread.
  void distrust_hooks() { hooked_ = false; }
  // Blocks in force as far as this manager knows.
  [[nodiscard]] std::size_t active(Clock::time_point now = Clock::now());

  struct Counters {
    Counter added, renewed, removed, dry_run, refused_address, refused_safe, refused_rate, failed;
  };
  [[nodiscard]] const Counters& counters() const { return counters_; }
  [[nodiscard]] const BlockSettings& settings() const { return settings_; }

 private:
  using Key = std::pair<BlockKind, FlowTuple>;
  [[nodiscard]] BlockOutcome guard(const Block& block, Clock::time_point now) const;
  void append(NftBatch& batch, NftOp op, const Block& block) const;
  void append_ends(NftBatch& batch, const Block& block, Clock::time_point now, bool replace) const;
  [[nodiscard]] Status put(NftBatch batch, const Block& block, Clock::time_point now, bool replace);
  void remember_ends(const Block& block, Clock::time_point until);
  [[nodiscard]] bool known(const Block& block, Clock::time_point now) const;
  void forget_expired(Clock::time_point now);

  NftTransport& transport_;
  const BlockSettings settings_;
  struct Known {
    Clock::time_point until;
    Block block;
  };
  std::map<Key, Known> active_;
  std::map<IpAddress, Clock::time_point> ends_;  // elements of the sets in front, to when
  std::deque<Clock::time_point> recent_;         // blocks added in the last minute
  std::atomic<bool> hooked_{false};              // inet's hooks have been made, or are being
  Counters counters_;
};

}  // namespace bulkhead::rules
