// Feeds a protocol's parser arbitrary bytes of both directions, in pieces, and looks at all that it offers.
//
// Input   pieces of (direction and kind, length, bytes).
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "datapath/app/app_settings.h"
#include "datapath/app/protocol_table.h"
#include "datapath/base/check.h"

namespace bulkhead::fuzz {

inline void drive_parser(app::AppProtocol id, const app::AppSettings& settings, const std::uint8_t* data,
                         std::size_t size, std::size_t most_left) {
  const app::Protocol& protocol = *app::find_protocol(id);
  const auto parser = protocol.make(settings);
  std::string rest[2];
  ByteSpan input(data, size);
  bool alive = true;
  while (alive && input.size() >= 2) {
    const auto d = (input[0] & 1) != 0 ? Direction::kToClient : Direction::kToServer;
    const bool gap = (input[0] & 0xf0) == 0xf0;
    const std::size_t length = std::min<std::size_t>(input[1], input.size() - 2);
    std::string& left = rest[index_of(d)];
    if (gap) {
      left.clear();
      alive = parser->gap(d, length + 1);
    } else {
      left.append(input.begin() + 2, input.begin() + 2 + static_cast<std::ptrdiff_t>(length));
      const auto result = parser->parse(d, {reinterpret_cast<const Byte*>(left.data()), left.size()}, {});
      BULKHEAD_CHECK(result.consumed <= left.size());
      left.erase(0, result.consumed);
      alive = result.status == app::ParseResult::Status::kOk;
      BULKHEAD_CHECK(left.size() <= most_left || !alive);
    }
    input = input.subspan(2 + length);
  }
  for (const Direction d : {Direction::kToServer, Direction::kToClient}) {
    const std::string& left = rest[index_of(d)];
    parser->end(d, {reinterpret_cast<const Byte*>(left.data()), left.size()});
  }
  std::uint64_t tx_id = 0;
  for (const auto& tx : parser->transactions()) {
    BULKHEAD_CHECK(tx->id == tx_id++);
    for (const Direction d : {Direction::kToServer, Direction::kToClient}) {
      for (const app::BufferDef& buffer : protocol.buffers) {
        if (!buffer.has(d)) continue;
        app::BufferView view;
        const bool many = buffer.kind == app::BufferDef::Kind::kMulti;
        for (std::uint32_t i = 0; buffer.get(*tx, d, i, view) && many; ++i) BULKHEAD_CHECK(i < 1000000);
      }
      for (const app::NumberDef& number : protocol.numbers) {
        std::uint64_t value = 0;
        const bool many = number.kind != app::NumberDef::Kind::kSingle;
        for (std::uint32_t i = 0; number.has(d) && number.get(*tx, d, i, value) && many; ++i)
          BULKHEAD_CHECK(i < 1000000);
      }
    }
    std::vector<app::EveRecord> records;
    tx->write_records(records, settings.eve);
    event::AppFields fields;
    tx->write_alert_fields(fields, settings.eve);
  }
}

}  // namespace bulkhead::fuzz
