// bulkhead verify-log: whether the audit log is what the daemon wrote.
//
// Thread   the main thread. Tests  tests/unit/config/audit/audit_log_test.cpp
#pragma once

#include <string>

namespace bulkhead::config::cli {

struct VerifyLogOptions {
  std::string file = "/var/log/bulkhead/audit.log";
  std::string key;  // file of the public key; empty: FILE.pub
  bool json = false;
};
[[nodiscard]] int cmd_verify_log(const VerifyLogOptions& options);

}  // namespace bulkhead::config::cli
