// The setting table as text: the sample file, the values of a run, and the list for `bulkhead list settings`.
//
// Thread   control thread only.
// Out      YAML that config_loader reads back to the same values. Settings without a value are commented out.
// Tests    tests/unit/config/schema/sample_yaml_test.cpp; config/bulkhead.yaml is sample_yaml() byte for byte.
#pragma once

#include <string>
#include <string_view>

#include "config/schema/setting_value.h"

namespace bulkhead::config {

// config/bulkhead.yaml: every setting with its default, help as comments.
[[nodiscard]] std::string sample_yaml();
// The same tree with the values of a run; `comments`: say where a value comes from when it is not the default.
[[nodiscard]] std::string dump_yaml(const SettingValues& values, bool comments);
// One line per setting whose key contains `filter`: key, type, default, limit, help.
[[nodiscard]] std::string setting_list(std::string_view filter);

}  // namespace bulkhead::config
