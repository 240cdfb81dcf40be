// Which files a thread may reach (Landlock, Linux 5.13 and later): directories to read, directories to write, nothing
// else. With Linux 6.7 and later also whether it may open TCP connections and ports.
//
// Thread   confine_files(): acts on the calling thread and on those that it starts later; never undone.
// In       directories or files; those that do not exist are left out.
// Out      the version of the interface that is in force; 0: this kernel has none, nothing is confined.
// Limits   sockets in the file system are reached by connect() whatever stands here (Landlock up to version 8).
// Errors   the environment lane.
// Source   landlock(7), include/uapi/linux/landlock.h
// Tests    tests/unit/config/sandbox/sandbox_test.cpp
#pragma once

#include <string>
#include <vector>

#include "datapath/base/result.h"

namespace bulkhead::config::sandbox {

struct FileAccess {
  std::vector<std::string> read;
  std::vector<std::string> write;  // and read, make, rename, remove
  bool network = true;             // TCP connections and ports may be opened
};

[[nodiscard]] Result<int> confine_files(const FileAccess& access);
// 0: none.
[[nodiscard]] int landlock_version();

}  // namespace bulkhead::config::sandbox
