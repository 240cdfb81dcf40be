// threshold: how often the rule may alert.
//
//   threshold:type limit|threshold|both, track by_src|by_dst|by_both|by_rule, count N, seconds N
//   limit       the first N matches of each period alert
//   threshold   every Nth match alerts
//   both        the Nth match of each period alerts, once
//   threshold:type limit, track by_src, count 1, seconds 60;
#include "signatures/keywords/rule_builder.h"
#include "signatures/keywords/threshold_options.h"

namespace bulkhead::signatures {

namespace {

std::optional<ThresholdSpec::Kind> parse_type(std::string_view word) {
  if (word == "limit") return ThresholdSpec::Kind::kLimit;
  if (word == "threshold") return ThresholdSpec::Kind::kThreshold;
  if (word == "both") return ThresholdSpec::Kind::kBoth;
  return std::nullopt;
}

void apply(RuleBuilder& builder, const Option& option) {
  const std::string code = "signature.threshold";
  if (!builder.claim(builder.facts().threshold, option, "signature.threshold.second")) return;
  if (!builder.facts().detection_filter.empty()) {
    builder.error(option.text, code + ".detection_filter", "threshold and detection_filter exclude each other");
    return;
  }
  ThresholdWords words;
  if (!split_threshold(builder, option, code, true, words)) return;
  const auto type = parse_type(words.type);
  const auto track = parse_threshold_track(words.track);
  ThresholdSpec spec;
  if (!type) {
    builder.error(words.type.empty() ? option.value : words.type, code + ".type", "type is limit, threshold or both");
    return;
  }
  if (!track) {
    builder.error(words.track, code + ".track", "track is by_src, by_dst, by_both or by_rule");
    return;
  }
  if (!parse_threshold_numbers(builder, code, words, 0, spec)) return;
  spec.kind = *type;
  spec.track = *track;
  builder.signature().threshold = spec;
}

}  // namespace

const Keyword& keyword_threshold() {
  static constexpr Keyword keyword{
      .name = "threshold",
      .prefilter = Keyword::Prefilter::kNoCondition,
      .syntax = "threshold:type limit|threshold|both, track by_src|by_dst|by_both|by_rule, count N, seconds N;",
      .help = "How often the rule may alert.",
      .example = "threshold:type limit, track by_src, count 1, seconds 60;",
      .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
