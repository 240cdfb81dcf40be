#include "signatures/behaviour/incident.h"

#include <gtest/gtest.h>

namespace bulkhead::behaviour {
namespace {

Evidence evidence(Family family, double weight, std::int64_t seconds, std::uint16_t port = 80, PartyId actor = 10,
                  PartyId victim = 11) {
  Evidence out;
  out.family = family;
  out.weight = weight;
  out.actor = actor;
  out.victim = victim;
  out.service = {victim, 6, port};
  out.time = {seconds * 1'000'000'000};
  return out;
}

TEST(IncidentBook, IndependentFamiliesAddUpAndOneFamilyDoesNot) {
  IncidentBook book({});
  EXPECT_EQ(book.add(evidence(Family::kEdge, 0.4, 1)), nullptr);
  EXPECT_EQ(book.add(evidence(Family::kEdge, 0.4, 2)), nullptr) << "the same again is no more certain";
  EXPECT_EQ(book.add(evidence(Family::kEdge, 0.5, 3, 81)), nullptr);
  EXPECT_EQ(book.raised(), 0U);
  const Incident* incident = book.add(evidence(Family::kVerb, 0.5, 4));
  ASSERT_NE(incident, nullptr);
  EXPECT_NEAR(incident->weight, 0.75, 1e-9);
  EXPECT_EQ(incident->severity, Severity::kMedium);
  EXPECT_EQ(incident->first.ns, 1'000'000'000);
  EXPECT_EQ(incident->count, 4U);
  incident = book.add(evidence(Family::kScan, 0.85, 5));
  ASSERT_NE(incident, nullptr);
  EXPECT_EQ(incident->severity, Severity::kHigh);
  EXPECT_EQ(book.raised(), 1U);
}

TEST(IncidentBook, PairsAreApartAndWindowsEnd) {
  IncidentBook book({0.6, std::chrono::seconds(60)});
  ASSERT_NE(book.add(evidence(Family::kEdge, 0.7, 1)), nullptr);
  EXPECT_EQ(book.add(evidence(Family::kEdge, 0.7, 10)), nullptr) << "told already";
  EXPECT_NE(book.add(evidence(Family::kEdge, 0.7, 11, 80, 10, 12)), nullptr);
  EXPECT_TRUE(book.suspects(10, {60'000'000'000}));
  EXPECT_FALSE(book.suspects(12, {60'000'000'000})) << "a victim";
  const Incident* again = book.add(evidence(Family::kEdge, 0.7, 100));
  ASSERT_NE(again, nullptr);
  EXPECT_EQ(again->count, 1U);
  EXPECT_EQ(book.raised(), 3U);
  EXPECT_FALSE(book.suspects(10, {1'000'000'000'000}));
}

TEST(IncidentBook, AScanIsToldFourTimesInTenSecondsAndLaterStepsStillAre) {
  IncidentBook book({});
  unsigned told = 0;
  for (std::uint16_t port = 1; port <= 60; ++port) {
    told += book.add(evidence(Family::kEdge, 0.7, 1, port)) != nullptr ? 1U : 0U;
  }
  EXPECT_EQ(told, 4U);
  EXPECT_EQ(book.raised(), 1U);
  const Incident* later = book.add(evidence(Family::kVerb, 0.75, 30));
  ASSERT_NE(later, nullptr);
  EXPECT_EQ(later->evidence.size(), Incident::kMaxEvidence);
  EXPECT_EQ(later->evidence.back().family, Family::kVerb);
}

TEST(IncidentBook, KeepsABoundedNumber) {
  IncidentBook book({});
  for (PartyId actor = 3; actor < 3 + 2 * IncidentBook::kMaxIncidents; ++actor) {
    ASSERT_NE(book.add(evidence(Family::kEdge, 0.7, actor, 80, actor, 1)), nullptr);
  }
  EXPECT_FALSE(book.suspects(3, {4'000'000'000}));
}

TEST(IncidentBook, FamiliesHaveNames) {
  for (int i = 0; i <= static_cast<int>(Family::kLink); ++i) {
    EXPECT_EQ(find_family(to_string(static_cast<Family>(i))), static_cast<Family>(i));
  }
  EXPECT_EQ(find_family("magic"), std::nullopt);
}

}  // namespace
}  // namespace bulkhead::behaviour
