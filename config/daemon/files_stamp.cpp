#include "config/daemon/files_stamp.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

namespace bulkhead::config {

namespace {

constexpr std::uint64_t mixed(std::uint64_t hash, std::uint64_t value) {
  hash ^= value + 0x9E3779B97F4A7C15ULL + (hash << 6) + (hash >> 2);
  return hash;
}

}  // namespace

std::vector<std::string> files_of(const EngineSettings& settings) {
  std::vector<std::string> out;
  const auto add = [&out](const std::string& path) {
    if (!path.empty() && std::find(out.begin(), out.end(), path) == out.end()) out.push_back(path);
  };
  const auto add_file = [&](const std::string& file) {
    if (file.empty()) return;
    add(file);
    const std::string parent = std::filesystem::path(file).parent_path().string();
    add(parent.empty() ? "." : parent);
  };
  add_file(settings.file);
  for (const auto* files :
       {&settings.policy.files, &settings.signatures.files, &settings.signatures.reputation_files}) {
    for (const std::string& file : *files) add_file(file);
  }
  for (const std::string* file : {&settings.signatures.classification_file, &settings.signatures.reference_file,
                                  &settings.signatures.threshold_file, &settings.signatures.reputation_categories}) {
    add_file(*file);
  }
  // Directories that we write in change all the time.
  std::erase_if(out, [&](const std::string& path) {
    std::error_code error;
    return std::filesystem::equivalent(path, settings.log_dir, error) ||
           std::filesystem::equivalent(path, settings.signatures.data_dir, error);
  });
  return out;
}

std::uint64_t FilesStamp::read() const {
  std::uint64_t hash = paths_.size();
  for (const std::string& path : paths_) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) {
      hash = mixed(hash, 1);
      continue;
    }
    for (const auto value :
         {static_cast<std::uint64_t>(status.st_ino), static_cast<std::uint64_t>(status.st_size),
          static_cast<std::uint64_t>(status.st_mtim.tv_sec), static_cast<std::uint64_t>(status.st_mtim.tv_nsec)}) {
      hash = mixed(hash, value);
    }
  }
  return hash;
}

bool FilesStamp::changed(Clock::time_point now) {
  if (paths_.empty() || now < next_) return false;
  next_ = now + kEvery;
  const std::uint64_t is = read();
  const bool settled = is == std::exchange(last_, is);
  if (!settled || is == stamp_) return false;
  stamp_ = is;
  return true;
}

}  // namespace bulkhead::config
