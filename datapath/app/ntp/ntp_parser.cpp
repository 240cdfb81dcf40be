#include "datapath/app/ntp/ntp_parser.h"

#include <memory>

namespace bulkhead::app::ntp {
namespace {

constexpr std::uint16_t kPort = 123;
constexpr std::size_t kHeaderBytes = 48;

bool is_message(ByteSpan data) {
  if (data.size() < kHeaderBytes) return false;
  const unsigned version = data[0] >> 3 & 7, mode = data[0] & 7;
  return (version == 3 || version == 4) && mode >= 1 && mode <= 5;
}

}  // namespace

Probe probe_datagram(const DatagramProbe& probe) {
  const bool on_its_port = probe.server_port == kPort || probe.client_port == kPort;
  return on_its_port && is_message(probe.data) ? Probe::kYes : Probe::kNo;
}

ParseResult NtpParser::parse(Direction d, ByteSpan data, const ParseMoment&) {
  NtpTransaction& tx = add(std::make_unique<NtpTransaction>(d));
  if (!is_message(data)) tx.add_event(static_cast<std::uint8_t>(NtpEvent::kMalformedData));
  return {ParseResult::Status::kOk, data.size(), {}};
}

}  // namespace bulkhead::app::ntp
