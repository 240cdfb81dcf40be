#include "rules/block/response_ladder.h"

#include <algorithm>

namespace bulkhead::rules {

namespace {

constexpr auto kMinute = std::chrono::minutes(1);
constexpr std::uint32_t kMostStrikes = 1000;  // far beyond the longest time

void forget_before(std::deque<ResponseLadder::Clock::time_point>& times, ResponseLadder::Clock::time_point now) {
  while (!times.empty() && now - times.front() >= kMinute) times.pop_front();
}

bool keeps_apart(ResponseStep step) {
  return step == ResponseStep::kEdge || step == ResponseStep::kQuarantine;
}

ResponseStep step_of(BlockKind kind) {
  switch (kind) {
    case BlockKind::kLimit: return ResponseStep::kLimit;
    case BlockKind::kFlow: return ResponseStep::kFlow;
    case BlockKind::kPair: return ResponseStep::kEdge;
    case BlockKind::kSource: return ResponseStep::kQuarantine;
  }
  return ResponseStep::kFlow;
}

// A workload with all of its addresses, or an address that is nobody's.
std::string name_of(const IpAddress& address, const Owner* owner) {
  return owner != nullptr ? owner->name : address.to_string();
}

}  // namespace

const char* to_string(ResponseStep step) {
  switch (step) {
    case ResponseStep::kLog: return "log";
    case ResponseStep::kLimit: return "limit";
    case ResponseStep::kFlow: return "flow";
    case ResponseStep::kEdge: return "edge";
    case ResponseStep::kQuarantine: return "quarantine";
  }
  return "log";
}

const char* to_string(Ruling ruling) {
  switch (ruling) {
    case Ruling::kAct: return "";
    case Ruling::kLogged: return "the ladder begins with a log entry";
    case Ruling::kForgeable: return "the source can be forged: no handshake was seen, and it is not known by its port";
    case Ruling::kSafe: return "on the safe list";
    case Ruling::kCovered: return "cut already";
    case Ruling::kTooMany: return "more blocks than allowed per minute";
    case Ruling::kTooLargeShare: return "more workloads would be cut off than allowed";
    case Ruling::kBreaker: return "the breaker is open: it is only said";
  }
  return "";
}

bool ResponseLadder::is_safe(const IpAddress& address) const {
  return std::any_of(settings_.safe_list.begin(), settings_.safe_list.end(),
                     [&](const IpPrefix& prefix) { return prefix.contains(address); });
}

ResponseLadder::Offender& ResponseLadder::offender(const IpAddress& source, const Owner* owner) {
  const std::string name = name_of(source, owner);
  const auto found = offenders_.find(name);
  if (found != offenders_.end()) {
    ages_.splice(ages_.end(), ages_, found->second.age);
    return found->second;
  }
  if (offenders_.size() >= kMostOffenders) {
    offenders_.erase(ages_.front());
    ages_.pop_front();
  }
  ages_.push_back(name);
  Offender& fresh = offenders_[name];
  fresh.known = owner != nullptr;
  fresh.age = std::prev(ages_.end());
  return fresh;
}

bool ResponseLadder::covered(Offender& offender, const FlowTuple& packet, Clock::time_point now) {
  std::erase_if(offender.covers, [&](const auto& cover) { return cover.second <= now; });
  return std::any_of(offender.covers.begin(), offender.covers.end(), [&](const auto& cover) {
    const Block& block = cover.first;
    if (block.tuple.source != packet.source) return false;
    return block.kind == BlockKind::kSource || block.tuple.destination == packet.destination;
  });
}

void ResponseLadder::step_up(Offender& offender, Clock::time_point now) const {
  if (offender.strikes != 0 && now - offender.last < settings_.settle) return;
  if (now - offender.last >= settings_.memory && now >= offender.cut_off_until) offender.strikes = 0;
  offender.strikes = std::min(offender.strikes + 1, kMostStrikes);
  offender.last = now;
  const auto step = static_cast<std::uint32_t>(settings_.first) + offender.strikes - 1;
  offender.step = static_cast<ResponseStep>(std::min(step, static_cast<std::uint32_t>(settings_.last)));
}

std::chrono::seconds ResponseLadder::time_of(std::uint32_t strikes) const {
  std::chrono::seconds out = settings_.ttl;
  for (std::uint32_t i = 1; i < strikes && out < settings_.max_ttl && settings_.growth > 1; ++i)
    out *= settings_.growth;
  return std::min(out, settings_.max_ttl);
}

Ruling ResponseLadder::within_caps(const Offender& offender, ResponseStep step, Clock::time_point now) {
  forget_before(made_, now);
  if (made_.size() >= settings_.max_per_minute) return Ruling::kTooMany;
  if (!offender.known || !keeps_apart(step) || now < offender.cut_off_until) return Ruling::kAct;
  const auto cut_off =
      static_cast<std::size_t>(std::count_if(offenders_.begin(), offenders_.end(), [&](const auto& each) {
        return each.second.known && now < each.second.cut_off_until;
      }));
  const std::size_t most = std::max<std::size_t>(1, neighbourhood_.workloads() * settings_.max_share_percent / 100);
  return cut_off < most ? Ruling::kAct : Ruling::kTooLargeShare;
}

bool ResponseLadder::refused_too_often(Clock::time_point now) {
  forget_before(refused_, now);
  if (refused_.size() < kMostRefusals) refused_.push_back(now);
  return refused_.size() >= settings_.breaker_refusals;
}

std::vector<Block> ResponseLadder::blocks_of(const ResponseEvidence& evidence, const Owner* owner,
                                             const Offender& offender) const {
  Block block;
  block.ttl = time_of(offender.strikes);
  block.sid = evidence.sid;
  block.strike = offender.strikes;
  block.reason = evidence.reason;
  block.tuple = evidence.packet;
  switch (offender.step) {
    case ResponseStep::kLog: return {};
    case ResponseStep::kLimit: block.kind = BlockKind::kLimit; break;
    case ResponseStep::kFlow:
      block.kind = BlockKind::kFlow;
      block.tuple = evidence.client;
      break;
    case ResponseStep::kEdge: block.kind = BlockKind::kPair; break;
    case ResponseStep::kQuarantine: block.kind = BlockKind::kSource; break;
  }
  block.tuple = block.target();
  return on_all_addresses(std::move(block), owner);
}

std::vector<Block> ResponseLadder::on_all_addresses(Block block, const Owner* owner) const {
  if (!block.is_of_source() || owner == nullptr) return {block};
  std::vector<Block> out;
  for (const IpAddress& address : owner->addresses) {
    if (is_safe(address)) continue;
    block.tuple.source = address;
    out.push_back(block);
  }
  return out;
}

// First what an attacker could make up: it must not even be remembered against its victim.
Ruling ResponseLadder::first_look(const ResponseEvidence& evidence) const {
  if (!evidence.established && !evidence.on_own_port) return Ruling::kForgeable;
  return is_safe(evidence.packet.source) ? Ruling::kSafe : Ruling::kAct;
}

bool ResponseLadder::may_act(ResponseDecision& decision, const Offender& offender, Clock::time_point now) {
  if (breaker_open(now)) {
    decision.ruling = Ruling::kBreaker;
    return false;
  }
  decision.ruling = within_caps(offender, decision.step, now);
  if (decision.ruling != Ruling::kAct) {
    decision.blocks.clear();
    if (refused_too_often(now)) {
      breaker_until_ = now + settings_.breaker_pause;
      decision.opens_breaker = true;
    }
    return false;
  }
  made_.push_back(now);
  return true;
}

ResponseDecision ResponseLadder::decide(const ResponseEvidence& evidence, Clock::time_point now) {
  ResponseDecision out;
  out.ruling = first_look(evidence);
  if (out.ruling != Ruling::kAct) return out;
  const IpAddress& source = evidence.packet.source;
  const Owner* owner = neighbourhood_.owner_of(source);
  Offender& who = offender(source, owner);
  if (covered(who, evidence.packet, now)) {
    out.ruling = Ruling::kCovered;
    out.step = who.step;
    out.strike = who.strikes;
    return out;
  }
  step_up(who, now);
  out.step = who.step;
  out.strike = who.strikes;
  out.blocks = blocks_of(evidence, owner, who);
  if (out.blocks.empty()) {
    out.ruling = Ruling::kLogged;
    return out;
  }
  if (who.step == ResponseStep::kLimit && who.limited_until > now) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(who.limited_until - now);
    for (Block& block : out.blocks) block.ttl = std::max(block.ttl, left);
  }
  if (!may_act(out, who, now)) return out;
  const Clock::time_point until = now + out.blocks.front().ttl;
  if (who.step == ResponseStep::kLimit) who.limited_until = std::max(who.limited_until, until);
  if (keeps_apart(who.step)) {
    who.cut_off_until = std::max(who.cut_off_until, until);
    for (const Block& block : out.blocks) who.covers.emplace_back(block, until);
  }
  return out;
}

