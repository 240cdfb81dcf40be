#include "datapath/app/dns/dns_parser.h"

#include <memory>
#include <utility>

namespace bulkhead::app::dns {
namespace {

constexpr std::uint16_t kPort = 53;
// The same format, other conversations: NetBIOS names, multicast and link-local names.
constexpr std::uint16_t kNetbiosPort = 137, kMulticastPort = 5353, kLinkLocalPort = 5355;
constexpr std::size_t kLengthBytes = 2;
constexpr std::uint8_t kHighestOpcode = 6;

bool is_other_service(std::uint16_t port) {
  return port == kNetbiosPort || port == kMulticastPort || port == kLinkLocalPort;
}

// The message behind its length, as far as it is there.
struct Framed {
  bool has_length = false, whole = false;
  std::size_t length = 0;
  ByteSpan bytes;
};

Framed framed(ByteSpan data) {
  Framed out;
  if (data.size() < kLengthBytes) return out;
  out.has_length = true;
  out.length = load_be16(data.data());
  out.whole = data.size() - kLengthBytes >= out.length;
  out.bytes = data.subspan(kLengthBytes, out.whole ? out.length : data.size() - kLengthBytes);
  return out;
}

// Can these bytes begin a message over TCP?
Probe judge_stream(ByteSpan data, bool on_its_port) {
  const Framed message = framed(data);
  if (!message.has_length) return Probe::kMore;
  if (message.length < kHeaderBytes) return Probe::kNo;
  if (message.whole) {
    const Likeness like = likeness(message.bytes);
    return like == Likeness::kStrict || (on_its_port && like == Likeness::kHeader) ? Probe::kYes : Probe::kNo;
  }
  const bool has_header = message.bytes.size() >= kHeaderBytes;
  if ((has_header || !on_its_port) && !could_begin(message.bytes, message.length)) return Probe::kNo;
  return has_header && on_its_port ? Probe::kYes : Probe::kMore;
}

}  // namespace

Probe probe_stream(Direction, ByteSpan data, std::uint16_t server_port) {
  return judge_stream(data, server_port == kPort);
}

Probe probe_datagram(const DatagramProbe& probe) {
  if (is_other_service(probe.server_port) || is_other_service(probe.client_port)) return Probe::kNo;
  const bool on_its_port = probe.server_port == kPort || probe.client_port == kPort;
  const Likeness like = likeness(probe.data);
  return like == Likeness::kStrict || (on_its_port && like == Likeness::kHeader) ? Probe::kYes : Probe::kNo;
}

bool comes_from_other_side(Direction d, ByteSpan data, bool datagram) {
  Header header;
  if (!read_header(datagram ? data : framed(data).bytes, header)) return false;
  return header.is_response() != (d == Direction::kToClient);
}

ParseResult DnsParser::parse(Direction d, ByteSpan data, const ParseMoment& moment) {
  if (moment.client.protocol == ip_proto::kUdp) {
    message(d, data);
    return {ParseResult::Status::kOk, data.size(), {}};
  }
  bool& lost = lost_[bulkhead::index_of(d)];
  if (lost) {
    switch (judge_stream(data, true)) {
      case Probe::kNo: return {ParseResult::Status::kOk, data.size(), {}};
      case Probe::kMore: return {};
      case Probe::kYes: lost = false;
    }
  }
  std::size_t consumed = 0;
  for (;;) {
    const Framed next = framed(data.subspan(consumed));
    if (!next.has_length || !next.whole) break;
    if (next.length != 0) message(d, next.bytes);
    consumed += kLengthBytes + next.length;
  }
  return {ParseResult::Status::kOk, consumed, {}};
}

bool DnsParser::gap(Direction d, std::uint64_t) {
  lost_[bulkhead::index_of(d)] = true;
  return true;
}

void DnsParser::message(Direction d, ByteSpan bytes) {
  DnsTransaction& tx = add(std::make_unique<DnsTransaction>(d));
  const Reading reading = read_message(bytes, tx.message);
  const Header& header = tx.message.header;
  if (bytes.size() < kHeaderBytes) {
    tx.note(DnsEvent::malformed_data);
    tx.refused = true;
    return;
  }
  if (d == Direction::kToServer && header.is_response()) {
    tx.note(DnsEvent::not_request);
    tx.refused = true;
    return;
  }
  if (reading != Reading::kWhole) {
    tx.note(DnsEvent::malformed_data);
    tx.refused = true;
  } else {
    if (d == Direction::kToClient && !header.is_response()) tx.note(DnsEvent::not_response);
    if (header.z()) tx.note(DnsEvent::z_flag_set);
    if (header.opcode() > kHighestOpcode) tx.note(DnsEvent::invalid_opcode);
  }
  if (tx.message.faults.name_too_long) tx.note(DnsEvent::name_too_long);
  if (tx.message.faults.infinite_loop) tx.note(DnsEvent::infinite_loop);
  if (tx.message.faults.too_many_labels) tx.note(DnsEvent::too_many_labels);
}

}  // namespace bulkhead::app::dns
