// A file mapped for reading from front to back. Pages well behind the reader are given back, so that the
// resident size does not grow with the file (they are read again from the page cache when still in use).
//
// Thread   one; bytes() by any as long as the object lives.
// Errors   Error with operation, path and errno.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "datapath/base/byte_reader.h"
#include "datapath/base/result.h"

namespace bulkhead::io {

class MappedFile {
 public:
  // nullptr: not a regular file, or empty; it cannot be mapped.
  [[nodiscard]] static Result<std::unique_ptr<MappedFile>> open(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  [[nodiscard]] ByteSpan bytes() const { return bytes_; }
  // The reader is at `position`.
  void passed(std::size_t position);
  // False once the file has become shorter than the mapping.
  [[nodiscard]] bool intact() const;

 private:
  MappedFile(int fd, ByteSpan bytes) : fd_(fd), bytes_(bytes) {}
  int fd_;
  ByteSpan bytes_;
  std::size_t given_back_ = 0;
};

}  // namespace bulkhead::io
