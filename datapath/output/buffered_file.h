// A log file that is written in large pieces and can be rotated from outside.
//
//   append -> [buffer_bytes] -> write(2)
//
// Thread   append(), flush(), counters by one thread; request_reopen() by any.
// Rotation reopen takes place between two records: what is buffered goes to the old file, then the path is
//          opened anew, which makes a new file when the old one was renamed. By size and by time (FileSettings) the
//          file is renamed here, before the record that would be too much, and not while it is empty; the oldest file
//          beyond rotate_keep is removed. When a rename fails, writing goes on in the file that is there.
// Limits   one buffer. When the file cannot be written (disk full, read-only, folder gone), records that find
//          the buffer full are dropped and counted, and writing is tried again after retry_interval or at a
//          reopen. append() never waits for longer than one write(2).
//          A record may be cut by a full disk; the rest of it is written first when there is room again.
// Errors   open(): Error with operation, path, errno. Later failures: last_error(), lost().
// Tests    tests/unit/datapath/output/buffered_file_test.cpp
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "datapath/base/counters.h"
#include "datapath/base/result.h"
#include "datapath/output/file_settings.h"

namespace bulkhead::output {

class BufferedFile {
 public:
  explicit BufferedFile(FileSettings settings) : settings_(std::move(settings)) {}
  ~BufferedFile();
  BufferedFile(const BufferedFile&) = delete;
  BufferedFile& operator=(const BufferedFile&) = delete;

  [[nodiscard]] Status open();
  // One record, line end included. False: dropped and counted.
  bool append(std::string_view record);
  void flush();
  void request_reopen() { reopen_.store(true, std::memory_order_release); }

  [[nodiscard]] std::uint64_t bytes() const { return bytes_.value(); }  // that reached the file
  [[nodiscard]] std::uint64_t lost() const { return lost_.value(); }
  [[nodiscard]] std::uint64_t rotations() const { return rotations_.value(); }
  [[nodiscard]] const std::string& last_error() const { return last_error_; }

 private:
  using Clock = std::chrono::steady_clock;
  using WallClock = std::chrono::system_clock;
  void reopen_if_asked();
  void rotate_if_due(std::size_t next_bytes);
  void rotate();
  [[nodiscard]] std::string aside(std::uint32_t number) const { return settings_.path + "." + std::to_string(number); }
  [[nodiscard]] Status open_file(bool truncate);
  bool write_out();
  void fail(const Error& error);

  const FileSettings settings_;
  int fd_ = -1;
  std::string buffer_;
  std::atomic<bool> reopen_{false};
  bool failing_ = false;
  Clock::time_point retry_at_{};
  std::string last_error_;
  Counter bytes_;
  Counter lost_;
  Counter rotations_;
  std::uint64_t file_bytes_ = 0;                 // in the file, without the buffer
  std::chrono::system_clock::time_point due_{};  // of the rotation by time
};

}  // namespace bulkhead::output
