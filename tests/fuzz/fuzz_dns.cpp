// DNS on arbitrary bytes of both directions, over UDP and in pieces over TCP: what it keeps is in proportion to what
// it was given, and every transaction can be written.
#include <algorithm>
#include <string>
#include <vector>

#include "datapath/app/dns/dns_parser.h"
#include "datapath/app/protocol_table.h"
#include "datapath/base/check.h"

using namespace bulkhead;

namespace {

std::size_t kept_text(const app::dns::Message& message) {
  std::size_t kept = 0;
  for (const app::dns::Question& question : message.questions) kept += question.name.text.size();
  for (const auto* records : {&message.answers, &message.authorities}) {
    for (const app::dns::Record& record : *records) {
      BULKHEAD_CHECK(record.name.text.size() <= app::dns::kMaxNameBytes);
      kept += record.name.text.size();
    }
  }
  return kept;
}

void look_at(app::AppParser& parser, std::size_t given) {
  const app::Protocol& dns = *app::find_protocol(app::AppProtocol::dns);
  for (const auto& tx : parser.transactions()) {
    BULKHEAD_CHECK(kept_text(static_cast<app::dns::DnsTransaction&>(*tx).message) <= 4096 + 34 * given);
    for (const app::BufferDef& buffer : dns.buffers) {
      app::BufferView view;
      for (std::uint32_t i = 0; buffer.get(*tx, Direction::kToServer, i, view); ++i) BULKHEAD_CHECK(i < 65536);
    }
    std::vector<app::EveRecord> records;
    tx->write_records(records, {});
    event::AppFields fields;
    tx->write_alert_fields(fields, {});
  }
}

}  // namespace

// Input: UDP or TCP, then pieces of (direction and kind, length, bytes).
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  app::ParseMoment moment;
  const bool udp = (data[0] & 1) != 0;
  moment.client.protocol = udp ? ip_proto::kUdp : ip_proto::kTcp;
  app::dns::DnsParser parser;
  std::string rest[2];
  ByteSpan input(data + 1, size - 1);
  while (input.size() >= 2) {
    const auto d = (input[0] & 1) != 0 ? Direction::kToClient : Direction::kToServer;
    const std::size_t length = std::min<std::size_t>(input[1], input.size() - 2);
    std::string& left = rest[bulkhead::index_of(d)];
    if ((input[0] & 0xf0) == 0xf0) {
      left.clear();
      BULKHEAD_CHECK(parser.gap(d, length + 1));
    } else {
      left.append(input.begin() + 2, input.begin() + 2 + static_cast<std::ptrdiff_t>(length));
      const ByteSpan bytes(reinterpret_cast<const Byte*>(left.data()), left.size());
      static_cast<void>(app::dns::probe_stream(d, bytes, 53));
      static_cast<void>(app::dns::probe_datagram({d, bytes, 4000, 4001}));
      static_cast<void>(app::dns::comes_from_other_side(d, bytes, udp));
      const auto result = parser.parse(d, bytes, moment);
      BULKHEAD_CHECK(result.status == app::ParseResult::Status::kOk && result.consumed <= left.size());
      left.erase(0, result.consumed);
      BULKHEAD_CHECK(left.size() < 65538);
    }
    input = input.subspan(2 + length);
  }
  look_at(parser, size);
  return 0;
}
