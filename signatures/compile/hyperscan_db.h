// Hyperscan databases of literals: compiled once, kept on disk, shared by all workers.
//
// Cache    <directory>/<sha256>.hsdb; the hash covers the literals in order, the mode, the library version and
//          the CPU's features. A file holds a magic word, the SHA-256 of the rest, and the serialised database;
//          anything that does not check out is compiled again and written anew (temporary file, rename).
// Shared   the same literals and mode are one database as long as anybody has it, cache or not: a reload compiles and
//          holds only what is new.
// Ids      the index of the literal in the list.
// Thread   compile() from any control thread; a database is immutable; scratch belongs to one worker.
// Errors   Result with Hyperscan's message; a cache that cannot be written is no error (CacheStats counts it).
// Tests    tests/unit/signatures/compile/compiler_test.cpp
#pragma once

#include <hs/hs.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "datapath/base/result.h"

namespace bulkhead::signatures {

struct Literal {
  std::string bytes;  // lower case when nocase
  bool nocase = false;
  auto operator<=>(const Literal&) const = default;
};

enum class ScanMode : std::uint8_t { kStream, kBlock };

using HyperscanDbPtr = std::shared_ptr<const hs_database_t>;

struct CacheStats {
  std::atomic<std::uint32_t> shared{0}, hits{0}, misses{0}, corrupt{0}, write_failures{0};
};

class HyperscanCompiler {
 public:
  // An empty directory switches the cache off.
  explicit HyperscanCompiler(std::string cache_directory);

  // Block mode reports each literal once per scan, stream mode at every place.
  [[nodiscard]] Result<HyperscanDbPtr> compile(std::span<const Literal> literals, ScanMode mode);
  // What somebody has already, or the cache; null: neither. From several threads at once.
  [[nodiscard]] HyperscanDbPtr find(std::span<const Literal> literals, ScanMode mode);
  // Without looking first. Takes up to 80 MB for a while.
  [[nodiscard]] Result<HyperscanDbPtr> make(std::span<const Literal> literals, ScanMode mode);
  [[nodiscard]] const CacheStats& stats() const { return stats_; }
  // Why the cache, or the first of its files, is not believed; empty: it is.
  [[nodiscard]] std::string distrust() const {
    const std::lock_guard lock(mutex_);
    return distrust_;
  }
  // Lower-case hex; also the name of the cache file.
  [[nodiscard]] static std::string content_hash(std::span<const Literal> literals, ScanMode mode);

 private:
  [[nodiscard]] std::string path_of(const std::string& hash) const;  // empty: no cache
  [[nodiscard]] HyperscanDbPtr load(const std::string& path);
  void store(const std::string& path, const hs_database_t& db);

  void note_distrust(const Error& why);

  std::string directory_;  // empty: no cache, or one that is not believed
  CacheStats stats_;
  mutable std::mutex mutex_;
  std::string distrust_;
};

// Scratch for every database that was given to reserve(); one per worker.
class HyperscanScratch {
 public:
  HyperscanScratch() = default;
  HyperscanScratch(const HyperscanScratch&) = delete;
  HyperscanScratch& operator=(const HyperscanScratch&) = delete;
  ~HyperscanScratch() { hs_free_scratch(scratch_); }
  [[nodiscard]] Status reserve(const hs_database_t* db);
  [[nodiscard]] hs_scratch_t* get() const { return scratch_; }

 private:
  hs_scratch_t* scratch_ = nullptr;
};

}  // namespace bulkhead::signatures
