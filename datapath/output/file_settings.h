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
  // Rotation from inside: NAME becomes NAME.1, that NAME.2, ...
  std::uint64_t rotate_bytes = 0;           // before a record would make the file larger; 0: never
  std::chrono::seconds rotate_interval{0};  // at multiples of it since 1970 UTC; 0: never
  std::uint32_t rotate_keep = 7;            // files that are put aside; 0: the old file is removed
};

}  // namespace bulkhead::output
