// The capture reader on arbitrary bytes: every packet lies inside the file, the reader always moves on.
#include "datapath/base/check.h"
#include "datapath/io/capture_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using bulkhead::io::CaptureReader;
  const bulkhead::ByteSpan file(data, size);
  CaptureReader reader(file);
  std::size_t last = 0;
  std::uint64_t sum = 0;
  for (;;) {
    bulkhead::io::RawPacket packet;
    const CaptureReader::Step step = reader.next(packet);
    BULKHEAD_CHECK(reader.position() <= size && reader.position() >= last);
    if (step == CaptureReader::Step::kEnd) break;
    if (step == CaptureReader::Step::kStopped) {
      BULKHEAD_CHECK(reader.error_offset() <= size);
      BULKHEAD_CHECK(reader.next(packet) == CaptureReader::Step::kStopped);
      break;
    }
    BULKHEAD_CHECK(reader.position() > last);
    last = reader.position();
    if (step == CaptureReader::Step::kSkipped) continue;
    BULKHEAD_CHECK(packet.captured <= packet.wire_length && packet.captured <= CaptureReader::kMaxCaptured);
    BULKHEAD_CHECK(packet.data >= data && packet.captured <= static_cast<std::size_t>(data + size - packet.data));
    for (const bulkhead::Byte byte : packet.bytes()) sum += byte;
  }
  return sum == ~std::uint64_t{0} ? 1 : 0;
}
