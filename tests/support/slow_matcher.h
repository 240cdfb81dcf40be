// The slow twin of the matcher: the plainest reading of a rule's payload options. No prefilter, no groups,
// no compiled form: every option tries every position, by recursion. What it says is right by being obvious.
//
// Limits   gives up (nullopt) after `budget` steps; callers skip such cases.
// Use      tests/unit/signatures/match/differential_test.cpp, tests/fuzz/fuzz_matcher.cpp
#pragma once

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <cctype>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "datapath/base/byte_reader.h"
#include "signatures/compile/signature.h"
#include "signatures/match/ber_check.h"

namespace bulkhead::test {

class SlowMatcher {
 public:
  // `base64`: what base64_data looks for, if the rule has it.
  SlowMatcher(const signatures::BufferProgram& program, ByteSpan bytes, std::uint64_t budget = 20000,
              const signatures::BufferProgram* base64 = nullptr)
      : ops_(program.ops), base64_(base64), bytes_(bytes.begin(), bytes.end()), budget_(budget) {}

  // Nullopt: too many steps.
  [[nodiscard]] std::optional<bool> matches() {
    const bool result = from(0, 0, {});
    if (budget_ == 0) return std::nullopt;
    return result;
  }

 private:
  using Slots = std::map<int, std::uint64_t>;
  using Int = std::int64_t;

  [[nodiscard]] Int size() const { return static_cast<Int>(bytes_.size()); }
  [[nodiscard]] static Int value(const signatures::Value& v, const Slots& slots) {
    if (v.slot < 0) return v.number;
    const auto at = slots.find(v.slot);
    const std::uint64_t n = at == slots.end() ? 0 : at->second;
    return n > (1ULL << 48) ? Int{1} << 48 : static_cast<Int>(n);
  }

  // Do all options from `index` on hold, when the last match ended at `cursor`?
  bool from(std::size_t index, Int cursor, const Slots& slots) {
    if (budget_ == 0 || --budget_ == 0) return false;
    if (index == ops_.size()) return true;
    return std::visit([&](const auto& op) { return holds(op, index, cursor, slots); }, ops_[index]);
  }

  [[nodiscard]] bool stands_at(const signatures::ContentOp& op, Int at) const {
    for (std::size_t i = 0; i < op.bytes.size(); ++i) {
      const int have = static_cast<unsigned char>(bytes_[static_cast<std::size_t>(at) + i]);
      const int want = static_cast<unsigned char>(op.bytes[i]);
      if ((op.nocase ? std::tolower(have) : have) != want) return false;
    }
    return true;
  }

  bool holds(const signatures::ContentOp& op, std::size_t index, Int cursor, const Slots& slots) {
    Int low = 0, high = size();
    const Int length = static_cast<Int>(op.bytes.size());
    if (op.relative) {
      const Int distance = op.has_distance ? value(op.distance, slots) : 0;
      low = cursor + distance;
      if (op.has_within) {
        const Int end = cursor + distance + value(op.within, slots);
        if (end >= 0 && end < high) high = end;
      }
    } else {
      if (op.has_offset) low = value(op.offset, slots);
      if (op.starts_with)
        high = std::min(high, low + length);
      else if (op.has_depth)
        high = std::min(high, low + value(op.depth, slots));
    }
    bool found = false;
    for (Int at = std::max<Int>(low, 0); at + length <= high; ++at) {
      if (!stands_at(op, at) || (op.ends_with && at + length != size())) continue;
      found = true;
      if (op.negated) break;
      if (from(index + 1, at + length, slots)) return true;
    }
    return op.negated && !found && from(index + 1, cursor, slots);
  }

  bool holds(const signatures::PcreOp& op, std::size_t index, Int cursor, const Slots& slots) {
    std::uint32_t options = 0;
    if (op.caseless) options |= PCRE2_CASELESS;
    if (op.dotall) options |= PCRE2_DOTALL;
    if (op.multiline) options |= PCRE2_MULTILINE;
    if (op.anchored) options |= PCRE2_ANCHORED;
    int error = 0;
    PCRE2_SIZE position = 0;
    std::unique_ptr<pcre2_code, void (*)(pcre2_code*)> code(
        pcre2_compile(reinterpret_cast<PCRE2_SPTR>(op.pattern.data()), op.pattern.size(), options, &error, &position,
                      nullptr),
        pcre2_code_free);
    if (!code) return false;
    std::unique_ptr<pcre2_match_data, void (*)(pcre2_match_data*)> data(pcre2_match_data_create(16, nullptr),
                                                                        pcre2_match_data_free);
    const Int begin = op.relative ? std::min(std::max<Int>(cursor, 0), size()) : 0;
    const std::string subject = bytes_.substr(static_cast<std::size_t>(begin));
    bool found = false;
    for (std::size_t start = 0; start <= subject.size();) {
      const int result = pcre2_match(code.get(), reinterpret_cast<PCRE2_SPTR>(subject.data()), subject.size(), start,
                                     PCRE2_NO_JIT, data.get(), nullptr);
      if (result < 0) break;
      found = true;
      if (op.negated) break;
      const PCRE2_SIZE* pair = pcre2_get_ovector_pointer(data.get());
      if (from(index + 1, begin + static_cast<Int>(pair[1]), slots)) return true;
      start = std::max<std::size_t>(start, pair[0]) + 1;
    }
    return op.negated && !found && from(index + 1, cursor, slots);
  }

