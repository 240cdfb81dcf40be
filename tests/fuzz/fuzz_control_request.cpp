// Requests of the control socket: any bytes are either a request or a named mistake.
#include <cstdlib>

#include "config/control/control_protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bulkhead::config::control;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Request request;
  const RequestError error = parse_request(text, request);
  if (error != RequestError::kNone) {
    if (code_of(error).empty()) std::abort();
    return 0;
  }
  if (request.command.empty() || !request.arguments.is_object()) std::abort();
  // What was understood can be said again, and means the same.
  Request again;
  if (parse_request(request_text(request), again) != RequestError::kNone) {
    if (request_text(request).size() <= kMaxRequest) std::abort();
    return 0;
  }
  if (again.id != request.id) std::abort();
  return 0;
}
