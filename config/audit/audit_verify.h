// Whether an audit log is what was written: names the first record that is not.
//
// In       files in the order of the chain (rotated ones first), the public key (empty: any key that the checkpoints
//          name, one alone), and the head of the writer, when it is there.
// Found    a record that was flipped, deleted, put in, moved or cut; a checkpoint whose signature is wrong; a tail that
//          is missing, when a head or a signed checkpoint count says so.
// Limits   without key and head a tail that was cut off at a record's end cannot be told from a log that ends there;
//          `signed_to` says up to where it is proved.
// Thread   any; a pure function over streams. Tests  tests/unit/config/audit/audit_log_test.cpp
#pragma once

#include <cstdint>
#include <istream>
#include <optional>
#include <string>
#include <vector>

namespace bulkhead::config::audit {

struct AuditFault {
  std::string file;
  std::uint64_t line = 0;    // from 1; 0: the file as a whole
  std::uint64_t record = 0;  // its number, as far as it can be read
  std::string problem;
};

struct AuditReport {
  std::uint64_t records = 0, first = 0, last = 0;
  std::uint64_t checkpoints = 0;
  std::uint64_t signed_to = 0;  // number of the last record that a signature covers
  std::string key;              // that signed
  std::string last_hash;
  std::optional<AuditFault> fault;  // the first one
};

struct AuditInput {
  std::string name;
  std::istream* text = nullptr;
};

[[nodiscard]] AuditReport verify_audit(const std::vector<AuditInput>& files, const std::string& public_key,
                                       const std::string& head = {});

// PATH.<number>... in order, then PATH itself; those that are there.
[[nodiscard]] std::vector<std::string> audit_files(const std::string& path);

}  // namespace bulkhead::config::audit
