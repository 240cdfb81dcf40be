// Feeds a protocol's parser bytes of both directions, in pieces, as the application layer does, and reads afterwards
// all that it offers: it always moves on, what it leaves over and keeps is bounded, and it looks at no transaction that
// was given up. For the fuzz targets, and for tests that run their seeds.
//
// Input   pieces of (direction and kind, length, bytes). Of the first byte the lowest bit is the direction; the high
//         half is 15 for a gap, 14 or 13 where the oldest or every transaction is given up before the piece.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "datapath/app/app_settings.h"
#include "datapath/app/protocol_table.h"
#include "datapath/base/check.h"

namespace bulkhead::test {

struct Drive {
  app::AppSettings settings;
  std::size_t max_left = 64UL * 1024;  // what a parser may leave over
  app::ParseMoment moment;
  bool give_up_all = false;                           // before each piece
  std::function<void(const app::Transaction&)> each;  // further checks
};

namespace driving {

constexpr Direction kBoth[] = {Direction::kToServer, Direction::kToClient};

inline ByteSpan bytes_of(const std::string& text) {
  return {reinterpret_cast<const Byte*>(text.data()), text.size()};
}

inline void read_all(app::Transaction& tx, const app::Protocol& protocol, const app::EveOptions& options) {
  constexpr std::uint32_t kMost = 1000000;
  for (const Direction d : kBoth) {
    for (const app::BufferDef& buffer : protocol.buffers) {
      app::BufferView view;
      const bool many = buffer.kind != app::BufferDef::Kind::kSingle && buffer.kind != app::BufferDef::Kind::kBody;
      for (std::uint32_t i = 0; buffer.has(d) && buffer.get(tx, d, i, view) && many; ++i) BULKHEAD_CHECK(i < kMost);
    }
    for (const app::NumberDef& number : protocol.numbers) {
      std::uint64_t value = 0;
      const bool many = number.kind != app::NumberDef::Kind::kSingle;
      for (std::uint32_t i = 0; number.has(d) && number.get(tx, d, i, value) && many; ++i) BULKHEAD_CHECK(i < kMost);
    }
  }
  std::vector<app::EveRecord> records;
  tx.write_records(records, options);
  for (const app::EveRecord& record : records) {
    const std::string_view type = record.listed_as.empty() ? record.type : record.listed_as;
    BULKHEAD_CHECK(std::find(protocol.records.begin(), protocol.records.end(), type) != protocol.records.end());
  }
  event::AppFields fields;
  tx.write_alert_fields(fields, options);
  event::AppFields of_file;
  tx.write_file_fields(of_file, options);
  for (const std::uint8_t event : tx.events) BULKHEAD_CHECK(event < protocol.events.size());
}

}  // namespace driving

inline void drive_parser(app::AppProtocol id, ByteSpan input, const Drive& drive = {}) {
  const app::Protocol& protocol = *app::find_protocol(id);
  const auto parser = protocol.make(drive.settings);
  const bool datagrams = drive.moment.client.protocol == ip_proto::kUdp;
  std::string rest[2];
  if (input.empty()) return;  // probes are never asked about nothing (ProbeTable)
  for (const Direction d : driving::kBoth) {
    if (protocol.probe != nullptr) static_cast<void>(protocol.probe(d, input, 1));
    if (protocol.probe_datagram != nullptr) static_cast<void>(protocol.probe_datagram({d, input, 40000, 1}));
  }
  bool alive = true;
  while (alive && input.size() >= 2) {
    const auto d = (input[0] & 1) != 0 ? Direction::kToClient : Direction::kToServer;
    const unsigned kind = input[0] >> 4;
    const std::size_t length = std::min<std::size_t>(input[1], input.size() - 2);
    std::string& left = rest[index_of(d)];
    if ((drive.give_up_all || kind == 13) && !parser->transactions().empty()) {
      while (!parser->transactions().empty()) parser->give_up_oldest();
    }
    if (kind == 14 && !parser->transactions().empty()) parser->give_up_oldest();
    if (kind == 15) {
      left.clear();
      alive = parser->gap(d, length + 1);
    } else {
      left.append(input.begin() + 2, input.begin() + 2 + static_cast<std::ptrdiff_t>(length));
      const auto result = parser->parse(d, driving::bytes_of(left), drive.moment);
      BULKHEAD_CHECK(result.consumed <= left.size());
      left.erase(0, result.consumed);
      if (datagrams) left.clear();  // each stands alone
      alive = result.status == app::ParseResult::Status::kOk;
      BULKHEAD_CHECK(left.size() <= drive.max_left || !alive);
    }
    input = input.subspan(2 + length);
  }
  for (const Direction d : driving::kBoth) parser->end(d, driving::bytes_of(rest[index_of(d)]));
  std::uint64_t number = parser->transactions().empty() ? 0 : parser->transactions().front()->id;
  for (const auto& tx : parser->transactions()) {
    BULKHEAD_CHECK(tx->id == number++);
    driving::read_all(*tx, protocol, drive.settings.eve);
    if (drive.each) drive.each(*tx);
  }
}

}  // namespace bulkhead::test
