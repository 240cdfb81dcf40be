#include "datapath/app/mqtt/mqtt_parser.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "datapath/app/app_settings.h"
#include "datapath/app/protocol_table.h"

namespace bulkhead::app::mqtt {
namespace {

using namespace std::string_literals;

constexpr Direction kClient = Direction::kToServer, kServer = Direction::kToClient;

std::string packet(int first, const std::string& body) {
  std::string out(1, static_cast<char>(first));
  for (std::size_t left = body.size();;) {
    const auto digit = static_cast<unsigned>(left & 0x7f);
    left >>= 7;
    out += static_cast<char>(digit | (left != 0 ? 0x80U : 0U));
    if (left == 0) break;
  }
  return out + body;
}
const std::string kConnect = packet(0x10, "\0\4MQTT\4\2\0\x3c\0\1c"s);
const std::string kConnack = packet(0x20, "\0\0"s);

class Talk {
 public:
  explicit Talk(std::size_t step = SIZE_MAX, MqttSettings settings = {}) : step_(step) {
    settings_.mqtt = settings;
    parser_ = std::make_unique<MqttParser>(settings_);
  }
  void send(Direction d, std::string_view text) {
    for (std::size_t at = 0; at < text.size(); at += std::min(step_, text.size() - at)) {
      std::string& rest = rest_[bulkhead::index_of(d)];
      rest.append(text.substr(at, step_));
      last = parser_->parse(d, {reinterpret_cast<const Byte*>(rest.data()), rest.size()}, {});
      rest.erase(0, last.consumed);
    }
  }
  void connect() {
    send(kClient, kConnect);
    send(kServer, kConnack);
  }
  MqttTransaction& tx(std::size_t i) { return static_cast<MqttTransaction&>(*parser_->transactions().at(i)); }
  std::size_t count() { return parser_->transactions().size(); }
  bool has(std::size_t i, MqttEvent e) {
    return std::count(tx(i).events.begin(), tx(i).events.end(), static_cast<std::uint8_t>(e)) == 1;
  }
  std::string record(std::size_t i, const EveOptions& options = {}) {
    std::vector<EveRecord> records;
    tx(i).write_records(records, options);
    return records.at(0).fields.at(0).second;
  }
  MqttParser& parser() { return *parser_; }
  ParseResult last;

