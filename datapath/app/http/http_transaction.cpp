#include "datapath/app/http/http_transaction.h"

namespace bulkhead::app::http {

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
