#define PCRE2_CODE_UNIT_WIDTH 8
#include "signatures/match/payload_matcher.h"

#include <pcre2.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "signatures/data/text_codec.h"
#include "signatures/match/ber_check.h"
#include "signatures/match/byte_search.h"

namespace bulkhead::signatures {
namespace {

constexpr std::size_t kJitStackStart = 32UL * 1024, kJitStackMax = 512UL * 1024;
constexpr std::uint32_t kCapturePairs = 16;
// Positions and distances are clamped to this: far beyond any buffer, far from overflow.
constexpr std::int64_t kFar = std::int64_t{1} << 48;

std::uint64_t binary_number(const Byte* p, std::size_t count, ByteOrder order) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    value = (value << 8) | p[order == ByteOrder::kLittle ? count - 1 - i : i];
  }
  return value;
}

int base_of(NumberBase base) {
  switch (base) {
    case NumberBase::kHexadecimal: return 16;
    case NumberBase::kOctal: return 8;
    default: return 10;
  }
}

// Digits in text, as strtoull reads them; nullopt when there is no number or it is too large.
std::optional<std::pair<std::uint64_t, std::int64_t>> text_number(const Byte* p, std::size_t count, NumberBase base) {
  char digits[24];
  if (count == 0 || count >= sizeof digits) return std::nullopt;
  std::memcpy(digits, p, count);
  digits[count] = '\0';
  char* end = nullptr;
  errno = 0;
  const std::uint64_t value = std::strtoull(digits, &end, base_of(base));
  if (errno == ERANGE || end == digits) return std::nullopt;
  return std::pair{value, static_cast<std::int64_t>(end - digits)};
}

std::uint64_t masked(std::uint64_t value, std::uint32_t mask) {
  return mask == 0 ? value : (value & mask) >> std::countr_zero(mask);
}

bool compare(Compare how, std::uint64_t a, std::uint64_t b) {
  switch (how) {
    case Compare::kEqual: return a == b;
    case Compare::kLess: return a < b;
    case Compare::kGreater: return a > b;
    case Compare::kLessEqual: return a <= b;
    case Compare::kGreaterEqual: return a >= b;
    case Compare::kAnd: return (a & b) != 0;
    case Compare::kOr: return (a ^ b) != 0;
  }
  return false;
}

std::uint64_t rounded_up(std::uint64_t value, std::uint64_t unit) {
  return value % unit == 0 ? value : value + unit - value % unit;
}

}  // namespace

PayloadMatcher::PayloadMatcher(SignatureDbPtr db, const MatchLimits& limits)
    : db_(std::move(db)),
      limits_(limits),
      transforms_(limits.pcre_match, limits.pcre_depth),
      slots_(db_->variable_slots),
      match_data_(pcre2_match_data_create(kCapturePairs, nullptr), pcre2_match_data_free),
      match_context_(pcre2_match_context_create(nullptr), pcre2_match_context_free),
      jit_stack_(pcre2_jit_stack_create(kJitStackStart, kJitStackMax, nullptr), pcre2_jit_stack_free) {
  BULKHEAD_CHECK(match_data_ && match_context_ && jit_stack_);
  pcre2_set_match_limit(match_context_.get(), limits_.pcre_match);
  pcre2_set_depth_limit(match_context_.get(), limits_.pcre_depth);
  pcre2_jit_stack_assign(match_context_.get(), nullptr, jit_stack_.get());
  captures_.reserve(kCapturePairs);
  for (const auto& regex : db_->regexes) {
    if (regex->precheck() != nullptr) BULKHEAD_CHECK(scratch_.reserve(regex->precheck()).has_value());
  }
}

PayloadMatcher::~PayloadMatcher() = default;

void PayloadMatcher::begin(const CompiledRule& rule) {
  rule_ = &rule;
  captures_.clear();
  std::fill(slots_.begin(), slots_.end(), 0);
}

bool PayloadMatcher::matches(const PayloadProgram& program, const PayloadView& view) {
  counters_.programs.add();
  view_ = view;
  if (!program.transforms.empty()) view_ = {transforms_.apply(program.transforms, view.bytes), 0, true};
  program_ = &program;
  cursor_ = 0;
  recursion_ = 0;
  return run(0) == Outcome::kMatch;
}

