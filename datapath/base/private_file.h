// Files whose words the program believes: caches, state, keys. What somebody else could have written is refused.
//
//   file        of root or of the program's user, not writable by group and others
//   directory   the same; writable by all with the sticky bit (/tmp): the file itself says whose it is
//
// A POSIX ACL that lets others write shows in the group's bit: it is refused, too. Directories above are the
// operator's. A name may be a link: what it leads to is judged.
//
// Thread   pure functions on the file system.
// Errors   Error{"trust", path, EPERM, "others than its owner may write it: mode 0666; chmod go-w"}, and
//          those of the kernel; ENOENT where there is no file. is_distrust() tells the first from the others.
// Tests    tests/unit/datapath/base/private_file_test.cpp, tests/security/permissions_test.py
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "datapath/base/result.h"

namespace bulkhead {

[[nodiscard]] bool is_distrust(const Error& error);

// Of a directory; one that is not there is fine: who makes it owns it.
[[nodiscard]] Status trust_directory(const std::string& directory);
// Of the directory that a file is in, or will be.
[[nodiscard]] Status trust_directory_of(const std::string& path);
// Of a file, not of its directory; one that is not there is fine. `secret`: nor may others read it.
[[nodiscard]] Status trust_file(const std::string& path, bool secret = false);
// The content of a regular file of at most `most` bytes, with the directory it is in.
[[nodiscard]] Result<std::string> read_private(const std::string& path, std::size_t most = SIZE_MAX);
// Whole or not at all: 0600 beside the old one, synced, then in its place.
[[nodiscard]] Status write_private(const std::string& path, std::string_view text);
// For what can be made again: without waiting for the disk; `beside` is a name that no other writer has.
[[nodiscard]] Status write_private(const std::string& path, std::string_view text, const std::string& beside);

}  // namespace bulkhead
