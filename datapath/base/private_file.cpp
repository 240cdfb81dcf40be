#include "datapath/base/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

namespace bulkhead {

namespace {

constexpr const char* kTrust = "trust";

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

Error distrust(const std::string& path, std::string why) {
  return {kTrust, path, EPERM, std::move(why)};
}

Status judge(const std::string& path, const struct stat& status, bool secret = false) {
  const uid_t own = ::geteuid();
  if (status.st_uid != 0 && status.st_uid != own) {
    return distrust(path, "it belongs to user " + std::to_string(status.st_uid) +
                              ", who is neither root nor this program's user " + std::to_string(own) + "; chown it");
  }
  const bool sticky = S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) != 0;
  const unsigned not_for_others = S_IWGRP | S_IWOTH | (secret ? S_IRGRP | S_IROTH : 0U);
  if ((status.st_mode & not_for_others) == 0 || sticky) return ok();
  std::array<char, 8> mode{};
  std::snprintf(mode.data(), mode.size(), "%04o", static_cast<unsigned>(status.st_mode & 07777U));
  return distrust(path, std::string("others than its owner may ") + (secret ? "read" : "write") + " it: mode " +
                            mode.data() + (secret ? "; chmod go-rwx" : "; chmod go-w"));
}

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

bool is_distrust(const Error& error) {
  return error.operation == kTrust && error.code == EPERM;
}

Status trust_directory(const std::string& directory) {
  struct stat status {};
  if (::stat(directory.c_str(), &status) != 0) {
    return errno == ENOENT ? ok() : Status(errno_error("stat", directory));
  }
  return judge(directory, status);
}

Status trust_directory_of(const std::string& path) {
  return trust_directory(directory_of(path));
}

Status trust_file(const std::string& path, bool secret) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    return errno == ENOENT ? ok() : Status(errno_error("stat", path));
  }
  return judge(path, status, secret);
}

Result<std::string> read_private(const std::string& path, std::size_t most) {
  // A FIFO must not keep us waiting.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return errno_error("open", path);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return errno_error("stat", path);
  if (!S_ISREG(status.st_mode)) return Error{"read", path, EINVAL, "it is no regular file"};
  if (Status judged = judge(path, status); !judged) return judged.error();
  if (Status judged = trust_directory_of(path); !judged) return judged.error();
  if (static_cast<std::uint64_t>(status.st_size) > most) return Error{"read", path, EFBIG, "it is too large"};
  std::string out(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t got = 0;
  while (got < out.size()) {
    const ssize_t some = ::read(file.get(), out.data() + got, out.size() - got);
    if (some < 0 && errno == EINTR) continue;
    if (some < 0) return errno_error("read", path);
    if (some == 0) break;
    got += static_cast<std::size_t>(some);
  }
  out.resize(got);
  return out;
}

namespace {

Status write_beside(const std::string& path, std::string_view text, const std::string& beside, bool sync) {
  // Not into what somebody else has put there.
  if (::unlink(beside.c_str()) != 0 && errno != ENOENT) return errno_error("remove", beside);
  {
    const Descriptor file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (file.get() < 0) return errno_error("open", beside);
    for (std::size_t at = 0; at < text.size();) {
      const ssize_t wrote = ::write(file.get(), text.data() + at, text.size() - at);
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0) return errno_error("write", beside);
      at += static_cast<std::size_t>(wrote);
    }
    if (sync && ::fsync(file.get()) != 0) return errno_error("sync", beside);
  }
  if (std::rename(beside.c_str(), path.c_str()) != 0) return errno_error("rename", path);
  return ok();
}

}  // namespace

Status write_private(const std::string& path, std::string_view text) {
  return write_beside(path, text, path + ".new", true);
}

Status write_private(const std::string& path, std::string_view text, const std::string& beside) {
  Status written = write_beside(path, text, beside, false);
  if (!written) ::unlink(beside.c_str());
  return written;
}

}  // namespace bulkhead
