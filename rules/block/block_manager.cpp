#include "rules/block/block_manager.h"

#include <algorithm>
#include <cerrno>

#include "rules/nft/admitted_flows.h"

namespace bulkhead::rules {

namespace {

constexpr NftFamily kFamilies[] = {NftFamily::kInet, NftFamily::kBridge};
constexpr auto kWindow = std::chrono::minutes(1);

bool is_blockable(const IpAddress& address) {
  if (!address.is_set() || address.is_multicast() || address.is_first()) return false;
  if (address.is_v4()) return address.bytes()[0] != 127 && !address.is_last();
  static const IpAddress loopback = *IpAddress::parse("::1");
  return address != loopback;
}

}  // namespace

const char* to_string(BlockOutcome outcome) {
  switch (outcome) {
    case BlockOutcome::kAdded: return "added";
    case BlockOutcome::kRenewed: return "renewed";
    case BlockOutcome::kDryRun: return "dry-run";
    case BlockOutcome::kBadAddress: return "not an address that can be blocked";
    case BlockOutcome::kSafe: return "on the safe list";
    case BlockOutcome::kTooMany: return "more blocks than allowed per minute";
  }
  return "added";
}

BlockOutcome BlockManager::guard(const Block& block, Clock::time_point now) const {
  const FlowTuple& t = block.tuple;
  const bool two_ends = !block.is_of_source();
  if (!is_blockable(t.source)) return BlockOutcome::kBadAddress;
  if (two_ends && (!t.destination.is_set() || t.destination.family() != t.source.family())) {
    return BlockOutcome::kBadAddress;
  }
  const bool safe = std::any_of(settings_.safe_list.begin(), settings_.safe_list.end(),
                                [&](const IpPrefix& p) { return p.contains(t.source); });
  if (safe) return BlockOutcome::kSafe;
  if (settings_.dry_run) return BlockOutcome::kDryRun;
  if (known(block, now)) return BlockOutcome::kRenewed;
  return recent_.size() >= settings_.max_per_minute ? BlockOutcome::kTooMany : BlockOutcome::kAdded;
}

bool BlockManager::known(const Block& block, Clock::time_point now) const {
  const auto found = active_.find({block.kind, block.target()});
  return found != active_.end() && found->second.until > now;
}

void BlockManager::append(NftBatch& batch, NftOp op, const Block& block) const {
  BlockElements elements = block_elements(block);
  for (const NftFamily family : kFamilies) {
    NftCommand command;
    command.op = op;
    command.family = family;
    command.table = settings_.table;
    command.name = elements.set;
    command.set.elements = elements.elements;
    batch.push_back(std::move(command));
  }
}

// Sources of the packets that the block is about.
static std::vector<IpAddress> sources_of(const Block& block) {
  if (block.kind != BlockKind::kFlow || block.tuple.source == block.tuple.destination) return {block.tuple.source};
  return {block.tuple.source, block.tuple.destination};
}

// The set in front must know a source at least as long as the longest of its blocks. A second more, so that an
// element that our books have is still in the kernel.
void BlockManager::append_ends(NftBatch& batch, const Block& block, Clock::time_point now, bool replace) const {
  for (const IpAddress& source : sources_of(block)) {
    const auto known_end = ends_.find(source);
    const bool there = known_end != ends_.end() && known_end->second > now;
    if (there && known_end->second >= now + block.ttl) continue;
    NftCommand command;
    command.table = settings_.table;
    command.name = block_ends_name(source.family());
    NftElement element;
    element.key.assign(source.bytes().begin(), source.bytes().begin() + static_cast<std::ptrdiff_t>(source.size()));
    element.timeout_ms = static_cast<std::uint64_t>(std::chrono::milliseconds(block.ttl).count()) + 1000;
    command.set.elements.push_back(std::move(element));
    for (const NftFamily family : kFamilies) {
      command.family = family;
      command.op = NftOp::kDeleteElements;
      if (there && replace) batch.push_back(command);
      command.op = NftOp::kAddElements;
      batch.push_back(command);
    }
  }
}

// `replace`: of what our books have in the kernel. Whoever distrusts the hooks meanwhile is heard by the next block.
Status BlockManager::put(NftBatch batch, const Block& block, Clock::time_point now, bool replace) {
  append(batch, NftOp::kAddElements, block);
  append_ends(batch, block, now, replace);
  const bool hooked = hooked_.exchange(true);
  if (!hooked) append_block_hooks(batch, settings_.table);
  Status out = transport_.apply(batch);
  if (!out && !hooked) distrust_hooks();
  return out;
}

void BlockManager::remember_ends(const Block& block, Clock::time_point until) {
  for (const IpAddress& source : sources_of(block)) {
    Clock::time_point& end = ends_[source];
    end = std::max(end, until);
  }
}

Result<BlockOutcome> BlockManager::add(const Block& block, Clock::time_point now) {
  while (!recent_.empty() && now - recent_.front() >= kWindow) recent_.pop_front();
  const BlockOutcome outcome = guard(block, now);
  switch (outcome) {
    case BlockOutcome::kDryRun: counters_.dry_run.add(); return outcome;
    case BlockOutcome::kBadAddress: counters_.refused_address.add(); return outcome;
    case BlockOutcome::kSafe: counters_.refused_safe.add(); return outcome;
    case BlockOutcome::kTooMany: counters_.refused_rate.add(); return outcome;
    case BlockOutcome::kAdded:
    case BlockOutcome::kRenewed: break;
  }
  Block bounded = block;
  bounded.ttl = std::clamp(block.ttl, std::chrono::seconds(1), settings_.max_ttl);
  NftBatch batch;
  // An element that is there keeps its old time to live: take it out in the same transaction.
  if (outcome == BlockOutcome::kRenewed) append(batch, NftOp::kDeleteElements, bounded);
  Status status = put(std::move(batch), bounded, now, true);
  // It ended, or someone removed it, since we looked.
  if (!status && status.error().code == ENOENT) status = put({}, bounded, now, false);
  if (!status) {
    counters_.failed.add();
    return status.error();
  }
  forget_expired(now);
  active_.insert_or_assign({block.kind, block.target()}, Known{now + bounded.ttl, bounded});
  remember_ends(bounded, now + bounded.ttl);
  if (outcome == BlockOutcome::kAdded) recent_.push_back(now);
  (outcome == BlockOutcome::kAdded ? counters_.added : counters_.renewed).add();
  if (auto forgotten = forget_admitted(transport_, settings_.table); !forgotten) return forgotten.error();
  return outcome;
}

Result<bool> BlockManager::remove(const Block& block) {
  active_.erase({block.kind, block.target()});
  bool found = false;
  // One family at a time: an element may be gone from one of them.
  for (const NftFamily family : kFamilies) {
    NftBatch batch;
    append(batch, NftOp::kDeleteElements, block);
    std::erase_if(batch, [&](const NftCommand& c) { return c.family != family; });
    const Status status = transport_.apply(batch);
    if (!status && status.error().code != ENOENT) return status.error();
    found = found || status.has_value();
  }
  if (found) counters_.removed.add();
  return found;
}

Result<std::vector<ActiveBlock>> BlockManager::list() {
  std::vector<ActiveBlock> out;
  for (const IpFamily version : {IpFamily::kV4, IpFamily::kV6}) {
    for (const BlockSetKind kind : kBlockSetKinds) {
      auto elements = transport_.dump_elements(NftFamily::kInet, settings_.table, block_set_name(version, kind));
      if (!elements) return elements.error();
      for (const NftElement& element : *elements) {
        if (auto block = block_of_element(version, kind, element)) out.push_back(std::move(*block));
      }
    }
  }
  return out;
}

Result<std::vector<Block>> BlockManager::undo(std::size_t most) {
  auto blocks = list();
  if (!blocks) return blocks.error();
  std::stable_sort(blocks->begin(), blocks->end(),
                   [](const ActiveBlock& a, const ActiveBlock& b) { return a.block.made_at > b.block.made_at; });
  std::vector<Block> out;
  for (const ActiveBlock& entry : *blocks) {
    if (out.size() >= most) break;
    const auto removed = remove(entry.block);
    if (!removed) return removed.error();
    if (*removed) out.push_back(entry.block);
  }
  return out;
}

Result<std::size_t> BlockManager::adopt(Clock::time_point now) {
  auto blocks = list();
  if (!blocks) return blocks.error();
  active_.clear();
  ends_.clear();
  for (const ActiveBlock& entry : *blocks) {
    active_.insert_or_assign({entry.block.kind, entry.block.target()}, Known{now + entry.expires_in, entry.block});
    remember_ends(entry.block, now + entry.expires_in);
  }
  return blocks->size();
}

Result<std::size_t> BlockManager::forget(const std::vector<IpAddress>& addresses) {
  const auto gone = [&](const IpAddress& address) {
    return std::find(addresses.begin(), addresses.end(), address) != addresses.end();
  };
  auto blocks = list();
  if (!blocks) return blocks.error();
  std::size_t out = 0;
  for (const ActiveBlock& entry : *blocks) {
    const FlowTuple target = entry.block.target();
    if (!gone(target.source) && !gone(target.destination)) continue;
    const auto removed = remove(entry.block);
    if (!removed) return removed.error();
    out += *removed ? 1 : 0;
  }
  return out;
}

Result<std::size_t> BlockManager::restore(Clock::time_point now) {
  forget_expired(now);
  ends_.clear();
  distrust_hooks();
  for (auto& [key, known_block] : active_) {
    Block block = known_block.block;
    block.ttl = std::max(std::chrono::ceil<std::chrono::seconds>(known_block.until - now), std::chrono::seconds(1));
    if (const Status status = put({}, block, now, false); !status) return status.error();
    remember_ends(block, now + block.ttl);
  }
  return active_.size();
}

std::size_t BlockManager::active(Clock::time_point now) {
  forget_expired(now);
  return active_.size();
}

void BlockManager::forget_expired(Clock::time_point now) {
  std::erase_if(active_, [&](const auto& entry) { return entry.second.until <= now; });
  std::erase_if(ends_, [&](const auto& entry) { return entry.second <= now; });
}

}  // namespace bulkhead::rules
