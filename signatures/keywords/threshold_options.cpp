#include "signatures/keywords/threshold_options.h"

#include "signatures/keywords/parse_number.h"

namespace bulkhead::signatures {

namespace {

struct Slot {
  std::string_view word;
  std::string_view ThresholdWords::*member;
};
constexpr Slot kSlots[] = {{"type", &ThresholdWords::type},
                           {"track", &ThresholdWords::track},
                           {"count", &ThresholdWords::count},
                           {"seconds", &ThresholdWords::seconds}};

bool take(RuleBuilder& builder, const std::string& code, std::string_view part, ThresholdWords& words) {
  for (const Slot& slot : kSlots) {
    if (!part.starts_with(slot.word) || part.size() == slot.word.size() || !is_blank(part[slot.word.size()])) continue;
    if (!(words.*slot.member).empty()) {
      return builder.error(part, code + ".duplicate", std::string(slot.word) + " stands twice");
    }
    words.*slot.member = trim_blanks(part.substr(slot.word.size()));
    return true;
  }
  return builder.error(part, code + ".syntax", "\"" + printable(part) + "\" is none of type, track, count and seconds");
}

bool parse_one(RuleBuilder& builder, const std::string& code, std::string_view text, const char* name,
               std::uint32_t least, std::uint32_t& out) {
  const auto number = parse_number<std::uint32_t>(text);
  if (!number || *number < least) {
    return builder.error(text, code + "." + name,
                         std::string(name) + " is a number from " + std::to_string(least) + " to 4294967295");
  }
  out = *number;
  return true;
}

}  // namespace

bool split_threshold(RuleBuilder& builder, const Option& option, const std::string& code, ThresholdWords& words) {
  auto parts = split(option.value, ',');
  if (parts.back().empty() && parts.size() > 1) parts.pop_back();  // a comma at the end is fine
  for (const std::string_view part : parts) {
    if (!take(builder, code, part.empty() ? option.value : part, words)) return false;
  }
  if (!words.track.empty() && !words.count.empty() && !words.seconds.empty()) return true;
  return builder.error(option.value, code + ".missing", "track, count and seconds are all needed");
}

std::optional<ThresholdTrack> parse_threshold_track(std::string_view word) {
  if (word == "by_src") return ThresholdTrack::kSource;
  if (word == "by_dst") return ThresholdTrack::kDestination;
  if (word == "by_both") return ThresholdTrack::kBoth;
  if (word == "by_rule") return ThresholdTrack::kRule;
  return std::nullopt;
}

bool parse_threshold_numbers(RuleBuilder& builder, const std::string& code, const ThresholdWords& words,
                             std::uint32_t least, ThresholdSpec& spec) {
  return parse_one(builder, code, words.count, "count", least, spec.count) &&
         parse_one(builder, code, words.seconds, "seconds", least, spec.seconds);
}

}  // namespace bulkhead::signatures
