// SNMP on arbitrary datagrams: what is kept is bounded, and every transaction can be written.
#include "datapath/app/protocol_table.h"
#include "datapath/app/snmp/snmp_parser.h"
#include "datapath/base/check.h"

using namespace bulkhead;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  app::snmp::SnmpParser parser;
  static_cast<void>(app::snmp::probe_datagram({Direction::kToServer, {data, size}, 4000, 161}));
  const auto result = parser.parse(Direction::kToServer, {data, size}, {});
  BULKHEAD_CHECK(result.consumed == size && parser.transactions().size() == 1);
  const auto& tx = static_cast<app::snmp::SnmpTransaction&>(*parser.transactions()[0]);
  BULKHEAD_CHECK(tx.message.variables.size() <= app::snmp::kMaxVariables);
  for (std::size_t i = 0; i < tx.message.variables.size(); ++i)
    BULKHEAD_CHECK(tx.message.variables[i].size() <= 22 * app::snmp::kMaxOidParts);
  std::vector<app::EveRecord> records;
  tx.write_records(records, {});
  BULKHEAD_CHECK(records.size() == (tx.refused ? 0 : 1));
  return 0;
}
