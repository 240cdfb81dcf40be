#include "datapath/pipeline/file_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "datapath/base/json_text.h"

namespace bulkhead::pipeline {

namespace {

constexpr std::size_t kInMemory = 64 * 1024;

std::string hex_of(const std::string& digest) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (const char c : digest) {
    out += kHex[static_cast<unsigned char>(c) >> 4];
    out += kHex[c & 15];
  }
  return out;
}

bool write_all(int fd, const Byte* data, std::size_t size) {
  while (size > 0) {
    const ssize_t written = ::write(fd, data, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    data += written;
    size -= static_cast<std::size_t>(written);
  }
  return true;
}

}  // namespace

class FileStore::Tap final : public app::FileTap {
 public:
  explicit Tap(FileStore& store) : store_(store), hash_(false, false, true) {}
  ~Tap() override {
    drop();
    store_.open_.fetch_sub(1, std::memory_order_relaxed);
  }

  void bytes(ByteSpan bytes) override {
    if (gave_up_ || done_) return;
    if (const std::uint64_t depth = store_.settings_.depth; depth != 0 && bytes.size() > depth - size_) {
      bytes = bytes.first(static_cast<std::size_t>(depth - size_));
      if (!std::exchange(is_cut_, true)) store_.cut_.fetch_add(1, std::memory_order_relaxed);
    }
    if (bytes.empty()) return;
    size_ += bytes.size();
    hash_.add(bytes);
    held_.insert(held_.end(), bytes.begin(), bytes.end());
    if (held_.size() > kInMemory) flush();
  }
  void gap(std::uint64_t) override {}
  void keep() override {
    kept_ = true;
    if (file_ != nullptr) store();
  }
  void end(app::File& file) override {
    file_ = &file;
    if (kept_ || store_.settings_.force) store();
  }

 private:
  void give_up() {
    gave_up_ = true;
    drop();
    store_.errors_.fetch_add(1, std::memory_order_relaxed);
  }
  void drop() {
    if (fd_ >= 0) {
      ::close(fd_);
      ::unlink(temporary_.c_str());
      fd_ = -1;
    }
    held_ = {};
  }
  bool flush() {
    if (fd_ < 0) {
      temporary_ = store_.settings_.directory + "/tmp/file." + std::to_string(::getpid()) + "." +
                   std::to_string(store_.next_.fetch_add(1, std::memory_order_relaxed));
      fd_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    }
    if (fd_ < 0 || !write_all(fd_, held_.data(), held_.size())) {
      give_up();
      return false;
    }
    held_.clear();
    return true;
  }

  void store() {
    if (std::exchange(done_, true) || gave_up_ || !flush()) return;
    hash_.finish();
    const std::string digest = hex_of(hash_.sha256());
    const std::string folder = store_.settings_.directory + "/" + digest.substr(0, 2);
    const std::string path = folder + "/" + digest;
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return give_up();
    ::close(fd_);
    fd_ = -1;
    if (::rename(temporary_.c_str(), path.c_str()) != 0) {
      ::unlink(temporary_.c_str());
      return give_up();
    }
    file_->stored = true;
    store_.stored_.fetch_add(1, std::memory_order_relaxed);
    if (store_.settings_.write_fileinfo) describe(path, digest);
  }

  void describe(const std::string& path, const std::string& digest) {
    JsonText json;
    json.open_object();
    json.field("filename", file_->name);
    json.field("gaps", file_->has_gaps);
    json.field("state", app::name_of(file_->state));
    json.field("sha256", digest);
    json.field("size", file_->size);
    json.field("stored_size", size_);
    json.close_object();
    const std::string text = json.take() + "\n";
    const int fd =
        ::open((path + "." + std::to_string(store_.next_.fetch_add(1, std::memory_order_relaxed)) + ".json").c_str(),
               O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    const bool fine = fd >= 0 && write_all(fd, reinterpret_cast<const Byte*>(text.data()), text.size());
    if (fd >= 0) ::close(fd);
    if (!fine) store_.errors_.fetch_add(1, std::memory_order_relaxed);
  }

  FileStore& store_;
  app::FileHashes hash_;
  app::File* file_ = nullptr;  // once it has ended; it owns this tap
  std::vector<Byte> held_;
  std::string temporary_;
  std::uint64_t size_ = 0;
  int fd_ = -1;
  bool kept_ = false, done_ = false, gave_up_ = false, is_cut_ = false;
};

Status FileStore::open() {
  for (const std::string& folder : {settings_.directory, settings_.directory + "/tmp"}) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) return Error{"create directory", folder, error.value(), error.message()};
  }
  return ok();
}

std::unique_ptr<app::FileTap> FileStore::begin() {
  if (open_.fetch_add(1, std::memory_order_relaxed) >= settings_.max_open_files) {
    open_.fetch_sub(1, std::memory_order_relaxed);
    refused_.fetch_add(1, std::memory_order_relaxed);
    return nullptr;
  }
  return std::make_unique<Tap>(*this);
}

void FileStore::add_stats(std::vector<std::pair<std::string, std::uint64_t>>& out) const {
  const auto put = [&](const char* name, const std::atomic<std::uint64_t>& value) {
    out.emplace_back(name, value.load(std::memory_order_relaxed));
  };
  put("file_store.open_files", open_);
  put("file_store.stored", stored_);
  put("file_store.cut", cut_);
  put("file_store.open_files_max_hit", refused_);
  put("file_store.fs_errors", errors_);
}

}  // namespace bulkhead::pipeline
