// Workloads that learn beside workloads that are watched: what becomes a baseline and what must not.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "signatures/behaviour/behaviour_engine.h"

namespace bulkhead::behaviour {
namespace {

using namespace std::chrono_literals;

BehaviourSettings quick() {
  BehaviourSettings out;
  out.phases.learn_for = 600s;
  out.phases.learn_flows = 50;
  out.graph.promote_age = 3600s;
  out.graph.promote_daily = 4;
  return out;
}

class LiveEngine : public testing::Test {
 protected:
  LiveEngine() { fresh(); }
  void fresh(const BehaviourSettings& settings = quick()) {
    engine = std::make_unique<BehaviourEngine>(settings);
    engine->set_mode(BehaviourMode::kLive);
    engine->on_incident = [this](const Incident& i) { incidents.push_back(i); };
    engine->on_phase = [this](PartyId party, Phase phase) {
      phases.emplace_back(engine->parties().name(party), phase);
    };
  }
  Observation about(const char* from, const char* to, std::uint16_t port, ObservationKind kind) const {
    Observation out;
    out.kind = kind;
    out.time = now;
    out.flow = flow;
    out.client = {*IpAddress::parse(from), *IpAddress::parse(to), 40000, port, 6};
    return out;
  }
  void flow_between(const char* from, const char* to, std::uint16_t port) {
    ++flow;
    engine->take(about(from, to, port, ObservationKind::kOpen));
    engine->take(about(from, to, port, ObservationKind::kAnswered));
  }
  void unanswered(const char* from, const char* to, std::uint16_t port) {
    ++flow;
    engine->take(about(from, to, port, ObservationKind::kOpen));
    Observation end = about(from, to, port, ObservationKind::kMilestone);
    end.cause = MilestoneCause::kEnd;
    end.refused = true;
    engine->take(end);
  }
  void verb(const char* from, const char* to, std::uint16_t port, std::string_view text) {
    Observation out = about(from, to, port, ObservationKind::kFact);
    out.fact = FactKind::kVerb;
    out.set_text(text);
    engine->take(out);
  }
  // What is normal: the web server is called and calls its database, every second.
  void usual(std::chrono::seconds time) {
    for (const Timestamp end = now + time; now < end; now = now + 1s) {
      flow_between("203.0.113.9", kWeb, 80);
      flow_between(kWeb, kDb, 5432);
      verb(kWeb, kDb, 5432, "SELECT FROM");
    }
  }
  bool knows(const char* from, const char* to, std::uint16_t port) {
    PartyTable& parties = const_cast<PartyTable&>(engine->parties());  // looking a name up makes it
    const PartyId client = parties.client(*IpAddress::parse(from)), server = parties.server(*IpAddress::parse(to));
    return engine->graph().knows_edge(client, {server, 6, port});
  }
  Phase phase_of(const char* address) {
    PartyTable& parties = const_cast<PartyTable&>(engine->parties());
    return engine->phases().of(parties.server(*IpAddress::parse(address)));
  }

