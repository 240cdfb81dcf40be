#include "config/audit/audit_log.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>
#include <exception>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <vector>

#include "datapath/base/private_file.h"
#include "datapath/base/timestamp.h"

namespace bulkhead::config::audit {

using Json = nlohmann::json;

namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kSignatureBytes = 64;

std::string hex(const unsigned char* bytes, std::size_t size) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(size * 2);
  for (std::size_t i = 0; i < size; ++i) {
    out += kDigits[bytes[i] >> 4];
    out += kDigits[bytes[i] & 15];
  }
  return out;
}

// Empty: these are no hex digits.
std::vector<unsigned char> from_hex(std::string_view text) {
  std::vector<unsigned char> out;
  if (text.size() % 2 != 0) return out;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    unsigned char byte = 0;
    const auto [end, error] = std::from_chars(text.data() + i, text.data() + i + 2, byte, 16);
    if (error != std::errc() || end != text.data() + i + 2) return {};
    out.push_back(byte);
  }
  return out;
}

struct KeyFree {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, KeyFree>;
using ContextPtr = std::unique_ptr<EVP_MD_CTX, KeyFree>;

Status write_file(const std::string& path, std::string_view text, mode_t mode) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) return errno_error("open", path);
  const bool whole = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(fd) == 0;
  const int why = errno;
  ::close(fd);
  if (!whole) return errno_error("write", path, why);
  return ok();
}

std::string head_text(std::uint64_t number, const std::string& hash) {
  std::array<char, 96> text{};
  const int size =
      std::snprintf(text.data(), text.size(), "%020llu %s\n", static_cast<unsigned long long>(number), hash.c_str());
  return {text.data(), static_cast<std::size_t>(size)};
}

}  // namespace

std::string sha256_hex(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), out.data(), &size, EVP_sha256(), nullptr) != 1) return {};
  return hex(out.data(), size);
}

Result<SigningKey> SigningKey::load_or_make(const std::string& path) {
  std::array<unsigned char, kKeyBytes> raw{};
  std::size_t size = raw.size();
  std::string text;
  if (std::ifstream file(path); file) file >> text;
  KeyPtr key;
  if (!text.empty()) {
    const auto bytes = from_hex(text);
    if (bytes.size() != kKeyBytes) return Error{"read", path, 0, "this is no Ed25519 key of 64 hex digits"};
    key.reset(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes.data(), bytes.size()));
  } else {
    key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  }
  if (key == nullptr) return Error{"make a key", path, 0, "OpenSSL has no Ed25519"};
  if (EVP_PKEY_get_raw_private_key(key.get(), raw.data(), &size) != 1) return Error{"read the key", path, 0, "OpenSSL"};
  SigningKey out;
  out.secret_.assign(reinterpret_cast<const char*>(raw.data()), size);
  if (text.empty()) {
    if (Status made = write_file(path, hex(raw.data(), size) + "\n", 0600); !made) return made.error();
  }
  if (EVP_PKEY_get_raw_public_key(key.get(), raw.data(), &size) != 1) return Error{"read the key", path, 0, "OpenSSL"};
  out.public_ = hex(raw.data(), size);
  return out;
}

std::string SigningKey::sign(std::string_view text) const {
  const KeyPtr key(EVP_PKEY_new_raw_private_key(
      EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(secret_.data()), secret_.size()));
  const ContextPtr context(EVP_MD_CTX_new());
  std::array<unsigned char, kSignatureBytes> out{};
  std::size_t size = out.size();
  if (EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), out.data(), &size, reinterpret_cast<const unsigned char*>(text.data()),
                     text.size()) != 1) {
    return {};
  }
  return hex(out.data(), size);
}

bool SigningKey::verify(std::string_view public_hex, std::string_view text, std::string_view signature_hex) {
  const auto bytes = from_hex(public_hex), signature = from_hex(signature_hex);
  if (bytes.size() != kKeyBytes || signature.size() != kSignatureBytes) return false;
  const KeyPtr key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes.data(), bytes.size()));
  const ContextPtr context(EVP_MD_CTX_new());
  return key != nullptr && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(),
                          reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
}

