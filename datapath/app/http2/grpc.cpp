#include "datapath/app/http2/grpc.h"

#include <algorithm>

namespace bulkhead::app::http2 {

void GrpcMessages::write(ByteSpan bytes) {
  while (!bytes.empty() && !lost_) {
    if (left_ != 0) {
      const auto part = static_cast<std::uint32_t>(std::min<std::size_t>(left_, bytes.size()));
      if (reader_ != nullptr && prefix_[0] == 0 && shown_.size() < kMaxShown) {
        const ByteSpan taken = bytes.first(std::min<std::size_t>(part, kMaxShown - shown_.size()));
        shown_.insert(shown_.end(), taken.begin(), taken.end());
        if (shown_.size() == kMaxShown && left_ > part) show();  // the rest is not waited for
      }
      left_ -= part;
      bytes = bytes.subspan(part);
      if (left_ == 0) show();
      continue;
    }
    const std::size_t part = std::min(prefix_.size() - have_, bytes.size());
    std::copy_n(bytes.begin(), part, prefix_.begin() + static_cast<std::ptrdiff_t>(have_));
    have_ += part;
    bytes = bytes.subspan(part);
    if (have_ < prefix_.size()) return;
    have_ = 0;
    left_ = load_be32(&prefix_[1]);
    shown_.clear();
    shown_done_ = false;
    compressed_ |= prefix_[0] != 0;
    ++count_;
    bytes_ += left_;
    if (lengths_.size() < kMaxLengths) lengths_.push_back(left_);
  }
}

void GrpcMessages::show() {
  if (reader_ == nullptr || shown_.empty() || shown_done_) return;
  reader_->message(shown_);
  shown_done_ = true;
}

bool split_grpc_path(std::string_view path, std::string& service, std::string& method) {
  if (!path.starts_with('/')) return false;
  const std::size_t slash = path.find('/', 1);
  if (slash == std::string_view::npos || slash == 1 || slash + 1 == path.size()) return false;
  if (path.find('/', slash + 1) != std::string_view::npos) return false;
  service = path.substr(1, slash - 1);
  method = path.substr(slash + 1);
  return true;
}

}  // namespace bulkhead::app::http2
