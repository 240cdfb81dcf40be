// Resolved rules for tests of the compiler and the matcher, without the language in front.
//
//     Signature s = rule(1, RuleProtocol::kTcp, {content("GET"), content("root", {.nocase = true})});
//
// Thread   any; value types.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "signatures/compile/signature.h"

namespace bulkhead::test {

struct ContentFields {
  bool nocase = false, negated = false, starts_with = false, ends_with = false, fast_pattern = false;
  std::optional<std::int64_t> offset, depth, distance, within;
};

[[nodiscard]] inline signatures::PayloadOp content(std::string bytes, const ContentFields& f = {}) {
  signatures::ContentOp op;
  op.bytes = std::move(bytes);
  if (f.nocase) {
    for (char& c : op.bytes) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  }
  op.nocase = f.nocase;
  op.negated = f.negated;
  op.starts_with = f.starts_with;
  op.ends_with = f.ends_with;
  op.fast_pattern = f.fast_pattern;
  const auto set = [](const std::optional<std::int64_t>& from, bool& has, signatures::Value& to) {
    has = from.has_value();
    if (has) to.number = *from;
  };
  set(f.offset, op.has_offset, op.offset);
  set(f.depth, op.has_depth, op.depth);
  set(f.distance, op.has_distance, op.distance);
  set(f.within, op.has_within, op.within);
  op.relative = op.has_distance || op.has_within;
  return op;
}

[[nodiscard]] inline signatures::PayloadOp pcre(std::string pattern, bool relative = false, bool negated = false) {
  signatures::PcreOp op;
  op.pattern = std::move(pattern);
  op.relative = relative;
  op.negated = negated;
  return op;
}

[[nodiscard]] inline signatures::Signature rule(std::uint32_t sid, signatures::RuleProtocol protocol,
                                                std::vector<signatures::PayloadOp> ops = {}) {
  signatures::Signature s;
  auto info = std::make_shared<event::SignatureInfo>();
  info->sid = sid;
  info->message = "rule " + std::to_string(sid);
  s.info = info;
  s.protocol = protocol;
  if (!ops.empty()) {
    for (const signatures::PayloadOp& op : ops) {
      const auto* c = std::get_if<signatures::ContentOp>(&op);
      if (c != nullptr && (c->has_depth || c->has_offset || c->starts_with)) s.inspects_packet_payload = true;
    }
    s.inspects_stream = protocol == signatures::RuleProtocol::kTcp || protocol == signatures::RuleProtocol::kTcpStream;
    if (protocol == signatures::RuleProtocol::kTcpPkt || !s.inspects_stream) s.inspects_packet_payload = true;
    s.buffers.push_back({signatures::BufferId::kPayload, std::move(ops)});
  }
  return s;
}

// A small random rule over a small alphabet, so that it matches often. `variables`: with byte_* options.
class RuleGenerator {
 public:
  explicit RuleGenerator(std::uint32_t seed) : random_(seed) {}

  [[nodiscard]] std::string bytes(std::size_t low, std::size_t high) {
    static constexpr char kAlphabet[] = {'a', 'b', 'A', 'B', '1', '\0', '2', 'a'};
    std::string out;
    for (std::size_t n = number(low, high); n > 0; --n) out += kAlphabet[number(0, 7)];
    return out;
  }
  // `monotone`: only options that stay true when data is appended, for streams.
  [[nodiscard]] signatures::Signature next(std::uint32_t sid, signatures::RuleProtocol protocol, bool monotone) {
    std::vector<signatures::PayloadOp> ops;
    slots_ = 0;
    for (std::size_t n = number(1, 4); n > 0; --n) ops.push_back(next_op(monotone, ops.empty()));
    const bool decodes = !monotone && chance(15);
    if (decodes) ops.emplace_back(next_base64(ops.empty()));
    signatures::Signature s = rule(sid, protocol, std::move(ops));
    if (decodes) s.buffers.push_back({signatures::BufferId::kBase64Data, {next_content(false, true)}, {}});
    s.variable_slots = slots_;
    return s;
  }
  [[nodiscard]] std::size_t number(std::size_t low, std::size_t high) {
    return std::uniform_int_distribution<std::size_t>(low, high)(random_);
  }
  [[nodiscard]] bool chance(unsigned percent) { return number(1, 100) <= percent; }

