// Tells when one file became another one: written, replaced, or swapped behind a link.
//
// Thread   one thread at a time; move-only.
// In       fd() is readable when something happened in the file's folder.
// Out      changed(): true once for each change of the file's identity, time or size.
// Limits   a writer that writes in place may be seen half way; the next change is seen too.
// Errors   the environment lane: the folder cannot be watched.
// Tests    tests/unit/config/daemon/file_watch_test.cpp
#pragma once

#include <sys/stat.h>

#include <string>

#include "datapath/base/result.h"

namespace bulkhead::config {

class FileWatch {
 public:
  [[nodiscard]] static Result<FileWatch> open(const std::string& path);
  ~FileWatch();
  FileWatch(FileWatch&& other) noexcept;
  FileWatch& operator=(FileWatch&& other) noexcept;
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] bool changed();

 private:
  explicit FileWatch(std::string path) : path_(std::move(path)) {}
  [[nodiscard]] bool look();

  std::string path_;
  int fd_ = -1;
  struct stat last_ {};
};

}  // namespace bulkhead::config
