#include "datapath/io/libpcap_reader.h"

#include <pcap/pcap.h>

#include <algorithm>
#include <cstring>

#include "datapath/io/capture_reader.h"

namespace bulkhead::io {

Result<std::unique_ptr<LibpcapReader>> LibpcapReader::open(const std::string& path) {
  char text[PCAP_ERRBUF_SIZE] = "";
  pcap_t* handle = pcap_open_offline_with_tstamp_precision(path.c_str(), PCAP_TSTAMP_PRECISION_NANO, text);
  if (handle == nullptr) return Error{"read capture", path == "-" ? "standard input" : path, 0, text};
  return std::unique_ptr<LibpcapReader>(new LibpcapReader(handle, path));
}

LibpcapReader::~LibpcapReader() {
  pcap_close(handle_);
}

std::string LibpcapReader::error() const {
  return pcap_geterr(handle_);
}

Byte* LibpcapReader::Arena::take(std::size_t count) {
  constexpr std::size_t kBlock = std::size_t{1} << 20;
  static_assert(CaptureReader::kMaxCaptured <= kBlock);
  if (blocks.empty() || used + count > blocks[block].size) {
    if (!blocks.empty()) ++block;
    if (block == blocks.size()) blocks.push_back({std::make_unique<Byte[]>(kBlock), kBlock});
    used = 0;
  }
  Byte* out = blocks[block].bytes.get() + used;
  used += count;
  return out;
}

LibpcapReader::Arena& LibpcapReader::take_arena(std::uint64_t& cookie) {
  const std::lock_guard lock(mutex_);
  if (free_.empty()) {
    arenas_.push_back(std::make_unique<Arena>());
    free_.push_back(arenas_.size());
  }
  cookie = free_.back();
  free_.pop_back();
  return *arenas_[cookie - 1];
}

void LibpcapReader::release(PacketBatch& batch) {
  if (batch.source_cookie == 0) return;
  const std::lock_guard lock(mutex_);
  arenas_[batch.source_cookie - 1]->reset();
  free_.push_back(batch.source_cookie);
}

ReceiveStatus LibpcapReader::read(PacketBatch& batch) {
  Arena& arena = take_arena(batch.source_cookie);
  const auto link_type = static_cast<LinkType>(pcap_datalink(handle_) & 0xffff);
  while (batch.packets.size() < batch.packets.capacity()) {
    pcap_pkthdr* header = nullptr;
    const u_char* bytes = nullptr;
    const int got = pcap_next_ex(handle_, &header, &bytes);
    if (got == PCAP_ERROR_BREAK) return batch.packets.empty() ? ReceiveStatus::kEnd : ReceiveStatus::kPackets;
    if (got != 1) return ReceiveStatus::kError;
    RawPacket packet;
    packet.captured = std::min<std::uint32_t>(header->caplen, CaptureReader::kMaxCaptured);
    Byte* copy = arena.take(packet.captured);
    std::memcpy(copy, bytes, packet.captured);
    packet.data = copy;
    packet.wire_length = std::max<std::uint32_t>(header->len, packet.captured);
    // Precision is nanoseconds, whatever the field is called.
    packet.time.ns = std::int64_t{header->ts.tv_sec} * 1'000'000'000 + header->ts.tv_usec;
    packet.link_type = link_type;
    bytes_read_ += 16 + packet.captured;
    batch.packets.push_back(packet);
  }
  return ReceiveStatus::kPackets;
}

}  // namespace bulkhead::io
