// The reading half of config_loader.h: YAML tree and --set words to SettingValues.
#include <algorithm>
#include <memory>
#include <utility>

#include "config/load/config_loader.h"
#include "config/yaml/yaml_reader.h"

namespace bulkhead::config {

namespace {

constexpr std::string_view kEventTypes = "eve.types";

class TreeReader {
 public:
  TreeReader(SettingValues& values, Diagnostics& diagnostics) : values_(values), diagnostics_(diagnostics) {}

  void read(const YamlNode& node, const std::string& prefix) {
    if (node.is_null()) return;
    if (!node.is_map()) {
      diagnostics_.error(
          node.span, "settings.wrong_shape",
          (prefix.empty() ? "the file" : prefix) + " wants keys with values, not " + to_string(node.kind));
      return;
    }
    for (const auto& entry : node.entries) read_entry(entry, prefix);
  }

 private:
  void read_entry(const YamlEntry& entry, const std::string& prefix) {
    const std::string key = prefix.empty() ? entry.key : prefix + "." + entry.key;
    if (key == kEventTypes && entry.value.is_sequence()) {
      read_event_types(entry.value);
    } else if (const Setting* setting = find_setting(key);
               setting && !(entry.value.is_map() && is_setting_group(key))) {
      read_value(*setting, key, entry.value);
    } else if (is_setting_group(key)) {
      read(entry.value, key);
    } else {
      const std::string near = nearest_word(entry.key, setting_names_below(prefix));
      diagnostics_.error(entry.key_span, "settings.unknown_key", "there is no setting " + key,
                         near.empty() ? setting_hint(key) : "did you mean " + near + "?");
    }
  }

  // A null is "not set" where the table has such a state.
  void read_value(const Setting& setting, const std::string& key, const YamlNode& node) {
    if (node.is_map()) {
      diagnostics_.error(node.span, "settings.wrong_shape",
                         key + " wants " + (is_list(setting.type) ? "a list" : "a value") + ", not more keys");
      return;
    }
    RawValue raw;
    if (node.is_scalar()) {
      raw = raw_from_text(node.text, node.span, is_list(setting.type));
    } else {
      raw.span = node.span;
      raw.list = node.is_sequence();
      for (const auto& item : node.items) {
        if (!item.is_scalar()) {
          diagnostics_.error(item.span, "settings.wrong_shape", key + " wants a list of plain values");
          return;
        }
        raw.items.push_back({item.text, item.span});
      }
    }
    keep(setting, key, raw);
  }

  void keep(const Setting& setting, const std::string& key, const RawValue& raw) {
    auto value = parse_setting(setting, raw, diagnostics_);
    if (!value) return;
    value->origin = SettingOrigin::kFile;
    values_.set(key, std::move(*value));
  }

  // - alert:
  //     payload: yes
  // - flow
  void read_event_types(const YamlNode& list) {
    RawValue types;
    types.span = list.span;
    types.list = true;
    for (const auto& item : list.items) {
      if (item.is_scalar()) {
        types.items.push_back({item.text, item.span});
      } else if (item.is_map() && !item.entries.empty()) {
        const YamlEntry& type = item.entries.front();
        types.items.push_back({type.key, type.key_span});
        const std::string group = std::string(kEventTypes) + "." + type.key;
        if (is_setting_group(group)) {
          read(type.value, group);
        }
        for (std::size_t i = 1; i < item.entries.size(); ++i) read_entry(item.entries[i], group);
      } else {
        diagnostics_.error(item.span, "settings.wrong_shape", "eve.types wants names, or a name with options");
      }
    }
    keep(*find_setting(kEventTypes), std::string(kEventTypes), types);
  }

  SettingValues& values_;
  Diagnostics& diagnostics_;
};

void read_set(const std::string& word, SettingValues& values, Diagnostics& diagnostics,
              std::vector<std::string>& ignored) {
  const auto file = std::make_shared<SourceFile>("--set", word);
  const auto equals = word.find('=');
  if (equals == std::string::npos || equals == 0) {
    diagnostics.error({file, 1, 1, static_cast<std::uint32_t>(word.size())}, "settings.bad_set",
                      "\"" + word + "\" is not key=value", "write --set stream.midstream=yes");
    return;
  }
  const std::string key = word.substr(0, equals);
  const std::string text = word.substr(equals + 1);
  const Setting* setting = find_setting(key);
  if (!setting) {
    ignored.push_back(word);
    return;
  }
  const SourceSpan span{file, 1, static_cast<std::uint32_t>(equals) + 2, static_cast<std::uint32_t>(text.size())};
  auto value = parse_setting(*setting, raw_from_text(text, span, is_list(setting->type)), diagnostics);
  if (!value) return;
  value->origin = SettingOrigin::kCommandLine;
  values.set(key, std::move(*value));
}

}  // namespace

void read_settings_text(const std::string& name, const std::string& text, SettingValues& values,
                        Diagnostics& diagnostics) {
  const auto documents = read_yaml(std::make_shared<SourceFile>(name, text), diagnostics);
  for (const auto& document : documents) TreeReader(values, diagnostics).read(document, "");
}

SettingValues read_settings(const std::string& file, const std::vector<std::string>& sets, Diagnostics& diagnostics,
                            std::vector<std::string>& ignored) {
  SettingValues values;
  if (!file.empty()) {
    for (const auto& document : read_yaml_file(file, diagnostics)) TreeReader(values, diagnostics).read(document, "");
  }
  for (const auto& word : sets) read_set(word, values, diagnostics, ignored);
  return values;
}

}  // namespace bulkhead::config
