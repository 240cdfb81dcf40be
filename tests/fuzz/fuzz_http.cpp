// HTTP/1 on arbitrary bytes of both directions, in pieces: it always moves on, and what it keeps is bounded.
#include <algorithm>
#include <string>

#include "datapath/app/app_settings.h"
#include "datapath/app/http/http_parser.h"
#include "datapath/app/protocol_table.h"
#include "datapath/base/check.h"

using namespace bulkhead;

// Input: pieces of (direction and kind, length, bytes).
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  app::AppSettings settings;
  settings.http.lzma = true;
  settings.http.decompress_layers = 3;
  app::http::HttpParser parser(settings);
  std::string rest[2];
  ByteSpan input(data, size);
  bool alive = true;
  while (alive && input.size() >= 2) {
    const auto d = (input[0] & 1) != 0 ? Direction::kToClient : Direction::kToServer;
    const bool gap = (input[0] & 0xf0) == 0xf0;
    const std::size_t length = std::min<std::size_t>(input[1], input.size() - 2);
    std::string& left = rest[bulkhead::index_of(d)];
    if (gap) {
      left.clear();
      alive = parser.gap(d, length + 1);
    } else {
      left.append(input.begin() + 2, input.begin() + 2 + static_cast<std::ptrdiff_t>(length));
      const auto result = parser.parse(d, {reinterpret_cast<const Byte*>(left.data()), left.size()}, {});
      BULKHEAD_CHECK(result.consumed <= left.size());
      left.erase(0, result.consumed);
      alive = result.status == app::ParseResult::Status::kOk;
      BULKHEAD_CHECK(left.size() <= 2UL * settings.http.max_line || !alive);
    }
    input = input.subspan(2 + length);
  }
  for (const Direction d : {Direction::kToServer, Direction::kToClient}) {
    const std::string& left = rest[bulkhead::index_of(d)];
    parser.end(d, {reinterpret_cast<const Byte*>(left.data()), left.size()});
  }
  const app::Protocol& http = *app::find_protocol(app::AppProtocol::http1);
  std::uint64_t id = 0;
  for (const auto& tx : parser.transactions()) {
    BULKHEAD_CHECK(tx->id == id++);
    for (const app::BufferDef& buffer : http.buffers) {
      for (const Direction d : {Direction::kToServer, Direction::kToClient}) {
        app::BufferView view;
        if (buffer.has(d)) static_cast<void>(buffer.get(*tx, d, 0, view));
      }
    }
    std::vector<app::EveRecord> records;
    tx->write_records(records, settings.eve);
    BULKHEAD_CHECK(records.size() == 1 || records.size() == 2);
  }
  return 0;
}