bool PayloadMatcher::matches(const CompiledRule& rule, const PayloadView& view) {
  const std::size_t kept = captures_.size();
  const bool found = std::all_of(rule.programs.begin(), rule.programs.end(),
                                 [&](const PayloadProgram& program) { return matches(program, view); });
  if (!found) captures_.resize(kept);
  return found;
}

PayloadMatcher::Outcome PayloadMatcher::run(std::size_t index) {
  if (index == program_->steps.size()) return Outcome::kMatch;
  if (++recursion_ >= limits_.recursion) {
    counters_.recursion_limit.add();
    return Outcome::kStop;
  }
  const PayloadStep& s = program_->steps[index];
  const Outcome outcome = step(s, index);
  return outcome == Outcome::kFail && s.cut ? Outcome::kStop : outcome;
}

PayloadMatcher::Outcome PayloadMatcher::step(const PayloadStep& s, std::size_t index) {
  switch (s.kind) {
    case OpKind::kContent: return content(s, *std::get_if<ContentOp>(s.op), index);
    case OpKind::kPcre: return pcre(s, *std::get_if<PcreOp>(s.op), index);
    case OpKind::kByteTest: return byte_test(*std::get_if<ByteTestOp>(s.op), index);
    case OpKind::kByteJump: return byte_jump(*std::get_if<ByteJumpOp>(s.op), index);
    case OpKind::kByteExtract: return byte_extract(*std::get_if<ByteExtractOp>(s.op), index);
    case OpKind::kByteMath: return byte_math(*std::get_if<ByteMathOp>(s.op), index);
    case OpKind::kIsDataAt: return is_data_at(*std::get_if<IsDataAtOp>(s.op), index);
    case OpKind::kBufferSize: return buffer_size(*std::get_if<BufferSizeOp>(s.op), index);
    case OpKind::kBase64Decode: return base64_decode(*std::get_if<Base64DecodeOp>(s.op));
    case OpKind::kDataset: return dataset(*std::get_if<DatasetOp>(s.op), index);
    case OpKind::kDatarep: return datarep(*std::get_if<DatarepOp>(s.op), index);
    case OpKind::kAsn1: return asn1(*std::get_if<Asn1Op>(s.op), index);
  }
  return Outcome::kFail;
}

std::int64_t PayloadMatcher::value(const Value& v) const {
  if (v.slot < 0) return std::clamp(v.number, -kFar, kFar);
  const std::uint64_t number = slots_[static_cast<std::size_t>(v.slot)];
  return number > static_cast<std::uint64_t>(kFar) ? kFar : static_cast<std::int64_t>(number);
}

void PayloadMatcher::set_slot(std::int16_t slot, std::uint64_t number) {
  slots_[static_cast<std::size_t>(slot)] = number;
}

// --- content ---

PayloadMatcher::Range PayloadMatcher::range_of(const ContentOp& op) const {
  Range range{0, buffer_end(), false};
  if (op.relative) {
    const std::int64_t distance = op.has_distance ? value(op.distance) : 0;
    range.low = cursor_ + distance;
    if (op.has_within) {
      // An end before the buffer means no end: the reference engine computes it unsigned.
      const std::int64_t end = cursor_ + distance + value(op.within);
      if (end >= buffer_begin()) range.high = std::min(range.high, end);
    }
  } else {
    if (op.has_offset) range.low = value(op.offset);
    const auto length = static_cast<std::int64_t>(op.bytes.size());
    if (op.starts_with || op.has_depth) {
      const std::int64_t end = range.low + (op.starts_with ? length : value(op.depth));
      range.impossible = view_.begin != 0 && end <= buffer_begin();
      range.high = std::min(range.high, end);
    }
  }
  range.low = std::max(range.low, buffer_begin());
  return range;
}

std::int64_t PayloadMatcher::find(const PayloadStep& s, const ContentOp& op, std::int64_t low,
                                  std::int64_t high) const {
  const auto length = static_cast<std::int64_t>(op.bytes.size());
  if (high - low < length) return -1;
  const auto byte_at = [&](std::int64_t position) { return view_.bytes.data() + (position - buffer_begin()); };
  if (op.ends_with) {
    const std::int64_t at = buffer_end() - length;
    return high == buffer_end() && at >= low && equal_at(byte_at(at), op.bytes, op.nocase) ? at : -1;
  }
  const ByteSpan text(byte_at(low), static_cast<std::size_t>(high - low));
  const std::size_t at = op.nocase ? find_nocase(text, op.bytes, s.anchor) : find_exact(text, op.bytes);
  return at == kNotFound ? -1 : low + static_cast<std::int64_t>(at);
}

