#include "datapath/app/dhcp/dhcp_parser.h"

#include <memory>

#include "datapath/app/dhcp/dhcp_transaction.h"

namespace bulkhead::app::dhcp {
namespace {

constexpr std::uint16_t kServerPort = 67, kClientPort = 68;

bool is_its_port(std::uint16_t port) {
  return port == kServerPort || port == kClientPort;
}

}  // namespace

Probe probe_datagram(const DatagramProbe& probe) {
  Message message;
  if (!read_message(probe.data, message)) return Probe::kNo;
  const bool plausible = message.op == op::kRequest || message.op == op::kReply;
  if (is_its_port(probe.server_port) || is_its_port(probe.client_port)) {
    return plausible || message.has_cookie ? Probe::kYes : Probe::kNo;
  }
  return plausible && message.has_cookie ? Probe::kYes : Probe::kNo;
}

ParseResult DhcpParser::parse(Direction d, ByteSpan data, const ParseMoment&) {
  Message message;
  if (read_message(data, message)) {
    DhcpTransaction& tx = add(std::make_unique<DhcpTransaction>(d));
    tx.message = std::move(message);
    if (tx.message.malformed_options) tx.note(DhcpEvent::malformed_options);
    if (tx.message.truncated_options) tx.note(DhcpEvent::truncated_options);
  }
  return {ParseResult::Status::kOk, data.size(), {}};
}

}  // namespace bulkhead::app::dhcp
