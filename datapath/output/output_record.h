// One line of EVE JSON on its way to outputs that have a thread of their own.
//
// Thread   made by the output thread, then immutable and shared.
// Tests    tests/unit/datapath/output/queued_output_test.cpp
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "datapath/base/timestamp.h"

namespace bulkhead::output {

struct OutputRecord {
  std::shared_ptr<const std::string> line;  // ends with '\n'
  Timestamp time;
  std::uint64_t flow_id = 0;
  std::uint8_t severity = 6;  // as syslog counts: 0 the gravest, 6 information

  [[nodiscard]] std::string_view with_line_end() const { return *line; }
  [[nodiscard]] std::string_view json() const { return std::string_view(*line).substr(0, line->size() - 1); }
};

}  // namespace bulkhead::output