PayloadMatcher::Outcome PayloadMatcher::content(const PayloadStep& s, const ContentOp& op, std::size_t index) {
  const Range range = range_of(op);
  if (range.impossible) return Outcome::kFail;
  if (op.negated) return find(s, op, range.low, range.high) >= 0 ? Outcome::kFail : run(index + 1);
  for (std::int64_t low = range.low;;) {
    const std::int64_t at = find(s, op, low, range.high);
    if (at < 0) return Outcome::kFail;
    cursor_ = at + static_cast<std::int64_t>(op.bytes.size());
    const Outcome rest = run(index + 1);
    if (rest != Outcome::kFail || !s.retry) return rest;
    low = at + 1;
  }
}

// --- regular expressions ---

bool PayloadMatcher::may_match(const Regex& regex, ByteSpan subject) {
  if (regex.precheck() == nullptr) return true;
  counters_.regex_prechecks.add();
  bool hit = false;
  const auto on_match = [](unsigned, unsigned long long, unsigned long long, unsigned, void* context) {
    *static_cast<bool*>(context) = true;
    return 1;
  };
  const hs_error_t status = hs_scan(regex.precheck(), reinterpret_cast<const char*>(subject.data()),
                                    static_cast<unsigned>(subject.size()), 0, scratch_.get(), on_match, &hit);
  return hit || (status != HS_SUCCESS && status != HS_SCAN_TERMINATED);
}

void PayloadMatcher::keep_captures(const PcreOp& op, ByteSpan subject, std::uint32_t pairs) {
  const PCRE2_SIZE* ovector = pcre2_get_ovector_pointer(match_data_.get());
  for (std::uint32_t i = 0; i < op.captures.size() && i + 1 < pairs && captures_.size() < kCapturePairs; ++i) {
    const PCRE2_SIZE begin = ovector[2 * (i + 1)], end = ovector[2 * (i + 1) + 1];
    if (begin == PCRE2_UNSET || end < begin || end > subject.size()) continue;
    captures_.push_back({&op.captures[i], subject.subspan(begin, end - begin)});
  }
}

PayloadMatcher::Outcome PayloadMatcher::pcre(const PayloadStep& s, const PcreOp& op, std::size_t index) {
  const Regex& regex = *s.regex;
  const std::int64_t from = op.relative ? std::clamp(cursor_, buffer_begin(), buffer_end()) : buffer_begin();
  const ByteSpan subject = view_.bytes.subspan(static_cast<std::size_t>(from - buffer_begin()));
  const std::uint32_t options = view_.line_start || op.relative ? 0 : PCRE2_NOTBOL;
  if (!op.relative && !may_match(regex, subject)) return op.negated ? run(index + 1) : Outcome::kFail;
  static constexpr Byte kEmpty[1] = {0};
  const Byte* const data = subject.empty() ? kEmpty : subject.data();
  for (std::size_t start = 0; start <= subject.size();) {
    counters_.regex_runs.add();
    const int found =
        pcre2_match(regex.code(), data, subject.size(), start, options, match_data_.get(), match_context_.get());
    if (found == PCRE2_ERROR_NOMATCH) return op.negated ? run(index + 1) : Outcome::kFail;
    if (found < 0) {
      (found == PCRE2_ERROR_MATCHLIMIT || found == PCRE2_ERROR_DEPTHLIMIT || found == PCRE2_ERROR_JIT_STACKLIMIT
           ? counters_.pcre_limit
           : counters_.pcre_errors)
          .add();
      return Outcome::kFail;
    }
    if (op.negated) return Outcome::kFail;
    const PCRE2_SIZE* ovector = pcre2_get_ovector_pointer(match_data_.get());
    const std::size_t begin = ovector[0], end = ovector[1];
    cursor_ = from + static_cast<std::int64_t>(end);
    const std::size_t kept = captures_.size();
    if (!op.captures.empty())
      keep_captures(op, subject, found == 0 ? kCapturePairs : static_cast<std::uint32_t>(found));
    const Outcome rest = run(index + 1);
    if (rest != Outcome::kFail || !s.retry) return rest;
    captures_.resize(kept);
    start = std::max(start, begin) + 1;
  }
  return Outcome::kFail;
}

