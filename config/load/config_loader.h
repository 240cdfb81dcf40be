// bulkhead.yaml and the command line to EngineSettings.
//
// Thread   control thread only.
// In       a file (optional), `--set key=value` words, and the options of the command.
// Order    command options, then --set, then the file, then the table's defaults (config/schema).
// Paths    relative ones: in the file to the file's directory, elsewhere to the working directory.
// Errors   every problem in one run, each at its place: settings.unknown_key and the codes of
//          setting_value.h and yaml_reader.h; settings.no_such_file, .no_match, .bad_set, .not_a_port_list.
//          Unknown keys are errors in a file, and `ignored` in --set (suricata.yaml has more settings than we do).
// Tests    tests/unit/config/load/config_loader_test.cpp, tests/golden/errors/
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/load/engine_settings.h"
#include "config/schema/setting_value.h"
#include "datapath/base/diagnostic.h"

namespace bulkhead::config {

enum class RunKind : std::uint8_t { kReplay, kLive, kCheck };

struct ConfigRequest {
  RunKind kind = RunKind::kReplay;
  std::string file;               // empty: none
  std::vector<std::string> sets;  // "key=value"
  std::vector<std::string> pcap_files;
  std::vector<std::string> signatures;  // these replace the file's
  std::vector<std::string> policies;
  std::string inventory;
  std::string log_dir;
  std::optional<std::uint32_t> workers;
  std::optional<std::uint64_t> seed;
};

struct LoadedConfig {
  EngineSettings settings;
  SettingValues values;
  std::vector<std::string> ignored;  // "key=value" of --set that no setting has
};

// Values only: the file, then --set.
[[nodiscard]] SettingValues read_settings(const std::string& file, const std::vector<std::string>& sets,
                                          Diagnostics& diagnostics, std::vector<std::string>& ignored);
// As read_settings() for a text in memory.
void read_settings_text(const std::string& name, const std::string& text, SettingValues& values,
                        Diagnostics& diagnostics);

// With errors in `diagnostics` the result is not to be run.
[[nodiscard]] LoadedConfig load_config(const ConfigRequest& request, Diagnostics& diagnostics);

// The files a pattern with * ? [ names, sorted; the pattern itself when it has none of these.
[[nodiscard]] std::vector<std::string> expand_glob(const std::string& pattern);

}  // namespace bulkhead::config
