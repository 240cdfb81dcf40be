// kafka: arbitrary bytes of both directions.
#include "tests/support/drive_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bulkhead::test::drive_parser(bulkhead::app::AppProtocol::kafka, {data, size});
  return 0;
}
