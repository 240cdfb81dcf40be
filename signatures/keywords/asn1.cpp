// asn1: BER elements of the payload that break decoders.
//
//   asn1:OPTION[,OPTION...]      OPTION: bitstring_overflow, double_overflow, oversize_length N, absolute_offset N,
//                                relative_offset N (from the match before)
//   asn1:bitstring_overflow, absolute_offset 0;
//
// Any of the conditions named is enough.
#include "signatures/keywords/parse_number.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

bool take(std::string_view part, Asn1Op& op) {
  if (part == "bitstring_overflow") return op.bitstring_overflow = true;
  if (part == "double_overflow") return op.double_overflow = true;
  const std::size_t blank = part.find(' ');
  if (blank == part.npos) return false;
  const std::string_view word = part.substr(0, blank), number = trim_blanks(part.substr(blank + 1));
  if (word == "oversize_length") {
    op.oversize_length = parse_number<std::uint32_t>(number);
    return op.oversize_length.has_value();
  }
  op.relative = word == "relative_offset";
  const auto offset = parse_number<std::int32_t>(number);
  if ((!op.relative && word != "absolute_offset") || !offset || (!op.relative && (*offset < 0 || *offset > 65535)))
    return false;
  op.offset = *offset;
  return true;
}

void apply(RuleBuilder& builder, const Option& option) {
  Asn1Op op;
  op.span = builder.span(option.text);
  for (const std::string_view part : split(option.value, ',')) {
    if (take(part, op)) continue;
    builder.error(part.empty() ? option.value : part, "signature.asn1.option",
                  "expected bitstring_overflow, double_overflow, oversize_length N, absolute_offset N or "
                  "relative_offset N");
    return;
  }
  builder.payload().emplace_back(op);
}

}  // namespace

const Keyword& keyword_asn1() {
  static constexpr Keyword keyword{.name = "asn1",
                                   .syntax = "asn1:OPTION[,OPTION...];",
                                   .help = "BER elements of the payload that break decoders.",
                                   .example = "asn1:bitstring_overflow,absolute_offset 0;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
