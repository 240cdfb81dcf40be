// The typed table of everything an operator can set. Validation, the sample file, `list settings` and
// `dump config --defaults` all come from it, so that none of them can say something else.
//
// Rows     settings_*.def, one SETTING(...) each; keys are dotted paths of the YAML file, with the names of
//          suricata.yaml wherever it has the same setting. A last segment `*` stands for any name.
// Thread   built once, immutable, any thread.
// Tests    tests/unit/config/schema/setting_test.cpp
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bulkhead::config {

enum class SettingType : std::uint8_t {
  kBoolean,       // yes, no, true, false, on, off, 1, 0
  kInteger,       // 5
  kSize,          // bytes: 4096, 64kb, 1mb, 2gb (powers of 1024)
  kSeconds,       // 30, 30s, 5m, 2h, 1d
  kPercent,       // 80%, 80
  kText,          // as it stands
  kPath,          // file or directory
  kChoice,        // one of `allowed`
  kWords,         // list of `allowed` (any word when empty)
  kPaths,         // list of paths, globs allowed
  kPorts,         // list of ports, `any`, or $NAME of vars.port-groups
  kPrefixes,      // list of addresses and CIDR prefixes
  kAddressGroup,  // rule language: [10.0.0.0/8,!10.1.0.0/16], any, $NAME
  kPortGroup,     // rule language: [80,8000:8080], any, $NAME
};
[[nodiscard]] std::string_view to_string(SettingType type);
[[nodiscard]] bool is_list(SettingType type);

struct Setting {
  std::string_view key;
  SettingType type;
  std::string_view default_text;  // as written in YAML; empty: not set (an empty list for lists)
  std::string_view allowed;       // numbers: "1..65535" with the type's units; words: "a|b|c"; empty: no limit
  std::string_view help;          // one sentence

  [[nodiscard]] bool any_name() const { return key.ends_with(".*"); }
  // "1 .. 65535", "one of pcap, tap"; empty without a limit.
  [[nodiscard]] std::string limit_text() const;
};

struct SettingSection {
  std::string_view title;
  std::string_view help;
  std::vector<Setting> settings;  // in file order
};

[[nodiscard]] const std::vector<SettingSection>& setting_sections();
// The row of a key, or of the `*` row it falls under; null: no such setting.
[[nodiscard]] const Setting* find_setting(std::string_view key);
// Whether some setting begins with `prefix` + '.'.
[[nodiscard]] bool is_setting_group(std::string_view prefix);
// Known keys directly below a group ("" for the top): for hints.
[[nodiscard]] std::vector<std::string> setting_names_below(std::string_view prefix);
// "did you mean stream.midstream?", or empty.
[[nodiscard]] std::string setting_hint(std::string_view unknown_key);

// The words of "a|b|c".
[[nodiscard]] std::vector<std::string> allowed_words(std::string_view allowed);

}  // namespace bulkhead::config
