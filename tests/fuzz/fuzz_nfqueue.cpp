// Any bytes as a message of netfilter's queue: what is read lies within them.
#include <cstdint>
#include <cstdlib>

#include "datapath/io/nfqueue_message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bulkhead;
  const ByteSpan bytes(reinterpret_cast<const Byte*>(data), size);
  io::QueuedPacket packet;
  if (io::parse_queued_packet(bytes, packet) && !packet.payload.empty()) {
    const Byte* end = packet.payload.data() + packet.payload.size();
    if (packet.payload.data() < bytes.data() || end > bytes.data() + bytes.size()) std::abort();
    if (packet.wire_length < packet.payload.size()) std::abort();
  }
  static_cast<void>(io::parse_queue_counts({reinterpret_cast<const char*>(data), size}, 0));
  return 0;
}
