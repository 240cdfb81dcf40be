#include "config/schema/setting.h"

#include <algorithm>

#include "datapath/base/diagnostic.h"

namespace bulkhead::config {

namespace {

std::vector<SettingSection> build_sections() {
  using enum SettingType;
#define SETTING(key, type, default_text, allowed, help) {key, type, default_text, allowed, help},
  return {
      {"Engine",
       "What runs and where its files are.",
       {
#include "config/schema/settings_engine.def"
       }},
      {"Capture",
       "Where packets come from.",
       {
#include "config/schema/settings_capture.def"
       }},
      {"Inline",
       "Flows whose packets wait for a verdict.",
       {
#include "config/schema/settings_inline.def"
       }},
      {"Wire",
       "Containers whose packets all go through a worker.",
       {
#include "config/schema/settings_wire.def"
       }},
      {"DPDK",
       "Ports that are read past the kernel.",
       {
#include "config/schema/settings_dpdk.def"
       }},
      {"Sandbox",
       "What the daemon may do to the node.",
       {
#include "config/schema/settings_sandbox.def"
       }},
      {"Control",
       "Live commands of operators.",
       {
#include "config/schema/settings_control.def"
       }},
      {"Metrics",
       "Counters for Prometheus.",
       {
#include "config/schema/settings_metrics.def"
       }},
      {"Audit",
       "What happened, provably.",
       {
#include "config/schema/settings_audit.def"
       }},
      {"Behaviour",
       "What is normal here, and what differs.",
       {
#include "config/schema/settings_behaviour.def"
       }},
      {"Rules",
       "Policies and signatures: files, order and variables.",
       {
#include "config/schema/settings_rules.def"
       }},
      {"Patches",
       "Weaknesses of the images that run, and the signatures that watch for them.",
       {
#include "config/schema/settings_patches.def"
       }},
      {"Response",
       "Blocks in the kernel.",
       {
#include "config/schema/settings_response.def"
#include "config/schema/settings_segments.def"
       }},
      {"Ports and discovery",
       "Guards of ports, and where workloads are found.",
       {
#include "config/schema/settings_guard.def"
       }},
      {"Output",
       "Events and counters.",
       {
#include "config/schema/settings_output.def"
       }},
      {"Further outputs",
       "Where events go besides the EVE file and netlink. Each output has a queue and a thread of its own.",
       {
#include "config/schema/settings_sinks.def"
       }},
      {"Decoding",
       "Encapsulations and fragments.",
       {
#include "config/schema/settings_decoder.def"
       }},
      {"Flows",
       "Table and timeouts, in packet time.",
       {
#include "config/schema/settings_flow.def"
       }},
      {"Streams",
       "TCP state and reassembly.",
       {
#include "config/schema/settings_stream.def"
       }},
      {"Protocols",
       "Application protocols: which are parsed, and how far.",
       {
#include "config/schema/settings_app.def"
       }},
  };
#undef SETTING
}

// Key and row, sorted by key.
const std::vector<const Setting*>& index() {
  static const std::vector<const Setting*> sorted = [] {
    std::vector<const Setting*> rows;
    for (const auto& section : setting_sections()) {
      for (const auto& setting : section.settings) rows.push_back(&setting);
    }
    std::sort(rows.begin(), rows.end(), [](const Setting* a, const Setting* b) { return a->key < b->key; });
    return rows;
  }();
  return sorted;
}

std::string_view last_segment(std::string_view key) {
  const auto dot = key.rfind('.');
  return dot == std::string_view::npos ? key : key.substr(dot + 1);
}

}  // namespace

std::string_view to_string(SettingType type) {
  switch (type) {
    case SettingType::kBoolean: return "yes or no";
    case SettingType::kInteger: return "integer";
    case SettingType::kSize: return "size";
    case SettingType::kSeconds: return "time";
    case SettingType::kPercent: return "percentage";
    case SettingType::kText: return "text";
    case SettingType::kPath: return "path";
    case SettingType::kChoice: return "word";
    case SettingType::kWords: return "list of words";
    case SettingType::kPaths: return "list of paths";
    case SettingType::kPorts: return "list of ports";
    case SettingType::kPrefixes: return "list of prefixes";
    case SettingType::kAddressGroup: return "addresses";
    case SettingType::kPortGroup: return "ports";
  }
  return "text";
}

bool is_list(SettingType type) {
  using enum SettingType;
  return type == kWords || type == kPaths || type == kPorts || type == kPrefixes;
}

std::vector<std::string> allowed_words(std::string_view allowed) {
  std::vector<std::string> words;
  while (!allowed.empty()) {
    const auto bar = allowed.find('|');
    words.emplace_back(allowed.substr(0, bar));
    allowed = bar == std::string_view::npos ? std::string_view() : allowed.substr(bar + 1);
  }
  return words;
}

std::string Setting::limit_text() const {
  if (allowed.empty()) return {};
  if (const auto dots = allowed.find(".."); dots != std::string_view::npos) {
    return std::string(allowed.substr(0, dots)) + " .. " + std::string(allowed.substr(dots + 2));
  }
  std::string out;
  for (const auto& word : allowed_words(allowed)) out += (out.empty() ? "" : ", ") + word;
  return out;
}

const std::vector<SettingSection>& setting_sections() {
  static const std::vector<SettingSection> sections = build_sections();
  return sections;
}

const Setting* find_setting(std::string_view key) {
  const auto& rows = index();
  const auto find_exact = [&rows](std::string_view wanted) -> const Setting* {
    const auto at = std::lower_bound(rows.begin(), rows.end(), wanted,
                                     [](const Setting* row, std::string_view k) { return row->key < k; });
    return at != rows.end() && (*at)->key == wanted ? *at : nullptr;
  };
  if (const Setting* exact = find_exact(key)) return exact;
  const auto dot = key.rfind('.');
  if (dot == std::string_view::npos || dot + 1 == key.size()) return nullptr;
  return find_exact(std::string(key.substr(0, dot)) + ".*");
}

bool is_setting_group(std::string_view prefix) {
  if (prefix.empty()) return true;
  const std::string start = std::string(prefix) + ".";
  const auto& rows = index();
  const auto at = std::lower_bound(rows.begin(), rows.end(), start,
                                   [](const Setting* row, const std::string& k) { return row->key < k; });
  return at != rows.end() && (*at)->key.starts_with(start);
}

std::vector<std::string> setting_names_below(std::string_view prefix) {
  const std::string start = prefix.empty() ? std::string() : std::string(prefix) + ".";
  std::vector<std::string> names;
  for (const Setting* row : index()) {
    if (!row->key.starts_with(start) || row->any_name()) continue;
    const std::string_view rest = row->key.substr(start.size());
    std::string name(rest.substr(0, rest.find('.')));
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
  }
  return names;
}

std::string setting_hint(std::string_view unknown_key) {
  std::vector<std::string> keys;
  for (const Setting* row : index()) {
    if (!row->any_name()) keys.emplace_back(row->key);
  }
  // The right name under the wrong parent is the commoner mistake.
  std::vector<std::string> same_name;
  for (const auto& key : keys) {
    if (last_segment(key) == last_segment(unknown_key)) same_name.push_back(key);
  }
  if (same_name.size() == 1) return "did you mean " + same_name.front() + "?";
  const std::string near = nearest_word(unknown_key, same_name.empty() ? keys : same_name);
  return near.empty() ? "bulkhead list settings shows all of them" : "did you mean " + near + "?";
}

}  // namespace bulkhead::config
