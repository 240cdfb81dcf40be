#include "config/schema/setting_value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "datapath/base/check.h"
#include "datapath/base/ip_address.h"

namespace bulkhead::config {

namespace {

std::string_view trim(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.remove_suffix(1);
  return s;
}

std::string lower(std::string_view s) {
  std::string out(s);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// The part of `whole`, whose bytes stand at `span`, that `part` views; `span` itself when it does not fit.
SourceSpan span_of_part(std::string_view whole, std::string_view part, const SourceSpan& span) {
  const auto offset = static_cast<std::size_t>(part.data() - whole.data());
  const std::size_t quote = span.length == whole.size() + 2 ? 1 : 0;
  if (span.line == 0 || (span.length != whole.size() && quote == 0)) return span;
  return {span.file, span.line, span.column + static_cast<std::uint32_t>(offset + quote),
          static_cast<std::uint32_t>(part.size())};
}

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array kSizeUnits = {Unit{"", 1},
                                   Unit{"b", 1},
                                   Unit{"k", 1ULL << 10},
                                   Unit{"kb", 1ULL << 10},
                                   Unit{"kib", 1ULL << 10},
                                   Unit{"m", 1ULL << 20},
                                   Unit{"mb", 1ULL << 20},
                                   Unit{"mib", 1ULL << 20},
                                   Unit{"g", 1ULL << 30},
                                   Unit{"gb", 1ULL << 30},
                                   Unit{"gib", 1ULL << 30},
                                   Unit{"t", 1ULL << 40},
                                   Unit{"tb", 1ULL << 40},
                                   Unit{"tib", 1ULL << 40}};
constexpr std::array kTimeUnits = {Unit{"", 1}, Unit{"s", 1}, Unit{"m", 60}, Unit{"h", 3600}, Unit{"d", 86400}};
constexpr std::array kPercentUnits = {Unit{"", 1}, Unit{"%", 1}};
constexpr std::array kNoUnits = {Unit{"", 1}};

struct Quantity {
  std::optional<std::uint64_t> value;
  bool too_large = false;
  bool unknown_unit = false;
};

// A number, with decimals only before a unit ("1.5mb"), and one of `units`.
Quantity read_quantity(std::string_view text, std::span<const Unit> units) {
  const std::size_t digits_end = std::min(text.find_first_not_of("0123456789."), text.size());
  const std::string_view digits = text.substr(0, digits_end);
  const std::string unit_name = lower(trim(text.substr(digits_end)));
  const auto unit = std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.name == unit_name; });
  if (digits.empty() || digits.front() == '.' || digits.back() == '.') return {};
  if (unit == units.end()) return {std::nullopt, false, true};
  if (digits.find('.') == std::string_view::npos) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc() || number > UINT64_MAX / unit->factor) return {std::nullopt, true, false};
    return {number * unit->factor, false, false};
  }
  double number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size() || unit->factor == 1) return {};
  const double scaled = number * static_cast<double>(unit->factor);
  if (scaled >= 18446744073709551615.0) return {std::nullopt, true, false};
  return {static_cast<std::uint64_t>(std::llround(scaled)), false, false};
}

struct NumberForm {
  std::span<const Unit> units;
  const char* code;
  const char* what;
  const char* hint;
};

NumberForm number_form(SettingType type) {
  switch (type) {
    case SettingType::kSize:
      return {kSizeUnits, "settings.bad_size", "a size", "write bytes, or a number with kb, mb, gb or tb: 64mb"};
    case SettingType::kSeconds:
      return {kTimeUnits, "settings.bad_time", "a time", "write seconds, or a number with s, m, h or d: 5m"};
    case SettingType::kPercent: return {kPercentUnits, "settings.bad_percentage", "a percentage", "write 80% or 80"};
    default: return {kNoUnits, "settings.bad_number", "a whole number", "write digits only: 4096"};
  }
}

class Parser {
 public:
  Parser(const Setting& setting, const RawValue& raw, Diagnostics& diagnostics)
      : setting_(setting), raw_(raw), diagnostics_(diagnostics) {}

  std::optional<SettingValue> run() {
    value_.span = raw_.span;
    const bool ok = is_list(setting_.type) ? read_list() : read_scalar();
    return ok ? std::optional(std::move(value_)) : std::nullopt;
  }

 private:
  bool fail(const SourceSpan& span, const char* code, std::string message, std::string hint = {}) {
    diagnostics_.error(span, code, std::string(setting_.key) + ": " + std::move(message), std::move(hint));
    return false;
  }

