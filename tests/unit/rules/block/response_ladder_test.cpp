#include "rules/block/response_ladder.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>

namespace bulkhead::rules {
namespace {

using namespace std::chrono_literals;
using Clock = ResponseLadder::Clock;

IpAddress ip(const std::string& text) {
  return *IpAddress::parse(text);
}

class ResponseLadderTest : public testing::Test {
 protected:
  ResponseLadderTest() {
    add("shop/web", {"10.0.0.2"});
    add("shop/db", {"10.0.0.3", "10.1.0.3"});
    add("kube/dns", {"10.0.0.53"});
    settings.first = ResponseStep::kLog;
    settings.last = ResponseStep::kQuarantine;
    settings.settle = 1s;
    settings.safe_list = {*IpPrefix::parse("10.0.0.1/32"), *IpPrefix::parse("10.0.0.53/32")};
  }
  void add(const std::string& name, const std::vector<std::string>& addresses) {
    Owner& owner = owners[name];
    owner.name = name;
    for (const std::string& text : addresses) {
      owner.addresses.push_back(ip(text));
      by_address[ip(text)] = &owner;
    }
  }
  ResponseLadder& ladder() {
    if (made == nullptr) {
      made = std::make_unique<ResponseLadder>(
          settings, Neighbourhood{.owner_of =
                                      [this](const IpAddress& a) {
                                        const auto found = by_address.find(a);
                                        return found == by_address.end() ? nullptr : found->second;
                                      },
                                  .workloads = [this] { return owners.size() + others; }});
    }
    return *made;
  }
  static ResponseEvidence from(const std::string& source, const std::string& destination = "10.0.0.3",
                               std::uint16_t port = 40000) {
    ResponseEvidence out;
    out.packet = {ip(source), ip(destination), port, 80, ip_proto::kTcp};
    out.client = out.packet;
    out.established = true;
    out.sid = 7;
    out.reason = "exploit";
    return out;
  }
  static ResponseEvidence forged(const std::string& source) {
    ResponseEvidence out = from(source);
    out.established = false;
    out.packet.protocol = out.client.protocol = ip_proto::kUdp;
    return out;
  }

