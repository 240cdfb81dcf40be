// Each detector on what it is there for, on its benign twin, and on what was lost.
#include "signatures/behaviour/detectors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "signatures/behaviour/behaviour_engine.h"

namespace bulkhead::behaviour {
namespace {

using namespace std::chrono_literals;

class Detectors : public testing::Test {
 protected:
  Detectors() {
    engine = std::make_unique<BehaviourEngine>(BehaviourSettings{});
    engine->on_evidence = [this](const Evidence& e) { evidence.push_back(e); };
    engine->on_incident = [this](const Incident& i) { incidents.push_back(i); };
    now = Timestamp{1'700'000'000'000'000'000};
    // Everybody has a history, so that what is new can be told.
    for (int i = 0; i < 200; ++i) {
      for (const char* client : {kApi, kWeb}) open(client, kDb, 5432);
      open("10.0.0.40", kApi, 8080);
      pass(1s);
    }
  }
  void watch() { engine->set_mode(BehaviourMode::kWatch); }
  void pass(Nanoseconds time) { now = now + time; }
  Observation about(const char* from, const char* to, std::uint16_t port, ObservationKind kind) const {
    Observation out;
    out.kind = kind;
    out.time = now;
    out.flow = flow;
    out.client = {*IpAddress::parse(from), *IpAddress::parse(to), 40000, port, protocol};
    return out;
  }
  void open(const char* from, const char* to, std::uint16_t port, bool answered = true) {
    ++flow;
    engine->take(about(from, to, port, ObservationKind::kOpen));
    if (answered) engine->take(about(from, to, port, ObservationKind::kAnswered));
  }
  Observation milestone(const char* from, const char* to, std::uint16_t port, MilestoneCause cause,
                        std::uint64_t sent = 0, std::uint64_t got = 0) const {
    Observation out = about(from, to, port, ObservationKind::kMilestone);
    out.cause = cause;
    out.answered = true;
    out.payload = {sent, got};
    out.packets = {20, 20};
    out.age = 5s;
    return out;
  }
  void failed(const char* from, const char* to, std::uint16_t port) {
    open(from, to, port, false);
    Observation end = about(from, to, port, ObservationKind::kMilestone);
    end.cause = MilestoneCause::kEnd;
    end.refused = true;
    engine->take(end);
  }
  void no_such_name(const char* from, std::string_view name) {
    Observation out = about(from, "10.0.0.53", 53, ObservationKind::kFact);
    out.fact = FactKind::kNoSuchName;
    out.set_text(name, true);
    engine->take(out);
  }
  void arp(const char* mac, const char* sender, const char* target, std::uint16_t operation) {
    Observation out;
    out.kind = ObservationKind::kLink;
    out.time = now;
    out.sender_mac = *MacAddress::parse(mac);
    out.sender = *IpAddress::parse(sender);
    out.target = *IpAddress::parse(target);
    out.operation = operation;
    engine->take(out);
  }
  std::size_t said(Family family) const {
    return static_cast<std::size_t>(
        std::count_if(evidence.begin(), evidence.end(), [&](const Evidence& e) { return e.family == family; }));
  }
  const Evidence& last(Family family) const {
    return *std::find_if(evidence.rbegin(), evidence.rend(), [&](const Evidence& e) { return e.family == family; });
  }

