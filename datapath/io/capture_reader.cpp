#include "datapath/io/capture_reader.h"

#include <algorithm>
#include <limits>

namespace bulkhead::io {

namespace {

constexpr std::size_t kFileHeader = 24;
constexpr std::size_t kRecordHeader = 16;
constexpr std::uint32_t kMicroseconds = 0xa1b2c3d4;
constexpr std::uint32_t kNanoseconds = 0xa1b23c4d;

constexpr std::uint32_t kSectionHeader = 0x0a0d0d0a;  // reads the same in both byte orders
constexpr std::uint32_t kByteOrderMagic = 0x1a2b3c4d;
constexpr std::uint32_t kInterfaceBlock = 1;
constexpr std::uint32_t kOldPacketBlock = 2;
constexpr std::uint32_t kSimplePacketBlock = 3;
constexpr std::uint32_t kEnhancedPacketBlock = 6;
constexpr std::size_t kBlockOverhead = 12;  // type, length, length

constexpr std::uint16_t kOptionEnd = 0;
constexpr std::uint16_t kOptionResolution = 9;
constexpr std::uint16_t kOptionOffset = 14;

__extension__ using Wide = unsigned __int128;

std::uint32_t load_le32(const Byte* p) {
  return (std::uint32_t{p[3]} << 24) | (std::uint32_t{p[2]} << 16) | (std::uint32_t{p[1]} << 8) | p[0];
}

// The link type stands in the low 16 bits; above are the length of the frame check sequence and its flag.
LinkType link_type_of(std::uint32_t network) {
  return static_cast<LinkType>(network & 0xffff);
}

Wide power_of_ten(unsigned exponent) {
  Wide out = 1;
  while (exponent-- != 0) out *= 10;
  return out;
}

}  // namespace

std::string_view name_of(CaptureError error) {
  static constexpr std::array<std::string_view, kCaptureErrorCount> kNames{
#define X(name, text, reference) #name,
#include "datapath/io/capture_errors.def"
#undef X
  };
  return kNames[static_cast<std::size_t>(error)];
}

std::string_view text_of(CaptureError error) {
  static constexpr std::array<std::string_view, kCaptureErrorCount> kTexts{
#define X(name, text, reference) text,
#include "datapath/io/capture_errors.def"
#undef X
  };
  return kTexts[static_cast<std::size_t>(error)];
}

CaptureReader::CaptureReader(ByteSpan file) : file_(file) {
  if (file_.size() < 4) return;
  const std::uint32_t big = load_be32(file_.data());
  const std::uint32_t little = load_le32(file_.data());
  if (big == kSectionHeader) {
    format_ = CaptureFormat::kPcapng;
    return;
  }
  big_endian_ = big == kMicroseconds || big == kNanoseconds;
  const std::uint32_t magic = big_endian_ ? big : little;
  if (magic != kMicroseconds && magic != kNanoseconds) return;
  format_ = CaptureFormat::kPcap;
  nanoseconds_ = magic == kNanoseconds;
  if (file_.size() < kFileHeader) {
    stop(CaptureError::header_truncated, 0);
    return;
  }
  snaplen_ = u32(file_.data() + 16);
  link_type_ = link_type_of(u32(file_.data() + 20));
  position_ = kFileHeader;
}

CaptureReader::Step CaptureReader::skip(CaptureError error, std::size_t offset) {
  error_ = error;
  error_offset_ = offset;
  return Step::kSkipped;
}

CaptureReader::Step CaptureReader::stop(CaptureError error, std::size_t offset) {
  skip(error, offset);
  stopped_ = true;
  return Step::kStopped;
}

CaptureReader::Step CaptureReader::next(RawPacket& packet) {
  if (stopped_) return Step::kStopped;
  if (format_ == CaptureFormat::kPcap) return next_pcap(packet);
  if (format_ == CaptureFormat::kPcapng) return next_pcapng(packet);
  return Step::kEnd;
}

CaptureReader::Step CaptureReader::next_pcap(RawPacket& packet) {
  const std::size_t left = file_.size() - position_;
  if (left == 0) return Step::kEnd;
  if (left < kRecordHeader) return stop(CaptureError::record_truncated, position_);
  const Byte* header = file_.data() + position_;
  const std::uint32_t captured = u32(header + 8);
  // Without a marker between records a wild length cannot be told from a wrong position: nothing after it is safe.
  if (captured > kMaxCaptured) return stop(CaptureError::record_too_long, position_);
  if (captured > left - kRecordHeader) return stop(CaptureError::record_truncated, position_);
  const std::int64_t fraction = u32(header + 4);
  packet.time.ns = std::int64_t{u32(header)} * 1'000'000'000 + (nanoseconds_ ? fraction : fraction * 1000);
  packet.data = header + kRecordHeader;
  // Bytes beyond the file's snaplen are left out, as libpcap does.
  packet.captured = snaplen_ == 0 ? captured : std::min(captured, snaplen_);
  packet.wire_length = std::max(u32(header + 12), captured);
  packet.interface_index = 0;
  packet.link_type = link_type_;
  position_ += kRecordHeader + captured;
  return Step::kPacket;
}

CaptureReader::Step CaptureReader::next_pcapng(RawPacket& packet) {
  for (;;) {
    Block block;
    if (const Step step = next_block(block); step != Step::kPacket) return step;
    switch (block.type) {
      case kInterfaceBlock:
        if (const Step step = add_interface(block); step != Step::kPacket) return step;
        break;
      case kEnhancedPacketBlock: return enhanced_packet(block, packet);
      case kSimplePacketBlock: return simple_packet(block, packet);
      case kOldPacketBlock: return old_packet(block, packet);
      default: break;  // section header, names, statistics, secrets, custom blocks
    }
  }
}

CaptureReader::Step CaptureReader::next_block(Block& block) {
  const std::size_t left = file_.size() - position_;
  if (left == 0) return Step::kEnd;
  if (left < kBlockOverhead) return stop(CaptureError::block_truncated, position_);
  const Byte* at = file_.data() + position_;
  if (load_be32(at) == kSectionHeader && !begin_section()) return Step::kStopped;
  const std::size_t length = u32(at + 4);
  if (length < kBlockOverhead || length % 4 != 0) return stop(CaptureError::block_length_invalid, position_);
  if (length > left) return stop(CaptureError::block_truncated, position_);
  if (u32(at + length - 4) != length) return stop(CaptureError::block_trailer_differs, position_);
  block.type = u32(at);
  block.offset = position_;
  block.body = file_.subspan(position_ + 8, length - kBlockOverhead);
  position_ += length;
  return Step::kPacket;
}

bool CaptureReader::begin_section() {
  constexpr std::size_t kShortest = 28;  // type, length, magic, version, section length, length
  const Byte* at = file_.data() + position_;
  if (file_.size() - position_ < kShortest) {
    stop(CaptureError::block_truncated, position_);
    return false;
  }
  const bool big = load_be32(at + 8) == kByteOrderMagic;
  const bool known_order = big || load_le32(at + 8) == kByteOrderMagic;
  big_endian_ = big;
  // Version 1.x; the old minor version 2 is read as 0. A shorter block cannot hold the fixed fields.
  if (!known_order || u16(at + 12) != 1 || u32(at + 4) < kShortest) {
    stop(CaptureError::section_header_invalid, position_);
    return false;
  }
  interfaces_.clear();
  return true;
}

CaptureReader::Step CaptureReader::add_interface(const Block& block) {
  if (block.body.size() < 8) return skip(CaptureError::interface_block_short, block.offset);
  if (interfaces_.size() >= kMaxInterfaces) return skip(CaptureError::interface_limit, block.offset);
  Interface interface;
  interface.link_type = link_type_of(u16(block.body.data()));
  interface.snaplen = u32(block.body.data() + 4);
  ByteSpan options = block.body.subspan(8);
  while (options.size() >= 4) {
    const std::uint16_t code = u16(options.data());
    const std::size_t length = u16(options.data() + 2);
    const std::size_t padded = (length + 3) & ~std::size_t{3};
    if (code == kOptionEnd || padded > options.size() - 4) break;
    const Byte* value = options.data() + 4;
    if (code == kOptionResolution && length == 1) interface.resolution = value[0];
    if (code == kOptionOffset && length == 8) {
      const std::uint64_t first = u32(value), second = u32(value + 4);
      interface.offset_seconds = static_cast<std::int64_t>(big_endian_ ? first << 32 | second : second << 32 | first);
    }
    options = options.subspan(4 + padded);
  }
  interfaces_.push_back(interface);
  return Step::kPacket;
}

CaptureReader::Step CaptureReader::enhanced_packet(const Block& block, RawPacket& packet) {
  if (block.body.size() < 20) return skip(CaptureError::packet_block_short, block.offset);
  const Byte* p = block.body.data();
  const std::uint32_t interface = u32(p);
  if (interface >= interfaces_.size()) return skip(CaptureError::interface_unknown, block.offset);
  packet.time = to_time(interfaces_[interface], u32(p + 4), u32(p + 8));
  return fill(block, interface, u32(p + 12), u32(p + 16), 20, packet);
}

CaptureReader::Step CaptureReader::old_packet(const Block& block, RawPacket& packet) {
  if (block.body.size() < 20) return skip(CaptureError::packet_block_short, block.offset);
  const Byte* p = block.body.data();
  const std::uint32_t interface = u16(p);
  if (interface >= interfaces_.size()) return skip(CaptureError::interface_unknown, block.offset);
  packet.time = to_time(interfaces_[interface], u32(p + 4), u32(p + 8));
  return fill(block, interface, u32(p + 12), u32(p + 16), 20, packet);
}

CaptureReader::Step CaptureReader::simple_packet(const Block& block, RawPacket& packet) {
  if (block.body.size() < 4) return skip(CaptureError::packet_block_short, block.offset);
  if (interfaces_.empty()) return skip(CaptureError::interface_unknown, block.offset);
  const std::uint32_t wire = u32(block.body.data());
  // No captured length of its own: the shorter of wire length and snaplen.
  const std::uint32_t snaplen = interfaces_[0].snaplen;
  packet.time = last_time_;
  return fill(block, 0, snaplen == 0 ? wire : std::min(wire, snaplen), wire, 4, packet);
}

CaptureReader::Step CaptureReader::fill(const Block& block, std::uint32_t interface, std::uint32_t captured,
                                        std::uint32_t wire, std::size_t header, RawPacket& packet) {
  if (captured > block.body.size() - header) return skip(CaptureError::packet_exceeds_block, block.offset);
  if (captured > kMaxCaptured) return skip(CaptureError::record_too_long, block.offset);
  packet.data = block.body.data() + header;
  packet.captured = captured;
  packet.wire_length = std::max(wire, captured);
  packet.interface_index = 0;  // an index of a live interface; the file's numbering means nothing here
  packet.link_type = interfaces_[interface].link_type;
  last_time_ = packet.time;
  return Step::kPacket;
}

Timestamp CaptureReader::to_time(const Interface& interface, std::uint32_t high, std::uint32_t low) const {
  constexpr Wide kMax = static_cast<Wide>(std::numeric_limits<std::int64_t>::max());
  const Wide ticks = std::uint64_t{high} << 32 | low;
  const unsigned exponent = interface.resolution & 0x7f;
  Wide ns = 0;
  if ((interface.resolution & 0x80) != 0) {
    ns = (ticks * 1'000'000'000) >> exponent;  // fewer than 94 bits before the shift, exponent below 128
  } else if (exponent <= 9) {
    ns = ticks * power_of_ten(9 - exponent);
  } else {
    ns = exponent - 9 > 20 ? 0 : ticks / power_of_ten(exponent - 9);
  }
  const std::int64_t time = static_cast<std::int64_t>(std::min(ns, kMax));
  std::int64_t offset = 0, sum = 0;
  if (__builtin_mul_overflow(interface.offset_seconds, std::int64_t{1'000'000'000}, &offset)) {
    offset = interface.offset_seconds < 0 ? std::numeric_limits<std::int64_t>::min()
                                          : std::numeric_limits<std::int64_t>::max();
  }
  // `time` is not negative, so the sum can only overflow upwards.
  if (__builtin_add_overflow(time, offset, &sum)) sum = std::numeric_limits<std::int64_t>::max();
  return {sum};
}

}  // namespace bulkhead::io
