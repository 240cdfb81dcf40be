#include "signatures/models/features.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace bulkhead::models {
namespace {

using namespace std::chrono_literals;
using behaviour::FactKind;
using behaviour::MilestoneCause;
using behaviour::Observation;
using behaviour::ObservationKind;

Observation end_of_flow() {
  Observation out;
  out.kind = ObservationKind::kMilestone;
  out.cause = MilestoneCause::kEnd;
  out.time = Timestamp{1'700'000'000'000'000'000};
  out.flow = 7;
  out.client = {*IpAddress::parse("10.0.0.1"), *IpAddress::parse("10.0.0.2"), 40000, 8080, 6};
  out.protocol = app::AppProtocol::http1;
  out.packets = {6, 5};
  out.payload = {400, 9000};
  out.bytes = {800, 9400};
  out.age = 250ms;
  out.turns = 2;
  out.answered = true;
  out.first_entropy = 70;
  out.set_text("GET / HTTP/1.1");
  return out;
}

Observation fact(FactKind kind, std::uint64_t flow) {
  Observation out;
  out.kind = ObservationKind::kFact;
  out.fact = kind;
  out.flow = flow;
  return out;
}

// Who, when and where must not reach a model: it would learn a lab by heart.
TEST(Features, WhatIsForbiddenChangesNothing) {
  FlowCollector collector;
  const Observation flow = end_of_flow();
  const auto expected = collector.take(flow);
  ASSERT_TRUE(expected);
  std::mt19937 random(3);
  for (int i = 0; i < 200; ++i) {
    Observation other = flow;
    other.client.source = IpAddress::v4(static_cast<std::uint32_t>(random()));
    other.client.destination =
        i % 2 == 0 ? IpAddress::v4(static_cast<std::uint32_t>(random())) : *IpAddress::parse("2001:db8::7");
    other.client.source_port = static_cast<std::uint16_t>(random());
    other.client.destination_port = static_cast<std::uint16_t>(1024 + random() % 31000);  // of its class
    other.time = Timestamp{static_cast<std::int64_t>(random()) * 1'000'000};
    other.flow = random();
    other.packet = random();
    other.sender = IpAddress::v4(static_cast<std::uint32_t>(random()));
    other.sender_mac = *MacAddress::parse("02:00:00:00:00:66");
    other.bytes = {random(), random()};  // with headers: TTL and options would be in their sizes
    const auto sample = collector.take(other);
    ASSERT_TRUE(sample);
    EXPECT_EQ(sample->features, expected->features);
    EXPECT_EQ(sample->first, expected->first);
  }
}

TEST(Features, OutcomesOfTheFlowAreCounted) {
  FlowCollector collector;
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(collector.take(fact(FactKind::kAuthFailed, 7)));
  EXPECT_FALSE(collector.take(fact(FactKind::kAuthFailed, 8)));
  const auto sample = collector.take(end_of_flow());
  ASSERT_TRUE(sample);
  EXPECT_FLOAT_EQ(sample->features[26], 2.0F) << "log2(1 + 3)";
  EXPECT_FLOAT_EQ(collector.take(end_of_flow())->features[26], 0.0F) << "the flow has ended, its number may come again";
}

TEST(Features, OnlyCleartextIsKept) {
  FlowCollector collector;
  EXPECT_EQ(collector.take(end_of_flow())->first, "GET / HTTP/1.1");
  Observation cipher = end_of_flow();
  cipher.set_text(std::string_view("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11));
  EXPECT_EQ(collector.take(cipher)->first, "");
  EXPECT_FALSE(is_cleartext(""));
}

TEST(Features, EachHasANameAndTheSchemaFollowsThem) {
  EXPECT_EQ(feature_names().size(), kFeatures);
  EXPECT_EQ(std::set<std::string_view>(feature_names().begin(), feature_names().end()).size(), kFeatures);
  for (const std::string_view name : feature_names()) EXPECT_FALSE(name.empty());
  EXPECT_EQ(schema_hash(), schema_hash());
}

}  // namespace
}  // namespace bulkhead::models
