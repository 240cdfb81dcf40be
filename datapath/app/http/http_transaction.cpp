#include "datapath/app/http/http_transaction.h"

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
