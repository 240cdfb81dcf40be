// Feeds a protocol's parser as the application layer does: what is not consumed comes again in front of the rest.
//
//     ParserDriver talk(AppProtocol::redis);
//     talk.up("PING\r\n");
//     EXPECT_EQ(talk.record(0), R"({"command":"PING"...})");
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "datapath/app/protocol_table.h"

namespace bulkhead::test {

class ParserDriver {
 public:
  using Status = app::ParseResult::Status;
  explicit ParserDriver(app::AppProtocol id, std::size_t piece = 1UL << 20)
      : protocol_(*app::find_protocol(id)), parser_(protocol_.make(settings_)), piece_(piece) {}

  Status up(std::string_view bytes) { return feed(Direction::kToServer, bytes); }
  Status down(std::string_view bytes) { return feed(Direction::kToClient, bytes); }
  Status feed(Direction d, std::string_view bytes) {
    std::string& left = left_[index_of(d)];
    while (!bytes.empty() && status_ == Status::kOk) {
      const std::string_view piece = bytes.substr(0, piece_);
      bytes.remove_prefix(piece.size());
      left += piece;
      const app::ParseResult result = parser_->parse(d, {reinterpret_cast<const Byte*>(left.data()), left.size()}, {});
      left.erase(0, result.consumed);
      status_ = result.status;
      next_ = result.next;
    }
    return status_;
  }

  [[nodiscard]] app::AppParser& parser() { return *parser_; }
  [[nodiscard]] app::AppProtocol next() const { return next_; }
  [[nodiscard]] std::size_t size() const { return parser_->transactions().size(); }
  [[nodiscard]] app::Transaction& tx(std::size_t i) { return *parser_->transactions().at(i); }
  // The first record's own object.
  [[nodiscard]] std::string record(std::size_t i) {
    std::vector<app::EveRecord> records;
    tx(i).write_records(records, settings_.eve);
    return records.empty() || records[0].fields.empty() ? "" : std::string(records[0].fields[0].second);
  }
  [[nodiscard]] bool complete(std::size_t i, Direction d) {
    return tx(i).progress[index_of(d)] >= protocol_.complete[index_of(d)];
  }
  [[nodiscard]] std::vector<std::string> events(std::size_t i) {
    std::vector<std::string> names;
    for (const std::uint8_t event : tx(i).events) names.emplace_back(protocol_.events[event].keyword);
    return names;
  }
  // A buffer's bytes as rules see them; "(none)".
  [[nodiscard]] std::string buffer(std::size_t i, std::string_view keyword, Direction d, std::uint32_t index = 0) {
    const app::BufferDef* def = app::buffer_of(protocol_, app::find_buffer(keyword)->number);
    app::BufferView view;
    if (def == nullptr || !def->has(d) || tx(i).progress[index_of(d)] < def->progress[index_of(d)] ||
        !def->get(tx(i), d, index, view)) {
      return "(none)";
    }
    return {reinterpret_cast<const char*>(view.bytes.data()), view.bytes.size()};
  }
  [[nodiscard]] app::Probe probe(Direction d, std::string_view bytes, std::uint16_t port = 4242) const {
    return protocol_.probe(d, {reinterpret_cast<const Byte*>(bytes.data()), bytes.size()}, port);
  }

 private:
  app::AppSettings settings_;
  const app::Protocol& protocol_;
  std::unique_ptr<app::AppParser> parser_;
  std::size_t piece_;
  std::array<std::string, 2> left_;
  Status status_ = Status::kOk;
  app::AppProtocol next_ = app::AppProtocol::kUnknown;
};

}  // namespace bulkhead::test