  LadderSettings settings;
  std::map<std::string, Owner> owners;
  std::map<IpAddress, const Owner*> by_address;
  std::size_t others = 0;
  std::unique_ptr<ResponseLadder> made;
  Clock::time_point now{1000s};
};

TEST_F(ResponseLadderTest, EachRepetitionIsAStepUpAndLastsLonger) {
  settings.ttl = 10s;
  settings.max_ttl = 45s;
  const ResponseStep steps[] = {ResponseStep::kLog,  ResponseStep::kLimit,      ResponseStep::kFlow,
                                ResponseStep::kEdge, ResponseStep::kQuarantine, ResponseStep::kQuarantine};
  const std::chrono::seconds times[] = {10s, 20s, 40s, 45s, 45s, 45s};
  for (std::uint32_t i = 0; i < 6; ++i) {
    const ResponseDecision decision =
        ladder().decide(from("10.0.0.2", "10.0.0.3", static_cast<std::uint16_t>(1000 + i)), now);
    EXPECT_EQ(decision.step, steps[i]);
    EXPECT_EQ(decision.strike, i + 1);
    EXPECT_EQ(decision.ruling, i == 0 ? Ruling::kLogged : Ruling::kAct);
    ASSERT_EQ(decision.blocks.size(), i == 0 ? 0U : 1U);
    if (i != 0) {
      EXPECT_EQ(decision.blocks[0].ttl, times[i]);
      EXPECT_EQ(decision.blocks[0].strike, i + 1);
    }
    now += 50s;  // behind what was cut
  }
  now += settings.memory;
  EXPECT_EQ(ladder().decide(from("10.0.0.2"), now).strike, 1U) << "forgotten";
}

TEST_F(ResponseLadderTest, AQuarantineIsOfEveryAddress) {
  settings.first = ResponseStep::kQuarantine;
  const ResponseDecision decision = ladder().decide(from("10.0.0.3", "10.0.0.2"), now);
  ASSERT_EQ(decision.blocks.size(), 2U);
  EXPECT_EQ(decision.blocks[0].to_string(), "source 10.0.0.3");
  EXPECT_EQ(decision.blocks[1].to_string(), "source 10.1.0.3");
}

// A limit cuts nothing: what comes through it is a finding like any other, and it counts in no share.
TEST_F(ResponseLadderTest, ALimitIsOfEveryAddressAndHidesNothing) {
  settings.first = ResponseStep::kLimit;
  settings.max_share_percent = 0;
  const ResponseDecision limited = ladder().decide(from("10.0.0.3", "10.0.0.2"), now);
  EXPECT_EQ(limited.ruling, Ruling::kAct);
  ASSERT_EQ(limited.blocks.size(), 2U);
  EXPECT_EQ(limited.blocks[0].to_string(), "limit 10.0.0.3");
  EXPECT_EQ(limited.blocks[1].to_string(), "limit 10.1.0.3");
  now += 2s;
  const ResponseDecision cut = ladder().decide(from("10.0.0.3", "10.0.0.2"), now);
  EXPECT_EQ(cut.ruling, Ruling::kAct);
  EXPECT_EQ(cut.step, ResponseStep::kFlow);
}

// Whoever forges the address of another gets it neither blocked nor one step nearer to it.
TEST_F(ResponseLadderTest, ForgedAddressesNeverLeadToABlockOfTheirOwner) {
  settings.first = ResponseStep::kQuarantine;
  for (const char* victim : {"10.0.0.53", "10.0.0.1", "10.0.0.2", "10.0.0.3", "192.0.2.7"}) {
    for (int i = 0; i < 1000; ++i) {
      const ResponseDecision decision = ladder().decide(forged(victim), now);
      ASSERT_EQ(decision.ruling, Ruling::kForgeable);
      ASSERT_TRUE(decision.blocks.empty());
      now += 10ms;
    }
  }
  EXPECT_EQ(ladder().offenders(), 0U);
  EXPECT_EQ(ladder().decide(from("10.0.0.2"), now).strike, 1U) << "nothing was held against it";
}

TEST_F(ResponseLadderTest, GatewayAndResolverAreNeverBlockedEvenWhenTheyCannotBeForged) {
  settings.first = ResponseStep::kQuarantine;
  for (const char* safe : {"10.0.0.53", "10.0.0.1"}) {
    const ResponseDecision decision = ladder().decide(from(safe, "10.0.0.2"), now);
    EXPECT_EQ(decision.ruling, Ruling::kSafe);
    EXPECT_TRUE(decision.blocks.empty());
  }
}

TEST_F(ResponseLadderTest, AnAnswerThatMatchesIsItsSendersDoing) {
  settings.first = ResponseStep::kEdge;
  ResponseEvidence answer = from("10.0.0.3", "10.0.0.2");
  answer.client = {ip("10.0.0.2"), ip("10.0.0.3"), 80, 40000, ip_proto::kTcp};
  const ResponseDecision decision = ladder().decide(answer, now);
  ASSERT_EQ(decision.blocks.size(), 1U);
  EXPECT_EQ(decision.blocks[0].to_string(), "pair 10.0.0.3 -> 10.0.0.2") << "not the client's, who asked";
}

TEST_F(ResponseLadderTest, ASourceIsAlsoKnownByItsPort) {
  settings.first = ResponseStep::kFlow;
  ResponseEvidence datagram = forged("10.0.0.2");
  datagram.on_own_port = true;
  EXPECT_EQ(ladder().decide(datagram, now).ruling, Ruling::kAct);
}

// What the cut itself causes (retransmissions, resets, packets that were on their way) is no new finding.
TEST_F(ResponseLadderTest, TheEffectsOfABlockDoNotClimb) {
  settings.first = ResponseStep::kEdge;
  EXPECT_EQ(ladder().decide(from("10.0.0.2"), now).ruling, Ruling::kAct);
  for (int i = 0; i < 100; ++i) {
    now += 2s;  // the block lasts 300 s
    const ResponseDecision decision = ladder().decide(from("10.0.0.2", "10.0.0.3", static_cast<std::uint16_t>(i)), now);
    ASSERT_EQ(decision.ruling, Ruling::kCovered);
    ASSERT_EQ(decision.strike, 1U);
  }
  now += 200s;
  EXPECT_EQ(ladder().decide(from("10.0.0.2"), now).strike, 2U) << "after its end it is one";
}

TEST_F(ResponseLadderTest, FlowsOfOneMomentAreOneStrike) {
  settings.first = ResponseStep::kFlow;
  for (std::uint16_t port = 1; port <= 20; ++port) {
    const ResponseDecision decision = ladder().decide(from("10.0.0.2", "10.0.0.3", port), now);
    ASSERT_EQ(decision.ruling, Ruling::kAct) << "each flow is cut";
    ASSERT_EQ(decision.step, ResponseStep::kFlow);
    now += 10ms;
  }
}

TEST_F(ResponseLadderTest, TenThousandAttackersMeetTheCapAndTheBreaker) {
  settings.first = ResponseStep::kFlow;
  settings.max_per_minute = 100;
  std::size_t blocks = 0, opened = 0, said = 0;
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    const std::string address = "172.16." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1);
    const ResponseDecision decision = ladder().decide(from(address), now);
    blocks += decision.ruling == Ruling::kAct ? 1 : 0;
    opened += decision.opens_breaker ? 1 : 0;
    said += decision.ruling == Ruling::kBreaker ? 1 : 0;
    now += 5ms;  // 50 seconds in all
  }
  EXPECT_EQ(blocks, 100U);
  EXPECT_EQ(opened, 1U);
  EXPECT_EQ(said, 10'000U - 100 - settings.breaker_refusals);
  EXPECT_TRUE(ladder().breaker_open(now));
  EXPECT_LE(ladder().offenders(), ResponseLadder::kMostOffenders);
  now += settings.breaker_pause;
  EXPECT_EQ(ladder().decide(from("172.31.0.1"), now).ruling, Ruling::kAct) << "it closes again";
}

TEST_F(ResponseLadderTest, OffendersAreBounded) {
  for (std::uint32_t i = 0; i < ResponseLadder::kMostOffenders + 1000; ++i) {
    const Byte bytes[4] = {11, static_cast<Byte>(i >> 16), static_cast<Byte>(i >> 8), static_cast<Byte>(i)};
    ResponseEvidence evidence = from("10.0.0.2");
    evidence.packet.source = evidence.client.source = IpAddress::v4(bytes);
    static_cast<void>(ladder().decide(evidence, now));
  }
  EXPECT_EQ(ladder().offenders(), ResponseLadder::kMostOffenders);
}

TEST_F(ResponseLadderTest, NoMoreThanAShareOfTheWorkloadsIsCutOff) {
  settings.first = ResponseStep::kQuarantine;
  for (int i = 0; i < 97; ++i) add("batch/" + std::to_string(i), {"10.9.0." + std::to_string(i + 1)});
  std::size_t blocks = 0, refused = 0;
  for (int i = 0; i < 15; ++i) {
    const ResponseDecision decision = ladder().decide(from("10.9.0." + std::to_string(i + 1)), now);
    blocks += decision.ruling == Ruling::kAct ? 1 : 0;
    refused += decision.ruling == Ruling::kTooLargeShare ? 1 : 0;
  }
  EXPECT_EQ(blocks, 10U) << "a tenth of 100";
  EXPECT_EQ(refused, 5U);
}

// A new version of everything, and a rule that takes its ordinary traffic for an attack.
TEST_F(ResponseLadderTest, ARolloutThatARuleMistakesStopsAtTheShareAndOpensTheBreaker) {
  settings.first = ResponseStep::kEdge;
  settings.settle = 0s;
  for (int i = 0; i < 197; ++i) {
    add("shop/api-" + std::to_string(i), {"10.8." + std::to_string(i / 200) + "." + std::to_string(i % 200 + 1)});
  }
  std::size_t acted = 0, said = 0, refused = 0;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 197; ++i) {
      const std::string address = "10.8." + std::to_string(i / 200) + "." + std::to_string(i % 200 + 1);
      const ResponseDecision decision =
          ladder().decide(from(address, "10.0.0.3", static_cast<std::uint16_t>(1000 + round)), now);
      acted += decision.ruling == Ruling::kAct ? 1 : 0;
      said += decision.ruling == Ruling::kBreaker ? 1 : 0;
      refused += decision.ruling == Ruling::kTooLargeShare ? 1 : 0;
      now += 50ms;
    }
  }
  EXPECT_EQ(acted, 20U) << "a tenth of 200 workloads";
  EXPECT_EQ(refused, settings.breaker_refusals);
  EXPECT_EQ(said, 3 * 197U - 3 * 20 - refused) << "the 20 are covered in the later rounds";
}

