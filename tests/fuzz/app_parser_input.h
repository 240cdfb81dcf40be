// Arbitrary bytes of both directions, in pieces, for any protocol's parser: it always moves on, what it leaves over and
// keeps is bounded, and every buffer and record can be read afterwards.
//
// Input: pieces of (direction and kind, length, bytes); the kind's high bits make a gap.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "datapath/app/protocol_table.h"
#include "datapath/base/check.h"

namespace bulkhead::fuzz {

inline void drive_parser(app::AppProtocol id, ByteSpan input, std::size_t max_left = 64UL * 1024) {
  const app::AppSettings settings;
  const app::Protocol& protocol = *app::find_protocol(id);
  const auto parser = protocol.make(settings);
  std::string rest[2];
  static_cast<void>(protocol.probe(Direction::kToServer, input, 1));
  static_cast<void>(protocol.probe(Direction::kToClient, input, 1));
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
      BULKHEAD_CHECK(left.size() <= max_left || !alive);
    }
    input = input.subspan(2 + length);
  }
  for (const Direction d : {Direction::kToServer, Direction::kToClient}) parser->end(d, {});
  std::uint64_t number = 0;
  for (const auto& tx : parser->transactions()) {
    BULKHEAD_CHECK(tx->id == number++);
    for (const app::BufferDef& buffer : protocol.buffers) {
      for (const Direction d : {Direction::kToServer, Direction::kToClient}) {
        app::BufferView view;
        std::uint32_t index = 0;
        if (!buffer.has(d)) continue;
        while (index < 2000 && buffer.get(*tx, d, index, view) && buffer.kind == app::BufferDef::Kind::kMulti) ++index;
        BULKHEAD_CHECK(index < 2000);
      }
    }
    std::vector<app::EveRecord> records;
    tx->write_records(records, settings.eve);
    for (const std::uint8_t event : tx->events) BULKHEAD_CHECK(event < protocol.events.size());
  }
}

}  // namespace bulkhead::fuzz
