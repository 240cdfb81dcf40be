// HTTP/2 on arbitrary bytes of both directions, in pieces: it always moves on, and what it keeps is bounded.
#include "tests/support/drive_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bulkhead::test::Drive drive;
  drive.settings.http2.max_frame = 400;
  drive.settings.http2.max_reassembly = 300;
  drive.settings.http2.max_streams = 50;
  drive.max_left = 409;
  bulkhead::test::drive_parser(bulkhead::app::AppProtocol::http2, {data, size}, drive);
  return 0;
}
