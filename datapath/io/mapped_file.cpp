#include "datapath/io/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bulkhead::io {

namespace {
// Stays mapped in behind the reader. Workers that run further behind read it again from the page cache.
constexpr std::size_t kKept = std::size_t{4} << 20;
constexpr std::size_t kChunk = std::size_t{1} << 20;  // given back at a time
}  // namespace

Result<std::unique_ptr<MappedFile>> MappedFile::open(const std::string& path) {
  // A pipe is not for us, and is not opened even for a moment: its writer would find a reader that goes away (SIGPIPE).
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return errno_error("open", path);
  if (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) return std::unique_ptr<MappedFile>();
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return errno_error("open", path);
  if (fstat(fd, &info) != 0) {
    const Error error = errno_error("fstat", path);
    ::close(fd);
    return error;
  }
  if (S_ISDIR(info.st_mode)) {
    ::close(fd);
    return errno_error("open", path, EISDIR);
  }
  if (!S_ISREG(info.st_mode) || info.st_size == 0) {
    ::close(fd);
    return std::unique_ptr<MappedFile>();
  }
  const std::size_t size = static_cast<std::size_t>(info.st_size);
  void* base = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (base == MAP_FAILED) {
    const Error error = errno_error("mmap", path);
    ::close(fd);
    return error;
  }
  madvise(base, size, MADV_SEQUENTIAL);
  return std::unique_ptr<MappedFile>(new MappedFile(fd, {static_cast<const Byte*>(base), size}));
}

MappedFile::~MappedFile() {
  munmap(const_cast<Byte*>(bytes_.data()), bytes_.size());
  ::close(fd_);
}

void MappedFile::passed(std::size_t position) {
  // A batch of super-packets is longer than a chunk.
  while (position >= given_back_ + kKept + kChunk) {
    madvise(const_cast<Byte*>(bytes_.data()) + given_back_, kChunk, MADV_DONTNEED);
    given_back_ += kChunk;
  }
}

bool MappedFile::intact() const {
  struct stat info {};
  return fstat(fd_, &info) == 0 && static_cast<std::size_t>(info.st_size) >= bytes_.size();
}

}  // namespace bulkhead::io
