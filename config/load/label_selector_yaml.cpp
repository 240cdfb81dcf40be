#include "config/load/label_selector_yaml.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "config/load/kubernetes_names.h"

namespace bulkhead::config {

namespace {

using rules::Requirement;

bool reads_as_other_type(const std::string& text) {
  static constexpr std::array kWords = {"true", "True", "TRUE", "false", "False", "FALSE", "yes", "Yes", "YES",
                                        "no",   "No",   "NO",   "on",    "On",    "ON",    "off", "Off", "OFF"};
  if (std::find(kWords.begin(), kWords.end(), text) != kWords.end()) return true;
  std::string_view digits = text;
  if (!digits.empty() && (digits[0] == '-' || digits[0] == '+')) digits.remove_prefix(1);
  if (digits.empty() || !((digits[0] >= '0' && digits[0] <= '9') || digits[0] == '.')) return false;
  double number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc{} && end == digits.data() + digits.size();
}

void check_key(const std::string& key, const SourceSpan& span, Diagnostics& diagnostics) {
  if (is_label_key(key)) return;
  diagnostics.error(span, "manifest.selector.bad_key", "\"" + key + "\" is no label key",
                    "[prefix/]name of letters, digits, -, _ and . with a letter or digit at both ends");
}

void check_value(const YamlNode& node, const std::string& value, Diagnostics& diagnostics) {
  if (is_label_value(value)) return;
  diagnostics.error(node.span, "manifest.selector.bad_value", "\"" + value + "\" is no label value",
                    "at most 63 letters, digits, -, _ and . with a letter or digit at both ends");
}

void read_match_labels(const YamlNode& node, Requirement::Subject subject, Diagnostics& diagnostics,
                       std::vector<Requirement>& out) {
  const YamlMap check(node, diagnostics);
  if (!check.valid()) return;
  for (const YamlEntry& entry : node.entries) {
    check_key(entry.key, entry.key_span, diagnostics);
    Requirement r;
    r.subject = subject;
    r.key = entry.key;
    std::optional<std::string> value = std::string();
    if (!entry.value.is_null()) value = manifest_text(entry.value, diagnostics);
    if (!value) continue;
    check_value(entry.value, *value, diagnostics);
    r.values.push_back(std::move(*value));
    out.push_back(std::move(r));
  }
}

void read_values(YamlMap& map, Requirement& r, Diagnostics& diagnostics) {
  const std::vector<YamlNode>& values = map.sequence("values");
  const bool takes_values = r.op == Requirement::Op::kIn || r.op == Requirement::Op::kNotIn;
  if (takes_values != !values.empty()) {
    diagnostics.error(map.has("values") ? map.get("values")->span : map.span(), "manifest.selector.values",
                      takes_values ? "In and NotIn need at least one value" : "Exists and DoesNotExist take no values");
  }
  for (const YamlNode& item : values) {
    const auto value = manifest_text(item, diagnostics);
    if (!value) continue;
    check_value(item, *value, diagnostics);
    r.values.push_back(*value);
  }
}

void read_expression(const YamlNode& node, Requirement::Subject subject, Diagnostics& diagnostics,
                     std::vector<Requirement>& out) {
  YamlMap map(node, diagnostics);
  Requirement r;
  r.subject = subject;
  if (const auto key = map.required_text("key")) {
    r.key = *key;
    check_key(r.key, map.get("key")->span, diagnostics);
  }
  const YamlNode* op = map.require("operator");
  const auto word =
      op == nullptr ? std::nullopt : yaml_choice(*op, diagnostics, {"In", "NotIn", "Exists", "DoesNotExist"});
  if (!word) {
    map.also_known({"values"});
    return map.finish();
  }
  r.op = *word == "In"       ? Requirement::Op::kIn
         : *word == "NotIn"  ? Requirement::Op::kNotIn
         : *word == "Exists" ? Requirement::Op::kHas
                             : Requirement::Op::kNotHas;
  read_values(map, r, diagnostics);
  map.finish();
  out.push_back(std::move(r));
}

}  // namespace

std::optional<std::string> manifest_text(const YamlNode& node, Diagnostics& diagnostics) {
  auto text = yaml_text(node, diagnostics);
  if (text && !node.quoted && reads_as_other_type(*text)) {
    diagnostics.error(node.span, "manifest.not_text", "the API expects text here, this is a number or yes/no",
                      "put it in quotes: \"" + *text + "\"");
    return std::nullopt;
  }
  return text;
}

void read_label_selector(const YamlNode& node, Requirement::Subject subject, Diagnostics& diagnostics,
                         std::vector<Requirement>& out) {
  YamlMap map(node, diagnostics);
  if (const YamlNode* labels = map.get("matchLabels")) read_match_labels(*labels, subject, diagnostics, out);
  for (const YamlNode& item : map.sequence("matchExpressions")) read_expression(item, subject, diagnostics, out);
  map.finish();
}

}  // namespace bulkhead::config
