// DHCP on arbitrary datagrams: what is kept is never more than what came, and every transaction can be written.
#include "datapath/app/dhcp/dhcp_parser.h"
#include "datapath/app/dhcp/dhcp_transaction.h"
#include "datapath/app/protocol_table.h"
#include "datapath/base/check.h"

using namespace bulkhead;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteSpan bytes(data, size);
  app::dhcp::DhcpParser parser;
  static_cast<void>(app::dhcp::probe_datagram({Direction::kToServer, bytes, 68, 67}));
  const auto result = parser.parse(Direction::kToClient, bytes, {});
  BULKHEAD_CHECK(result.consumed == size && parser.transactions().size() == (size >= app::dhcp::kOptionsAt ? 1 : 0));
  for (const auto& tx : parser.transactions()) {
    const app::dhcp::Message& m = static_cast<app::dhcp::DhcpTransaction&>(*tx).message;
    BULKHEAD_CHECK(m.host_name.value_or("").size() + m.vendor_class.value_or("").size() +
                       4 * m.routers.value_or(std::vector<IpAddress>()).size() <=
                   size);
    app::EveOptions options;
    options.dhcp.extended = true;
    std::vector<app::EveRecord> records;
    tx->write_records(records, options);
    BULKHEAD_CHECK(records.size() == 1);
  }
  return 0;
}