TEST_F(ResponseLadderTest, ARestartGoesOnWhereTheBlocksStand) {
  settings.first = ResponseStep::kFlow;
  settings.ttl = 60s;
  ActiveBlock left;
  left.block = {
      .kind = BlockKind::kPair, .tuple = from("10.0.0.2").packet, .ttl = 120s, .reason = "x", .sid = 7, .strike = 2};
  left.expires_in = 100s;
  ladder().adopt({left}, now);
  EXPECT_EQ(ladder().decide(from("10.0.0.2"), now).ruling, Ruling::kCovered);
  now += 101s;
  const ResponseDecision decision = ladder().decide(from("10.0.0.2"), now);
  EXPECT_EQ(decision.strike, 3U);
  EXPECT_EQ(decision.step, ResponseStep::kQuarantine);
  EXPECT_EQ(decision.blocks.at(0).ttl, 240s);
}

TEST_F(ResponseLadderTest, PanicForgetsAndOnlySaysForAWhile) {
  settings.first = ResponseStep::kEdge;
  EXPECT_EQ(ladder().decide(from("10.0.0.2"), now).ruling, Ruling::kAct);
  ladder().panic(now);
  const ResponseDecision said = ladder().decide(from("10.0.0.2"), now);
  EXPECT_EQ(said.ruling, Ruling::kBreaker);
  EXPECT_EQ(said.blocks.size(), 1U) << "what it would be";
  now += settings.breaker_pause;
  EXPECT_EQ(ladder().decide(from("10.0.0.2"), now).ruling, Ruling::kAct);
}

