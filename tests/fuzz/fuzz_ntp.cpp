// Network time on arbitrary datagrams.
#include "tests/support/drive_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bulkhead::test::Drive drive;
  drive.moment.client.protocol = bulkhead::ip_proto::kUdp;
  bulkhead::test::drive_parser(bulkhead::app::AppProtocol::ntp, {data, size}, drive);
  return 0;
}
