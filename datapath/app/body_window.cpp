#include "datapath/app/body_window.h"

#include <algorithm>

namespace bulkhead::app {

std::uint64_t BodyWindow::room(std::uint64_t length, const BodySettings& settings) const {
  if (settings.limit == 0) return length;
  return std::min(length, settings.limit - std::min(settings.limit, tracked_));
}

void BodyWindow::append(ByteSpan bytes, const BodySettings& settings) {
  const ByteSpan kept = bytes.first(room(bytes.size(), settings));
  tracked_ += kept.size();
  bytes_.insert(bytes_.end(), kept.begin(), kept.end());
}

void BodyWindow::looked_at(const BodySettings& settings) {
  looked_at_ = kept_end();
  if (looked_at_ <= settings.min_inspect) return;
  const std::uint64_t keep_from = looked_at_ - std::min<std::uint64_t>(settings.window, looked_at_);
  if (keep_from <= begin_) return;
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(keep_from - begin_));
  begin_ = keep_from;
}

void BodyWindow::drop() {
  begin_ = looked_at_ = kept_end();
  bytes_ = {};
}

bool BodyWindow::ready(const BodySettings& settings, bool inline_mode, bool complete) const {
  if (bytes_.empty() && begin_ == 0) return false;
  return inline_mode || complete || over_limit(settings) || tracked_ >= settings.min_inspect;
}

}  // namespace bulkhead::app