 private:
  signatures::PayloadOp next_op(bool monotone, bool first) {
    if (monotone || chance(60)) return next_content(monotone, first);
    switch (number(0, 8)) {
      case 0: return pcre(chance(50) ? "a[bB]+" : "(?:1|2)a?", !first && chance(50), chance(20));
      case 1: return pcre("^a", !first && chance(50));
      case 2: {
        signatures::IsDataAtOp op;
        op.position.number = static_cast<std::int64_t>(number(0, 5));
        op.relative = chance(60);
        op.negated = chance(30);
        return op;
      }
      case 3: {
        signatures::ByteTestOp op;
        op.field = field();
        op.compare = static_cast<signatures::Compare>(number(0, 6));
        op.value = operand(120);
        op.negated = chance(20);
        return op;
      }
      case 4: {
        signatures::ByteJumpOp op;
        op.field = field();
        op.multiplier = static_cast<std::int64_t>(number(1, 2));
        op.align = chance(20);
        op.from_beginning = chance(20);
        op.from_end = !op.from_beginning && chance(10);
        op.post_offset = chance(40) ? -static_cast<std::int64_t>(number(1, 50)) : 0;
        return op;
      }
      case 5: {
        signatures::ByteExtractOp op;
        op.field = field();
        op.slot = slots_++;
        return op;
      }
      case 6: {
        signatures::Asn1Op op;
        op.bitstring_overflow = chance(50);
        if (!op.bitstring_overflow || chance(50)) op.oversize_length = static_cast<std::uint32_t>(number(0, 80));
        op.relative = chance(40);
        op.offset = static_cast<std::int32_t>(number(0, 3));
        return op;
      }
      case 7: {
        using Command = signatures::DatasetOp::Command;
        return signatures::DatasetOp{chance(30) ? Command::kIsSet : Command::kIsNotSet, short_texts(), {}};
      }
      default: {
        signatures::ByteMathOp op;
        op.field = field();
        op.operation = static_cast<signatures::Arithmetic>(number(0, 5));
        op.right = operand(50);
        op.slot = slots_++;
        return op;
      }
    }
  }

  signatures::Base64DecodeOp next_base64(bool first) {
    signatures::Base64DecodeOp op;
    op.bytes = static_cast<std::uint32_t>(chance(50) ? number(1, 8) : 0);
    op.offset = static_cast<std::uint32_t>(number(0, 3));
    op.relative = !first && chance(50);
    return op;
  }
  // Every text of one byte of the alphabet.
  static const signatures::DatasetPtr& short_texts() {
    static const signatures::DatasetPtr set = [] {
      auto made = std::make_shared<signatures::Dataset>("short", signatures::DatasetType::kString);
      for (const char* text : {"a", "b", "A", "B", "1", "2"}) made->add(text);
      return made;
    }();
    return set;
  }

  signatures::PayloadOp next_content(bool monotone, bool first) {
    ContentFields f;
    const std::string pattern = bytes(1, 3);
    f.nocase = chance(30);
    if (!monotone) {
      f.negated = chance(20);
      f.ends_with = chance(8);
    }
    if (first || chance(40)) {
      if (chance(40)) f.offset = static_cast<std::int64_t>(number(0, 6));
      if (chance(40)) f.depth = static_cast<std::int64_t>(number(pattern.size(), 12));
      if (!f.offset && !f.depth && chance(10)) f.starts_with = true;
    } else {
      if (chance(70)) f.distance = static_cast<std::int64_t>(number(0, 6)) - (monotone ? 0 : 2);
      if (!f.distance || chance(50)) f.within = static_cast<std::int64_t>(number(pattern.size(), 10));
    }
    signatures::PayloadOp op = content(pattern, f);
    auto& c = std::get<signatures::ContentOp>(op);
    if (c.has_distance && slots_ > 0 && chance(30)) c.distance = {0, static_cast<std::int16_t>(slots_ - 1)};
    return op;
  }

  signatures::NumberField field() {
    signatures::NumberField f;
    f.count.number = static_cast<std::int64_t>(number(1, 3));
    f.offset.number = static_cast<std::int64_t>(number(0, 4)) - (chance(20) ? 3 : 0);
    f.relative = chance(50);
    f.order = chance(30) ? signatures::ByteOrder::kLittle : signatures::ByteOrder::kBig;
    if (chance(30)) f.base = static_cast<signatures::NumberBase>(number(1, 3));
    if (chance(20)) f.bitmask = static_cast<std::uint32_t>(number(1, 63));
    return f;
  }
  signatures::Value operand(std::size_t high) {
    if (slots_ > 0 && chance(40)) return {0, static_cast<std::int16_t>(slots_ - 1)};
    return {static_cast<std::int64_t>(number(0, high)), -1};
  }

  std::mt19937 random_;
  std::int16_t slots_ = 0;
};

}  // namespace bulkhead::test
