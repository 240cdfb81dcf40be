// From text to a typed, checked value of a setting; and all values of a run together.
//
// Thread   control thread only.
// In       RawValue: what stood in the YAML file or behind `--set key=`; every piece with its place.
// Out      SettingValue; SettingValues answers with the table's default where nothing was set.
// Errors   settings.bad_boolean, .bad_number, .bad_size, .bad_time, .bad_percentage, .out_of_range,
//          .bad_word, .bad_port, .bad_prefix, .bad_group, .wrong_shape, .empty, each at the offending bytes.
// Tests    tests/unit/config/schema/setting_value_test.cpp
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/schema/setting.h"
#include "datapath/base/diagnostic.h"

namespace bulkhead::config {

struct RawItem {
  std::string text;
  SourceSpan span;
};

struct RawValue {
  SourceSpan span;             // the whole value
  std::vector<RawItem> items;  // one for a scalar; none for an empty list or a null
  bool list = false;           // written as a list
};

// A text as it stands behind `--set key=`, or as a scalar in YAML: `[a,b]` is a list for settings that are lists.
[[nodiscard]] RawValue raw_from_text(std::string_view text, const SourceSpan& span, bool split_list);

enum class SettingOrigin : std::uint8_t { kDefault, kFile, kCommandLine };

struct SettingValue {
  bool flag = false;           // kBoolean
  std::uint64_t number = 0;    // kInteger, kSize (bytes), kSeconds, kPercent
  std::string text;            // kText, kPath, kChoice, kAddressGroup, kPortGroup
  std::vector<RawItem> items;  // lists
  SourceSpan span;
  SettingOrigin origin = SettingOrigin::kDefault;
};

// nullopt after reporting. An empty scalar is the setting's "not set" for texts and paths only.
[[nodiscard]] std::optional<SettingValue> parse_setting(const Setting& setting, const RawValue& raw,
                                                        Diagnostics& diagnostics);

class SettingValues {
 public:
  // The last one set wins, but a value from the command line is never replaced by one from a file.
  void set(std::string_view key, SettingValue value);

  // The value set, else the default. `key` must be in the table.
  [[nodiscard]] const SettingValue& get(std::string_view key) const;
  [[nodiscard]] bool flag(std::string_view key) const { return get(key).flag; }
  [[nodiscard]] std::uint64_t number(std::string_view key) const { return get(key).number; }
  [[nodiscard]] const std::string& text(std::string_view key) const { return get(key).text; }
  [[nodiscard]] std::vector<std::string> words(std::string_view key) const;
  [[nodiscard]] SettingOrigin origin(std::string_view key) const { return get(key).origin; }
  // Keys below `group` that are set or have a default, with their values, by name.
  [[nodiscard]] std::map<std::string, const SettingValue*> group(std::string_view group) const;
  [[nodiscard]] const std::map<std::string, SettingValue, std::less<>>& set_values() const { return values_; }

 private:
  std::map<std::string, SettingValue, std::less<>> values_;
};

// As YAML writes it: yes, 1mb, [a,b]; empty for a text that is not set.
[[nodiscard]] std::string value_text(const Setting& setting, const SettingValue& value);

}  // namespace bulkhead::config