ResponseDecision ResponseLadder::limit(const ResponseEvidence& evidence, Clock::time_point now) {
  ResponseDecision out;
  out.step = ResponseStep::kLimit;
  out.ruling = first_look(evidence);
  if (out.ruling != Ruling::kAct) return out;
  const IpAddress& source = evidence.packet.source;
  const Owner* owner = neighbourhood_.owner_of(source);
  Offender& who = offender(source, owner);
  out.strike = who.strikes;
  const bool cut_off = std::any_of(who.covers.begin(), who.covers.end(), [&](const auto& cover) {
    return cover.second > now && cover.first.kind == BlockKind::kSource && cover.first.tuple.source == source;
  });
  if (cut_off || who.limited_until > now + settings_.limit_ttl / 2) {
    out.ruling = Ruling::kCovered;
    return out;
  }
  Block block;
  block.kind = BlockKind::kLimit;
  block.ttl = settings_.limit_ttl;
  block.sid = evidence.sid;
  block.reason = evidence.reason;
  block.tuple.source = source;
  out.blocks = on_all_addresses(std::move(block), owner);
  if (may_act(out, who, now)) who.limited_until = now + settings_.limit_ttl;
  return out;
}

void ResponseLadder::adopt(const std::vector<ActiveBlock>& blocks, Clock::time_point now) {
  for (const ActiveBlock& active : blocks) {
    const Block& block = active.block;
    const bool limit = block.kind == BlockKind::kLimit;
    if (block.strike == 0 && !limit) continue;  // an operator's
    const Owner* owner = neighbourhood_.owner_of(block.tuple.source);
    Offender& who = offender(block.tuple.source, owner);
    if (limit) who.limited_until = std::max(who.limited_until, now + active.expires_in);
    if (block.strike == 0) continue;
    const ResponseStep step = step_of(block.kind);
    if (block.strike >= who.strikes) who.step = step;
    who.strikes = std::max(who.strikes, block.strike);
    who.last =
        std::max(who.last, now - (block.ttl - std::min<std::chrono::milliseconds>(active.expires_in, block.ttl)));
    if (!keeps_apart(step)) continue;
    who.cut_off_until = std::max(who.cut_off_until, now + active.expires_in);
    who.covers.emplace_back(block, now + active.expires_in);
  }
}

void ResponseLadder::forget(const std::vector<IpAddress>& addresses) {
  for (const IpAddress& address : addresses) {
    const auto found = offenders_.find(name_of(address, neighbourhood_.owner_of(address)));
    if (found == offenders_.end()) continue;
    ages_.erase(found->second.age);
    offenders_.erase(found);
  }
}

void ResponseLadder::panic(Clock::time_point now) {
  offenders_.clear();
  ages_.clear();
  breaker_until_ = now + settings_.breaker_pause;
}

}  // namespace bulkhead::rules
