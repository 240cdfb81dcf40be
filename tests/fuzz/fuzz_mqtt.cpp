// MQTT on arbitrary bytes of both directions, in pieces: it always moves on, and what it keeps is bounded.
#include "tests/fuzz/parser_driver.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bulkhead::app::AppSettings settings;
  settings.mqtt.max_message = 200;
  settings.mqtt.max_kept = 4096;
  bulkhead::fuzz::drive_parser(bulkhead::app::AppProtocol::mqtt, settings, data, size, 5);
  return 0;
}
