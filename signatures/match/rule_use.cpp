#include "signatures/match/rule_use.h"

#include <utility>

namespace bulkhead::signatures {

namespace {

std::uint64_t key_of(const CompiledRule& rule) {
  const event::SignatureInfo& info = *rule.signature->info;
  return std::uint64_t{info.gid} << 32 | info.sid;
}

}  // namespace

std::shared_ptr<RuleUseLane> RuleUseBook::open(const SignatureDb& db) {
  std::vector<std::uint64_t> keys;
  keys.reserve(db.rules.size());
  for (const CompiledRule& rule : db.rules) keys.push_back(key_of(rule));
  auto lane = std::make_shared<RuleUseLane>(std::move(keys));
  const std::lock_guard lock(mutex_);
  retire();
  lanes_.push_back(lane);
  return lane;
}

void RuleUseBook::add(const RuleUseLane& lane, Sums& sums) {
  for (std::size_t i = 0; i < lane.rules.size(); ++i) {
    const RuleUse& use = lane.rules[i];
    if (use.checks.value() == 0) continue;
    RuleUseTotals& sum = sums[lane.keys[i]];
    sum.checks += use.checks.value();
    sum.matches += use.matches.value();
    sum.samples += use.samples.value();
    sum.sampled_ns += use.sampled_ns.value();
  }
}

void RuleUseBook::retire() {
  std::erase_if(lanes_, [this](const std::shared_ptr<RuleUseLane>& lane) {
    if (lane.use_count() > 1) return false;
    add(*lane, past_);
    past_packets_ += lane->packets.value();
    return true;
  });
}

RuleUseReport RuleUseBook::read(const SignatureDb& db) {
  const std::lock_guard lock(mutex_);
  retire();
  RuleUseReport out;
  out.packets = past_packets_;
  Sums sums = past_;
  for (const auto& lane : lanes_) {
    add(*lane, sums);
    out.packets += lane->packets.value();
  }
  out.rules.reserve(db.rules.size());
  for (const CompiledRule& rule : db.rules) {
    const auto found = sums.find(key_of(rule));
    out.rules.push_back(found == sums.end() ? RuleUseTotals{} : found->second);
  }
  return out;
}

}  // namespace bulkhead::signatures
