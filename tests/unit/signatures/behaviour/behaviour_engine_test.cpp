#include "signatures/behaviour/behaviour_engine.h"

#include <gtest/gtest.h>

#include <map>

namespace bulkhead::behaviour {
namespace {

using namespace std::chrono_literals;

// Traffic by the record: what an Observer would tell.
class BehaviourTest : public testing::Test {
 protected:
  explicit BehaviourTest(const BehaviourSettings& settings = {}) : engine(settings) {
    engine.on_evidence = [this](const Evidence& e) { evidence.push_back(e); };
    engine.on_incident = [this](const Incident& i) { incidents.push_back(i); };
  }

  Observation about(const char* from, const char* to, std::uint16_t port, ObservationKind kind,
                    std::uint8_t protocol = 6) {
    Observation out;
    out.kind = kind;
    out.time = now;
    out.flow = flow;
    out.client = {*IpAddress::parse(from), *IpAddress::parse(to), 40000, port, protocol};
    return out;
  }
  void open(const char* from, const char* to, std::uint16_t port, std::uint8_t protocol = 6) {
    ++flow;
    engine.take(about(from, to, port, ObservationKind::kOpen, protocol));
  }
  void flow_between(const char* from, const char* to, std::uint16_t port, std::uint8_t protocol = 6) {
    open(from, to, port, protocol);
    engine.take(about(from, to, port, ObservationKind::kAnswered, protocol));
    now = now + 100ms;
  }
  void fact(const char* from, const char* to, std::uint16_t port, FactKind kind, std::string_view text,
            std::uint8_t protocol = 6) {
    Observation out = about(from, to, port, ObservationKind::kFact, protocol);
    out.fact = kind;
    out.set_text(text, kind == FactKind::kName);
    engine.take(out);
    now = now + 10ms;
  }
  // As an observer tells it: the name, and of which type the question was.
  void ask(const char* from, const char* to, std::string_view name, std::uint16_t type) {
    Observation out = about(from, to, 53, ObservationKind::kFact, 17);
    out.fact = FactKind::kName;
    out.operation = type;
    out.set_text(name, true);
    engine.take(out);
    now = now + 10ms;
  }
  void arp(const char* mac, const char* address) {
    Observation out;
    out.kind = ObservationKind::kLink;
    out.time = now;
    out.sender_mac = *MacAddress::parse(mac);
    out.sender = *IpAddress::parse(address);
    engine.take(out);
    now = now + 1s;
  }
  // A web server, its database, its users and its names.
  void learn_a_day() {
    for (int i = 0; i < 500; ++i) {
      flow_between("198.51.100.7", kWeb, 80);
      fact("198.51.100.7", kWeb, 80, FactKind::kVerb, i % 2 == 0 ? "GET /" : "GET /items/*");
      flow_between(kWeb, kDb, 5432);
      fact(kWeb, kDb, 5432, FactKind::kVerb, "SELECT FROM");
      flow_between(kWeb, kDns, 53, 17);
      ask(kWeb, kDns, "db.shop.example", 1);
    }
    arp("02:00:00:00:00:10", kWeb);
    engine.set_mode(BehaviourMode::kWatch);
  }
  [[nodiscard]] double most(Family family) const {
    double out = 0;
    for (const Evidence& e : evidence) out = e.family == family ? std::max(out, e.weight) : out;
    return out;
  }

