// Any datagram as rtnetlink might send it, twice: the second time nothing is new.
#include <cstddef>
#include <cstdint>

#include "datapath/base/check.h"
#include "rules/discovery/link_table.h"

using namespace bulkhead;
using namespace bulkhead::rules;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteSpan datagram(data, size);
  LinkTable table;
  static_cast<void>(table.apply(datagram));
  for (const auto& [index, link] : table.links()) {
    BULKHEAD_CHECK(index != 0 && link.index == index);
    BULKHEAD_CHECK(table.find(index) == &link);
  }
  LinkTable again = table;
  static_cast<void>(again.apply(datagram));
  BULKHEAD_CHECK(again.links() == table.links() || again.version() != table.version());
  static_cast<void>(parse_namespace_id(datagram));
  table.begin_links();
  table.end_links();
  BULKHEAD_CHECK(table.links().empty() && table.addresses().empty());
  return 0;
}