  bool read_scalar() {
    using enum SettingType;
    if (setting_.type == kAddressGroup || setting_.type == kPortGroup) return read_group();
    if (raw_.list) {
      return fail(raw_.span, "settings.wrong_shape", "wants one value, not a list",
                  "write " + std::string(setting_.key) + ": " + example());
    }
    if (raw_.items.empty() || raw_.items[0].text.empty()) {
      if (setting_.type == kText || setting_.type == kPath) return true;
      return fail(raw_.span, "settings.empty", "has no value",
                  "write " + std::string(setting_.key) + ": " + example() + ", or leave the line out");
    }
    const RawItem& item = raw_.items[0];
    switch (setting_.type) {
      case kBoolean: return read_boolean(item);
      case kInteger:
      case kSize:
      case kSeconds:
      case kPercent: return read_number(item);
      case kChoice: return read_choice(item);
      default: value_.text = item.text; return true;
    }
  }

  [[nodiscard]] std::string example() const {
    if (!setting_.default_text.empty()) return std::string(setting_.default_text);
    return "VALUE";
  }

  bool read_boolean(const RawItem& item) {
    const std::string word = lower(item.text);
    if (word == "yes" || word == "true" || word == "on" || word == "1") {
      value_.flag = true;
      return true;
    }
    if (word == "no" || word == "false" || word == "off" || word == "0") return true;
    return fail(item.span, "settings.bad_boolean", "\"" + item.text + "\" is neither yes nor no", "write yes or no");
  }

  bool read_number(const RawItem& item) {
    const NumberForm form = number_form(setting_.type);
    const Quantity quantity = read_quantity(item.text, form.units);
    if (!quantity.value && !quantity.too_large) {
      return fail(item.span, form.code, "\"" + item.text + "\" is not " + form.what, form.hint);
    }
    const auto dots = setting_.allowed.find("..");
    const auto bound = [&](std::string_view text, std::uint64_t otherwise) {
      return dots == std::string_view::npos ? otherwise : read_quantity(text, form.units).value.value_or(otherwise);
    };
    const std::uint64_t low = bound(setting_.allowed.substr(0, dots), 0);
    const std::uint64_t high =
        bound(dots == std::string_view::npos ? std::string_view() : setting_.allowed.substr(dots + 2), UINT64_MAX);
    if (!quantity.value || *quantity.value < low || *quantity.value > high) {
      return fail(item.span, "settings.out_of_range", item.text + " is out of range",
                  "allowed is " + setting_.limit_text());
    }
    value_.number = *quantity.value;
    return true;
  }

  bool known_word(const RawItem& item, std::string_view word) {
    const auto words = allowed_words(setting_.allowed);
    if (words.empty() || std::find(words.begin(), words.end(), word) != words.end()) return true;
    const std::string near = nearest_word(word, words);
    return fail(item.span, "settings.bad_word", "\"" + item.text + "\" is not known here",
                (near.empty() ? "" : "did you mean " + near + "? ") + ("known are " + setting_.limit_text()));
  }

  // YAML makes true and false of yes and no in some hands: accept them where yes and no are words.
  bool read_choice(const RawItem& item) {
    std::string word = lower(item.text);
    const auto words = allowed_words(setting_.allowed);
    if (std::find(words.begin(), words.end(), "yes") != words.end()) {
      if (word == "true" || word == "on") word = "yes";
      if (word == "false" || word == "off") word = "no";
    }
    if (!known_word(item, word)) return false;
    value_.text = std::move(word);
    return true;
  }

  // A YAML list of a rule variable becomes the rule language's own.
  bool read_group() {
    std::string text;
    for (const auto& item : raw_.items) text += (text.empty() ? "" : ",") + item.text;
    if (raw_.list) text = "[" + text + "]";
    if (text.empty() || text == "[]") {
      return fail(raw_.span, "settings.empty", "has no value", "write any to allow everything");
    }
    int depth = 0;
    for (const char c : text) {
      depth += c == '[' ? 1 : c == ']' ? -1 : 0;
      if (depth < 0) break;
    }
    if (depth != 0) return fail(raw_.span, "settings.bad_group", "brackets do not match in \"" + text + "\"");
    value_.text = std::move(text);
    return true;
  }

  bool read_list() {
    bool ok = true;
    for (const auto& item : raw_.items) ok = read_item(item) && ok;
    return ok;
  }

  bool read_item(const RawItem& item) {
    if (item.text.empty()) return fail(raw_.span, "settings.empty", "has an empty item");
    RawItem kept = item;
    switch (setting_.type) {
      case SettingType::kPorts:
        if (!read_port(item)) return false;
        break;
      case SettingType::kPrefixes:
        if (!IpPrefix::parse(item.text)) {
          return fail(item.span, "settings.bad_prefix", "\"" + item.text + "\" is neither an address nor a prefix",
                      "write 10.0.0.0/8, 10.1.2.3 or fd00::/8");
        }
        break;
      case SettingType::kWords:
        if (!setting_.allowed.empty()) kept.text = lower(kept.text);
        if (!known_word(item, kept.text)) return false;
        break;
      default: break;
    }
    value_.items.push_back(std::move(kept));
    return true;
  }

