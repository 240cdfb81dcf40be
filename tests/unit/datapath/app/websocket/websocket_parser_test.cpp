#include "datapath/app/websocket/websocket_parser.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "datapath/app/app_settings.h"

namespace bulkhead::app::websocket {
namespace {

using namespace std::string_literals;

constexpr Direction kClient = Direction::kToServer, kServer = Direction::kToClient;

class Talk {
 public:
  explicit Talk(std::size_t step = SIZE_MAX, WebSocketSettings settings = {}) : step_(step) {
    settings_.websocket = settings;
    parser_ = std::make_unique<WebSocketParser>(settings_);
  }
  void send(Direction d, std::string_view text) {
    for (std::size_t at = 0; at < text.size(); at += std::min(step_, text.size() - at)) {
      std::string& rest = rest_[bulkhead::index_of(d)];
      rest.append(text.substr(at, step_));
      last = parser_->parse(d, {reinterpret_cast<const Byte*>(rest.data()), rest.size()}, {});
      rest.erase(0, last.consumed);
    }
  }
  WebSocketTransaction& tx(std::size_t i) { return static_cast<WebSocketTransaction&>(*parser_->transactions().at(i)); }
  std::size_t count() { return parser_->transactions().size(); }
  std::string payload(std::size_t i) { return {tx(i).payload.begin(), tx(i).payload.end()}; }
  bool has(std::size_t i, WebSocketEvent e) {
    return std::count(tx(i).events.begin(), tx(i).events.end(), static_cast<std::uint8_t>(e)) == 1;
  }
  WebSocketParser& parser() { return *parser_; }
  ParseResult last;

 private:
  std::size_t step_;
  AppSettings settings_;
  std::unique_ptr<WebSocketParser> parser_;
  std::string rest_[2];
};

// RFC 6455 5.7
TEST(WebSocketParser, FramesInPiecesOfAnySize) {
  for (const std::size_t step : {std::size_t{1}, std::size_t{3}, SIZE_MAX}) {
    Talk talk(step);
    talk.send(kClient, "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
    talk.send(kServer, "\x81\x05Hello\x82\x7e\x01\x00"s + std::string(256, 'b'));
    ASSERT_EQ(talk.count(), 3U);
    EXPECT_EQ(talk.payload(0), "Hello");
    EXPECT_EQ(talk.tx(0).mask, 0x37fa213dU);
    EXPECT_EQ(talk.payload(1), "Hello");
    EXPECT_EQ(talk.tx(2).opcode, 2);
    EXPECT_EQ(talk.payload(2), std::string(256, 'b'));
    for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(talk.tx(i).events.empty());
    std::vector<EveRecord> records;
    talk.tx(0).write_records(records, {});
    EXPECT_EQ(records.at(0).fields.at(0).second, R"({"fin":true,"mask":939139389,"opcode":"text","length":5})");
  }
}

TEST(WebSocketParser, Events) {
  Talk talk(SIZE_MAX, {.max_payload = 4});
  talk.send(kClient, "\x81\x05Hello");
  EXPECT_TRUE(talk.has(0, WebSocketEvent::unmasked_client));
  EXPECT_TRUE(talk.has(0, WebSocketEvent::skip_end_of_payload));
  EXPECT_EQ(talk.payload(0), "Hell");
  talk.send(kServer, "\x83\x80\0\0\0\0\x09\0"s);
  EXPECT_TRUE(talk.has(1, WebSocketEvent::reserved_opcode));
  EXPECT_TRUE(talk.has(1, WebSocketEvent::masked_server));
  EXPECT_TRUE(talk.has(2, WebSocketEvent::long_control_frame));
  talk.send(kServer, "\x82\x7f\xff\0\0\0\0\0\0\0"s);
  EXPECT_EQ(talk.last.status, ParseResult::Status::kError);
}

TEST(WebSocketParser, GapsInsideOfAPayload) {
  Talk talk;
  talk.send(kServer,
            "\x82\x0a"
            "abc");
  EXPECT_TRUE(talk.parser().gap(kServer, 5));
  talk.send(kServer, "ij\x81\x01z");
  ASSERT_EQ(talk.count(), 2U);
  EXPECT_EQ(talk.payload(1), "z");
  EXPECT_FALSE(talk.parser().gap(kServer, 1));
}

}  // namespace
}  // namespace bulkhead::app::websocket
