#include "bench/micro/traffic.h"

#include <array>
#include <random>
#include <utility>

namespace bulkhead::bench {

namespace {

constexpr std::size_t kEthernet = 14, kIpv4 = 20, kTcp = 20;
constexpr std::uint8_t kSyn = 2, kPush = 8, kAck = 16;
constexpr std::uint32_t kClientStart = 1'000, kServerStart = 900'000;

void put16(Byte* at, std::uint32_t value) {
  at[0] = static_cast<Byte>(value >> 8);
  at[1] = static_cast<Byte>(value);
}

void put32(Byte* at, std::uint32_t value) {
  put16(at, value >> 16);
  put16(at + 2, value & 0xffff);
}

std::uint16_t checksum(const Byte* data, std::size_t length, std::uint64_t sum) {
  for (std::size_t i = 0; i + 1 < length; i += 2) sum += static_cast<std::uint32_t>(data[i] << 8 | data[i + 1]);
  if (length % 2 != 0) sum += static_cast<std::uint32_t>(data[length - 1] << 8);
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

}  // namespace

std::string made_text(std::size_t bytes) {
  static constexpr std::array<const char*, 16> kWords = {
      "GET ",  "HTTP/1.1\r\n", "Host: ", "accept ", "/static/",  "index",  ".html ", "cookie=",
      "user ", "select ",      "from ",  "value ",  "\"name\":", "true, ", "0x7f ",  "session "};
  std::mt19937 random(20260101);  // NOLINT: the same text on every run
  std::string text;
  while (text.size() < bytes) {
    text += kWords[random() % kWords.size()];
    if (random() % 4 == 0) text += std::to_string(random() % 100'000) + ' ';
  }
  text.resize(bytes);
  return text;
}

Traffic::Traffic(const TrafficShape& shape) : text_(made_text(shape.payload_bytes + 4096)) {
  const std::uint32_t size = shape.payload_bytes;
  for (std::uint32_t c = 0; c < shape.connections; ++c) {
    add({c, true, kSyn, kClientStart, 0, 0, 0});
    add({c, false, kSyn | kAck, kServerStart, kClientStart + 1, 0, 0});
    add({c, true, kAck, kClientStart + 1, kServerStart + 1, 0, 0});
  }
  for (std::uint32_t n = 0; n < shape.exchanges; ++n) {
    // Pairs 2k, 2k+1 of every second pair trade places.
    const std::uint32_t number = shape.swap_pairs && (n / 2) % 2 == 1 ? n ^ 1U : n;
    for (std::uint32_t c = 0; c < shape.connections; ++c) {
      const std::uint32_t seq = kClientStart + 1 + number * size;
      add({c, true, kPush | kAck, seq, kServerStart + 1, (number * 64) % 4096, size});
      const bool hole = number > n;
      const std::uint32_t ack = hole ? kClientStart + 1 + n * size : kClientStart + 1 + (n + 1) * size;
      add({c, false, kAck, kServerStart + 1, ack, 0, 0});
    }
  }
}

void Traffic::add(const Frame& frame) {
  std::vector<Byte> bytes(kEthernet + kIpv4 + kTcp + frame.text_length);
  Byte* ip = bytes.data() + kEthernet;
  Byte* tcp = ip + kIpv4;
  bytes[0] = bytes[6] = 2;
  bytes[frame.to_server ? 5 : 11] = 1;
  put16(bytes.data() + 12, 0x0800);

  std::uint32_t source = 0x0a010000U + frame.connection / 60'000;
  std::uint32_t destination = 0x0a020001U;
  std::uint32_t source_port = 1'024 + frame.connection % 60'000;
  std::uint32_t destination_port = 80;
  if (!frame.to_server) {
    std::swap(source, destination);
    std::swap(source_port, destination_port);
  }
  const auto tcp_length = static_cast<std::uint32_t>(kTcp + frame.text_length);
  ip[0] = 0x45;
  put16(ip + 2, kIpv4 + tcp_length);
  put16(ip + 6, 0x4000);
  ip[8] = 64;
  ip[9] = 6;
  put32(ip + 12, source);
  put32(ip + 16, destination);
  put16(ip + 10, checksum(ip, kIpv4, 0));
  put16(tcp, source_port);
  put16(tcp + 2, destination_port);
  put32(tcp + 4, frame.seq);
  put32(tcp + 8, frame.ack);
  tcp[12] = 0x50;
  tcp[13] = frame.flags;
  put16(tcp + 14, 64'240);
  for (std::uint32_t i = 0; i < frame.text_length; ++i) {
    tcp[kTcp + i] = static_cast<Byte>(text_[frame.text_offset + i]);
  }
  const std::uint64_t pseudo =
      (source >> 16) + (source & 0xffff) + (destination >> 16) + (destination & 0xffff) + 6 + tcp_length;
  put16(tcp + 16, checksum(tcp, tcp_length, pseudo));

  frame_bytes_ += bytes.size();
  payload_bytes_ += frame.text_length;
  frames_.push_back(std::move(bytes));
  io::RawPacket packet;
  packet.data = frames_.back().data();
  packet.captured = packet.wire_length = static_cast<std::uint32_t>(frames_.back().size());
  packet.number = packets_.size() + 1;
  packet.time = {1'767'225'600'000'000'000 + static_cast<std::int64_t>(packet.number) * 1'000};
  packets_.push_back(packet);
}

}  // namespace bulkhead::bench
