// PostgreSQL on arbitrary bytes of both directions, in pieces: it always moves on, and what it keeps is bounded.
#include "tests/fuzz/parser_driver.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bulkhead::app::AppSettings settings;
  settings.pgsql.max_message = 200;
  settings.pgsql.max_kept = 4096;
  bulkhead::fuzz::drive_parser(bulkhead::app::AppProtocol::pgsql, settings, data, size, 10005);
  return 0;
}
