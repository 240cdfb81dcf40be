// A suricata.yaml as settings of bulkhead: what has a meaning here is taken over, the rest is named.
//
// Thread   control thread.
// In       a file as Suricata 6 to 8 ship it: maps by the same dotted names, `outputs` (the first enabled eve-log),
//          `rule-files` below `default-rule-path`, `af-packet` (its interfaces), `default-log-dir`.
// Out      settings, and for every key of the file either what it became or why it was left out.
// Errors   a file that is no YAML: diagnostics, and an empty result.
// Tests    tests/unit/config/load/suricata_import_test.cpp
#pragma once

#include <string>
#include <vector>

#include "config/schema/setting_value.h"
#include "datapath/base/diagnostic.h"

namespace bulkhead::config {

struct ImportedKey {
  std::string key;   // dotted, as in the file
  std::string note;  // taken: "name = value" here; ignored: why
  std::uint32_t line = 0;
};

struct SuricataImport {
  SettingValues values;
  std::vector<ImportedKey> taken;    // in file order
  std::vector<ImportedKey> ignored;  // the topmost key of a part that has no meaning here
};

[[nodiscard]] SuricataImport import_suricata_yaml(const std::string& path, Diagnostics& diagnostics);

}  // namespace bulkhead::config
