#include "datapath/app/http2/grpc.h"

#include <algorithm>

namespace bulkhead::app::http2 {

void GrpcMessages::write(ByteSpan bytes) {
  while (!bytes.empty() && !lost_) {
    if (left_ != 0) {
      const auto part = static_cast<std::uint32_t>(std::min<std::size_t>(left_, bytes.size()));
      left_ -= part;
      bytes = bytes.subspan(part);
      continue;
    }
    const std::size_t part = std::min(prefix_.size() - have_, bytes.size());
    std::copy_n(bytes.begin(), part, prefix_.begin() + static_cast<std::ptrdiff_t>(have_));
    have_ += part;
    bytes = bytes.subspan(part);
    if (have_ < prefix_.size()) return;
    have_ = 0;
    left_ = load_be32(&prefix_[1]);
    compressed_ |= prefix_[0] != 0;
    ++count_;
    bytes_ += left_;
    if (lengths_.size() < kMaxLengths) lengths_.push_back(left_);
  }
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
