#include "signatures/compile/hyperscan_db.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <vector>

#include "datapath/base/private_file.h"
#include "signatures/compile/sha256.h"
#include "signatures/compile/shared_objects.h"

namespace bulkhead::signatures {
namespace {

constexpr std::string_view kMagic = "BHHSDB01";
constexpr std::size_t kHeaderBytes = 8 + kDigestBytes;

std::string sha256(std::string_view bytes) {
  Sha256 hash;
  hash.add(bytes);
  return hash.finish();
}

std::string hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

HyperscanDbPtr own(hs_database_t* db) {
  return {db, [](const hs_database_t* p) { hs_free_database(const_cast<hs_database_t*>(p)); }};
}

SharedObjects<const hs_database_t>& databases() {
  static SharedObjects<const hs_database_t> all;
  return all;
}

unsigned flags_of(const Literal& literal, ScanMode mode) {
  return (literal.nocase ? HS_FLAG_CASELESS : 0U) | (mode == ScanMode::kBlock ? HS_FLAG_SINGLEMATCH : 0U);
}

}  // namespace

std::string HyperscanCompiler::content_hash(std::span<const Literal> literals, ScanMode mode) {
  Sha256 hash;
  hs_platform_info_t platform{};
  hs_populate_platform(&platform);
  hash.add(hs_version());
  hash.add_number(platform.tune);
  hash.add_number(platform.cpu_features);
  hash.add_number(static_cast<std::uint64_t>(mode));
  for (const Literal& literal : literals) {
    hash.add_number(flags_of(literal, mode));
    hash.add_number(literal.bytes.size());
    hash.add(literal.bytes);
  }
  return hex(hash.finish());
}

std::string HyperscanCompiler::path_of(const std::string& hash) const {
  return directory_.empty() ? "" : directory_ + "/" + hash + ".hsdb";
}

Result<HyperscanDbPtr> HyperscanCompiler::compile(std::span<const Literal> literals, ScanMode mode) {
  if (HyperscanDbPtr found = find(literals, mode)) return found;
  return make(literals, mode);
}

HyperscanDbPtr HyperscanCompiler::find(std::span<const Literal> literals, ScanMode mode) {
  const std::string hash = content_hash(literals, mode);
  if (HyperscanDbPtr known = databases().find(hash)) {
    ++stats_.shared;
    return known;
  }
  if (directory_.empty()) return nullptr;
  HyperscanDbPtr cached = load(path_of(hash));
  if (cached != nullptr) databases().keep(hash, cached);
  return cached;
}

Result<HyperscanDbPtr> HyperscanCompiler::make(std::span<const Literal> literals, ScanMode mode) {
  const std::string hash = content_hash(literals, mode), path = path_of(hash);
  std::vector<const char*> expressions;
  std::vector<unsigned> flags, ids;
  std::vector<std::size_t> lengths;
  for (const Literal& literal : literals) {
    expressions.push_back(literal.bytes.data());
    lengths.push_back(literal.bytes.size());
    flags.push_back(flags_of(literal, mode));
    ids.push_back(static_cast<unsigned>(ids.size()));
  }
  hs_platform_info_t platform{};
  hs_populate_platform(&platform);
  hs_database_t* db = nullptr;
  hs_compile_error_t* error = nullptr;
  const unsigned hs_mode = mode == ScanMode::kStream ? HS_MODE_STREAM : HS_MODE_BLOCK;
  if (hs_compile_lit_multi(expressions.data(), flags.data(), ids.data(), lengths.data(),
                           static_cast<unsigned>(literals.size()), hs_mode, &platform, &db, &error) != HS_SUCCESS) {
    Error result{"hs_compile_lit_multi", std::to_string(literals.size()) + " literals", 0, ""};
    if (error != nullptr) {
      result.text = error->message;
      if (error->expression >= 0) result.object = "literal " + std::to_string(error->expression);
      hs_free_compile_error(error);
    }
    return result;
  }
  if (!path.empty()) store(path, *db);
  HyperscanDbPtr made = own(db);
  databases().keep(hash, made);
  return made;
}

// What is in the cache runs as it stands: a directory that others may write gives and takes nothing.
HyperscanCompiler::HyperscanCompiler(std::string cache_directory) : directory_(std::move(cache_directory)) {
  if (directory_.empty()) return;
  if (const Status trusted = trust_directory(directory_); !trusted && is_distrust(trusted.error())) {
    note_distrust(trusted.error());
    directory_.clear();
  }
}

void HyperscanCompiler::note_distrust(const Error& why) {
  const std::lock_guard lock(mutex_);
  if (distrust_.empty()) distrust_ = why.object + ": " + why.text;
}

HyperscanDbPtr HyperscanCompiler::load(const std::string& path) {
  const Result<std::string> file = read_private(path);
  if (!file) {
    ++stats_.misses;
    if (is_distrust(file.error())) note_distrust(file.error());
    return nullptr;
  }
  const std::string_view view(*file);
  hs_database_t* db = nullptr;
  if (view.size() > kHeaderBytes && view.substr(0, 8) == kMagic &&
      view.substr(8, kDigestBytes) == sha256(view.substr(kHeaderBytes)) &&
      hs_deserialize_database(file->data() + kHeaderBytes, file->size() - kHeaderBytes, &db) == HS_SUCCESS) {
    ++stats_.hits;
    return own(db);
  }
  ++stats_.corrupt;
  return nullptr;
}

void HyperscanCompiler::store(const std::string& path, const hs_database_t& db) {
  char* bytes = nullptr;
  std::size_t size = 0;
  if (hs_serialize_database(&db, &bytes, &size) != HS_SUCCESS) {
    ++stats_.write_failures;
    return;
  }
  std::string text(kMagic);
  const std::string_view body(bytes, size);
  text += sha256(body);
  text += body;
  std::error_code error;
  if (std::filesystem::create_directories(directory_, error)) {
    std::filesystem::permissions(directory_, std::filesystem::perms::owner_all, error);
  }
  // Unique by process and by object, so that two compilers never write one file.
  const std::string beside =
      path + "." + std::to_string(getpid()) + "." + std::to_string(reinterpret_cast<std::uintptr_t>(bytes));
  if (!write_private(path, text, beside)) ++stats_.write_failures;
  std::free(bytes);  // allocated by the library's default allocator
}

Status HyperscanScratch::reserve(const hs_database_t* db) {
  if (hs_alloc_scratch(db, &scratch_) != HS_SUCCESS) return Error{"hs_alloc_scratch", "", 0, "out of memory"};
  return ok();
}

}  // namespace bulkhead::signatures