Result<std::unique_ptr<AuditLog>> AuditLog::open(AuditSettings settings) {
  std::unique_ptr<AuditLog> log(new AuditLog(std::move(settings)));
  auto distrusted = log->put_aside_distrusted();
  if (!distrusted) return distrusted.error();
  auto key = SigningKey::load_or_make(log->settings_.path + ".key");
  if (!key) return key.error();
  log->key_ = std::make_unique<SigningKey>(std::move(*key));
  const std::string shown = log->settings_.path + ".pub";
  if (::access(shown.c_str(), F_OK) != 0) {
    if (Status made = write_file(shown, log->key_->public_hex() + "\n", 0644); !made) return made.error();
  }
  if (Status opened = log->recover(); !opened) return opened.error();
  if (!distrusted->empty()) log->append_locked("distrusted", {{"why", *distrusted}});
  log->distrusted_ = std::move(*distrusted);
  return log;
}

// Who could write the log or knew its key could have made it: a chain and a key of their own begin.
Result<std::string> AuditLog::put_aside_distrusted() const {
  const std::string& path = settings_.path;
  if (Status trusted = trust_directory_of(path); !trusted) return trusted.error();
  Status trusted = trust_file(path + ".key", true);
  for (const char* end : {"", ".head"}) {
    if (trusted) trusted = trust_file(path + end);
  }
  if (trusted) return std::string();
  if (!is_distrust(trusted.error())) return trusted.error();
  const std::string aside = ".distrusted-" + std::to_string(wall_clock().seconds());
  for (const char* end : {"", ".head", ".key", ".pub"}) {
    const std::string file = path + end;
    if (std::rename(file.c_str(), (path + aside + end).c_str()) != 0 && errno != ENOENT)
      return errno_error("rename", file);
  }
  return trusted.error().object + ": " + trusted.error().text;
}

