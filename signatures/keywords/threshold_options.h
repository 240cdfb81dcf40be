// The parts that threshold and detection_filter share: "track by_src", "count 5", "seconds 60".
//
// Thread   control thread only.
// Tests    tests/unit/signatures/keywords/state_keywords_test.cpp
#pragma once

#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

struct ThresholdWords {
  std::string_view type, track, count, seconds;  // behind their word; empty: not said
};

// Takes the value apart; false after an error with a code that begins with `code`. `has_type`: type is needed.
[[nodiscard]] bool split_threshold(RuleBuilder& builder, const Option& option, const std::string& code, bool has_type,
                                   ThresholdWords& words);
[[nodiscard]] std::optional<ThresholdTrack> parse_threshold_track(std::string_view word);
// Reads count and seconds into the spec.
[[nodiscard]] bool parse_threshold_numbers(RuleBuilder& builder, const std::string& code, const ThresholdWords& words,
                                           std::uint32_t least, ThresholdSpec& spec);

}  // namespace bulkhead::signatures
