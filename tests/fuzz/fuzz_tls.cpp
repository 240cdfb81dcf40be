// TLS and SSH on arbitrary bytes of both directions, in pieces: they always move on, and what they keep is bounded.
#include <algorithm>
#include <string>

#include "datapath/app/protocol_table.h"
#include "datapath/app/tls/tls_certificate.h"
#include "datapath/base/check.h"

using namespace bulkhead;

namespace {

// Pieces of (direction and kind, length, bytes).
void converse(app::AppProtocol id, ByteSpan input) {
  app::AppSettings settings;
  settings.tls.ja3 = settings.tls.ja4 = settings.ssh.hassh = app::Fingerprints::kYes;
  const app::Protocol& protocol = *app::find_protocol(id);
  const auto parser = protocol.make(settings);
  std::string rest[2];
  bool alive = true;
  while (alive && input.size() >= 2) {
    const auto d = (input[0] & 1) != 0 ? Direction::kToClient : Direction::kToServer;
    const bool gap = (input[0] & 0xf0) == 0xf0;
    const std::size_t length = std::min<std::size_t>(input[1], input.size() - 2);
    std::string& left = rest[bulkhead::index_of(d)];
    if (gap) {
      left.clear();
      alive = parser->gap(d, length + 1);
    } else {
      left.append(input.begin() + 2, input.begin() + 2 + static_cast<std::ptrdiff_t>(length));
      const auto result = parser->parse(d, {reinterpret_cast<const Byte*>(left.data()), left.size()}, {});
      BULKHEAD_CHECK(result.consumed <= left.size());
      left.erase(0, result.consumed);
      alive = result.status == app::ParseResult::Status::kOk;
      BULKHEAD_CHECK(left.size() <= 0x8000 || !alive);  // an SSL 2 hello, or a banner
    }
    input = input.subspan(2 + length);
  }
  parser->end(Direction::kToServer, {});
  parser->end(Direction::kToClient, {});
  BULKHEAD_CHECK(parser->transactions().size() <= 1);
  for (const auto& tx : parser->transactions()) {
    for (const app::BufferDef& buffer : protocol.buffers) {
      for (const Direction d : {Direction::kToServer, Direction::kToClient}) {
        app::BufferView view;
        for (std::uint32_t i = 0; i < 40 && buffer.has(d) && buffer.get(*tx, d, i, view); ++i) {
          BULKHEAD_CHECK(view.bytes.size() <= settings.tls.max_message_bytes * 8UL);
        }
      }
    }
    std::vector<app::EveRecord> records;
    app::EveOptions all;
    all.tls_custom = {"certificate", "chain", "client", "client_chain", "version", "ja3"};
    tx->write_records(records, all);
    tx->write_records(records, {});
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteSpan input(data + 1, size - 1);
  switch (data[0] % 3) {
    case 0: converse(app::AppProtocol::tls, input); break;
    case 1: converse(app::AppProtocol::ssh, input); break;
    default: {
      app::tls::Certificate certificate;
      static_cast<void>(app::tls::read_certificate(input, certificate));
      BULKHEAD_CHECK(certificate.subject.size() <= app::tls::kMaxNameBytes * 8);
    }
  }
  return 0;
}
