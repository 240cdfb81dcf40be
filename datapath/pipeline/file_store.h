// Files that rules ask for (filestore), on disk: DIRECTORY/<first two digits>/<SHA-256 of the content>.
//
//   begin of a file -> memory (64 KB) -> DIRECTORY/tmp/ -> kept? rename to its digest, else removed
//
// A file is followed from its beginning, because what decides about it may come at its end. The same content is stored
// once.
//
// Thread   taps: the worker of the flow; counters and begin() any worker. Writing waits for the disk.
// Limits   FileStoreSettings: open files, bytes of one file; beyond: counted, not stored, or cut.
// Errors   open(): environment. Later ones are counted (errors) and leave the file out.
// Tests    tests/unit/datapath/pipeline/file_store_test.cpp
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "datapath/app/file.h"
#include "datapath/base/result.h"

namespace bulkhead::pipeline {

struct FileStoreSettings {
  bool enabled = false;                 // [file-store.enabled]
  std::string directory;                // [file-store.dir]
  bool force = false;                   // [file-store.force-filestore] all files, whatever rules say
  bool write_fileinfo = false;          // [file-store.write-fileinfo] what is known of it, as JSON beside it
  std::uint64_t depth = 1024 * 1024;    // [file-store.stream-depth] bytes of one file; 0: all
  std::uint32_t max_open_files = 1000;  // [file-store.max-open-files] followed at once
};

class FileStore final : public app::FileTaps {
 public:
  explicit FileStore(FileStoreSettings settings) : settings_(std::move(settings)) {}

  // Makes the directories.
  [[nodiscard]] Status open();
  std::unique_ptr<app::FileTap> begin() override;
  // file_store.open_files, stored, cut, open_files_max_hit, errors.
  void add_stats(std::vector<std::pair<std::string, std::uint64_t>>& out) const;
  [[nodiscard]] std::uint64_t stored() const { return stored_.load(std::memory_order_relaxed); }

 private:
  class Tap;

  const FileStoreSettings settings_;
  std::atomic<std::uint64_t> open_{0}, stored_{0}, cut_{0}, refused_{0}, errors_{0}, next_{0};
};

}  // namespace bulkhead::pipeline
