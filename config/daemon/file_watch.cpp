#include "config/daemon/file_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

namespace bulkhead::config {

Result<FileWatch> FileWatch::open(const std::string& path) {
  FileWatch out(path);
  out.fd_ = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (out.fd_ < 0) return errno_error("inotify_init1", path, errno);
  std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (folder.empty()) folder = ".";
  constexpr std::uint32_t kEvents = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE;
  if (::inotify_add_watch(out.fd_, folder.c_str(), kEvents) < 0) {
    return errno_error("inotify_add_watch", folder.string(), errno);
  }
  static_cast<void>(out.look());
  return out;
}

FileWatch::~FileWatch() {
  if (fd_ >= 0) ::close(fd_);
}
FileWatch::FileWatch(FileWatch&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)), last_(other.last_) {}
FileWatch& FileWatch::operator=(FileWatch&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  std::swap(last_, other.last_);
  return *this;
}

bool FileWatch::changed() {
  alignas(inotify_event) char events[4096];
  bool any = false;
  while (::read(fd_, events, sizeof events) > 0) any = true;
  return any && look();
}

// A file that is gone is no change: its replacement is.
bool FileWatch::look() {
  struct stat now {};
  if (::stat(path_.c_str(), &now) != 0) return false;
  const bool same = now.st_ino == last_.st_ino && now.st_dev == last_.st_dev && now.st_size == last_.st_size &&
                    now.st_mtim.tv_sec == last_.st_mtim.tv_sec && now.st_mtim.tv_nsec == last_.st_mtim.tv_nsec;
  last_ = now;
  return !same;
}

}  // namespace bulkhead::config
