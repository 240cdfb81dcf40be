#include "datapath/app/range_files.h"

#include <algorithm>

namespace bulkhead::app {

namespace {
constexpr std::uint64_t kOverhead = 1024;  // of a file that is being put together
}

void RangeFiles::forget(std::map<Key, Whole>::iterator at) {
  for (const auto& [begin, part] : at->second.waiting) memory_ -= part.size();
  memory_ -= kOverhead;
  files_.erase(at);
}

void RangeFiles::sweep(Timestamp now) {
  for (auto at = files_.begin(); at != files_.end();) {
    const auto each = at++;
    if (each->second.until < now) forget(each);
  }
}

std::unique_ptr<File> RangeFiles::add(const FlowTuple& client, const std::string& name, const FileRange& range,
                                      ByteSpan bytes, std::string_view file_name, const FileMaking& making,
                                      Timestamp now) {
  if (bytes.empty() || range.end < range.start || range.end >= range.size ||
      range.end - range.start + 1 != bytes.size()) {
    return nullptr;
  }
  if (bytes.size() == range.size) return nullptr;  // one part is the whole
  const std::lock_guard lock(mutex_);
  const auto [low, high] = std::minmax(client.source, client.destination);
  Key key{low, high, name};
  auto at = files_.find(key);
  if (at != files_.end() && (at->second.until < now || at->second.size != range.size)) {
    forget(at);
    at = files_.end();
  }
  if (memory_ + bytes.size() + kOverhead > kMemory) sweep(now);
  if (memory_ + bytes.size() + kOverhead > kMemory) {
    ++refused_;
    return nullptr;
  }
  if (at == files_.end()) {
    at = files_.try_emplace(std::move(key)).first;
    at->second.file = make_file(file_name, making);
    at->second.size = range.size;
    memory_ += kOverhead;
  }
  Whole& whole = at->second;
  whole.until = now + kLifetime;
  auto& slot = whole.waiting[range.start];
  if (slot.size() < bytes.size()) {
    memory_ += bytes.size() - slot.size();
    slot.assign(bytes.begin(), bytes.end());
  }
  while (!whole.waiting.empty() && whole.waiting.begin()->first <= whole.file->size) {
    const auto first = whole.waiting.begin();
    const std::uint64_t known = whole.file->size - first->first;
    if (known < first->second.size())
      whole.file->append(ByteSpan(first->second).subspan(static_cast<std::size_t>(known)));
    memory_ -= first->second.size();
    whole.waiting.erase(first);
  }
  if (whole.file->size < whole.size) return nullptr;
  std::unique_ptr<File> out = std::move(whole.file);
  forget(at);
  out->close(true);
  return out;
}

}  // namespace bulkhead::app