  static constexpr const char* kWeb = "10.0.0.10";
  static constexpr const char* kDb = "10.0.0.11";
  static constexpr const char* kDns = "10.0.0.53";
  BehaviourEngine engine;
  std::vector<Evidence> evidence;
  std::vector<Incident> incidents;
  Timestamp now{1'700'000'000'000'000'000};
  std::uint64_t flow = 0;
};

TEST_F(BehaviourTest, MoreOfTheSameIsNoEvidence) {
  learn_a_day();
  EXPECT_EQ(engine.graph().edges(), 3U);
  for (int i = 0; i < 200; ++i) {
    flow_between("203.0.113.9", kWeb, 80);
    fact("203.0.113.9", kWeb, 80, FactKind::kVerb, "GET /items/*");
    flow_between(kWeb, kDb, 5432);
  }
  arp("02:00:00:00:00:10", kWeb);
  EXPECT_TRUE(evidence.empty());
  EXPECT_TRUE(incidents.empty());
}

TEST_F(BehaviourTest, ANewEdgeIsAnIncidentWhereThePartiesAreKnown) {
  learn_a_day();
  open(kWeb, "203.0.113.66", 4444);
  ASSERT_EQ(incidents.size(), 1U);
  EXPECT_EQ(incidents[0].severity, Severity::kMedium) << "nobody has answered";
  engine.take(about(kWeb, "203.0.113.66", 4444, ObservationKind::kAnswered));
  ASSERT_EQ(incidents.size(), 2U);
  EXPECT_EQ(incidents[1].severity, Severity::kHigh);
  EXPECT_EQ(incidents[0].id, incidents[1].id);
  EXPECT_NE(incidents[1].evidence[0].text.find("10.0.0.10 opened tcp/4444 of 203.0.113.66 for the first time"),
            std::string::npos)
      << incidents[1].evidence[0].text;
}

TEST_F(BehaviourTest, WhoNeverOpenedAFlowSurprisesWithTheFirst) {
  learn_a_day();
  flow_between(kDb, "10.0.0.99", 22);
  EXPECT_GE(most(Family::kEdge), 0.75);
}

TEST_F(BehaviourTest, NewcomersAndReplicasAreNews) {
  learn_a_day();
  flow_between("10.0.0.77", kDb, 5432);   // nothing is known of it
  flow_between(kWeb, "10.0.0.78", 5432);  // a second database
  EXPECT_GT(most(Family::kEdge), 0);
  EXPECT_TRUE(incidents.empty());
  flow_between(kWeb, "10.0.0.78", 6379);
  ASSERT_FALSE(incidents.empty()) << "no replica of anything";
  EXPECT_EQ(incidents.back().id, 1U);
}

TEST_F(BehaviourTest, ConnectionsPickedUpInTheirMiddleSayNothing) {
  learn_a_day();
  Observation seen = about(kDb, kWeb, 41000, ObservationKind::kOpen);
  seen.midstream = true;
  engine.take(seen);
  EXPECT_TRUE(evidence.empty());
}

TEST_F(BehaviourTest, NewWordsForADatabaseAndNewPathsForAService) {
  learn_a_day();
  fact(kWeb, kDb, 5432, FactKind::kVerb, "COPY FROM PROGRAM");
  ASSERT_EQ(incidents.size(), 1U) << "one new word of a small alphabet";
  fact("203.0.113.9", kWeb, 80, FactKind::kVerb, "GET /.git/config");
  EXPECT_EQ(incidents.size(), 1U) << "one new path may be a release";
  fact("203.0.113.9", kWeb, 80, FactKind::kVerb, "GET /.env");
  EXPECT_EQ(incidents.size(), 2U);
  ask(kWeb, kDns, "db.shop.example", 1);
  EXPECT_EQ(incidents.size(), 2U);
  ask(kWeb, kDns, "db.shop.example", 16);
  EXPECT_EQ(incidents.size(), 3U) << "a question for TXT";
}

TEST_F(BehaviourTest, AScanIsSeenFromTheEighthService) {
  learn_a_day();
  for (std::uint16_t port = 1; port <= 7; ++port) open("10.0.0.66", kDb, port);
  EXPECT_EQ(most(Family::kScan), 0);
  open("10.0.0.66", kDb, 8);
  EXPECT_GE(most(Family::kScan), 0.8);
  ASSERT_EQ(incidents.size(), 1U);
  EXPECT_EQ(engine.parties().name(incidents[0].actor), "10.0.0.66");
}

TEST_F(BehaviourTest, ASlowSweepOfEightInEightMinutesIsNoScan) {
  learn_a_day();
  for (std::uint16_t port = 1; port <= 12; ++port) {
    open("10.0.0.66", kDb, port);
    now = now + 61s;
  }
  EXPECT_EQ(most(Family::kScan), 0);
}

TEST_F(BehaviourTest, FailuresAgainstTheMostThatWasLearned) {
  for (int i = 0; i < 4; ++i) fact(kWeb, kDb, 5432, FactKind::kAuthFailed, "web");
  learn_a_day();
  now = now + 20s;
  for (int i = 0; i < 11; ++i) fact(kWeb, kDb, 5432, FactKind::kAuthFailed, "postgres");
  EXPECT_EQ(most(Family::kOutcome), 0) << "three times four";
  fact(kWeb, kDb, 5432, FactKind::kAuthFailed, "postgres");
  EXPECT_GE(most(Family::kOutcome), 0.65);
}

TEST_F(BehaviourTest, OpeningsThatNobodyAnswers) {
  learn_a_day();
  std::vector<std::string> sources;
  for (int i = 0; i < 99; ++i) sources.push_back("203.0.113." + std::to_string(i));
  for (const auto& source : sources) open(source.c_str(), kWeb, 80);
  EXPECT_EQ(most(Family::kHalfOpen), 0);
  open("203.0.113.200", kWeb, 80);
  EXPECT_GE(most(Family::kHalfOpen), 0.9);
}

TEST_F(BehaviourTest, OpeningsAreNotCountedAfterALoss) {
  learn_a_day();
  engine.packets_were_lost();
  for (int i = 0; i < 300; ++i) open("203.0.113.200", kWeb, 80);
  EXPECT_EQ(most(Family::kHalfOpen), 0);
}

TEST_F(BehaviourTest, HalfRequests) {
  learn_a_day();
  const auto slow = [&] {
    ++flow;
    Observation seen = about("203.0.113.5", kWeb, 80, ObservationKind::kMilestone);
    seen.cause = MilestoneCause::kAge;
    seen.answered = seen.asked = true;
    seen.bytes = {300, 200};
    engine.take(seen);
    now = now + 500ms;
  };
  for (int i = 0; i < 14; ++i) slow();
  EXPECT_EQ(most(Family::kSlowRequest), 0);
  slow();
  EXPECT_GE(most(Family::kSlowRequest), 0.8);
}

TEST_F(BehaviourTest, DataInNames) {
  learn_a_day();
  for (int i = 0; i < 40; ++i) fact(kWeb, kDns, 53, FactKind::kName, "a" + std::to_string(i) + ".cdn.example", 17);
  EXPECT_EQ(most(Family::kDnsTunnel), 0) << "short ones";
  for (int i = 0; i < 25; ++i) {
    fact(kWeb, kDns, 53, FactKind::kName, std::string(60, 'x') + std::to_string(i) + ".t.evil.example", 17);
  }
  EXPECT_GE(most(Family::kDnsTunnel), 0.8);
  EXPECT_NE(evidence.back().text.find("below evil.example"), std::string::npos) << evidence.back().text;
}

TEST_F(BehaviourTest, AnAddressOfTwo) {
  learn_a_day();
  arp("02:00:00:00:00:66", kWeb);
  EXPECT_TRUE(incidents.empty()) << "it may have moved";
  arp("02:00:00:00:00:10", kWeb);
  arp("02:00:00:00:00:66", kWeb);
  ASSERT_EQ(incidents.size(), 1U);
  EXPECT_EQ(incidents[0].severity, Severity::kHigh);
  EXPECT_EQ(engine.parties().name(incidents[0].actor), "mac 02:00:00:00:00:66");
}

TEST_F(BehaviourTest, AnAddressThatMovesForGood) {
  learn_a_day();
  now = now + 121s;
  for (int i = 0; i < 5; ++i) arp("02:00:00:00:00:66", kWeb);
  EXPECT_TRUE(evidence.empty());
}

TEST_F(BehaviourTest, NamesOutsideStandForTheirAddresses) {
  Observation name = about(kWeb, kDns, 53, ObservationKind::kFact, 17);
  name.fact = FactKind::kAddressName;
  name.set_text("api.pay.example");
  name.address = *IpAddress::parse("203.0.113.20");
  engine.take(name);
  for (int i = 0; i < 200; ++i) flow_between(kWeb, "203.0.113.20", 443);
  learn_a_day();
  name.address = *IpAddress::parse("203.0.113.21");
  engine.take(name);
  flow_between(kWeb, "203.0.113.21", 443);
  EXPECT_TRUE(evidence.empty()) << "another address of the same name";
  flow_between(kWeb, "203.0.113.22", 443);
  EXPECT_FALSE(evidence.empty());
}

TEST_F(BehaviourTest, GroupsAreNobodysService) {
  learn_a_day();
  open(kDb, "ff02::2", 0, 58);
  open(kDb, "224.0.0.251", 5353, 17);
  open(kDb, "255.255.255.255", 67, 17);
  EXPECT_TRUE(evidence.empty());
}

class OwnersTest : public BehaviourTest {
 protected:
  OwnersTest()
      : with_owners({}, [](const IpAddress& a) -> std::optional<std::string> {
          return a.to_string().starts_with("10.0.0.1") ? std::optional<std::string>("shop/web") : std::nullopt;
        }) {}
  BehaviourEngine with_owners;
};

TEST_F(OwnersTest, ReplicasOfOneOwnerAreOneParty) {
  for (int i = 0; i < 300; ++i) {
    ++flow;
    with_owners.take(about("10.0.0.10", "10.0.0.200", 5432, ObservationKind::kAnswered));
  }
  with_owners.set_mode(BehaviourMode::kWatch);
  unsigned said = 0;
  with_owners.on_evidence = [&](const Evidence&) { ++said; };
  with_owners.take(about("10.0.0.12", "10.0.0.200", 5432, ObservationKind::kAnswered));
  EXPECT_EQ(said, 0U);
  with_owners.take(about("10.0.0.12", "10.0.0.201", 5432, ObservationKind::kAnswered));
  EXPECT_EQ(said, 1U);
}

class PromotionTest : public BehaviourTest {
 protected:
  static BehaviourSettings quick() {
    BehaviourSettings out;
    out.graph.promote_windows = 5;
    out.graph.promote_age = 60s;
    return out;
  }
  PromotionTest() : BehaviourTest(quick()) {}
};

TEST_F(PromotionTest, WhatStaysIsLearnedUnlessItsClientIsSuspected) {
  learn_a_day();
  for (int i = 0; i < 10; ++i) {
    flow_between("10.0.0.77", kDb, 5432);  // a newcomer: no incident
    flow_between(kDb, "203.0.113.66", 4444);
    now = now + 12s;
  }
  const std::size_t before = evidence.size();
  flow_between("10.0.0.77", kDb, 5432);
  EXPECT_EQ(evidence.size(), before) << "learned";
  flow_between(kDb, "203.0.113.66", 4444);
  EXPECT_GT(evidence.size(), before) << "it is the edge of an incident";
}

TEST_F(BehaviourTest, LeftOutDetectorsAreSilent) {
  BehaviourSettings settings;
  settings.without = {Family::kEdge};
  BehaviourEngine quiet(settings);
  for (int i = 0; i < 300; ++i) quiet.take(about(kWeb, kDb, 5432, ObservationKind::kAnswered));
  quiet.set_mode(BehaviourMode::kWatch);
  quiet.on_evidence = [](const Evidence& e) { FAIL() << e.text; };
  quiet.take(about(kWeb, "203.0.113.66", 4444, ObservationKind::kAnswered));
}

}  // namespace
}  // namespace bulkhead::behaviour