// --- numbers ---

std::optional<PayloadMatcher::Number> PayloadMatcher::read(const NumberField& field, bool may_be_empty) const {
  const std::int64_t count = value(field.count);
  const std::int64_t at = (field.relative ? cursor_ : 0) + value(field.offset);
  if (view_.bytes.empty() || at < buffer_begin() || count < 0 || count > 23 || at + count > buffer_end())
    return std::nullopt;
  if (count == 0) return may_be_empty ? std::optional(Number{0, at, at}) : std::nullopt;
  const Byte* p = view_.bytes.data() + (at - buffer_begin());
  if (field.base == NumberBase::kBinary) {
    if (count > 8) return std::nullopt;
    return Number{binary_number(p, static_cast<std::size_t>(count), field.order), at + count, at};
  }
  const auto text = text_number(p, static_cast<std::size_t>(count), field.base);
  if (!text) return std::nullopt;
  return Number{text->first, at + text->second, at};
}

PayloadMatcher::Outcome PayloadMatcher::byte_test(const ByteTestOp& op, std::size_t index) {
  const std::optional<Number> number = read(op.field, false);
  if (!number) return Outcome::kFail;
  const std::uint64_t wanted = op.value.slot >= 0 ? slots_[static_cast<std::size_t>(op.value.slot)]
                                                  : static_cast<std::uint64_t>(op.value.number);
  const bool holds = compare(op.compare, masked(number->value, op.field.bitmask), wanted);
  return holds != op.negated ? run(index + 1) : Outcome::kFail;
}

PayloadMatcher::Outcome PayloadMatcher::byte_jump(const ByteJumpOp& op, std::size_t index) {
  const std::optional<Number> number = read(op.field, true);
  if (!number) return Outcome::kFail;
  std::uint64_t jump = masked(number->value, op.field.bitmask) * static_cast<std::uint64_t>(op.multiplier);
  if (op.align) jump = rounded_up(jump, 4);
  const Value& variable = op.post_offset_variable;
  jump += static_cast<std::uint64_t>(variable.slot >= 0 ? value(variable) : op.post_offset);
  const std::int64_t distance = static_cast<std::int64_t>(jump);
  if (distance > kFar || distance < -kFar) return Outcome::kFail;
  const std::int64_t base = op.from_beginning ? 0 : op.from_end ? buffer_end() : number->end;
  const std::int64_t target = base + distance;
  if (target < buffer_begin() || target > buffer_end()) return Outcome::kFail;
  cursor_ = target;
  return run(index + 1);
}

PayloadMatcher::Outcome PayloadMatcher::byte_extract(const ByteExtractOp& op, std::size_t index) {
  const std::optional<Number> number = read(op.field, false);
  if (!number) return Outcome::kFail;
  std::uint64_t result = masked(number->value, op.field.bitmask) * static_cast<std::uint64_t>(op.multiplier);
  if (op.align != 0) result = rounded_up(result, op.align);
  set_slot(op.slot, result);
  cursor_ = number->end;
  return run(index + 1);
}

PayloadMatcher::Outcome PayloadMatcher::byte_math(const ByteMathOp& op, std::size_t index) {
  const std::optional<Number> number = read(op.field, false);
  if (!number) return Outcome::kFail;
  const std::uint64_t right = op.right.slot >= 0 ? slots_[static_cast<std::size_t>(op.right.slot)]
                                                 : static_cast<std::uint64_t>(op.right.number);
  std::uint64_t result = number->value;
  switch (op.operation) {
    case Arithmetic::kAdd: result += right; break;
    case Arithmetic::kSubtract: result -= right; break;
    case Arithmetic::kMultiply: result *= right; break;
    case Arithmetic::kDivide:
      if (right == 0) return Outcome::kFail;
      result /= right;
      break;
    case Arithmetic::kShiftLeft: result = right < 64 ? result << right : 0; break;
    case Arithmetic::kShiftRight: result = right < 64 ? result >> right : 0; break;
  }
  set_slot(op.slot, masked(result, op.field.bitmask));
  cursor_ = number->end;
  return run(index + 1);
}

PayloadMatcher::Outcome PayloadMatcher::is_data_at(const IsDataAtOp& op, std::size_t index) {
  const std::int64_t position = value(op.position);
  const bool there = op.relative ? cursor_ + position <= buffer_end() : position < buffer_end();
  return there != op.negated ? run(index + 1) : Outcome::kFail;
}

