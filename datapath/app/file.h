// A file that a transaction carries: name, size, hashes, and the part of its content that rules look at.
//
// Thread   the worker owning the flow.
// Limits   the content kept is a window (FileWindow); hashes are made only when asked for.
// Tests    tests/unit/datapath/app/file_test.cpp
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "datapath/base/byte_reader.h"

namespace bulkhead::app {

enum class FileState : std::uint8_t { kOpen, kClosed, kTruncated, kError };
[[nodiscard]] std::string_view name_of(FileState state);  // EVE fileinfo.state

struct FileRange {
  std::uint64_t start = 0, end = 0, size = 0;
};

// MD5, SHA-1, SHA-256 of what has come so far; only those that were asked for.
class FileHashes {
 public:
  FileHashes();
  FileHashes(bool md5, bool sha1, bool sha256);
  ~FileHashes();
  FileHashes(FileHashes&&) noexcept;
  FileHashes& operator=(FileHashes&&) noexcept;

  void add(ByteSpan bytes);
  void finish();
  // Raw digests; empty until finish(), or when not asked for.
  [[nodiscard]] const std::string& md5() const { return digests_[0]; }
  [[nodiscard]] const std::string& sha1() const { return digests_[1]; }
  [[nodiscard]] const std::string& sha256() const { return digests_[2]; }

 private:
  struct State;
  std::unique_ptr<State> state_;
  std::string digests_[3];
};

struct File {
  std::string name;
  FileState state = FileState::kOpen;
  std::uint64_t size = 0;  // bytes seen, gaps included
  bool has_gaps = false;
  bool stored = false;
  bool logged = false;
  std::optional<FileRange> range;  // part of a whole (HTTP Content-Range)
  FileHashes hashes;

  void append(ByteSpan bytes) {
    size += bytes.size();
    hashes.add(bytes);
  }
  void skip(std::uint64_t length) {
    size += length;
    has_gaps = true;
  }
  // Ends it: closed when whole, truncated otherwise. Hashes are those of a whole file alone.
  void close(bool whole);
  [[nodiscard]] bool ended() const { return state != FileState::kOpen; }
};

using FileList = std::vector<std::unique_ptr<File>>;

}  // namespace bulkhead::app
