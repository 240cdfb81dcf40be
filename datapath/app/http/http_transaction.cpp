#include "datapath/app/http/http_transaction.h"

#include <algorithm>

#include "datapath/app/http/http_text.h"

namespace bulkhead::app::http {

const Header* Headers::find(std::string_view name) const {
  for (const Header& header : list) {
    if (same_word_but_nul(header.name, name)) return &header;
  }
  return nullptr;
}

std::string_view Headers::value(std::string_view name) const {
  const Header* header = find(name);
  return header != nullptr ? std::string_view(header->value) : std::string_view();
}

std::uint64_t Body::room(std::uint64_t length, const BodySettings& settings) const {
  if (settings.limit == 0) return length;
  return std::min(length, settings.limit - std::min(settings.limit, tracked_));
}

void Body::append(ByteSpan bytes, const BodySettings& settings) {
  const ByteSpan kept = bytes.first(room(bytes.size(), settings));
  tracked_ += kept.size();
  bytes_.insert(bytes_.end(), kept.begin(), kept.end());
}

void Body::looked_at(const BodySettings& settings) {
  looked_at_ = kept_end();
  if (looked_at_ <= settings.min_inspect) return;
  const std::uint64_t keep_from = looked_at_ - std::min<std::uint64_t>(settings.window, looked_at_);
  if (keep_from <= begin_) return;
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(keep_from - begin_));
  begin_ = keep_from;
}

bool Body::ready(const BodySettings& settings, bool inline_mode, bool complete) const {
  if (bytes_.empty() && begin_ == 0) return false;
  return inline_mode || complete || over_limit(settings) || tracked_ >= settings.min_inspect;
}

const ApiCall& HttpTransaction::api_call() const {
  const std::uint8_t now = progress[bulkhead::index_of(Direction::kToServer)];
  if (now != api_call_stage_) {
    const Body& body = message(Direction::kToServer).body;
    const ByteSpan kept = body.begin() == 0 ? body.bytes() : ByteSpan();
    api_call_ =
        classify_api_call({method, uri, {reinterpret_cast<const char*>(kept.data()), kept.size()}, server_port});
    api_call_stage_ = now;
  }
  return api_call_;
}

}  // namespace bulkhead::app::http
