// HTTP/2 on arbitrary bytes of both directions, in pieces: it always moves on, and what it keeps is bounded.
#include "tests/fuzz/parser_driver.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bulkhead::app::AppSettings settings;
  settings.http2.max_frame = 400;
  settings.http2.max_reassembly = 300;
  settings.http2.max_streams = 50;
  bulkhead::fuzz::drive_parser(bulkhead::app::AppProtocol::http2, settings, data, size, 409);
  return 0;
}
