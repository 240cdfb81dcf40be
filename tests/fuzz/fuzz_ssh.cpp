// SSH on arbitrary bytes of both directions, in pieces: it always moves on, and what it keeps is bounded.
#include "tests/support/drive_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bulkhead::test::Drive drive;
  drive.settings.ssh.hassh = bulkhead::app::Fingerprints::kYes;
  drive.max_left = 0x8000;  // a banner
  bulkhead::test::drive_parser(bulkhead::app::AppProtocol::ssh, {data, size}, drive);
  return 0;
}