 private:
  std::size_t step_;
  AppSettings settings_;
  std::unique_ptr<MqttParser> parser_;
  std::string rest_[2];
};

TEST(MqttParser, ExchangesInPiecesOfAnySize) {
  for (const std::size_t step : {std::size_t{1}, std::size_t{3}, SIZE_MAX}) {
    Talk talk(step);
    talk.connect();
    talk.send(kClient, packet(0x34, "\0\1t\0\7hello"s));
    talk.send(kServer, packet(0x50, "\0\7"s));
    EXPECT_FALSE(talk.tx(1).complete());
    talk.send(kClient, packet(0x62, "\0\7"s));
    talk.send(kServer, packet(0x70, "\0\7"s));
    ASSERT_EQ(talk.count(), 2U);
    EXPECT_TRUE(talk.tx(0).complete());
    EXPECT_TRUE(talk.tx(1).complete());
    EXPECT_EQ(talk.tx(1).messages.size(), 4U);
    EXPECT_TRUE(talk.tx(1).events.empty());
    EXPECT_EQ(talk.record(1),
              R"({"publish":{"qos":2,"retain":false,"dup":false,"topic":"t","message_id":7,"message":"hello"},)"
              R"("pubrec":{"qos":0,"retain":false,"dup":false,"message_id":7},)"
              R"("pubrel":{"qos":1,"retain":false,"dup":false,"message_id":7},)"
              R"("pubcomp":{"qos":0,"retain":false,"dup":false,"message_id":7}})");
  }
}

TEST(MqttParser, ATransactionBelongsToTheSideThatBeganIt) {
  Talk talk;
  talk.connect();
  talk.send(kServer, packet(0x32, "\0\1t\0\7x"s));
  talk.send(kClient, packet(0x40, "\0\7"s));
  EXPECT_EQ(talk.tx(1).direction, kServer);
  EXPECT_TRUE(talk.tx(1).inspected[0]);
  EXPECT_FALSE(talk.tx(1).inspected[1]);
  EXPECT_EQ(talk.tx(1).progress[1], stage::kComplete);
}

TEST(MqttParser, AnswersFindTheOldestQuestionOfTheOtherSide) {
  Talk talk;
  talk.connect();
  talk.send(kClient, packet(0x32, "\0\1a\0\7x"s));
  talk.send(kServer, packet(0x32, "\0\1b\0\7x"s));
  talk.send(kServer, packet(0x40, "\0\7"s));
  EXPECT_TRUE(talk.tx(1).complete());
  EXPECT_FALSE(talk.tx(2).complete());
  talk.send(kServer, packet(0x40, "\0\7"s));
  EXPECT_TRUE(talk.has(3, MqttEvent::missing_publish));
}

TEST(MqttParser, Events) {
  Talk talk;
  talk.send(kClient, packet(0xc0, ""));
  EXPECT_TRUE(talk.has(0, MqttEvent::unintroduced_message));
  talk.send(kServer, kConnack);
  EXPECT_TRUE(talk.has(1, MqttEvent::missing_connect));
  talk.send(kClient, kConnect);
  EXPECT_TRUE(talk.has(2, MqttEvent::double_connect));
  talk.send(kServer, packet(0x90, "\0\1\0"s));
  EXPECT_TRUE(talk.has(3, MqttEvent::missing_subscribe));
  talk.send(kServer, packet(0xb0, "\0\1"s));
  EXPECT_TRUE(talk.has(4, MqttEvent::missing_unsubscribe));
  talk.send(kClient, packet(0x36, "\0\1t\0\1"s));
  EXPECT_TRUE(talk.has(5, MqttEvent::invalid_qos_level));
  EXPECT_FALSE(talk.tx(5).complete());
  talk.send(kClient, packet(0x00, "abc"));
  EXPECT_TRUE(talk.has(6, MqttEvent::unassigned_msg_type));
  EXPECT_EQ(talk.record(6), "{}");
  talk.send(kClient, packet(0x30, "\xff\xff"));
  EXPECT_TRUE(talk.has(7, MqttEvent::malformed_traffic));
  EXPECT_EQ(talk.last.status, ParseResult::Status::kError);
}

TEST(MqttParser, LongMessagesAreSkipped) {
  for (const std::size_t step : {std::size_t{1}, SIZE_MAX}) {
    Talk talk(step, {.max_message = 20});
    talk.connect();
    talk.send(kClient, packet(0x32, "\0\1t\0\7"s + std::string(200, 'z')) + packet(0xc0, ""));
    ASSERT_EQ(talk.count(), 3U);
    EXPECT_EQ(talk.record(1),
              R"({"publish":{"qos":1,"retain":false,"dup":false,"truncated":true,"skipped_length":208}})");
    EXPECT_EQ(talk.tx(2).messages.front().header.type, MessageType::kPingreq);
  }
}

TEST(MqttParser, WhatLiveTransactionsHoldIsBounded) {
  Talk talk(SIZE_MAX, {.max_kept = 5000});
  talk.connect();
  const std::string big = packet(0x30, "\0\1t"s + std::string(3000, 'z'));
  talk.send(kClient, big + big);
  EXPECT_FALSE(talk.tx(1).messages.front().truncated);
  EXPECT_TRUE(talk.tx(2).messages.front().truncated);
}

TEST(MqttParser, GapsAreSurvivedInsideOfAMessage) {
  Talk talk;
  talk.connect();
  talk.send(kClient, packet(0x30, "\0\1t"s + std::string(100, 'z')).substr(0, 50));
  EXPECT_TRUE(talk.parser().gap(kClient, 30));
  talk.send(kClient, std::string(25, 'z') + packet(0xc0, ""));
  ASSERT_EQ(talk.count(), 3U);
  EXPECT_TRUE(talk.tx(1).messages.front().truncated);
  EXPECT_TRUE(talk.parser().gap(kClient, 1));
  const std::size_t before = talk.count();
  talk.send(kClient, "what follows a hole is not read");
  EXPECT_EQ(talk.count(), before);
}

TEST(MqttParser, RecordOptions) {
  Talk talk;
  talk.send(kClient, packet(0x10, "\0\4MQTT\4\xc2\0\x3c\0\6client\0\1u\0\1p"s));
  EveOptions options;
  EXPECT_NE(talk.record(0, options).find(R"("password":"p")"), std::string::npos);
  options.mqtt_passwords = false;
  options.mqtt_string_limit = 3;
  EXPECT_EQ(talk.record(0, options).find(R"("password":"p")"), std::string::npos);
  EXPECT_NE(talk.record(0, options).find("cli...[truncated 3 additional bytes]"), std::string::npos);
}

TEST(MqttParser, Detection) {
  const auto probe = [](Direction d, const std::string& text, std::uint16_t port) {
    return probe_mqtt(d, {reinterpret_cast<const Byte*>(text.data()), text.size()}, port);
  };
  EXPECT_EQ(probe(kClient, kConnect, 4711), Probe::kYes);
  EXPECT_EQ(probe(kClient, kConnect.substr(0, 5), 4711), Probe::kMore);
  EXPECT_EQ(probe(kClient, packet(0x10, "\0\6MQIsdp\3\2\0\x3c\0\1c"s), 4711), Probe::kYes);
  EXPECT_EQ(probe(kClient, packet(0xc0, ""), 4711), Probe::kNo);
  EXPECT_EQ(probe(kClient, packet(0xc0, ""), 1883), Probe::kYes);
  EXPECT_EQ(probe(kServer, kConnack, 1883), Probe::kYes);
  EXPECT_EQ(probe(kClient, "\x16\x03\x01\x00"s, 1883), Probe::kNo);  // TLS
}

TEST(MqttParser, NumbersOfATransaction) {
  Talk talk;
  talk.connect();
  talk.send(kClient, packet(0x82, "\0\3\0\1a\0"s));
  talk.send(kServer, packet(0x90, "\0\3\x80"s));
  const auto values = [&](std::string_view keyword) {
    const NumberDef& def = *find_number(keyword)->def;
    std::vector<std::uint64_t> out;
    std::uint64_t value = 0;
    for (std::uint32_t i = 0; def.get(talk.tx(1), kClient, i, value); ++i) {
      out.push_back(value);
      if (def.kind == NumberDef::Kind::kSingle) break;
    }
    return out;
  };
  using List = std::vector<std::uint64_t>;
  EXPECT_EQ(values("mqtt.type"), (List{8, 9}));
  EXPECT_EQ(values("mqtt.qos"), (List{1, 0}));
  EXPECT_EQ(values("mqtt.reason_code"), (List{128}));
  EXPECT_EQ(values("mqtt.protocol_version"), (List{4}));
  EXPECT_EQ(values("mqtt.connect.flags"), List{});
  EXPECT_EQ(find_number("mqtt.connack.return_code"), find_number("mqtt.reason_code"));
}

}  // namespace
}  // namespace bulkhead::app::mqtt
