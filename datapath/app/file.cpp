#include "datapath/app/file.h"

#include <openssl/evp.h>

#include <array>
#include <utility>

namespace bulkhead::app {

std::string_view name_of(FileState state) {
  switch (state) {
    case FileState::kOpen: return "UNKNOWN";
    case FileState::kClosed: return "CLOSED";
    case FileState::kTruncated: return "TRUNCATED";
    case FileState::kError: return "ERROR";
  }
  return "UNKNOWN";
}

struct FileHashes::State {
  using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;
  std::array<Context, 3> contexts{Context(nullptr, EVP_MD_CTX_free), Context(nullptr, EVP_MD_CTX_free),
                                  Context(nullptr, EVP_MD_CTX_free)};
};

FileHashes::FileHashes() = default;

FileHashes::FileHashes(bool md5, bool sha1, bool sha256) {
  if (!md5 && !sha1 && !sha256) return;
  state_ = std::make_unique<State>();
  const std::pair<bool, const EVP_MD*> kinds[] = {{md5, EVP_md5()}, {sha1, EVP_sha1()}, {sha256, EVP_sha256()}};
  for (std::size_t i = 0; i < 3; ++i) {
    if (!kinds[i].first) continue;
    auto& context = state_->contexts[i];
    context.reset(EVP_MD_CTX_new());
    if (context && EVP_DigestInit_ex(context.get(), kinds[i].second, nullptr) != 1) context.reset();
  }
}

FileHashes::~FileHashes() = default;
FileHashes::FileHashes(FileHashes&&) noexcept = default;
// The compiler's own loop over the array has a reserved name. NOLINTNEXTLINE(bugprone-reserved-identifier)
FileHashes& FileHashes::operator=(FileHashes&&) noexcept = default;

void FileHashes::add(ByteSpan bytes) {
  if (!state_ || bytes.empty()) return;
  for (auto& context : state_->contexts) {
    if (context) EVP_DigestUpdate(context.get(), bytes.data(), bytes.size());
  }
}

void FileHashes::finish(bool whole) {
  if (!state_) return;
  for (std::size_t i = whole ? 0 : 2; i < 3; ++i) {
    if (!state_->contexts[i]) continue;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (EVP_DigestFinal_ex(state_->contexts[i].get(), digest, &length) == 1)
      digests_[i].assign(digest, digest + length);
  }
  state_.reset();
}

void File::close(bool whole) {
  if (ended()) return;
  state = whole && !has_gaps ? FileState::kClosed : FileState::kTruncated;
  hashes.finish(state == FileState::kClosed);
  if (tap != nullptr) tap->end(*this);  // it stays: a rule may ask for the file when all of it is known
}

std::unique_ptr<File> make_file(std::string_view name, const FileMaking& making) {
  auto file = std::make_unique<File>();
  file->name = name;
  file->hashes = FileHashes(making.md5, making.sha1, making.sha256);
  if (making.taps != nullptr) file->tap = making.taps->begin();
  return file;
}

void File::looked_at() {
  if (content_settings_ == nullptr || !content_ready(false)) return;
  if (ended()) {
    content_.drop();
  } else {
    content_.looked_at(*content_settings_);
  }
}

}  // namespace bulkhead::app