  // A number in the payload: value and the position behind it.
  [[nodiscard]] std::optional<std::pair<std::uint64_t, Int>> number(const signatures::NumberField& field, Int cursor,
                                                                    const Slots& slots, bool may_be_empty) const {
    const Int count = value(field.count, slots);
    const Int at = (field.relative ? cursor : 0) + value(field.offset, slots);
    if (size() == 0 || at < 0 || count < 0 || count > 23 || at + count > size()) return std::nullopt;
    if (count == 0) return may_be_empty ? std::optional(std::pair{std::uint64_t{0}, at}) : std::nullopt;
    const std::string digits = bytes_.substr(static_cast<std::size_t>(at), static_cast<std::size_t>(count));
    if (field.base == signatures::NumberBase::kBinary) {
      if (count > 8) return std::nullopt;
      std::uint64_t n = 0;
      for (Int i = 0; i < count; ++i) {
        const Int from_left = field.order == signatures::ByteOrder::kLittle ? count - 1 - i : i;
        n = n * 256 + static_cast<unsigned char>(digits[static_cast<std::size_t>(from_left)]);
      }
      return std::pair{n, at + count};
    }
    const int base = field.base == signatures::NumberBase::kHexadecimal ? 16
                     : field.base == signatures::NumberBase::kOctal     ? 8
                                                                        : 10;
    char* end = nullptr;
    errno = 0;
    const std::uint64_t n = std::strtoull(digits.c_str(), &end, base);
    if (end == digits.c_str() || errno == ERANGE) return std::nullopt;
    return std::pair{n, at + (end - digits.c_str())};
  }
  [[nodiscard]] static std::uint64_t masked(std::uint64_t n, std::uint32_t mask) {
    if (mask == 0) return n;
    n &= mask;
    while ((mask & 1) == 0) {
      mask >>= 1;
      n >>= 1;
    }
    return n;
  }

  bool holds(const signatures::ByteTestOp& op, std::size_t index, Int cursor, const Slots& slots) {
    const auto n = number(op.field, cursor, slots, false);
    if (!n) return false;
    const std::uint64_t a = masked(n->first, op.field.bitmask);
    const auto b = static_cast<std::uint64_t>(value(op.value, slots));
    bool result = false;
    switch (op.compare) {
      case signatures::Compare::kEqual: result = a == b; break;
      case signatures::Compare::kLess: result = a < b; break;
      case signatures::Compare::kGreater: result = a > b; break;
      case signatures::Compare::kLessEqual: result = a <= b; break;
      case signatures::Compare::kGreaterEqual: result = a >= b; break;
      case signatures::Compare::kAnd: result = (a & b) != 0; break;
      case signatures::Compare::kOr: result = (a ^ b) != 0; break;
    }
    return result != op.negated && from(index + 1, cursor, slots);
  }

  bool holds(const signatures::ByteJumpOp& op, std::size_t index, Int cursor, const Slots& slots) {
    const auto n = number(op.field, cursor, slots, true);
    if (!n) return false;
    auto jump = static_cast<Int>(masked(n->first, op.field.bitmask) * static_cast<std::uint64_t>(op.multiplier));
    if (op.align && jump % 4 != 0) jump += 4 - jump % 4;
    jump += op.post_offset_variable.slot >= 0 ? value(op.post_offset_variable, slots) : op.post_offset;
    if (jump > (Int{1} << 40) || jump < -(Int{1} << 40)) return false;
    const Int target = (op.from_beginning ? 0 : op.from_end ? size() : n->second) + jump;
    return target >= 0 && target <= size() && from(index + 1, target, slots);
  }

  bool holds(const signatures::ByteExtractOp& op, std::size_t index, Int cursor, Slots slots) {
    const auto n = number(op.field, cursor, slots, false);
    if (!n) return false;
    std::uint64_t result = masked(n->first, op.field.bitmask) * static_cast<std::uint64_t>(op.multiplier);
    if (op.align != 0 && result % op.align != 0) result += op.align - result % op.align;
    slots[op.slot] = result;
    return from(index + 1, n->second, slots);
  }

  bool holds(const signatures::ByteMathOp& op, std::size_t index, Int cursor, Slots slots) {
    const auto n = number(op.field, cursor, slots, false);
    if (!n) return false;
    const auto b = static_cast<std::uint64_t>(value(op.right, slots));
    std::uint64_t a = n->first;
    switch (op.operation) {
      case signatures::Arithmetic::kAdd: a += b; break;
      case signatures::Arithmetic::kSubtract: a -= b; break;
      case signatures::Arithmetic::kMultiply: a *= b; break;
      case signatures::Arithmetic::kDivide:
        if (b == 0) return false;
        a /= b;
        break;
      case signatures::Arithmetic::kShiftLeft: a = b < 64 ? a << b : 0; break;
      case signatures::Arithmetic::kShiftRight: a = b < 64 ? a >> b : 0; break;
    }
    slots[op.slot] = masked(a, op.field.bitmask);
    return from(index + 1, n->second, slots);
  }

