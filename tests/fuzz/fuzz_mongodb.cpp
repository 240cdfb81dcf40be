// mongodb: arbitrary bytes of both directions.
#include "tests/fuzz/app_parser_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bulkhead::fuzz::drive_parser(bulkhead::app::AppProtocol::mongodb, {data, size});
  return 0;
}
