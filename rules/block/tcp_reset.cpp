#include "rules/block/tcp_reset.h"

#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "rules/nft/block_sets.h"

namespace bulkhead::rules {

namespace {

constexpr std::size_t kTcpHeader = 20;
constexpr Byte kRstAck = 0x14;

// RFC 1071 sum over 16-bit words; `bytes` has an even length here.
std::uint32_t sum16(const Byte* bytes, std::size_t length, std::uint32_t sum) {
  for (std::size_t i = 0; i + 1 < length; i += 2) sum += load_be16(bytes + i);
  return sum;
}

std::uint16_t finish(std::uint32_t sum) {
  while ((sum >> 16) != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

void append(std::vector<Byte>& out, const Byte* bytes, std::size_t count) {
  out.insert(out.end(), bytes, bytes + count);
}

void append_ipv4(std::vector<Byte>& out, const FlowTuple& t) {
  Byte header[20] = {0x45, 0, 0, 20 + kTcpHeader, 0, 0, 0x40, 0, 64, ip_proto::kTcp};
  std::copy_n(t.source.bytes().begin(), 4, header + 12);
  std::copy_n(t.destination.bytes().begin(), 4, header + 16);
  store_be16(header + 10, finish(sum16(header, sizeof header, 0)));
  append(out, header, sizeof header);
}

void append_ipv6(std::vector<Byte>& out, const FlowTuple& t) {
  Byte header[40] = {0x60, 0, 0, 0, 0, kTcpHeader, ip_proto::kTcp, 64};
  std::copy_n(t.source.bytes().begin(), 16, header + 8);
  std::copy_n(t.destination.bytes().begin(), 16, header + 24);
  append(out, header, sizeof header);
}

}  // namespace

std::vector<Byte> reset_frame(const FlowTuple& from_to, const MacAddress& source_mac, const MacAddress& destination_mac,
                              std::uint32_t seq, std::uint32_t ack) {
  std::vector<Byte> frame;
  frame.reserve(14 + 40 + kTcpHeader);
  append(frame, destination_mac.bytes.data(), 6);
  append(frame, source_mac.bytes.data(), 6);
  Byte type[2];
  store_be16(type, from_to.source.is_v4() ? ETHERTYPE_IP : ETHERTYPE_IPV6);
  append(frame, type, 2);
  if (from_to.source.is_v4()) {
    append_ipv4(frame, from_to);
  } else {
    append_ipv6(frame, from_to);
  }
  Byte tcp[kTcpHeader] = {};
  store_be16(tcp, from_to.source_port);
  store_be16(tcp + 2, from_to.destination_port);
  store_be32(tcp + 4, seq);
  store_be32(tcp + 8, ack);
  tcp[12] = (kTcpHeader / 4) << 4;
  tcp[13] = kRstAck;
  // Pseudo header (RFC 9293 3.1): both addresses, protocol, length.
  std::uint32_t sum = ip_proto::kTcp + kTcpHeader;
  sum = sum16(from_to.source.bytes().data(), from_to.source.size(), sum);
  sum = sum16(from_to.destination.bytes().data(), from_to.destination.size(), sum);
  store_be16(tcp + 16, finish(sum16(tcp, sizeof tcp, sum)));
  append(frame, tcp, sizeof tcp);
  return frame;
}

TcpResetSender::~TcpResetSender() {
  if (socket_ >= 0) close(socket_);
}

Status TcpResetSender::open() {
  // Protocol 0: the socket receives nothing.
  socket_ = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket_ < 0) return errno_error("socket", "AF_PACKET for resets (needs CAP_NET_RAW)");
  const std::uint32_t mark = kResetMark;
  if (setsockopt(socket_, SOL_SOCKET, SO_MARK, &mark, sizeof mark) != 0) {
    return errno_error("setsockopt SO_MARK", "AF_PACKET for resets (needs CAP_NET_ADMIN)");
  }
  return ok();
}

Status TcpResetSender::send(const ResetTarget& target) {
  const FlowTuple& client = target.client;
  const FlowTuple server{client.destination, client.source, client.destination_port, client.source_port,
                         client.protocol};
  const std::vector<Byte> frames[] = {
      reset_frame(client, target.client_mac, target.server_mac, target.client_next_seq, target.server_next_seq),
      reset_frame(server, target.server_mac, target.client_mac, target.server_next_seq, target.client_next_seq)};
  for (const auto& frame : frames) {
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_ifindex = static_cast<int>(target.interface_index);
    address.sll_halen = 6;
    std::copy_n(frame.begin(), 6, address.sll_addr);
    const ssize_t n =
        sendto(socket_, frame.data(), frame.size(), 0, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    if (n < 0) return errno_error("send", "TCP reset");
    ++sent_;
  }
  return ok();
}

}  // namespace bulkhead::rules
