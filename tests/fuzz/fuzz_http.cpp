// HTTP/1 on arbitrary bytes of both directions, in pieces: it always moves on, and what it keeps is bounded.
#include "tests/support/drive_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bulkhead::test::Drive drive;
  drive.settings.http.lzma = true;
  drive.settings.http.decompress_layers = 3;
  drive.max_left = 2UL * drive.settings.http.max_line;
  bulkhead::test::drive_parser(bulkhead::app::AppProtocol::http1, {data, size}, drive);
  return 0;
}
