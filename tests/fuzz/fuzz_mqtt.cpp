// MQTT on arbitrary bytes of both directions, in pieces: it always moves on, and what it keeps is bounded.
#include "tests/support/drive_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bulkhead::test::Drive drive;
  drive.settings.mqtt.max_message = 200;
  drive.settings.mqtt.max_kept = 4096;
  drive.max_left = 5;
  bulkhead::test::drive_parser(bulkhead::app::AppProtocol::mqtt, {data, size}, drive);
  return 0;
}