  static constexpr const char* kApi = "10.0.0.10";
  static constexpr const char* kWeb = "10.0.0.11";
  static constexpr const char* kDb = "10.0.0.20";
  static constexpr const char* kBad = "203.0.113.66";
  std::unique_ptr<BehaviourEngine> engine;
  std::vector<Evidence> evidence;
  std::vector<Incident> incidents;
  Timestamp now;
  std::uint64_t flow = 0;
  std::uint8_t protocol = 6;
};

// --- sweep ---

TEST_F(Detectors, SlowSweep) {
  watch();
  for (std::uint16_t i = 0; i < 20; ++i) {
    failed(kApi, "10.0.1.7", static_cast<std::uint16_t>(1000 + i));
    pass(120s);
  }
  EXPECT_GT(said(Family::kSweep), 0U);
  EXPECT_EQ(said(Family::kScan), 0U) << "eight a minute is more than this";
  EXPECT_EQ(last(Family::kSweep).victim, kNobody);
}

TEST_F(Detectors, ADeadPeerIsNoSweep) {
  watch();
  for (int i = 0; i < 100; ++i) {
    failed(kApi, "10.0.1.7", 1000);
    failed(kApi, "10.0.1.8", 1000);
    pass(20s);
  }
  EXPECT_EQ(said(Family::kSweep), 0U);
}

TEST_F(Detectors, AnswersThatWereLostAreNoSweep) {
  watch();
  for (std::uint16_t i = 0; i < 20; ++i) {
    engine->packets_were_lost();
    failed(kApi, "10.0.1.7", static_cast<std::uint16_t>(1000 + i));
    pass(20s);
  }
  EXPECT_EQ(said(Family::kSweep), 0U);
}

// --- burst ---

TEST_F(Detectors, ABurstOfAnEdge) {
  watch();
  for (int i = 0; i < 80; ++i) {
    open(kApi, kDb, 5432);
    pass(10ms);
  }
  ASSERT_GT(said(Family::kBurst), 0U);
  EXPECT_GE(last(Family::kBurst).weight, 0.45);
}

TEST_F(Detectors, AnEdgeThatIsBusyIsNoBurst) {
  for (int i = 0; i < 2000; ++i) {
    open(kApi, kDb, 5432);
    pass(25ms);
  }
  watch();
  for (int i = 0; i < 400; ++i) {
    open(kApi, kDb, 5432);
    pass(15ms);
  }
  EXPECT_EQ(said(Family::kBurst), 0U) << "66 a second where 40 are usual";
}

// --- volume ---

TEST_F(Detectors, DataIsTakenAway) {
  for (int i = 0; i < 40; ++i) engine->take(milestone(kApi, kDb, 5432, MilestoneCause::kEnd, 800, 3000));
  watch();
  engine->take(milestone(kApi, kDb, 5432, MilestoneCause::kPeriod, 900, 64 << 20));
  ASSERT_EQ(said(Family::kVolume), 1U);
  EXPECT_EQ(last(Family::kVolume).text.find("10.0.0.10 got 64.0 MB in one flow from tcp/5432"), 0U)
      << last(Family::kVolume).text;
  engine->take(milestone(kApi, kDb, 5432, MilestoneCause::kEnd, 64 << 20, 900));
  EXPECT_EQ(said(Family::kVolume), 2U);
  EXPECT_GE(last(Family::kVolume).weight, 0.6) << "sent";
}

TEST_F(Detectors, ABackupThatCameBeforeIsNoVolume) {
  for (int i = 0; i < 40; ++i) engine->take(milestone(kApi, kDb, 5432, MilestoneCause::kEnd, 800, 3000));
  engine->take(milestone(kApi, kDb, 5432, MilestoneCause::kEnd, 900, 40 << 20));
  watch();
  engine->take(milestone(kApi, kDb, 5432, MilestoneCause::kEnd, 900, 64 << 20));
  engine->take(milestone(kApi, kDb, 5432, MilestoneCause::kEnd, 900, 700'000));
  EXPECT_EQ(said(Family::kVolume), 0U);
}

TEST_F(Detectors, AnEdgeWithFewFlowsHasNoMeasure) {
  for (int i = 0; i < 10; ++i) engine->take(milestone(kApi, kDb, 5432, MilestoneCause::kEnd, 800, 3000));
  watch();
  engine->take(milestone(kApi, kDb, 5432, MilestoneCause::kEnd, 900, 64 << 20));
  EXPECT_EQ(said(Family::kVolume), 0U);
}

// --- dga ---

TEST_F(Detectors, NamesThatAMachineMakes) {
  watch();
  for (const char* name : {"xkqzvwpfjh.com", "qjwxzkvbnt.net", "zpqkxwjvhf.org", "wvxqzjkpft.info", "kzqxjvwpbm.com",
                           "pxzqwkjvfh.biz", "vqkzxjwfpt.com", "jxqzkwvpfn.net", "fzqxkvwjpb.org"}) {
    no_such_name(kApi, name);
    pass(2s);
  }
  EXPECT_GT(said(Family::kDga), 0U);
}

TEST_F(Detectors, SearchPathsAndMistakesInTypingAreNoDga) {
  watch();
  for (int i = 0; i < 40; ++i) {
    no_such_name(kApi, "xkqzvwpfjh" + std::to_string(i) + ".default.svc.cluster.local");
    pass(1s);
  }
  for (const char* name : {"reddis.example.com", "custommers.net", "paymentts.org", "inventoryy.io", "databasse.com",
                           "frontendd.net", "registryy.org", "monitoringg.com", "scheduller.net"}) {
    no_such_name(kApi, name);
  }
  EXPECT_EQ(said(Family::kDga), 0U);
}

// --- beacon ---

TEST_F(Detectors, ABeacon) {
  watch();
  for (int i = 0; i < 12; ++i) {
    open(kApi, kBad, 443);
    pass(30s + std::chrono::milliseconds(i % 3 * 200));
  }
  EXPECT_GT(said(Family::kBeacon), 0U);
}

TEST_F(Detectors, NoBeaconIsWhatIsKnownAndWhatComesUnevenly) {
  watch();
  for (int i = 0; i < 30; ++i) {
    open(kApi, kDb, 5432);
    pass(10s);
  }
  constexpr int kGaps[] = {3, 40, 11, 2, 95, 7, 28, 60, 4, 17, 33, 5};
  for (const int gap : kGaps) {
    open(kApi, kBad, 443);
    pass(std::chrono::seconds(gap));
  }
  EXPECT_EQ(said(Family::kBeacon), 0U);
}

// --- shell ---

TEST_F(Detectors, AReverseShell) {
  watch();
  Observation shell = milestone(kApi, kBad, 4444, MilestoneCause::kPeriod, 6000, 200);
  shell.turns = 12;
  shell.first_entropy = 4 * 16;
  engine->take(shell);
  ASSERT_EQ(said(Family::kShell), 1U);
  EXPECT_EQ(last(Family::kShell).actor, engine->parties().size() == 0 ? kNobody : last(Family::kShell).actor);
  EXPECT_FALSE(incidents.empty());
}

TEST_F(Detectors, ABindShell) {
  watch();
  Observation shell = milestone("10.0.0.66", kDb, 4444, MilestoneCause::kPeriod, 200, 6000);
  shell.turns = 12;
  shell.first_entropy = 4 * 16;
  engine->take(shell);
  EXPECT_EQ(said(Family::kShell), 1U);
}

TEST_F(Detectors, NoShellIsAKnownProtocolACipherAndAKnownEdge) {
  watch();
  Observation shell = milestone(kApi, kBad, 4444, MilestoneCause::kPeriod, 6000, 200);
  shell.turns = 12;
  shell.first_entropy = 4 * 16;
  Observation other = shell;
  other.protocol = app::AppProtocol::ssh;
  engine->take(other);
  other = shell;
  other.first_entropy = 7 * 16 + 8;
  engine->take(other);
  other = shell;
  other.age = 20ms;  // a program
  engine->take(other);
  other = shell;
  other.turns = 2;
  engine->take(other);
  other = shell;
  other.client.destination = *IpAddress::parse(kDb);
  other.client.destination_port = 5432;
  engine->take(other);
  EXPECT_EQ(said(Family::kShell), 0U);
}

TEST_F(Detectors, WhatWasOnlyReadIsWritten) {
  const auto ask = [&](const char* verb) {
    Observation out = about(kApi, kWeb, 8080, ObservationKind::kFact);
    out.fact = FactKind::kVerb;
    out.set_text(verb);
    engine->take(out);
  };
  for (int i = 0; i < 2000; ++i) ask("GET /items/*");
  watch();
  ask("GET /orders/*");
  ASSERT_EQ(said(Family::kVerb), 1U);
  const double read = last(Family::kVerb).weight;
  pass(120s);
  ask("POST /orders/*");
  ASSERT_EQ(said(Family::kVerb), 2U);
  EXPECT_GT(last(Family::kVerb).weight, read);
  EXPECT_GE(last(Family::kVerb).weight, 0.6);
  EXPECT_LT(read, 0.6);
}

// --- miner ---

TEST_F(Detectors, AMiner) {
  engine->set_mode(BehaviourMode::kLive);
  Observation mining = milestone(kApi, kBad, 3333, MilestoneCause::kAge, 300, 300);
  mining.protocol = app::AppProtocol::stratum;
  engine->take(mining);
  EXPECT_EQ(said(Family::kMiner), 1U) << "also while everything learns";
  mining.client = {*IpAddress::parse(kWeb), *IpAddress::parse(kDb), 40000, 5432, 6};
  engine->take(mining);
  EXPECT_EQ(said(Family::kMiner), 1U) << "an edge that was learned: the operator's own pool";
}

// --- icmp-tunnel ---

TEST_F(Detectors, DataInEchoes) {
  protocol = 1;
  engine->take(milestone(kApi, kDb, 2048, MilestoneCause::kEnd, 56 * 20, 56 * 20));
  watch();
  engine->take(milestone(kApi, kDb, 2048, MilestoneCause::kEnd, 56 * 20, 56 * 20));
  EXPECT_EQ(said(Family::kIcmpTunnel), 0U);
  engine->take(milestone(kApi, kBad, 2048, MilestoneCause::kPeriod, 20 * 900, 20 * 700));
  EXPECT_EQ(said(Family::kIcmpTunnel), 1U);
}

TEST_F(Detectors, LargePingsThatCameBeforeAreNoTunnel) {
  protocol = 1;
  engine->take(milestone(kApi, kDb, 2048, MilestoneCause::kEnd, 1000 * 20, 1000 * 20));
  watch();
  engine->take(milestone(kApi, kWeb, 2048, MilestoneCause::kEnd, 1200 * 20, 1200 * 20));
  EXPECT_EQ(said(Family::kIcmpTunnel), 0U);
}

// --- link-sweep ---

TEST_F(Detectors, AskingTheLinkForEverybody) {
  watch();
  for (int i = 1; i <= 40; ++i) {
    arp("02:00:00:00:00:66", "10.0.0.66", ("10.0.0." + std::to_string(i)).c_str(), 1);
    pass(50ms);
  }
  ASSERT_GT(said(Family::kLinkSweep), 0U);
  EXPECT_EQ(engine->parties().name(last(Family::kLinkSweep).actor), "mac 02:00:00:00:00:66");
}

TEST_F(Detectors, AGatewayThatAsksForEverybodyIsLearned) {
  for (int round = 0; round < 3; ++round) {
    for (int i = 1; i <= 40; ++i) arp("02:00:00:00:00:01", "10.0.0.1", ("10.0.0." + std::to_string(i)).c_str(), 1);
    pass(60s);
  }
  watch();
  for (int i = 1; i <= 60; ++i) arp("02:00:00:00:00:01", "10.0.0.1", ("10.0.0." + std::to_string(i)).c_str(), 1);
  EXPECT_EQ(said(Family::kLinkSweep), 0U);
}

TEST_F(Detectors, OneMacThatIsSeveral) {
  watch();
  for (const char* address : {"10.0.0.10", "10.0.0.11", "10.0.0.20", "10.0.0.1"}) {
    arp("02:00:00:00:00:66", address, "10.0.0.40", 2);
  }
  EXPECT_EQ(said(Family::kLinkSweep), 1U);
}

// --- chain ---

TEST_F(Detectors, WhoWasAttackedGoesOn) {
  watch();
  open("10.0.0.66", kApi, 2222);  // unknown client: little
  for (int i = 0; i < 30; ++i) {
    Observation out = about("10.0.0.66", kApi, 8080, ObservationKind::kFact);
    out.fact = FactKind::kAuthFailed;
    out.set_text("POST /login");
    engine->take(out);
  }
  ASSERT_GT(said(Family::kOutcome), 0U);
  pass(300s);
  open(kWeb, "10.0.0.77", 9999);
  EXPECT_EQ(said(Family::kChain), 0U) << "nobody attacked it";
  open(kApi, "10.0.0.66", 4444);
  EXPECT_EQ(said(Family::kChain), 0U) << "back to its attacker";
  open(kApi, kDb, 5432);
  EXPECT_EQ(said(Family::kChain), 0U) << "as always";
  open(kApi, "10.0.0.30", 6379);
  EXPECT_EQ(said(Family::kChain), 1U);
  pass(2h);
  open(kApi, "10.0.0.31", 6379);
  EXPECT_EQ(said(Family::kChain), 1U) << "long ago";
}

// --- all ---

TEST_F(Detectors, EachHasAFamilyOfItsOwnWithAName) {
  std::set<Family> seen;
  for (const auto& detector : make_detectors()) {
    EXPECT_TRUE(seen.insert(detector->family()).second) << to_string(detector->family());
    EXPECT_EQ(find_family(to_string(detector->family())), detector->family());
  }
  EXPECT_GE(seen.size() + 1, kFamilies) << "all but the model";
}

}  // namespace
}  // namespace bulkhead::behaviour