// Whose posture is bad is limited beside the ladder: no strike, its own time, all of its addresses.
TEST_F(ResponseLadderTest, APostureLimitsWithoutAStrike) {
  settings.limit_ttl = 60s;
  settings.safe_list.push_back(*IpPrefix::parse("10.1.0.3/32"));
  const ResponseDecision first = ladder().limit(from("10.0.0.3"), now);
  ASSERT_EQ(first.ruling, Ruling::kAct);
  EXPECT_EQ(first.step, ResponseStep::kLimit);
  ASSERT_EQ(first.blocks.size(), 1U) << "the other address is safe";
  EXPECT_EQ(first.blocks[0].kind, BlockKind::kLimit);
  EXPECT_EQ(first.blocks[0].ttl, 60s);
  EXPECT_EQ(first.blocks[0].strike, 0U);
  EXPECT_EQ(ladder().limit(from("10.0.0.3"), now + 29s).ruling, Ruling::kCovered);
  EXPECT_EQ(ladder().limit(from("10.0.0.3"), now + 31s).ruling, Ruling::kAct) << "renewed ahead of its end";
  EXPECT_EQ(ladder().decide(from("10.0.0.3"), now + 32s).strike, 1U) << "the ladder begins where it did";
}

TEST_F(ResponseLadderTest, APostureLimitsNobodyWhoCouldBeForgedOrIsSafe) {
  EXPECT_EQ(ladder().limit(forged("10.0.0.3"), now).ruling, Ruling::kForgeable);
  EXPECT_EQ(ladder().limit(from("10.0.0.53"), now).ruling, Ruling::kSafe);
  EXPECT_EQ(ladder().offenders(), 0U);
  ResponseEvidence by_port = forged("10.0.0.3");
  by_port.on_own_port = true;
  EXPECT_EQ(ladder().limit(by_port, now).ruling, Ruling::kAct);
}

TEST_F(ResponseLadderTest, APostureHoldsToTheCapsAndTheBreaker) {
  settings.max_per_minute = 1;
  settings.breaker_refusals = 1;
  EXPECT_EQ(ladder().limit(from("10.0.0.3"), now).ruling, Ruling::kAct);
  const ResponseDecision second = ladder().limit(from("10.0.0.2"), now);
  EXPECT_EQ(second.ruling, Ruling::kTooMany);
  EXPECT_TRUE(second.blocks.empty());
  EXPECT_TRUE(second.opens_breaker);
  const ResponseDecision third = ladder().limit(from("10.0.0.2"), now + 90s);
  EXPECT_EQ(third.ruling, Ruling::kBreaker);
  EXPECT_EQ(third.blocks.size(), 1U) << "only said";
}

TEST_F(ResponseLadderTest, ALimitOfTheLadderIsNotShortenedByAPosture) {
  settings.first = settings.last = ResponseStep::kLimit;
  settings.ttl = 600s;
  settings.limit_ttl = 60s;
  ASSERT_EQ(ladder().decide(from("10.0.0.2"), now).ruling, Ruling::kAct);
  EXPECT_EQ(ladder().limit(from("10.0.0.2"), now + 1s).ruling, Ruling::kCovered);
  // Nor the other way round.
  settings.ttl = 10s;
  settings.limit_ttl = 600s;
  made.reset();
  ASSERT_EQ(ladder().limit(from("10.0.0.2"), now).ruling, Ruling::kAct);
  EXPECT_EQ(ladder().decide(from("10.0.0.2"), now + 1s).blocks.at(0).ttl, 599s);
}

TEST_F(ResponseLadderTest, WhoIsCutOffNeedsNoLimitAndAnEarlierRunsLimitIsKnown) {
  settings.first = settings.last = ResponseStep::kQuarantine;
  settings.max_share_percent = 100;
  ASSERT_EQ(ladder().decide(from("10.0.0.2"), now).ruling, Ruling::kAct);
  EXPECT_EQ(ladder().limit(from("10.0.0.2"), now).ruling, Ruling::kCovered);
  ActiveBlock left;
  left.block.kind = BlockKind::kLimit;
  left.block.tuple.source = ip("10.0.0.3");
  left.block.ttl = 300s;
  left.expires_in = 290s;
  ladder().adopt({left}, now);
  EXPECT_EQ(ladder().limit(from("10.0.0.3"), now).ruling, Ruling::kCovered);
  ladder().forget({ip("10.0.0.3")});  // undo
  EXPECT_EQ(ladder().limit(from("10.0.0.3"), now).ruling, Ruling::kAct);
}

}  // namespace
}  // namespace bulkhead::rules
