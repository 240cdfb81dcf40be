// Files that rules ask for (filestore), on disk: DIRECTORY/<first two digits>/<SHA-256 of the content>.
//
//   begin of a file -> memory (64 KB) -> DIRECTORY/tmp/ -> kept? rename to its digest, else removed
//
// A file is followed from its beginning, because what decides about it may come at its end. The same content is stored
// once.
//
// Thread   taps: the worker of the flow; counters and begin() any worker. After open() a worker writes by itself and
// waits
//          for the disk (replay); after start() a thread of the store writes, and workers open no file (live).
// Limits   FileStoreSettings: open files, bytes of one file; 64 MB on their way to the thread; beyond: counted, not
//          stored, or cut.
// Errors   open(): environment. Later ones are counted (errors) and leave the file out.
// Tests    tests/unit/datapath/pipeline/file_store_test.cpp
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
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
  ~FileStore() override { stop(); }
  FileStore(const FileStore&) = delete;
  FileStore& operator=(const FileStore&) = delete;

  // Makes the directories.
  [[nodiscard]] Status open();
  // open(), and a thread that writes.
  [[nodiscard]] Status start();
  // Writes what is on its way and ends the thread.
  void stop();
  std::unique_ptr<app::FileTap> begin() override;
  // file_store.open_files, stored, cut, open_files_max_hit, queue_full, fs_errors.
  void add_stats(std::vector<std::pair<std::string, std::uint64_t>>& out) const;
  [[nodiscard]] std::uint64_t stored() const { return stored_.load(std::memory_order_relaxed); }

 private:
  class Tap;
  // A file on its way to the disk; the thread that writes owns all but `failed`.
  struct Part {
    std::string temporary;
    int fd = -1;
    std::atomic<bool> failed{false};
  };
  enum class Step : std::uint8_t { kWrite, kStore, kDrop };
  struct Job {
    Step step = Step::kWrite;
    std::shared_ptr<Part> part;
    std::vector<Byte> bytes;  // kWrite
    std::string digest;       // kStore, in hex
    std::string description;  // kStore: empty: none
  };

  // False: it will not be done.
  [[nodiscard]] bool give(Job job);
  void carry_out(Job& job);
  void write(Part& part, const std::vector<Byte>& bytes);
  void store(Part& part, const std::string& digest, const std::string& description);
  void drop(Part& part);
  void fail(Part& part);
  void run();

  const FileStoreSettings settings_;
  std::atomic<std::uint64_t> open_{0}, stored_{0}, cut_{0}, refused_{0}, full_{0}, errors_{0}, next_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  std::size_t waiting_bytes_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace bulkhead::pipeline
