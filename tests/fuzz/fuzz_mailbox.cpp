// IMAP and POP3 on arbitrary bytes; the first one says which.
#include "tests/support/drive_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using bulkhead::app::AppProtocol;
  if (size == 0) return 0;
  bulkhead::test::drive_parser((data[0] & 1) == 0 ? AppProtocol::imap : AppProtocol::pop3, {data + 1, size - 1});
  return 0;
}