  bool holds(const signatures::IsDataAtOp& op, std::size_t index, Int cursor, const Slots& slots) {
    const Int position = value(op.position, slots);
    const bool there = op.relative ? cursor + position <= size() : position < size();
    return there != op.negated && from(index + 1, cursor, slots);
  }

  bool holds(const signatures::BufferSizeOp& op, std::size_t index, Int cursor, const Slots& slots) {
    using Mode = signatures::BufferSizeOp::Mode;
    const auto n = static_cast<std::uint64_t>(size());
    const bool result = op.mode == Mode::kEqual          ? n == op.low
                        : op.mode == Mode::kNotEqual     ? n != op.low
                        : op.mode == Mode::kLess         ? n < op.low
                        : op.mode == Mode::kGreater      ? n > op.low
                        : op.mode == Mode::kLessEqual    ? n <= op.low
                        : op.mode == Mode::kGreaterEqual ? n >= op.low
                                                         : n > op.low && n < op.high;
    return result && from(index + 1, cursor, slots);
  }

  // Every character is looked up in the alphabet, one group of bits after the other.
  [[nodiscard]] static std::string decoded(std::string_view text) {
    static const std::string kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string kept, out;
    for (const char c : text) {
      if (kAlphabet.find(c) == std::string::npos && (c != '=' || kept.size() % 4 == 0)) break;
      kept += c;
    }
    for (std::size_t begin = 0; begin < kept.size(); begin += 4) {
      std::string bits;
      for (const char c : kept.substr(begin, std::min(kept.find('=', begin), begin + 4) - begin)) {
        for (int bit = 5; bit >= 0; --bit) bits += (kAlphabet.find(c) >> bit & 1) != 0 ? '1' : '0';
      }
      for (std::size_t i = 0; i + 8 <= bits.size(); i += 8) {
        out += static_cast<char>(std::stoi(bits.substr(i, 8), nullptr, 2));
      }
    }
    return out;
  }

  bool holds(const signatures::Base64DecodeOp& op, std::size_t, Int cursor, const Slots&) {
    const Int begin = (op.relative ? cursor : 0) + Int{op.offset};
    if (begin < 0 || begin >= size() || base64_ == nullptr) return false;
    const std::string text =
        decoded(bytes_.substr(static_cast<std::size_t>(begin), op.bytes != 0 ? op.bytes : std::string::npos));
    if (text.empty()) return false;
    const ByteSpan inner(reinterpret_cast<const Byte*>(text.data()), text.size());
    return SlowMatcher(*base64_, inner, budget_).matches().value_or(false);
  }
  bool holds(const signatures::DatasetOp& op, std::size_t index, Int cursor, const Slots& slots) {
    const bool there = op.set->contains(bytes_);
    const bool holds_now = op.command == signatures::DatasetOp::Command::kIsSet ? there : !there;
    return holds_now && from(index + 1, cursor, slots);
  }
  bool holds(const signatures::DatarepOp& op, std::size_t index, Int cursor, const Slots& slots) {
    const auto number = op.set->reputation(bytes_);
    if (!number) return false;
    const bool result = op.compare == signatures::Compare::kGreater ? *number > op.value
                        : op.compare == signatures::Compare::kLess  ? *number < op.value
                                                                    : *number == op.value;
    return result && from(index + 1, cursor, slots);
  }

  bool holds(const signatures::Asn1Op& op, std::size_t index, Int cursor, const Slots& slots) {
    const Int begin = (op.relative ? cursor : 0) + Int{op.offset};
    if (begin < 0 || begin >= size()) return false;
    const std::string text = bytes_.substr(static_cast<std::size_t>(begin));
    const ByteSpan bytes(reinterpret_cast<const Byte*>(text.data()), text.size());
    return signatures::ber_matches(op, bytes) && from(index + 1, cursor, slots);
  }

  const std::vector<signatures::PayloadOp>& ops_;
  const signatures::BufferProgram* base64_ = nullptr;
  std::string bytes_;
  std::uint64_t budget_;
};

// All payload options of a rule over one buffer.
[[nodiscard]] inline std::optional<bool> slow_payload_matches(const signatures::Signature& rule, ByteSpan bytes) {
  const signatures::BufferProgram* base64 = nullptr;
  for (const signatures::BufferProgram& program : rule.buffers) {
    if (program.buffer == signatures::BufferId::kBase64Data) base64 = &program;
  }
  for (const signatures::BufferProgram& program : rule.buffers) {
    if (&program == base64) continue;
    const std::optional<bool> one = SlowMatcher(program, bytes, 20000, base64).matches();
    if (!one || !*one) return one;
  }
  return true;
}

}  // namespace bulkhead::test
