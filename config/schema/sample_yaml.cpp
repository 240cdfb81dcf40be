#include "config/schema/sample_yaml.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

namespace bulkhead::config {

namespace {

constexpr std::string_view kEventTypes = "eve.types";
constexpr std::size_t kWidth = 118;

std::vector<std::string_view> segments_of(std::string_view key) {
  std::vector<std::string_view> out;
  while (true) {
    const auto dot = key.find('.');
    out.push_back(key.substr(0, dot));
    if (dot == std::string_view::npos) return out;
    key = key.substr(dot + 1);
  }
}

// Quotes what YAML would read as something else than the text it is.
std::string yaml_scalar(SettingType type, const std::string& text) {
  if (type != SettingType::kText && type != SettingType::kPath && type != SettingType::kAddressGroup &&
      type != SettingType::kPortGroup) {
    return text;
  }
  const bool plain = !text.empty() && text.find_first_of(":#[]{},&*!|>'\"%@`\\ ") == std::string::npos && text != "~" &&
                     text != "null";
  if (plain) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string comment(std::size_t indent, std::string_view text) {
  std::string out;
  const std::string start = std::string(indent, ' ') + "# ";
  while (!text.empty()) {
    std::size_t cut = text.size();
    if (start.size() + text.size() > kWidth) {
      cut = text.rfind(' ', kWidth - start.size());
      if (cut == std::string_view::npos) cut = text.size();
    }
    out += start + std::string(text.substr(0, cut)) + "\n";
    text = cut < text.size() ? text.substr(cut + 1) : std::string_view();
  }
  return out;
}

struct Style {
  bool help = false;     // the sample: help and limits as comments
  bool origins = false;  // dump: say what is not a default
};

// Writes rows in order, opening the maps on the way.
class Writer {
 public:
  Writer(const SettingValues& values, Style style) : values_(values), style_(style) {}

  std::string run() {
    if (style_.help) {
      out_ +=
          "# bulkhead.yaml: every setting with its default; delete what you do not change. Relative paths start at "
          "the\n"
          "# directory of this file.\n"
          "# Printed by `bulkhead dump config --defaults`; `bulkhead check -c FILE` reports every mistake with its "
          "place.\n";
    }
    for (const auto& section : setting_sections()) {
      if (style_.help) {
        const std::string rule(kWidth - 6 - section.title.size(), '-');
        out_ += "\n# --- " + std::string(section.title) + " " + rule + "\n" + comment(0, section.help) + "\n";
        path_.clear();
      }
      for (const auto& setting : section.settings) write(setting);
    }
    return std::move(out_);
  }

 private:
  void write(const Setting& setting) {
    if (setting.key.starts_with(std::string(kEventTypes) + ".")) return;  // written with the list of types
    if (setting.any_name()) {
      const std::string_view parent = setting.key.substr(0, setting.key.size() - 2);
      write_names(setting, parent);
      return;
    }
    const SettingValue& value = values_.get(setting.key);
    const auto segments = segments_of(setting.key);
    if (!open_parents(segments, has_value(setting, value))) return;
    if (setting.key == kEventTypes) {
      write_event_types(setting, value);
    } else {
      write_line(setting, value, segments.back(), 2 * (segments.size() - 1));
    }
  }

  static bool has_value(const Setting& setting, const SettingValue& value) {
    return value.origin != SettingOrigin::kDefault || !setting.default_text.empty();
  }

  // False when the row is to be left out: a dump shows no unset rows.
  bool open_parents(const std::vector<std::string_view>& segments, bool has_value) {
    if (!has_value && !style_.help) return false;
    std::vector<std::string> parents(segments.begin(), segments.end() - 1);
    std::size_t common = 0;
    while (common < parents.size() && common < path_.size() && parents[common] == path_[common]) ++common;
    for (std::size_t i = common; i < parents.size(); ++i) {
      if (style_.help && i == 0 && !out_.ends_with("\n\n")) out_ += "\n";
      out_ += std::string(2 * i, ' ') + parents[i] + ":\n";
    }
    if (style_.help && parents.empty() && !path_.empty()) out_ += "\n";
    path_ = std::move(parents);
    return true;
  }

  void write_help(const Setting& setting, std::size_t indent) {
    if (!style_.help || setting.help.empty()) return;
    std::string text(setting.help);
    if (const std::string limit = setting.limit_text(); !limit.empty()) text += " (" + limit + ")";
    out_ += comment(indent, text);
  }

  void write_line(const Setting& setting, const SettingValue& value, std::string_view name, std::size_t indent) {
    write_help(setting, indent);
    const bool unset = !has_value(setting, value);
    const std::string text = yaml_scalar(setting.type, value_text(setting, value));
    out_ += std::string(indent, ' ') + (unset ? "# " : "") + std::string(name) + ":" +
            (unset && (text.empty() || text == "\"\"") ? "" : " " + text) + origin_note(value) + "\n";
  }

  std::string origin_note(const SettingValue& value) const {
    if (!style_.origins || value.origin == SettingOrigin::kDefault) return {};
    if (value.origin == SettingOrigin::kCommandLine) return "  # --set";
    if (!value.span.file) return "  # file";
    return "  # " + value.span.file->name() + ":" + std::to_string(value.span.line);
  }

  // Names of a `*` group that have no row of their own.
  void write_names(const Setting& setting, std::string_view parent) {
    for (const auto& [name, value] : values_.group(parent)) {
      const std::string key = std::string(parent) + "." + name;
      if (find_setting(key) != &setting) continue;
      const auto segments = segments_of(key);
      open_parents(segments, true);
      write_line(setting, *value, segments.back(), 2 * (segments.size() - 1));
    }
  }

  // types:
  //   - alert:
  //       payload: no
  //   - flow
  void write_event_types(const Setting& setting, const SettingValue& value) {
    write_help(setting, 2);
    out_ += "  types:" + origin_note(value) + "\n";
    std::vector<std::string> enabled;
    for (const auto& item : value.items) enabled.push_back(item.text);
    for (const auto& type : enabled) write_event_type(type, "");
    if (value.items.empty()) out_.insert(out_.rfind(':') + 1, " []");
    if (!style_.help) return;
    for (const auto& [type, rows] : event_type_rows()) {
      if (std::find(enabled.begin(), enabled.end(), type) == enabled.end()) write_event_type(type, "# ");
    }
  }

  void write_event_type(const std::string& type, std::string_view mark) {
    const auto rows = event_type_rows();
    const auto at = rows.find(type);
    std::string options;
    std::vector<std::string> path;
    if (at != rows.end()) {
      for (const Setting* row : at->second) options += event_option(*row, type, mark, path);
    }
    out_ += "    " + std::string(mark) + "- " + type + (options.empty() ? "\n" : ":\n") + options;
  }

  [[nodiscard]] std::string event_option(const Setting& row, const std::string& type, std::string_view mark,
                                         std::vector<std::string>& path) const {
    const SettingValue& value = values_.get(row.key);
    if (!has_value(row, value)) return {};
    const auto segments = segments_of(row.key.substr(kEventTypes.size() + 1 + type.size() + 1));
    const auto indent = [mark](std::size_t level) {
      return "    " + std::string(mark) + std::string(4 + 2 * level, ' ');
    };
    std::string out;
    for (std::size_t i = 0; i + 1 < segments.size(); ++i) {
      if (i < path.size() && path[i] == segments[i]) continue;
      path.resize(i);
      path.emplace_back(segments[i]);
      out += indent(i) + path[i] + ":\n";
    }
    path.resize(segments.size() - 1);
    out += indent(path.size()) + std::string(segments.back()) + ": " + yaml_scalar(row.type, value_text(row, value));
    if (style_.help && !row.help.empty()) out += "  # " + std::string(row.help);
    return out + origin_note(value) + "\n";
  }

  static std::map<std::string, std::vector<const Setting*>> event_type_rows() {
    std::map<std::string, std::vector<const Setting*>> rows;
    for (const auto& section : setting_sections()) {
      for (const auto& setting : section.settings) {
        if (!setting.key.starts_with(std::string(kEventTypes) + ".")) continue;
        const std::string_view rest = setting.key.substr(kEventTypes.size() + 1);
        rows[std::string(rest.substr(0, rest.find('.')))].push_back(&setting);
      }
    }
    return rows;
  }

  const SettingValues& values_;
  Style style_;
  std::string out_;
  std::vector<std::string> path_;
};

}  // namespace

std::string sample_yaml() {
  const SettingValues defaults;
  return Writer(defaults, {true, false}).run();
}

std::string dump_yaml(const SettingValues& values, bool comments) {
  return Writer(values, {false, comments}).run();
}

std::string setting_list(std::string_view filter) {
  std::string out;
  for (const auto& section : setting_sections()) {
    std::string rows;
    for (const auto& setting : section.settings) {
      if (setting.key.find(filter) == std::string_view::npos) continue;
      rows += "  " + std::string(setting.key);
      if (setting.key.size() < 44) rows += std::string(44 - setting.key.size(), ' ');
      rows += " " + std::string(to_string(setting.type));
      if (!setting.default_text.empty()) rows += ", default " + std::string(setting.default_text);
      if (const std::string limit = setting.limit_text(); !limit.empty()) rows += " (" + limit + ")";
      rows += "\n";
      if (!setting.help.empty()) rows += "      " + std::string(setting.help) + "\n";
    }
    if (!rows.empty()) out += (out.empty() ? "" : "\n") + std::string(section.title) + "\n" + rows;
  }
  return out;
}

}  // namespace bulkhead::config
