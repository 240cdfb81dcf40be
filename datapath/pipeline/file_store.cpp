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
constexpr std::size_t kMostWaiting = 64 << 20;  // bytes on their way to the thread that writes

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
  }
  void drop() {
    if (part_ != nullptr) static_cast<void>(store_.give({.step = Step::kDrop, .part = std::move(part_)}));
    part_ = nullptr;
    held_ = {};
  }
  bool flush() {
    if (part_ == nullptr) part_ = std::make_shared<Part>();
    if (store_.give({.step = Step::kWrite, .part = part_, .bytes = std::exchange(held_, {})})) return true;
    give_up();
    return false;
  }

  void store() {
    if (std::exchange(done_, true) || gave_up_ || !flush()) return;
    hash_.finish();
    const std::string digest = hex_of(hash_.sha256());
    Job job{.step = Step::kStore, .part = part_, .digest = digest};
    if (store_.settings_.write_fileinfo) job.description = description(digest);
    if (!store_.give(std::move(job))) return give_up();
    part_ = nullptr;
    file_->stored = true;
  }

  [[nodiscard]] std::string description(const std::string& digest) const {
    JsonText json;
    json.open_object();
    json.field("filename", file_->name);
    json.field("gaps", file_->has_gaps);
    json.field("state", app::name_of(file_->state));
    json.field("sha256", digest);
    json.field("size", file_->size);
    json.field("stored_size", size_);
    json.close_object();
    return json.take() + "\n";
  }

  FileStore& store_;
  app::FileHashes hash_;
  app::File* file_ = nullptr;  // once it has ended; it owns this tap
  std::vector<Byte> held_;
  std::shared_ptr<Part> part_;  // once there is something on its way
  std::uint64_t size_ = 0;
  bool kept_ = false, done_ = false, gave_up_ = false, is_cut_ = false;
};

bool FileStore::give(Job job) {
  if (!thread_.joinable()) {
    carry_out(job);
    return !job.part->failed;
  }
  if (job.step != Step::kDrop && job.part->failed) return false;
  const std::lock_guard lock(mutex_);
  // What stands on the disk goes away in any case.
  if (job.step != Step::kDrop && waiting_bytes_ + job.bytes.size() > kMostWaiting) {
    full_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  waiting_bytes_ += job.bytes.size();
  jobs_.push_back(std::move(job));
  wake_.notify_one();
  return true;
}

void FileStore::carry_out(Job& job) {
  switch (job.step) {
    case Step::kWrite: return write(*job.part, job.bytes);
    case Step::kStore: return store(*job.part, job.digest, job.description);
    case Step::kDrop: return drop(*job.part);
  }
}

void FileStore::drop(Part& part) {
  if (part.fd < 0) return;
  ::close(part.fd);
  ::unlink(part.temporary.c_str());
  part.fd = -1;
}

void FileStore::fail(Part& part) {
  drop(part);
  if (!part.failed.exchange(true)) errors_.fetch_add(1, std::memory_order_relaxed);
}

void FileStore::write(Part& part, const std::vector<Byte>& bytes) {
  if (part.failed) return;
  if (part.fd < 0) {
    part.temporary = settings_.directory + "/tmp/file." + std::to_string(::getpid()) + "." +
                     std::to_string(next_.fetch_add(1, std::memory_order_relaxed));
    part.fd = ::open(part.temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  }
  if (part.fd < 0 || !write_all(part.fd, bytes.data(), bytes.size())) fail(part);
}

void FileStore::store(Part& part, const std::string& digest, const std::string& description) {
  if (part.failed || part.fd < 0) return;
  const std::string folder = settings_.directory + "/" + digest.substr(0, 2);
  const std::string path = folder + "/" + digest;
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return fail(part);
  if (::rename(part.temporary.c_str(), path.c_str()) != 0) return fail(part);
  ::close(std::exchange(part.fd, -1));
  stored_.fetch_add(1, std::memory_order_relaxed);
  if (description.empty()) return;
  const int fd = ::open((path + "." + std::to_string(next_.fetch_add(1, std::memory_order_relaxed)) + ".json").c_str(),
                        O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  const bool fine = fd >= 0 && write_all(fd, reinterpret_cast<const Byte*>(description.data()), description.size());
  if (fd >= 0) ::close(fd);
  if (!fine) errors_.fetch_add(1, std::memory_order_relaxed);
}

Status FileStore::start() {
  if (const Status opened = open(); !opened) return opened;
  stopping_ = false;
  thread_ = std::thread([this] { run(); });
  return ok();
}

void FileStore::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void FileStore::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    carry_out(job);
    lock.lock();
    waiting_bytes_ -= job.bytes.size();
  }
}

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
  put("file_store.queue_full", full_);
  put("file_store.fs_errors", errors_);
}

}  // namespace bulkhead::pipeline
