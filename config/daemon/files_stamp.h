// Tells when files of the settings became other files: written, replaced, added beside, or swapped behind a link as a
// mounted ConfigMap is.
//
// Thread   control thread.
// In       changed(), now and then; looks every other second.
// Out      true once for a change that has settled: two looks apart that see the same.
// Limits   what keeps identity, size and time is not seen.
// Tests    tests/unit/config/daemon/files_stamp_test.cpp
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "config/load/engine_settings.h"

namespace bulkhead::config {

// The settings' file, policies, signatures and what these read, with the directories that they are in.
[[nodiscard]] std::vector<std::string> files_of(const EngineSettings& settings);

class FilesStamp {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr auto kEvery = std::chrono::seconds(2);

  FilesStamp() = default;
  explicit FilesStamp(std::vector<std::string> paths) : paths_(std::move(paths)), stamp_(read()), last_(stamp_) {}
  [[nodiscard]] bool changed(Clock::time_point now);

 private:
  [[nodiscard]] std::uint64_t read() const;

  std::vector<std::string> paths_;
  std::uint64_t stamp_ = 0;  // that was acted on
  std::uint64_t last_ = 0;   // of the last look
  Clock::time_point next_{};
};

}  // namespace bulkhead::config
