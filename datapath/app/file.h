// A file that a transaction carries: name, size, hashes, and the part of its content that rules look at.
//
// Thread   the worker owning the flow.
// Limits   of the content a BodyWindow is kept, where the protocol asks for it; hashes are made only when asked for.
// Tests    tests/unit/datapath/app/file_test.cpp
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datapath/app/body_window.h"
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
  // Of what is not whole the ecosystem's records have SHA-256 alone: the name that its piece is stored under.
  void finish(bool whole = true);
  // Raw digests; empty until finish(), or when not asked for.
  [[nodiscard]] const std::string& md5() const { return digests_[0]; }
  [[nodiscard]] const std::string& sha1() const { return digests_[1]; }
  [[nodiscard]] const std::string& sha256() const { return digests_[2]; }

 private:
  struct State;
  std::unique_ptr<State> state_;
  std::string digests_[3];
};

struct File;

// Follows the content of one file from its beginning, to keep it somewhere.
class FileTap {
 public:
  FileTap() = default;
  FileTap(const FileTap&) = delete;
  FileTap& operator=(const FileTap&) = delete;
  virtual ~FileTap() = default;
  virtual void bytes(ByteSpan bytes) = 0;
  virtual void gap(std::uint64_t length) = 0;
  virtual void keep() = 0;  // a rule asks for the file
  virtual void end(File& file) = 0;
};

class FileTaps {
 public:
  FileTaps() = default;
  FileTaps(const FileTaps&) = delete;
  FileTaps& operator=(const FileTaps&) = delete;
  virtual ~FileTaps() = default;
  virtual std::unique_ptr<FileTap> begin() = 0;  // any worker; null: this one is not followed
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
  std::unique_ptr<FileTap> tap;

  void append(ByteSpan bytes) {
    size += bytes.size();
    hashes.add(bytes);
    if (tap != nullptr) tap->bytes(bytes);
    if (content_settings_ != nullptr) content_.append(bytes, *content_settings_);
  }
  // From now on the content is kept as far as rules look at it; `settings` outlives the file.
  void keep_content(const BodySettings& settings) { content_settings_ = &settings; }
  [[nodiscard]] const BodyWindow& content() const { return content_; }
  [[nodiscard]] bool content_ready(bool inline_mode) const {
    return content_settings_ != nullptr && content_.ready(*content_settings_, inline_mode, ended());
  }
  // Rules have looked at all of the content there is.
  void looked_at();
  void skip(std::uint64_t length) {
    size += length;
    has_gaps = true;
    if (tap != nullptr) tap->gap(length);
  }
  // A rule asks for it to be stored.
  void keep() {
    if (tap != nullptr) tap->keep();
  }
  // Ends it: closed when whole, truncated otherwise. Hashes are those of a whole file alone.
  void close(bool whole);
  [[nodiscard]] bool ended() const { return state != FileState::kOpen; }

 private:
  BodyWindow content_;
  const BodySettings* content_settings_ = nullptr;
};

struct FileMaking {  // what every file gets
  bool md5 = false, sha1 = false, sha256 = false;
  FileTaps* taps = nullptr;  // null: content is not kept anywhere
};
[[nodiscard]] std::unique_ptr<File> make_file(std::string_view name, const FileMaking& making);

using FileList = std::vector<std::unique_ptr<File>>;

}  // namespace bulkhead::app
