// What the operator sets about a file of events.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace bulkhead::output {

struct FileSettings {
  std::string path;           // missing folders are made
  bool append = true;         // false: an existing file is emptied at start
  std::uint32_t mode = 0640;  // permissions of a new file
  std::size_t buffer_bytes = 256 * 1024;
  std::chrono::milliseconds retry_interval{1000};  // after a failure: how long until the next attempt
};

}  // namespace bulkhead::output
