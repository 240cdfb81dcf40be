// A server that sends anything: nothing is kept beyond the limits, a call ends once, and a broken connection stays
// broken. The first byte says how many bytes come at a time.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "datapath/base/check.h"
#include "rules/discovery/grpc_session.h"

using namespace bulkhead;
using namespace bulkhead::rules;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  auto session = GrpcSession::create();
  if (!session) return 0;  // built without the library
  GrpcSession& s = **session;
  BULKHEAD_CHECK(s.begin("/runtime.v1.RuntimeService/Version", "request", std::chrono::milliseconds(1000)));
  static_cast<void>(s.send());
  const std::size_t chunk = std::size_t{data[0]} + 1;
  const ByteSpan bytes(data + 1, size - 1);
  for (std::size_t at = 0; at < bytes.size(); at += chunk) {
    const bool had_ended = s.end().has_value();
    const Status taken = s.take(bytes.subspan(at, std::min(chunk, bytes.size() - at)));
    while (const auto message = s.message()) BULKHEAD_CHECK(message->size() <= size);
    if (s.end()) BULKHEAD_CHECK(s.end()->text.size() <= kMaxGrpcText);
    if (!taken) break;
    static_cast<void>(s.send());
    // The next call on the same connection.
    if (s.end() && had_ended) {
      if (!s.begin("/runtime.v1.RuntimeService/ListPodSandbox", "", std::chrono::milliseconds(0))) break;
      static_cast<void>(s.send());
    }
  }
  return 0;
}
