// base64_decode: decodes base64 text of the buffer, for base64_data to look at.
//
//   base64_decode[:[bytes N,][offset N,][relative]]      bytes: text to decode at most; relative: from the match before
//   content:"Basic "; base64_decode:bytes 40,relative; base64_data; content:"admin";
//
// Decoding ends at the first byte that is no base64; padding within does not end it. A rule with base64_decode matches
// by what base64_data finds.
#include "signatures/keywords/parse_number.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

constexpr std::uint32_t kMostBytes = 65535;

bool take(RuleBuilder& builder, std::string_view part, Base64DecodeOp& op) {
  if (part == "relative") {
    op.relative = true;
    return true;
  }
  for (const std::string_view name : {"bytes", "offset"}) {
    if (!part.starts_with(name)) continue;
    const auto number = parse_number<std::uint32_t>(trim_blanks(part.substr(name.size())));
    if (!number || (name == "bytes" && *number > kMostBytes)) {
      return builder.error(part, "signature.base64_decode.number", "expected a number up to 65535");
    }
    (name == "bytes" ? op.bytes : op.offset) = *number;
    return true;
  }
  return builder.error(part, "signature.base64_decode.option", "expected bytes N, offset N or relative");
}

void apply(RuleBuilder& builder, const Option& option) {
  Base64DecodeOp op;
  op.span = builder.span(option.text);
  if (!option.value.empty()) {
    for (const std::string_view part : split(option.value, ',')) {
      const bool is_last = part.data() + part.size() == option.value.data() + option.value.size();
      if (part.empty() && is_last && op.bytes + op.offset > 0) break;  // "bytes 4," as Suricata takes it
      if (!take(builder, part.empty() ? option.value : part, op)) return;
    }
  }
  builder.facts().base64_decode = true;
  builder.payload().emplace_back(op);
}

}  // namespace

const Keyword& keyword_base64_decode() {
  static constexpr Keyword keyword{
      .name = "base64_decode",
      .value = Keyword::Value::kOptional,
      .syntax = "base64_decode[:bytes N,offset N,relative];",
      .help = "Decodes base64 text of the buffer, for base64_data to look at.",
      .example = "content:\"Basic \"; base64_decode:bytes 40,relative; base64_data; content:\"admin\";",
      .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
