// config: what a rule with the action `config` switches off.
//
//   config:logging disable, type tx|flow, scope tx|flow
//   config:logging disable, type tx, scope tx;
//
// With scope tx the transaction that matched leaves no record, with scope flow none of the flow does. Alerts, files and
// the flow's own record are written all the same.
#include <vector>

#include "signatures/keywords/parse_number.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

// "scope tx" for `name` scope: "tx"; empty when it is something else.
std::string_view value_of(std::string_view part, std::string_view name) {
  if (!part.starts_with(name) || part.size() <= name.size() || part[name.size()] != ' ') return {};
  return trim_blanks(part.substr(name.size()));
}

void apply(RuleBuilder& builder, const Option& option) {
  const std::vector<std::string_view> parts = split(option.value, ',');
  const auto refuse = [&](std::string_view part, const char* message) {
    builder.error(part.empty() ? option.value : part, "signature.config.syntax", message,
                  "config:logging disable, type tx, scope tx");
  };
  if (parts.size() != 3) return refuse(option.value, "expected three parts");
  if (value_of(parts[0], "logging") != "disable") return refuse(parts[0], "only logging disable is known");
  const std::string_view type = value_of(parts[1], "type"), scope = value_of(parts[2], "scope");
  if (type != "tx" && type != "flow") return refuse(parts[1], "expected type tx or type flow");
  if (scope != "tx" && scope != "flow") return refuse(parts[2], "expected scope tx or scope flow");
  builder.signature().logging_off = scope == "tx" ? Signature::LoggingOff::kTransaction : Signature::LoggingOff::kFlow;
}

}  // namespace

const Keyword& keyword_config() {
  static constexpr Keyword keyword{.name = "config",
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "config:logging disable, type tx|flow, scope tx|flow;",
                                   .help = "What a rule with the action config switches off.",
                                   .example = "config:logging disable, type tx, scope tx;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
