#include "signatures/compile/payload_program.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>

namespace bulkhead::signatures {
namespace {

// What a step reads from earlier steps and leaves to later ones. Slots are bits; the cursor is one more.
constexpr std::uint64_t kCursor = std::uint64_t{1} << 63;

struct Effects {
  std::uint64_t reads = 0;
  std::uint64_t writes = 0;  // set without looking at the old value
  bool many_places = false;  // may succeed at more than one place
};

std::uint64_t slot_bit(const Value& v) {
  return v.slot >= 0 ? std::uint64_t{1} << (v.slot % 63) : 0;
}

std::uint64_t field_reads(const NumberField& f) {
  return slot_bit(f.count) | slot_bit(f.offset) | (f.relative ? kCursor : 0);
}

Effects effects_of(const PayloadOp& op) {
  struct Visitor {
    Effects operator()(const ContentOp& c) const {
      const std::uint64_t reads = slot_bit(c.offset) | slot_bit(c.depth) | slot_bit(c.distance) | slot_bit(c.within) |
                                  (c.relative ? kCursor : 0);
      return {reads, c.negated ? 0 : kCursor, !c.negated};
    }
    Effects operator()(const PcreOp& p) const {
      return {p.relative ? kCursor : 0, p.negated ? 0 : kCursor, !p.negated};
    }
    Effects operator()(const ByteTestOp& t) const { return {field_reads(t.field) | slot_bit(t.value), 0, false}; }
    Effects operator()(const ByteJumpOp& j) const {
      return {field_reads(j.field) | slot_bit(j.post_offset_variable), kCursor, false};
    }
    Effects operator()(const ByteExtractOp& e) const {
      return {field_reads(e.field), kCursor | slot_bit({0, e.slot}), false};
    }
    Effects operator()(const ByteMathOp& m) const {
      return {field_reads(m.field) | slot_bit(m.right), kCursor | slot_bit({0, m.slot}), false};
    }
    Effects operator()(const IsDataAtOp& d) const {
      return {slot_bit(d.position) | (d.relative ? kCursor : 0), 0, false};
    }
    Effects operator()(const BufferSizeOp&) const { return {}; }
    Effects operator()(const Base64DecodeOp& b) const { return {b.relative ? kCursor : 0, 0, false}; }
    Effects operator()(const DatasetOp&) const { return {}; }
    Effects operator()(const DatarepOp&) const { return {}; }
    Effects operator()(const Asn1Op& a) const { return {a.relative ? kCursor : 0, 0, false}; }
  };
  return std::visit(Visitor{}, op);
}

// Bytes that are rare in traffic first: fewer false starts for the search of one byte.
int commonness(unsigned char c) {
  if (c == 0) return 10;
  if (c == ' ' || c == '\r' || c == '\n' || c == 0xff) return 9;
  if (std::isalpha(c) != 0) return std::strchr("etaoinsr", c) != nullptr ? 8 : 6;  // and two searches, one a case
  if (std::isdigit(c) != 0 || c == '.' || c == '/' || c == ':' || c == '-' || c == '=') return 5;
  return std::isprint(c) != 0 ? 2 : 3;
}

std::uint16_t rarest(const std::string& bytes) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < std::min<std::size_t>(bytes.size(), 65535); ++i) {
    if (commonness(static_cast<unsigned char>(bytes[i])) < commonness(static_cast<unsigned char>(bytes[best])))
      best = i;
  }
  return static_cast<std::uint16_t>(best);
}

// Does any later step read what step i wrote, before something else overwrites it?
bool read_later(const std::vector<Effects>& effects, std::size_t i) {
  std::uint64_t live = effects[i].writes;
  for (std::size_t j = i + 1; j < effects.size() && live != 0; ++j) {
    if ((effects[j].reads & live) != 0) return true;
    live &= ~effects[j].writes;
  }
  return false;
}

// Does no step from i on read anything that was written before i?
bool independent_from(const std::vector<Effects>& effects, std::size_t i) {
  std::uint64_t fresh = 0;  // written at or after i
  for (std::size_t j = i; j < effects.size(); ++j) {
    if ((effects[j].reads & ~fresh) != 0) return false;
    fresh |= effects[j].writes;
  }
  return true;
}

}  // namespace

PayloadProgram compile_payload(const BufferProgram& buffer) {
  std::vector<Effects> effects;
  effects.reserve(buffer.ops.size());
  for (const PayloadOp& op : buffer.ops) effects.push_back(effects_of(op));

  PayloadProgram program;
  program.buffer = buffer.buffer;
  program.transforms = buffer.transforms;
  program.steps.reserve(buffer.ops.size());
  for (std::size_t i = 0; i < buffer.ops.size(); ++i) {
    const PayloadOp& op = buffer.ops[i];
    PayloadStep step;
    step.kind = static_cast<OpKind>(op.index());
    step.retry = effects[i].many_places && read_later(effects, i);
    step.cut = i == 0 || independent_from(effects, i);
    step.op = &op;
    if (const auto* content = std::get_if<ContentOp>(&op)) step.anchor = rarest(content->bytes);
    if (const auto* pcre = std::get_if<PcreOp>(&op)) step.regex = pcre->engine.get();
    program.steps.push_back(step);
  }
  return program;
}

}  // namespace bulkhead::signatures