  bool read_port(const RawItem& item) {
    if (lower(item.text) == "any" || (item.text.size() > 1 && item.text[0] == '$')) return true;
    const Quantity port = read_quantity(item.text, kNoUnits);
    if (port.value && *port.value <= 65535) return true;
    return fail(item.span, "settings.bad_port", "\"" + item.text + "\" is not a port",
                "write 0 to 65535, any, or $NAME of vars.port-groups");
  }

  const Setting& setting_;
  const RawValue& raw_;
  Diagnostics& diagnostics_;
  SettingValue value_;
};

std::string with_unit(std::uint64_t number, std::span<const Unit> units) {
  const Unit* best = &units.front();
  for (const Unit& unit : units) {
    // The first name of a factor in use: "kb", not "kib"; "k" is passed over for "kb".
    if (number != 0 && number % unit.factor == 0 && unit.factor >= best->factor && unit.name.size() <= 2 &&
        unit.name != "b") {
      best = &unit;
    }
  }
  return std::to_string(number / best->factor) + std::string(best->name);
}

const SettingValue& default_value(const Setting& setting) {
  static const std::map<const Setting*, SettingValue> defaults = [] {
    std::map<const Setting*, SettingValue> all;
    for (const auto& section : setting_sections()) {
      for (const auto& row : section.settings) {
        Diagnostics diagnostics;
        SettingValue value;
        if (!row.default_text.empty()) {
          auto parsed = parse_setting(row, raw_from_text(row.default_text, {}, is_list(row.type)), diagnostics);
          BULKHEAD_CHECK(parsed.has_value());
          value = std::move(*parsed);
        }
        all.emplace(&row, std::move(value));
      }
    }
    return all;
  }();
  return defaults.at(&setting);
}

}  // namespace

RawValue raw_from_text(std::string_view text, const SourceSpan& span, bool split_list) {
  RawValue raw;
  raw.span = span;
  const std::string_view whole = text;
  text = trim(text);
  if (!split_list) {
    raw.items.push_back({std::string(text), span});
    return raw;
  }
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']') {
    text = trim(text.substr(1, text.size() - 2));
    raw.list = true;
  }
  while (!text.empty()) {
    const auto comma = text.find(',');
    const std::string_view piece = trim(text.substr(0, comma));
    raw.items.push_back({std::string(piece), span_of_part(whole, piece, span)});
    if (comma == std::string_view::npos) break;
    text = text.substr(comma + 1);
    if (text.empty()) raw.items.push_back({std::string(), span});
  }
  return raw;
}

std::optional<SettingValue> parse_setting(const Setting& setting, const RawValue& raw, Diagnostics& diagnostics) {
  return Parser(setting, raw, diagnostics).run();
}

void SettingValues::set(std::string_view key, SettingValue value) {
  const auto at = values_.find(key);
  if (at == values_.end()) {
    values_.emplace(key, std::move(value));
  } else if (value.origin >= at->second.origin) {
    at->second = std::move(value);
  }
}

const SettingValue& SettingValues::get(std::string_view key) const {
  if (const auto at = values_.find(key); at != values_.end()) return at->second;
  const Setting* setting = find_setting(key);
  BULKHEAD_CHECK(setting != nullptr);
  return default_value(*setting);
}

std::vector<std::string> SettingValues::words(std::string_view key) const {
  std::vector<std::string> out;
  for (const auto& item : get(key).items) out.push_back(item.text);
  return out;
}

std::map<std::string, const SettingValue*> SettingValues::group(std::string_view group) const {
  const std::string start = std::string(group) + ".";
  std::map<std::string, const SettingValue*> out;
  for (const auto& section : setting_sections()) {
    for (const auto& row : section.settings) {
      if (row.key.starts_with(start) && !row.any_name() && !row.default_text.empty()) {
        out.emplace(row.key.substr(start.size()), &get(row.key));
      }
    }
  }
  for (const auto& [key, value] : values_) {
    if (key.starts_with(start)) out.insert_or_assign(key.substr(start.size()), &value);
  }
  return out;
}

std::string value_text(const Setting& setting, const SettingValue& value) {
  switch (setting.type) {
    case SettingType::kBoolean: return value.flag ? "yes" : "no";
    case SettingType::kInteger: return std::to_string(value.number);
    case SettingType::kSize: return with_unit(value.number, kSizeUnits);
    case SettingType::kSeconds: return with_unit(value.number, std::span(kTimeUnits).subspan(1));
    case SettingType::kPercent: return std::to_string(value.number) + "%";
    case SettingType::kWords:
    case SettingType::kPaths:
    case SettingType::kPorts:
    case SettingType::kPrefixes: {
      std::string out;
      for (const auto& item : value.items) out += (out.empty() ? "" : ", ") + item.text;
      return "[" + out + "]";
    }
    default: return value.text;
  }
}

}  // namespace bulkhead::config
