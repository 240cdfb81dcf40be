#include "signatures/compile/hyperscan_db.h"

#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>
#include <vector>

#include "signatures/compile/shared_objects.h"

namespace bulkhead::signatures {
namespace {

constexpr std::string_view kMagic = "BHHSDB01";
constexpr std::size_t kDigestBytes = 32;
constexpr std::size_t kHeaderBytes = 8 + kDigestBytes;

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) { EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr); }
  void add(std::string_view bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }
  void add_number(std::uint64_t n) { add(std::to_string(n) + ","); }
  [[nodiscard]] std::string finish() {
    std::string digest(kDigestBytes, '\0');
    EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr);
    return digest;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

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

// In one read: a cached load is mostly these files.
std::optional<std::string> read_whole(const std::string& path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  if (!in) return std::nullopt;
  std::string bytes(static_cast<std::size_t>(std::max<std::streamoff>(in.tellg(), 0)), '\0');
  in.seekg(0);
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(in.gcount()));
  return bytes;
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

Result<HyperscanDbPtr> HyperscanCompiler::compile(std::span<const Literal> literals, ScanMode mode) {
  const std::string hash = content_hash(literals, mode);
  if (HyperscanDbPtr known = databases().find(hash)) {
    ++stats_.shared;
    return known;
  }
  Result<HyperscanDbPtr> made = make(literals, mode, hash);
  if (made) databases().keep(hash, *made);
  return made;
}

Result<HyperscanDbPtr> HyperscanCompiler::make(std::span<const Literal> literals, ScanMode mode,
                                               const std::string& hash) {
  std::string path;
  if (!directory_.empty()) {
    path = directory_ + "/" + hash + ".hsdb";
    if (HyperscanDbPtr cached = load(path)) return cached;
  }
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
  return own(db);
}

HyperscanDbPtr HyperscanCompiler::load(const std::string& path) {
  const std::optional<std::string> file = read_whole(path);
  if (!file) {
    ++stats_.misses;
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
  const std::string_view body(bytes, size);
  std::error_code ignored;
  std::filesystem::create_directories(directory_, ignored);
  // Unique by process and by object, so that two compilers never write one file.
  const std::string temporary =
      path + "." + std::to_string(getpid()) + "." + std::to_string(reinterpret_cast<std::uintptr_t>(bytes));
  std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
  out << kMagic << sha256(body) << body;
  out.close();
  if (!out || std::rename(temporary.c_str(), path.c_str()) != 0) {
    ++stats_.write_failures;
    std::remove(temporary.c_str());
  }
  std::free(bytes);  // allocated by the library's default allocator
}

Status HyperscanScratch::reserve(const hs_database_t* db) {
  if (hs_alloc_scratch(db, &scratch_) != HS_SUCCESS) return Error{"hs_alloc_scratch", "", 0, "out of memory"};
  return ok();
}

}  // namespace bulkhead::signatures