Status AuditLog::open_file() {
  fd_ = ::open(settings_.path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
  if (fd_ < 0) return errno_error("open", settings_.path);
  if (head_fd_ < 0) head_fd_ = ::open((settings_.path + ".head").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (head_fd_ < 0) return errno_error("open", settings_.path + ".head");
  return ok();
}

// Where the chain stands: from the last whole line of the file, or from the head file after a rotation.
Status AuditLog::recover() {
  if (Status opened = open_file(); !opened) return opened;
  struct stat file {};
  if (::fstat(fd_, &file) != 0) return errno_error("stat", settings_.path);
  std::string text(static_cast<std::size_t>(file.st_size), '\0');
  for (std::size_t got = 0; got < text.size();) {
    const ssize_t n = ::pread(fd_, text.data() + got, text.size() - got, static_cast<off_t>(got));
    if (n <= 0) return errno_error("read", settings_.path);
    got += static_cast<std::size_t>(n);
  }
  const std::size_t whole = text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1;
  const std::size_t torn = text.size() - whole;
  if (torn != 0 && ::ftruncate(fd_, static_cast<off_t>(whole)) != 0) return errno_error("truncate", settings_.path);
  previous_ = kFirstPrevious;
  std::array<char, 96> head{};
  const ssize_t head_size = ::pread(head_fd_, head.data(), head.size(), 0);
  if (head_size >= 85) {
    std::from_chars(head.data(), head.data() + 20, next_);
    ++next_;
    previous_.assign(head.data() + 21, 64);
  }
  if (whole != 0) {
    const std::size_t begin = text.rfind('\n', whole - 2);
    const auto line = std::string_view(text).substr(begin == std::string::npos ? 0 : begin + 1);
    const Json last = Json::parse(line.substr(0, line.find('\n')), nullptr, false);
    const Json first = Json::parse(std::string_view(text).substr(0, text.find('\n')), nullptr, false);
    if (!last.is_object() || !last.contains("n") || !last.contains("hash") || !last["n"].is_number_unsigned() ||
        !last["hash"].is_string()) {
      return begin_anew(whole);
    }
    // The file goes before the head: the head is written after it.
    next_ = last["n"].get<std::uint64_t>() + 1;
    previous_ = last["hash"].get<std::string>();
    if (first.is_object() && first.contains("n") && first["n"].is_number_unsigned()) {
      first_here_ = first["n"].get<std::uint64_t>();
    }
  } else {
    first_here_ = next_;
  }
  bytes_ = whole;
  if (torn != 0) append_locked("recovered", {{"torn_bytes", torn}});
  return ok();
}

// What is no chain must not keep the node from being guarded: it is kept for who looks into it, and said.
Status AuditLog::begin_anew(std::size_t bytes) {
  const std::string aside = settings_.path + ".broken-" + std::to_string(next_);
  if (std::rename(settings_.path.c_str(), aside.c_str()) != 0) return errno_error("rename", settings_.path);
  ::close(fd_);
  fd_ = -1;
  if (Status opened = open_file(); !opened) return opened;
  first_here_ = next_;
  bytes_ = 0;
  append_locked("recovered", {{"put_aside", aside}, {"bytes", bytes}});
  return ok();
}

AuditLog::~AuditLog() {
  try {
    checkpoint();
  } catch (const std::exception& e) {  // no memory: the records stay, the last ones unsigned
    std::fprintf(stderr, "audit log: no last checkpoint: %s\n", e.what());
  }
  if (fd_ >= 0) ::close(fd_);
  if (head_fd_ >= 0) ::close(head_fd_);
}

bool AuditLog::write_line(const std::string& line) {
  const off_t before = static_cast<off_t>(bytes_);
  const ssize_t n = ::write(fd_, line.data(), line.size());
  if (n == static_cast<ssize_t>(line.size())) {
    bytes_ += line.size();
    return true;
  }
  // Half a record would break the chain.
  if (n > 0) static_cast<void>(!::ftruncate(fd_, before));
  return false;
}

void AuditLog::append_locked(std::string_view type, const Json& data) {
  // A gap in what was told stands in the log as a record of its own.
  if (lost_ != lost_told_ && type != "lost") {
    const std::uint64_t now_lost = lost_ - lost_told_;
    const std::uint64_t before = written_;
    append_locked("lost", {{"records", now_lost}});
    if (written_ != before) lost_told_ = lost_;
  }
  std::string body = data.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (body.size() > kMaxRecord) {
    body = Json{{"too_long", body.size()}, {"sha256", sha256_hex(body)}}.dump();
  }
  std::string line = "{\"n\":" + std::to_string(next_) + ",\"time\":\"" + to_iso8601(wall_clock()) +
                     "\",\"type\":" + Json(std::string(type)).dump() + ",\"data\":" + body + ",\"prev\":\"" +
                     previous_ + "\"";
  const std::string hash = sha256_hex(line);
  line += ",\"hash\":\"" + hash + "\"";
  if (type == "checkpoint") line += ",\"sig\":\"" + key_->sign(hash) + "\"";
  if (!write_line(line + "}\n")) {
    if (type != "lost") ++lost_;
    return;
  }
  const std::string head = head_text(next_, hash);
  static_cast<void>(!::pwrite(head_fd_, head.data(), head.size(), 0));
  previous_ = hash;
  ++next_;
  ++written_;
  ++since_checkpoint_;
}

void AuditLog::checkpoint_locked() {
  if (since_checkpoint_ == 0) return;
  append_locked("checkpoint", {{"key", key_->public_hex()}});
  since_checkpoint_ = 0;
  ::fdatasync(fd_);
}

void AuditLog::rotate_locked() {
  checkpoint_locked();
  const std::string old = settings_.path + "." + std::to_string(first_here_);
  if (::rename(settings_.path.c_str(), old.c_str()) != 0) return;  // it goes on in the long file
  const int before = fd_;
  fd_ = -1;
  if (const Status opened = open_file(); !opened) {
    fd_ = before;  // the renamed one: nothing is lost
    return;
  }
  ::close(before);
  first_here_ = next_;
  bytes_ = 0;
}

void AuditLog::append(std::string_view type, const Json& data) {
  const std::lock_guard lock(mutex_);
  append_locked(type, data);
  if (settings_.checkpoint_records != 0 && since_checkpoint_ >= settings_.checkpoint_records) checkpoint_locked();
  if (settings_.max_bytes != 0 && bytes_ >= settings_.max_bytes) rotate_locked();
}

void AuditLog::checkpoint() {
  const std::lock_guard lock(mutex_);
  checkpoint_locked();
}

std::uint64_t AuditLog::records() const {
  const std::lock_guard lock(mutex_);
  return written_;
}

std::uint64_t AuditLog::lost() const {
  const std::lock_guard lock(mutex_);
  return lost_;
}

}  // namespace bulkhead::config::audit