PayloadMatcher::Outcome PayloadMatcher::buffer_size(const BufferSizeOp& op, std::size_t index) {
  const auto size = static_cast<std::uint64_t>(buffer_end());
  bool holds = false;
  switch (op.mode) {
    case BufferSizeOp::Mode::kEqual: holds = size == op.low; break;
    case BufferSizeOp::Mode::kNotEqual: holds = size != op.low; break;
    case BufferSizeOp::Mode::kLess: holds = size < op.low; break;
    case BufferSizeOp::Mode::kGreater: holds = size > op.low; break;
    case BufferSizeOp::Mode::kLessEqual: holds = size <= op.low; break;
    case BufferSizeOp::Mode::kGreaterEqual: holds = size >= op.low; break;
    case BufferSizeOp::Mode::kRange: holds = size > op.low && size < op.high; break;
  }
  return holds ? run(index + 1) : Outcome::kFail;
}

// --- base64 and sets ---

// The options of base64_data decide; nothing behind base64_decode in its own buffer is looked at.
PayloadMatcher::Outcome PayloadMatcher::base64_decode(const Base64DecodeOp& op) {
  const std::int64_t from = (op.relative ? cursor_ : buffer_begin()) + op.offset;
  if (from < buffer_begin() || from >= buffer_end()) return Outcome::kFail;
  std::string_view text = whole().substr(static_cast<std::size_t>(from - buffer_begin()));
  if (op.bytes != 0) text = text.substr(0, op.bytes);
  decoded_.clear();
  if (decode_base64_prefix(text, decoded_) == 0) return Outcome::kFail;
  const PayloadView outer = view_;
  const PayloadProgram* const program = program_;
  const std::int64_t cursor = cursor_;
  const PayloadView inner{{reinterpret_cast<const Byte*>(decoded_.data()), decoded_.size()}, 0, true};
  const auto& inner_programs = rule_->base64_programs;
  const bool found = !inner_programs.empty() &&
                     std::all_of(inner_programs.begin(), inner_programs.end(), [&](const PayloadProgram& p) {
                       view_ = inner;
                       program_ = &p;
                       cursor_ = 0;
                       return run(0) == Outcome::kMatch;
                     });
  view_ = outer;
  program_ = program;
  cursor_ = cursor;
  return found ? Outcome::kMatch : Outcome::kFail;
}

std::unique_lock<std::mutex> PayloadMatcher::lock_if_shared(const Dataset& set) const {
  if (!set.changes() || access_.gate == nullptr) return {};
  return access_.gate->enter(access_.packet_number);
}

PayloadMatcher::Outcome PayloadMatcher::dataset(const DatasetOp& op, std::size_t index) {
  bool holds = false;
  {
    const auto lock = lock_if_shared(*op.set);
    switch (op.command) {
      case DatasetOp::Command::kIsSet: holds = op.set->contains(whole()); break;
      case DatasetOp::Command::kIsNotSet: holds = !op.set->contains(whole()); break;
      case DatasetOp::Command::kSet: holds = op.set->add(whole()); break;
      case DatasetOp::Command::kUnset: holds = op.set->remove(whole()); break;
    }
  }
  if (op.command == DatasetOp::Command::kSet && holds) counters_.dataset_changes.add();
  return holds ? run(index + 1) : Outcome::kFail;
}

PayloadMatcher::Outcome PayloadMatcher::datarep(const DatarepOp& op, std::size_t index) {
  std::optional<std::uint16_t> number;
  {
    const auto lock = lock_if_shared(*op.set);
    number = op.set->reputation(whole());
  }
  return number && compare(op.compare, *number, op.value) ? run(index + 1) : Outcome::kFail;
}

PayloadMatcher::Outcome PayloadMatcher::asn1(const Asn1Op& op, std::size_t index) {
  const std::int64_t from = (op.relative ? cursor_ : buffer_begin()) + op.offset;
  if (from < buffer_begin() || from >= buffer_end()) return Outcome::kFail;
  const ByteSpan bytes = view_.bytes.subspan(static_cast<std::size_t>(from - buffer_begin()));
  return ber_matches(op, bytes) ? run(index + 1) : Outcome::kFail;
}

}  // namespace bulkhead::signatures
