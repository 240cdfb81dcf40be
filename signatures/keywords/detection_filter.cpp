// detection_filter: the rule alerts only from the match after the Nth of a period on.
//
//   detection_filter:track by_src|by_dst, count N, seconds N       N from 1 on
//   detection_filter:track by_src, count 30, seconds 60;
#include "signatures/keywords/rule_builder.h"
#include "signatures/keywords/threshold_options.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  const std::string code = "signature.detection_filter";
  if (!builder.claim(builder.facts().detection_filter, option, "signature.detection_filter.second")) return;
  if (!builder.facts().threshold.empty()) {
    builder.error(option.text, code + ".threshold", "threshold and detection_filter exclude each other");
    return;
  }
  ThresholdWords words;
  if (!split_threshold(builder, option, code, false, words)) return;
  const auto track = parse_threshold_track(words.track);
  ThresholdSpec spec;
  if (!words.type.empty()) {
    builder.error(words.type, code + ".type", "detection_filter has no type");
    return;
  }
  if (!track || *track == ThresholdTrack::kBoth || *track == ThresholdTrack::kRule) {
    builder.error(words.track, code + ".track", "track is by_src or by_dst");
    return;
  }
  if (!parse_threshold_numbers(builder, code, words, 1, spec)) return;
  spec.kind = ThresholdSpec::Kind::kDetectionFilter;
  spec.track = *track;
  builder.signature().detection_filter = spec;
}

}  // namespace

const Keyword& keyword_detection_filter() {
  static constexpr Keyword keyword{.name = "detection_filter",
                                   .prefilter = Keyword::Prefilter::kNoCondition,
                                   .syntax = "detection_filter:track by_src|by_dst, count N, seconds N;",
                                   .help = "The rule alerts only beyond N matches in a period.",
                                   .example = "detection_filter:track by_src, count 30, seconds 60;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
