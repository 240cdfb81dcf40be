// FTP's control connection, and its data connections, on arbitrary bytes: they always move on, and what they keep and
// announce is bounded.
#include "datapath/app/expected_flows.h"
#include "tests/support/drive_parser.h"

using namespace bulkhead;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  test::Drive drive;
  drive.settings.ftp.max_line = 200;
  drive.settings.ftp.max_transactions = 20;
  drive.max_left = 199;
  app::ExpectedFlows expected;
  drive.moment.expected = &expected;
  std::size_t count = 0;
  drive.each = [&](const app::Transaction&) { ++count; };
  test::drive_parser(app::AppProtocol::ftp, {data, size}, drive);
  BULKHEAD_CHECK(count <= drive.settings.ftp.max_transactions);
  BULKHEAD_CHECK(expected.size() <= app::ExpectedFlows::kPerPair);
  drive.each = nullptr;
  test::drive_parser(app::AppProtocol::ftp_data, {data, size}, drive);
  return 0;
}
