// Names of EVE's event types, those of the reference included: a file may list them before their parsers are built in.
//
// Tests    tests/unit/config/load/config_loader_test.cpp
#pragma once

#include <string>
#include <vector>

namespace bulkhead::config {

[[nodiscard]] const std::vector<std::string>& event_type_names();

}  // namespace bulkhead::config
