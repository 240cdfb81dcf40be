// What happened, so that it can be proved afterwards: a chain of records, each with the hash of the one before it.
//
//   {"n":7,"time":"...","type":"block","data":{...},"prev":"<64 hex>","hash":"<64 hex>"}     one line each
//   {"n":8,"time":"...","type":"checkpoint","data":{"key":"<64 hex>"},...,"sig":"<128 hex>"}
//
// hash     SHA-256 over the line up to and without its "hash" field, so over "prev" too: no record can be changed,
// taken
//          out, put in or moved without breaking the chain behind it.
// sig      Ed25519 over "hash"; made every `checkpoint_records` records, at rotation and at close. Who has no key
// cannot
//          make a chain anew. What is cut off at the end is found by what stands in a kept checkpoint, or by the head
//          file.
// head     PATH.head holds number and hash of the last record, written with it; it names a tail that was cut off.
// Crash    a torn last line is cut off at open() and a record "recovered" says how many bytes went. A file whose last
//          line is no record is put aside as PATH.broken-<number>; the chain goes on from the head, and says so.
// Rotation PATH becomes PATH.<number of its first record>; the chain goes on in the new file.
// Key      PATH.key (0600), made at the first open; its public half is PATH.pub, to be kept elsewhere.
// Trust    a log, head or key that others may write, or a key that they may read, is put aside with the rest as
//          PATH.distrusted-<second>*; a new key begins a new chain, whose first record says why. A directory that
//          others may write is an error.
// Thread   append() by any (a lock, one write); never the packet path.
// Limits   max_bytes a file, kMaxRecord bytes a record (longer data is replaced by its hash).
// Errors   open(): the environment lane. A record that cannot be written is counted as lost and said in the next one.
// Tests    tests/unit/config/audit/audit_log_test.cpp
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "datapath/base/result.h"

namespace bulkhead::config::audit {

struct AuditSettings {
  std::string path;
  std::uint64_t max_bytes = 64U << 20;      // 0: no rotation
  std::uint64_t checkpoint_records = 1000;  // 0: at rotation and close alone
};

// An Ed25519 key pair.
class SigningKey {
 public:
  [[nodiscard]] static Result<SigningKey> load_or_make(const std::string& path);
  [[nodiscard]] std::string sign(std::string_view text) const;  // hex
  [[nodiscard]] const std::string& public_hex() const { return public_; }
  [[nodiscard]] static bool verify(std::string_view public_hex, std::string_view text, std::string_view signature_hex);

 private:
  std::string secret_, public_;  // raw, hex
};

class AuditLog {
 public:
  static constexpr std::size_t kMaxRecord = 16384;

  [[nodiscard]] static Result<std::unique_ptr<AuditLog>> open(AuditSettings settings);
  ~AuditLog();  // a checkpoint
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;

  void append(std::string_view type, const nlohmann::json& data);
  void checkpoint();

  // Why an earlier chain was put aside at the start; empty: it was not.
  [[nodiscard]] const std::string& distrusted() const { return distrusted_; }
  [[nodiscard]] std::uint64_t records() const;
  [[nodiscard]] std::uint64_t lost() const;

 private:
  explicit AuditLog(AuditSettings settings) : settings_(std::move(settings)) {}
  // Why, in words; empty: all of it is believed.
  [[nodiscard]] Result<std::string> put_aside_distrusted() const;
  [[nodiscard]] Status open_file();
  [[nodiscard]] Status recover();
  [[nodiscard]] Status begin_anew(std::size_t bytes);  // where the file is no chain
  void append_locked(std::string_view type, const nlohmann::json& data);
  void checkpoint_locked();
  void rotate_locked();
  bool write_line(const std::string& line);

  const AuditSettings settings_;
  mutable std::mutex mutex_;
  std::unique_ptr<SigningKey> key_;
  int fd_ = -1, head_fd_ = -1;
  std::uint64_t next_ = 1;        // number of the next record
  std::uint64_t first_here_ = 1;  // number of the first record of this file
  std::uint64_t bytes_ = 0, since_checkpoint_ = 0, written_ = 0, lost_ = 0, lost_told_ = 0;
  std::string previous_;  // hash, hex
  std::string distrusted_;
};

inline constexpr std::string_view kFirstPrevious = "0000000000000000000000000000000000000000000000000000000000000000";

// hash of a record: of its line up to `,"hash":`.
[[nodiscard]] std::string sha256_hex(std::string_view text);

}  // namespace bulkhead::config::audit
