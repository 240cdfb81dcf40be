#include "signatures/keywords/requirements.h"

#include <vector>

#include "signatures/data/geo_database.h"
#include "signatures/keywords/keyword.h"
#include "signatures/keywords/parse_number.h"

namespace bulkhead::signatures {

namespace {

using Version = std::array<unsigned, 3>;

std::optional<Version> parse_version(std::string_view text) {
  Version version{};
  const auto parts = split(text, '.');
  if (parts.size() > version.size()) return std::nullopt;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto number = parse_number<unsigned>(parts[i]);
    if (!number) return std::nullopt;
    version[i] = *number;
  }
  return version;
}

std::string_view take_word(std::string_view& text) {
  text = trim_blanks(text);
  const std::size_t end = text.find(' ');
  const std::string_view word = text.substr(0, end);
  text = end == text.npos ? std::string_view() : text.substr(end);
  return word;
}

// ">= 7.0.3 < 8"
std::optional<bool> evaluate_range(std::string_view text) {
  bool holds = true;
  text = trim_blanks(text);
  if (text.empty()) return std::nullopt;
  while (!trim_blanks(text).empty()) {
    const std::string_view sign = take_word(text);
    const auto version = parse_version(take_word(text));
    if (!version) return std::nullopt;
    if (sign == ">=") {
      holds &= kLanguageVersion >= *version;
    } else if (sign == ">") {
      holds &= kLanguageVersion > *version;
    } else if (sign == "<=") {
      holds &= kLanguageVersion <= *version;
    } else if (sign == "<") {
      holds &= kLanguageVersion < *version;
    } else {
      return std::nullopt;
    }
  }
  return holds;
}

std::optional<bool> evaluate_version(std::string_view text) {
  bool any = false;
  for (const std::string_view range : split(text, '|')) {
    const auto holds = evaluate_range(range);
    if (!holds) return std::nullopt;
    any |= *holds;
  }
  return any;
}

}  // namespace

std::optional<bool> evaluate_requirements(std::string_view text) {
  bool met = true, has_version = false;
  for (std::string_view part : split(text, ',')) {
    const std::string_view word = take_word(part);
    const std::string_view rest = trim_blanks(part);
    if (word == "version") {
      const auto holds = has_version ? std::nullopt : evaluate_version(rest);
      if (!holds) return std::nullopt;
      has_version = true;
      met &= *holds;
    } else if (word == "feature") {
      met &= rest == "geoip" && geo_lookup_is_built();
    } else if (word == "keyword") {
      met &= find_keyword(rest) != nullptr;
    } else if (word.empty()) {
      return std::nullopt;
    } else {
      met = false;
    }
  }
  return met;
}

bool requirements_met(const RuleFile& file, const Rule& rule, Diagnostics& out) {
  for (const Option& option : rule.options) {
    if (!equals_ignoring_case(option.name, "requires") || option.value.empty()) continue;
    const auto met = evaluate_requirements(option.value);
    if (!met || *met) continue;
    out.warning(file.span(option.value), "signature.requires.unmet", "the rule asks for what is not here: left out");
    return false;
  }
  return true;
}

}  // namespace bulkhead::signatures
