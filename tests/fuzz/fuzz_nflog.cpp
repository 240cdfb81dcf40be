// What a program in the log group of the guard may read: any datagram. Records stay inside it, and a frame is
// never longer than link header, tag and payload of its message.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "datapath/base/check.h"
#include "rules/nft/l2_guard_renderer.h"
#include "rules/nft/nflog_reader.h"

using namespace bulkhead;
using namespace bulkhead::rules;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<NflogRecord> records;
  static_cast<void>(parse_nflog({data, size}, records));
  for (const NflogRecord& record : records) {
    BULKHEAD_CHECK(record.frame.size() <= size + 4);
    BULKHEAD_CHECK(record.time.ns >= 0);
    static_cast<void>(guard_reason_of_prefix(record.prefix));
  }
  return 0;
}
