// The list of parsers, written by CMake from the words in CMakeLists.txt.
#pragma once

#include <vector>

#include "datapath/app/protocol.h"

namespace bulkhead::app {

[[nodiscard]] std::vector<const Protocol*> protocol_entries();

}  // namespace bulkhead::app
