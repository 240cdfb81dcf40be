#include "signatures/match/threshold.h"

#include <gtest/gtest.h>

#include "tests/support/packet_views.h"
#include "tests/support/signature_maker.h"

namespace bulkhead::test {
namespace {

using signatures::Signature;
using signatures::ThresholdSpec;
using signatures::ThresholdTable;
using signatures::ThresholdVerdict;
using Kind = ThresholdSpec::Kind;

Timestamp at(double seconds) {
  return {1'700'000'000'000'000'000 + static_cast<std::int64_t>(seconds * 1e9)};
}

class ThresholdTest : public ::testing::Test {
 protected:
  // The numbers (from 1) of the matches that are reported.
  std::vector<int> reported(const Signature& s, const std::vector<double>& times) {
    std::vector<int> out;
    for (std::size_t i = 0; i < times.size(); ++i) {
      if (table.decide(s, source, destination, at(times[i])).verdict == ThresholdVerdict::kAlert)
        out.push_back(static_cast<int>(i) + 1);
    }
    return out;
  }
  static Signature with(Kind kind, std::uint32_t count, std::uint32_t seconds) {
    Signature s = rule(1, signatures::RuleProtocol::kIp);
    ThresholdSpec spec;
    spec.kind = kind;
    spec.count = count;
    spec.seconds = seconds;
    (kind == Kind::kDetectionFilter ? s.detection_filter : s.threshold) = spec;
    return s;
  }
  ThresholdTable table{100};
  IpAddress source = ViewMaker::address("10.0.0.1"), destination = ViewMaker::address("10.0.0.2");
  const std::vector<double> pings{0, 0.1, 1, 1.1, 2.1, 2.2, 3, 3.1};
};

// The figures are those of the reference engine on eight pings.
TEST_F(ThresholdTest, EachKindReportsWhatTheReferenceReports) {
  EXPECT_EQ(reported(with(Kind::kLimit, 2, 60), pings), (std::vector<int>{1, 2}));
}

TEST_F(ThresholdTest, Threshold) {
  EXPECT_EQ(reported(with(Kind::kThreshold, 3, 60), pings), (std::vector<int>{3, 6}));
}
TEST_F(ThresholdTest, Both) {
  EXPECT_EQ(reported(with(Kind::kBoth, 3, 60), pings), (std::vector<int>{3}));
}
TEST_F(ThresholdTest, DetectionFilter) {
  EXPECT_EQ(reported(with(Kind::kDetectionFilter, 3, 60), pings), (std::vector<int>{4, 5, 6, 7, 8}));
}
TEST_F(ThresholdTest, LimitBeginsANewPeriod) {
  EXPECT_EQ(reported(with(Kind::kLimit, 1, 2), pings), (std::vector<int>{1, 5}));
}
TEST_F(ThresholdTest, ThresholdCountsWithinAPeriod) {
  EXPECT_EQ(reported(with(Kind::kThreshold, 2, 2), pings), (std::vector<int>{2, 4, 6, 8}));
}
TEST_F(ThresholdTest, DetectionFilterBeginsANewPeriod) {
  EXPECT_EQ(reported(with(Kind::kDetectionFilter, 1, 2), pings), (std::vector<int>{2, 3, 4, 6, 7, 8}));
}
TEST_F(ThresholdTest, TheEndOfAPeriodBelongsToIt) {
  EXPECT_EQ(reported(with(Kind::kLimit, 1, 2), {0, 2.0, 2.5, 4.0, 4.5, 4.6, 7, 8.9}), (std::vector<int>{1, 3, 6, 7}));
}

TEST_F(ThresholdTest, SilentBeyondALimitForgottenBelowAThreshold) {
  const Signature limit = with(Kind::kLimit, 1, 60);
  EXPECT_EQ(table.decide(limit, source, destination, at(0)).verdict, ThresholdVerdict::kAlert);
  EXPECT_EQ(table.decide(limit, source, destination, at(1)).verdict, ThresholdVerdict::kSilent);
  EXPECT_EQ(table.decide(with(Kind::kThreshold, 2, 60), source, destination, at(1)).verdict, ThresholdVerdict::kForget);
}

TEST_F(ThresholdTest, TracksKeepApart) {
  Signature s = with(Kind::kLimit, 1, 60);
  EXPECT_EQ(table.decide(s, source, destination, at(0)).verdict, ThresholdVerdict::kAlert);
  EXPECT_EQ(table.decide(s, destination, source, at(0)).verdict, ThresholdVerdict::kAlert);
  s.threshold->track = signatures::ThresholdTrack::kBoth;
  EXPECT_EQ(table.decide(s, source, destination, at(0)).verdict, ThresholdVerdict::kAlert);
  EXPECT_EQ(table.decide(s, destination, source, at(0)).verdict, ThresholdVerdict::kSilent);
  s.threshold->track = signatures::ThresholdTrack::kRule;
  EXPECT_EQ(table.decide(s, source, destination, at(0)).verdict, ThresholdVerdict::kAlert);
  EXPECT_EQ(table.decide(s, ViewMaker::address("1.2.3.4"), source, at(0)).verdict, ThresholdVerdict::kSilent);
}

TEST_F(ThresholdTest, RateFilterChangesTheActionBeyondTheCountForAWhile) {
  Signature s = rule(1, signatures::RuleProtocol::kIp);
  ThresholdSpec spec;
  spec.kind = Kind::kRate;
  spec.count = 2;
  spec.seconds = 10;
  spec.timeout_seconds = 5;
  spec.new_action = pipeline::RuleAction::kDrop;
  s.external_thresholds.push_back(spec);
  const std::vector<double> times{0, 1, 2, 3, 7, 8, 9};
  std::vector<bool> changed;
  for (const double t : times) changed.push_back(table.decide(s, source, destination, at(t)).has_new_action);
  EXPECT_EQ(changed, (std::vector<bool>{false, false, true, true, true, false, true}));
}

TEST_F(ThresholdTest, SuppressHidesButActs) {
  Signature s = rule(1, signatures::RuleProtocol::kIp);
  ThresholdSpec spec;
  spec.kind = Kind::kSuppress;
  spec.suppress_addresses.any = false;
  spec.suppress_addresses.v4 = {{source, source}};
  s.external_thresholds.push_back(spec);
  EXPECT_EQ(table.decide(s, source, destination, at(0)).verdict, ThresholdVerdict::kSilent);
  EXPECT_EQ(table.decide(s, destination, source, at(0)).verdict, ThresholdVerdict::kAlert);
  s.external_thresholds[0].suppress_either = true;
  EXPECT_EQ(table.decide(s, destination, source, at(0)).verdict, ThresholdVerdict::kSilent);
}

TEST_F(ThresholdTest, AFullTableForgetsWhatIsOverAndCountsWhatDoesNotFit) {
  ThresholdTable small(2);
  const Signature s = with(Kind::kLimit, 1, 10);
  const auto host = [](int n) { return IpAddress::v4(0x0a000000U + static_cast<std::uint32_t>(n)); };
  for (int n = 0; n < 3; ++n) EXPECT_EQ(small.decide(s, host(n), destination, at(0)).verdict, ThresholdVerdict::kAlert);
  EXPECT_EQ(small.counters().full.value(), 1U);
  EXPECT_EQ(small.decide(s, host(2), destination, at(20)).verdict, ThresholdVerdict::kAlert);
  EXPECT_EQ(small.decide(s, host(2), destination, at(20)).verdict, ThresholdVerdict::kSilent);
  EXPECT_EQ(small.counters().entries.value(), 1U);
}

}  // namespace
}  // namespace bulkhead::test
