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

// Takes "word value"; what stands behind the value goes to `rest`. False when the word is none of ours.
bool take(std::string_view part, ThresholdWords& words, bool& twice, std::string_view& rest) {
  for (const Slot& slot : kSlots) {
    if (!part.starts_with(slot.word) || part.size() == slot.word.size() || !is_blank(part[slot.word.size()])) continue;
    const std::string_view text = trim_blanks(part.substr(slot.word.size()));
    const std::size_t end = text.find_first_of(" \t");
    twice = !(words.*slot.member).empty();
    words.*slot.member = text.substr(0, end);
    rest = end == text.npos ? std::string_view() : trim_blanks(text.substr(end));
    return true;
  }
  return false;
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

bool split_threshold(RuleBuilder& builder, const Option& option, const std::string& code, bool has_type,
                     ThresholdWords& words) {
  const auto complete = [&] {
    return !words.track.empty() && !words.count.empty() && !words.seconds.empty() && (!has_type || !words.type.empty());
  };
  // Suricata stops reading when it has all parts; rules with a missing ';' behind them are about.
  const auto trailing = [&](std::string_view part) {
    if (!complete()) return builder.error(part, code + ".syntax", "\"" + printable(part) + "\" is not expected here");
    builder.warning(part, code + ".trailing_text", "this is not read", "a ';' is missing before it");
    return true;
  };
  for (const std::string_view part : split(option.value, ',')) {
    bool twice = false;
    std::string_view rest;
    if (part.empty() && complete()) continue;  // a comma at the end is fine
    if (!take(part, words, twice, rest)) return trailing(part.empty() ? option.value : part);
    if (twice) return builder.error(part, code + ".duplicate", "this stands twice");
    if (!rest.empty()) return trailing(rest);
  }
  return complete() || builder.error(option.value, code + ".missing",
                                     std::string(has_type ? "type, " : "") + "track, count and seconds are all needed");
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
