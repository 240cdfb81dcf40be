// Redis requests and replies on arbitrary bytes.
#include "tests/support/drive_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bulkhead::test::drive_parser(bulkhead::app::AppProtocol::redis, {data, size});
  return 0;
}
