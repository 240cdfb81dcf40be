#include "datapath/output/buffered_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

namespace bulkhead::output {

BufferedFile::~BufferedFile() {
  if (fd_ < 0) return;
  retry_at_ = {};
  write_out();
  ::close(fd_);
}

Status BufferedFile::open() {
  buffer_.reserve(settings_.buffer_bytes);
  return open_file(!settings_.append);
}

Status BufferedFile::open_file(bool truncate) {
  const std::filesystem::path folder = std::filesystem::path(settings_.path).parent_path();
  std::error_code code;
  if (!folder.empty()) std::filesystem::create_directories(folder, code);
  if (code) return errno_error("create directory", folder.string(), code.value());
  const int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | (truncate ? O_TRUNC : 0);
  const int fd = ::open(settings_.path.c_str(), flags, settings_.mode);
  if (fd < 0) return errno_error("open", settings_.path);
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
  struct stat file {};
  const bool known = ::fstat(fd, &file) == 0;
  file_bytes_ = known ? static_cast<std::uint64_t>(file.st_size) : 0;
  // A file that an earlier run left is due by its last record.
  const auto written = file_bytes_ != 0 ? std::chrono::system_clock::from_time_t(file.st_mtime) : WallClock::now();
  if (const auto every = settings_.rotate_interval; every.count() > 0) {
    due_ = WallClock::time_point((written.time_since_epoch() / every + 1) * every);
  }
  return ok();
}

void BufferedFile::rotate_if_due(std::size_t next_bytes) {
  const std::uint64_t size = file_bytes_ + buffer_.size();
  if (size == 0 || failing_) return;
  const bool large = settings_.rotate_bytes != 0 && size + next_bytes > settings_.rotate_bytes;
  const bool old = settings_.rotate_interval.count() > 0 && WallClock::now() >= due_;
  if ((large || old) && write_out()) rotate();
}

void BufferedFile::rotate() {
  if (settings_.rotate_keep == 0) {
    ::unlink(settings_.path.c_str());
  } else {
    ::unlink(aside(settings_.rotate_keep).c_str());
    for (std::uint32_t i = settings_.rotate_keep; i > 1; --i) ::rename(aside(i - 1).c_str(), aside(i).c_str());
    if (::rename(settings_.path.c_str(), aside(1).c_str()) != 0) fail(errno_error("rename", settings_.path));
  }
  if (const Status opened = open_file(false); !opened) return fail(opened.error());
  rotations_.add();
}

void BufferedFile::reopen_if_asked() {
  if (!reopen_.load(std::memory_order_relaxed) || !reopen_.exchange(false, std::memory_order_acquire)) return;
  retry_at_ = {};
  write_out();
  // On failure the old file stays in use: better a renamed file than none.
  if (const Status opened = open_file(false); !opened) fail(opened.error());
}

bool BufferedFile::append(std::string_view record) {
  reopen_if_asked();
  rotate_if_due(record.size());
  if (buffer_.size() + record.size() > settings_.buffer_bytes) {
    write_out();
    // A record larger than the whole buffer is taken alone.
    if (!buffer_.empty() && buffer_.size() + record.size() > settings_.buffer_bytes) {
      lost_.add();
      return false;
    }
  }
  buffer_.append(record);
  return true;
}

void BufferedFile::flush() {
  reopen_if_asked();
  write_out();
}

bool BufferedFile::write_out() {
  if (buffer_.empty()) return true;
  if (failing_ && Clock::now() < retry_at_) return false;
  if (fd_ < 0) {
    if (const Status opened = open_file(false); !opened) {
      fail(opened.error());
      return false;
    }
  }
  std::size_t done = 0;
  while (done < buffer_.size()) {
    const ssize_t wrote = ::write(fd_, buffer_.data() + done, buffer_.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) {
      fail(errno_error("write", settings_.path, wrote < 0 ? errno : ENOSPC));
      break;
    }
    done += static_cast<std::size_t>(wrote);
  }
  bytes_.add(done);
  file_bytes_ += done;
  if (done == buffer_.size()) failing_ = false;
  buffer_.erase(0, done);
  return buffer_.empty();
}

void BufferedFile::fail(const Error& error) {
  failing_ = true;
  retry_at_ = Clock::now() + settings_.retry_interval;
  last_error_ = error.to_string();
}

}  // namespace bulkhead::output