  static constexpr const char* kWeb = "10.0.0.10";
  static constexpr const char* kDb = "10.0.0.11";
  static constexpr const char* kBad = "10.0.0.66";
  std::unique_ptr<BehaviourEngine> engine;
  std::vector<Incident> incidents;
  std::vector<std::pair<std::string, Phase>> phases;
  Timestamp now{1'700'000'000'000'000'000};
  std::uint64_t flow = 0;
};

TEST_F(LiveEngine, AWorkloadLearnsThenIsMonitored) {
  usual(300s);
  EXPECT_EQ(phase_of(kWeb), Phase::kLearning);
  EXPECT_TRUE(knows(kWeb, kDb, 5432));
  usual(400s);
  EXPECT_EQ(phase_of(kWeb), Phase::kMonitoring);
  EXPECT_EQ(phase_of(kDb), Phase::kMonitoring);
  EXPECT_EQ(phases.size(), 2U);
  EXPECT_TRUE(incidents.empty());
  flow_between(kWeb, "10.0.0.99", 22);
  ASSERT_FALSE(incidents.empty());
  EXPECT_EQ(incidents[0].evidence.back().family, Family::kEdge);
  verb(kWeb, kDb, 5432, "COPY FROM PROGRAM");
  EXPECT_EQ(incidents.back().evidence.back().family, Family::kVerb);
}

TEST_F(LiveEngine, ProtectionIsTheOperatorsWord) {
  BehaviourSettings settings = quick();
  settings.phases.protect = {"10.0.0.1*"};
  fresh(settings);
  usual(700s);
  EXPECT_EQ(phase_of(kWeb), Phase::kProtecting);
}

TEST_F(LiveEngine, AWorkloadWithFewFlowsGoesOnLearning) {
  flow_between(kBad, kDb, 5432);
  usual(700s);
  flow_between(kBad, kDb, 5432);
  EXPECT_EQ(phase_of(kBad), Phase::kLearning);
}

// Poisoning: an attack while everything learns.
TEST_F(LiveEngine, AnAttackWhileLearningIsNotLearned) {
  usual(200s);
  for (std::uint16_t port = 1; port <= 100; ++port) unanswered(kWeb, "10.0.0.20", port);  // a scan
  ASSERT_FALSE(incidents.empty());
  EXPECT_EQ(incidents[0].evidence.back().family, Family::kScan);
  for (int i = 0; i < 60; ++i, now = now + 5s) {  // and what it leads to, while it goes on
    unanswered(kWeb, "10.0.0.20", static_cast<std::uint16_t>(200 + i));
    flow_between(kWeb, "10.0.0.21", 22);
  }
  EXPECT_FALSE(knows(kWeb, "10.0.0.21", 22));
  EXPECT_GT(engine->stats().withdrawn, 0U) << "what it taught shortly before is doubtful too";
  EXPECT_EQ(phase_of(kWeb), Phase::kLearning) << "nobody leaves learning under suspicion";
}

TEST_F(LiveEngine, ASingleStrangeFlowWhileLearningIsNoBaseline) {
  usual(200s);
  for (int i = 0; i < 40; ++i) flow_between(kWeb, "203.0.113.66", 4444);  // within one window
  usual(500s);
  ASSERT_EQ(phase_of(kWeb), Phase::kMonitoring);
  EXPECT_FALSE(knows(kWeb, "203.0.113.66", 4444));
  flow_between(kWeb, "203.0.113.66", 4444);
  EXPECT_FALSE(incidents.empty());
}

// Poisoning: a little more each time.
TEST_F(LiveEngine, ASuspectTeachesNothingHoweverLong) {
  usual(700s);
  for (int i = 0; i < 2000; ++i, now = now + 20s) flow_between(kWeb, "10.0.0.30", 22);
  EXPECT_FALSE(incidents.empty());
  EXPECT_FALSE(knows(kWeb, "10.0.0.30", 22)) << "each flow is an incident, so none is a lesson";
}

TEST_F(LiveEngine, ASlowRampEndsAtTheDailyLimit) {
  // A client whose peers change with each flow surprises nobody: what it does is below the threshold.
  for (int i = 0; i < 100; ++i) {
    for (int k = 0; k < 4; ++k, now = now + 25s) {
      flow_between(kBad, ("10.1.0." + std::to_string(i)).c_str(), 80);
    }
  }
  ASSERT_EQ(phase_of(kBad), Phase::kMonitoring);
  const std::size_t before = engine->graph().edges();
  for (int round = 0; round < 40; ++round) {
    for (int i = 0; i < 30; ++i, now = now + 11s) {
      flow_between(kBad, ("10.2.0." + std::to_string(i)).c_str(), 80);
    }
  }
  EXPECT_LE(engine->graph().edges() - before, 4U * 2) << "promote_daily, over at most two days";
}

TEST_F(LiveEngine, LostPacketsSilenceWhoReasonsFromSilence) {
  const auto flood = [&] {
    for (int i = 0; i < 2000; ++i, now = now + 1ms) {
      ++flow;
      engine->take(about("203.0.113.9", kWeb, 80, ObservationKind::kOpen));
    }
  };
  usual(700s);
  engine->packets_were_lost();
  flood();
  EXPECT_TRUE(incidents.empty());
  now = now + 60s;
  usual(1s);
  flood();
  EXPECT_FALSE(incidents.empty());
}

TEST_F(LiveEngine, AClockThatIsSetBackOrForwardAgesNothing) {
  BehaviourSettings settings = quick();
  settings.phases.learn_for = std::chrono::hours(24);
  fresh(settings);
  usual(200s);
  engine->real_time_passed(1s);
  now = now + std::chrono::hours(48);  // the clock is set; one second has passed
  usual(5s);
  EXPECT_EQ(engine->stats().clock_steps, 1U);
  EXPECT_EQ(phase_of(kWeb), Phase::kLearning);
  now = now + (-std::chrono::hours(72));
  usual(5s);
  EXPECT_EQ(engine->stats().clock_steps, 2U);
  EXPECT_EQ(phase_of(kWeb), Phase::kLearning);
  EXPECT_TRUE(incidents.empty());
}

TEST_F(LiveEngine, PacketTimeMayRunAsFarAsRealTime) {
  engine->real_time_passed(0s);
  usual(3s);
  engine->real_time_passed(3600s);
  now = now + 3600s;
  usual(3s);
  EXPECT_EQ(engine->stats().clock_steps, 0U);
}

TEST_F(LiveEngine, ARuleThatFiresIsEvidenceAndEndsTheLearning) {
  usual(200s);
  Observation alert = about(kWeb, kDb, 5432, ObservationKind::kFact);
  alert.fact = FactKind::kAlert;
  alert.set_text("shell in a query");
  alert.number = 2001;
  alert.operation = 1;
  engine->take(alert);
  ASSERT_EQ(incidents.size(), 1U);
  EXPECT_EQ(incidents[0].evidence[0].text,
            "rule 2001 fired on a flow from 10.0.0.10 to tcp/5432 of 10.0.0.11: shell in a query");
}

TEST_F(LiveEngine, WhatAFeedNamesIsEvidenceAlsoWhileLearning) {
  auto table = std::make_shared<intel::IndicatorTable>();
  intel::Indicator bad;
  bad.network = *IpPrefix::parse("203.0.113.64/26");
  bad.confidence = 75;
  bad.feed = table->add_feed("drop.txt");
  bad.what = "C2";
  table->add(bad);
  bad.kind = intel::IndicatorKind::kName;
  bad.text = "evil.example";
  bad.until = now + (-1s);
  table->add(bad);
  engine->use(table);
  flow_between(kWeb, "203.0.113.9", 443);
  EXPECT_TRUE(incidents.empty());
  flow_between(kWeb, "203.0.113.66", 443);
  ASSERT_EQ(incidents.size(), 1U);
  EXPECT_EQ(incidents[0].severity, Severity::kMedium) << "a list alone is not grave";
  EXPECT_EQ(
      incidents[0].evidence[0].text,
      "10.0.0.10 and tcp/443 of 203.0.113.66: the address 203.0.113.66 is in the feed drop.txt, confidence 75 % (C2)");
  incidents.clear();
  Observation name = about(kDb, "203.0.113.9", 53, ObservationKind::kFact);
  name.fact = FactKind::kName;
  name.set_text("a.evil.example", true);
  engine->take(name);
  EXPECT_TRUE(incidents.empty()) << "expired";
}

TEST_F(LiveEngine, UnusedEdgesExpire) {
  BehaviourSettings settings = quick();
  settings.graph.expire = std::chrono::hours(48);
  fresh(settings);
  for (int i = 0; i < 20; ++i, now = now + 10s) flow_between(kWeb, "10.0.0.50", 443);
  usual(700s);
  ASSERT_TRUE(knows(kWeb, "10.0.0.50", 443));
  for (int i = 0; i < 60; ++i, now = now + std::chrono::hours(1)) usual(1s);
  EXPECT_FALSE(knows(kWeb, "10.0.0.50", 443));
  EXPECT_TRUE(knows(kWeb, kDb, 5432));
}

TEST_F(LiveEngine, WhatWasLearnedComesBack) {
  usual(700s);
  const std::string text = engine->save();
  fresh();
  Diagnostics diagnostics;
  ASSERT_TRUE(engine->restore(text, "behaviour.state", diagnostics));
  engine->set_mode(BehaviourMode::kLive);
  EXPECT_TRUE(knows(kWeb, kDb, 5432));
  EXPECT_EQ(phase_of(kWeb), Phase::kMonitoring);
  now = now + 10s;
  usual(60s);
  EXPECT_TRUE(incidents.empty());
  flow_between(kWeb, "10.0.0.99", 22);
  EXPECT_FALSE(incidents.empty());
  const auto record = engine->graph().records().begin()->second;
  EXPECT_GT(record.flows, 0U);
  EXPECT_GT(record.windows, 0U);
}

TEST_F(LiveEngine, ABrokenFileIsRefusedWhereverItBreaks) {
  usual(700s);
  const std::string text = engine->save();
  for (std::size_t i = 0; i < text.size(); i += 7) {
    fresh();
    Diagnostics diagnostics;
    EXPECT_FALSE(engine->restore(std::string_view(text).substr(0, i), "f", diagnostics)) << i;
    EXPECT_TRUE(diagnostics.has_errors());
  }
  for (std::size_t i = 0; i < text.size(); i += 5) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    fresh();
    Diagnostics diagnostics;
    EXPECT_FALSE(engine->restore(changed, "f", diagnostics)) << i;
  }
  Diagnostics diagnostics;
  fresh();
  ASSERT_FALSE(engine->restore("bulkhead-behaviour 1\nedge\tx\n", "f.state", diagnostics));
  std::ostringstream out;
  diagnostics.print(out, 1);
  EXPECT_NE(out.str().find("f.state:2:1: error[behaviour.state]"), std::string::npos) << out.str();
}

// Poisoning: what a suspect does while others learn raises nobody's measure.
TEST_F(LiveEngine, ASuspectTeachesNoDetectorEither) {
  const auto refused = [&](const char* from, int times) {
    for (int i = 0; i < times; ++i) {
      Observation out = about(from, kDb, 5432, ObservationKind::kFact);
      out.fact = FactKind::kAuthFailed;
      out.set_text("postgres");
      engine->take(out);
    }
  };
  usual(100s);
  for (std::uint16_t port = 1; port <= 20; ++port) unanswered(kBad, kWeb, port);
  ASSERT_FALSE(incidents.empty());
  refused(kBad, 20);  // below what is conspicuous while nothing is learned
  usual(700s);
  ASSERT_EQ(phase_of(kWeb), Phase::kMonitoring);
  incidents.clear();
  refused(kWeb, 8);
  ASSERT_FALSE(incidents.empty()) << "twenty by a suspect would have made sixty the limit";
  EXPECT_EQ(incidents[0].evidence.back().family, Family::kOutcome);
}

// Poisoning: a ramp that goes up by one at a time does not take the measure along once a workload is monitored.
TEST_F(LiveEngine, ASlowRampOfFailuresRaisesNoLimit) {
  usual(700s);
  ASSERT_EQ(phase_of(kWeb), Phase::kMonitoring);
  std::size_t told = 0;
  engine->on_evidence = [&](const Evidence& e) { told += e.family == Family::kOutcome ? 1 : 0; };
  for (int times = 1; times <= 30; ++times) {
    now = now + 20s;
    const std::size_t before = told;
    for (int i = 0; i < times; ++i) {
      Observation out = about(kWeb, kDb, 5432, ObservationKind::kFact);
      out.fact = FactKind::kAuthFailed;
      out.set_text("postgres");
      engine->take(out);
    }
    EXPECT_EQ(told > before, times >= 5) << times;
  }
}

// After a step of the clock what did not come may have come: nobody reasons from it.
TEST_F(LiveEngine, AStepOfTheClockIsNoSweepAndNoBeacon) {
  usual(700s);
  std::vector<Family> told;
  engine->on_evidence = [&](const Evidence& e) { told.push_back(e.family); };
  for (int step = 0; step < 16; ++step) {
    engine->real_time_passed(1s);
    now = now + (step % 2 == 0 ? Nanoseconds(2h) : -Nanoseconds(2h));
    unanswered(kWeb, "10.0.1.7", static_cast<std::uint16_t>(1000 + step));
  }
  EXPECT_GT(engine->stats().clock_steps, 8U);
  EXPECT_EQ(std::count(told.begin(), told.end(), Family::kSweep), 0);
  EXPECT_EQ(std::count(told.begin(), told.end(), Family::kHalfOpen), 0);
  EXPECT_EQ(std::count(told.begin(), told.end(), Family::kBeacon), 0);
}

// Lost packets make no edge and no promotion: what was not seen to be answered is not learned.
TEST_F(LiveEngine, LossPromotesNothing) {
  usual(700s);
  const std::size_t edges = engine->graph().edges();
  for (int i = 0; i < 400; ++i) {
    engine->packets_were_lost();
    ++flow;
    engine->take(about(kWeb, "10.0.1.7", 9000, ObservationKind::kOpen));
    Observation middle = about(kWeb, "10.0.1.8", 9000, ObservationKind::kAnswered);
    middle.midstream = true;
    engine->take(middle);
    now = now + 30s;
  }
  EXPECT_EQ(engine->graph().edges(), edges);
}

}  // namespace
}  // namespace bulkhead::behaviour
