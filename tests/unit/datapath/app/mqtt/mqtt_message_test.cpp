#include "datapath/app/mqtt/mqtt_message.h"

#include <gtest/gtest.h>

#include <string>

namespace bulkhead::app::mqtt {
namespace {

using namespace std::string_literals;

ByteSpan bytes(const std::string& text) {
  return {reinterpret_cast<const Byte*>(text.data()), text.size()};
}

// A whole packet, header included.
bool read(const std::string& packet, std::uint8_t version, Message& out) {
  FixedHeader header;
  EXPECT_EQ(read_fixed_header(bytes(packet), header), HeaderResult::kOk);
  EXPECT_EQ(packet.size(), header.size + header.length);
  return read_message(header, bytes(packet).subspan(header.size), version, out);
}

TEST(MqttMessage, LengthIsOneToFourBytes) {
  FixedHeader header;
  EXPECT_EQ(read_fixed_header(bytes("\x3d\x80"s), header), HeaderResult::kMore);
  EXPECT_EQ(read_fixed_header(bytes("\x3d\x80\x01"s), header), HeaderResult::kOk);
  EXPECT_EQ(header.type, MessageType::kPublish);
  EXPECT_TRUE(header.dup);
  EXPECT_EQ(header.qos, 2);
  EXPECT_TRUE(header.retain);
  EXPECT_EQ(header.length, 128U);
  EXPECT_EQ(header.size, 3U);
  EXPECT_EQ(read_fixed_header(bytes("\x30\xff\xff\xff\x7f"s), header), HeaderResult::kOk);
  EXPECT_EQ(header.length, 268435455U);
  EXPECT_EQ(read_fixed_header(bytes("\x30\xff\xff\xff\xff\x01"s), header), HeaderResult::kBad);
}

TEST(MqttMessage, ConnectOfVersion4) {
  Message m;
  ASSERT_TRUE(read("\x10\x1a\0\4MQTT\4\xf6\0\x3c\0\1c\0\1t\0\2wm\0\1u\0\1p"s, 0, m));
  EXPECT_EQ(m.version, 4);
  EXPECT_EQ(m.protocol, "MQTT");
  EXPECT_EQ(m.client_id, "c");
  EXPECT_EQ(m.will_topic, "t");
  EXPECT_EQ(m.will_message, "wm");
  EXPECT_EQ(m.user, "u");
  EXPECT_EQ(m.password, "p");
  EXPECT_TRUE(m.has_flag(connect_flag::kWillRetain));
}

TEST(MqttMessage, PropertiesOfVersion5) {
  Message m;
  // receive maximum, a user property, an unknown identifier that ends the list
  ASSERT_TRUE(read("\x10\x1a\0\4MQTT\5\2\0\x3c\x0b\x21\0\x14\x26\0\1k\0\1v\x7f\0\2id"s, 0, m));
  EXPECT_EQ(m.version, 5);
  EXPECT_EQ(m.client_id, "id");
  ASSERT_EQ(m.properties.list.size(), 2U);
  EXPECT_EQ(m.properties.list[0].number, 20U);
  EXPECT_EQ(m.properties.list[1].text, "k");
  EXPECT_EQ(m.properties.list[1].value, "v");
  EXPECT_EQ(property_info(0x21)->name, "receive_maximum");
  EXPECT_EQ(property_info(0x7f), nullptr);
}

TEST(MqttMessage, PublishHasAnIdentifierWhenItIsAcknowledged) {
  Message m;
  ASSERT_TRUE(read("\x32\x06\0\1t\0\7x"s, 4, m));
  EXPECT_EQ(m.topic, "t");
  EXPECT_EQ(m.id, 7);
  EXPECT_EQ(m.payload, "x");
  Message plain;
  ASSERT_TRUE(read("\x30\x05\0\1t\0\7"s, 4, plain));
  EXPECT_FALSE(plain.id);
  EXPECT_EQ(plain.payload, "\0\7"s);
}

TEST(MqttMessage, ReasonsMayBeLeftOut) {
  Message v4, v5, given;
  ASSERT_TRUE(read("\x40\x02\0\1"s, 4, v4));
  EXPECT_FALSE(v4.reason);
  ASSERT_TRUE(read("\x40\x02\0\1"s, 5, v5));
  EXPECT_EQ(v5.reason, 0);
  ASSERT_TRUE(read("\x40\x03\0\1\x10"s, 5, given));
  EXPECT_EQ(given.reason, 16);
}

TEST(MqttMessage, TopicsAndCodes) {
  Message subscribe, suback, unsuback;
  ASSERT_TRUE(read("\x82\x0a\0\3\0\1a\0\0\1b\2"s, 4, subscribe));
  ASSERT_EQ(subscribe.topics.size(), 2U);
  EXPECT_EQ(subscribe.topics[1].name, "b");
  EXPECT_EQ(subscribe.topics[1].qos, 2);
  ASSERT_TRUE(read("\x90\x04\0\3\0\x80"s, 4, suback));
  EXPECT_EQ(suback.codes, (std::vector<std::uint8_t>{0, 128}));
  ASSERT_TRUE(read("\xb0\x02\0\3"s, 4, unsuback));
  EXPECT_TRUE(unsuback.codes.empty());
}

TEST(MqttMessage, WhatDoesNotFitIsRefused) {
  Message m;
  EXPECT_FALSE(read("\x30\x02\xff\xff"s, 4, m));
  Message no_id;
  EXPECT_FALSE(read("\x32\x03\0\1t"s, 4, no_id));
  Message connect;
  EXPECT_FALSE(read("\x10\x04\0\4MQ"s, 0, connect));
}

}  // namespace
}  // namespace bulkhead::app::mqtt
