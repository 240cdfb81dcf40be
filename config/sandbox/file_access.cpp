#include "config/sandbox/file_access.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

// Younger than the headers of Debian 12.
#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif

namespace bulkhead::config::sandbox {

namespace {

constexpr std::uint64_t kRead = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kReadFile = LANDLOCK_ACCESS_FS_READ_FILE;
constexpr std::uint64_t kWriteFile = kReadFile | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE;
constexpr std::uint64_t kWrite = kRead | kWriteFile | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                                 LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                                 LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REFER;
constexpr std::uint64_t kEverything = (1ULL << 13) - 1;  // of version 1
constexpr std::uint64_t kTcpBind = 1ULL << 0, kTcpConnect = 1ULL << 1;

// struct landlock_ruleset_attr as of version 4; earlier kernels take what they know of it.
struct RulesetAttributes {
  std::uint64_t files;
  std::uint64_t network;
};

struct Fd {
  int number;
  ~Fd() {
    if (number >= 0) ::close(number);
  }
};

Status allow(int ruleset, const std::string& path, bool write, std::uint64_t handled) {
  const Fd fd{::open(path.c_str(), O_PATH | O_CLOEXEC)};
  if (fd.number < 0) return errno == ENOENT || errno == ENOTDIR ? ok() : errno_error("open", path);
  struct stat status {};
  if (::fstat(fd.number, &status) != 0) return errno_error("stat", path);
  const bool directory = S_ISDIR(status.st_mode);
  const std::uint64_t wanted = directory ? (write ? kWrite : kRead) : (write ? kWriteFile : kReadFile);
  landlock_path_beneath_attr beneath{};
  beneath.allowed_access = wanted & handled;
  beneath.parent_fd = fd.number;
  if (::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) != 0)
    return errno_error("landlock_add_rule", path);
  return ok();
}

}  // namespace

int landlock_version() {
  const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return version < 0 ? 0 : static_cast<int>(version);
}

Result<int> confine_files(const FileAccess& access) {
  const int version = landlock_version();
  if (version == 0) return 0;
  RulesetAttributes attributes{};
  attributes.files = kEverything;
  if (version >= 2) attributes.files |= LANDLOCK_ACCESS_FS_REFER;
  if (version >= 3) attributes.files |= LANDLOCK_ACCESS_FS_TRUNCATE;
  if (version >= 4 && !access.network) attributes.network = kTcpBind | kTcpConnect;
  const std::size_t size = version >= 4 ? sizeof attributes : sizeof attributes.files;
  const Fd ruleset{static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, size, 0))};
  if (ruleset.number < 0) return errno_error("landlock_create_ruleset", "");
  for (const std::string& path : access.read) {
    if (const Status done = allow(ruleset.number, path, false, attributes.files); !done) return done.error();
  }
  for (const std::string& path : access.write) {
    if (const Status done = allow(ruleset.number, path, true, attributes.files); !done) return done.error();
  }
  if (::syscall(SYS_landlock_restrict_self, ruleset.number, 0) != 0) return errno_error("landlock_restrict_self", "");
  return version;
}

}  // namespace bulkhead::config::sandbox
