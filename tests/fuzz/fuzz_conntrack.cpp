// What the kernel (or anything that writes to the socket) may send as a connection: decoding stays inside, and
// what was decoded can be deleted by a message whose attributes are whole.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "datapath/base/check.h"
#include "rules/nft/conntrack.h"

using namespace bulkhead;
using namespace bulkhead::rules;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 60'000) return 0;
  Connection connection;
  if (!decode_connection(ByteSpan(data, size), connection)) return 0;
  BULKHEAD_CHECK(connection.flow.source.is_set());
  std::vector<Byte> message;
  encode_delete(message, connection, 7, true);
  constexpr std::size_t kHeaders = 20;  // nlmsghdr and nfgenmsg
  BULKHEAD_CHECK(message.size() >= kHeaders);
  AttributeReader reader(ByteSpan(message).subspan(kHeaders));
  Attribute attribute;
  while (reader.next(attribute)) {
  }
  BULKHEAD_CHECK(!reader.broken());
  return 0;
}
