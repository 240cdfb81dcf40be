// The matcher against its slow twin: many small random rules on many small random payloads.
#include <gtest/gtest.h>

#include "tests/support/matcher_harness.h"
#include "tests/support/signature_maker.h"
#include "tests/support/slow_matcher.h"

namespace bulkhead::test {
namespace {

using signatures::RuleProtocol;
using signatures::Signature;
using signatures::SignatureList;

std::string describe(const Signature& s) {
  std::string out = "sid " + std::to_string(s.info->sid) + ":";
  for (const signatures::PayloadOp& op : s.buffers.at(0).ops) {
    if (const auto* c = std::get_if<signatures::ContentOp>(&op)) {
      out +=
          " content:" + std::string(c->negated ? "!" : "") + ::testing::PrintToString(c->bytes) +
          (c->nocase ? " nocase" : "") + (c->has_offset ? " offset " + std::to_string(c->offset.number) : "") +
          (c->has_depth ? " depth " + std::to_string(c->depth.number) : "") +
          (c->has_distance ? " distance " + std::to_string(c->distance.number) + "/" + std::to_string(c->distance.slot)
                           : "") +
          (c->has_within ? " within " + std::to_string(c->within.number) : "") + (c->starts_with ? " startswith" : "") +
          (c->ends_with ? " endswith" : "") + ";";
    } else {
      out += " op" + std::to_string(op.index()) + ";";
    }
  }
  return out;
}

ByteSpan span_of(const std::string& text) {
  return {reinterpret_cast<const Byte*>(text.data()), text.size()};
}

TEST(MatcherDifferential, DatagramsAgreeWithTheSlowTwin) {
  std::size_t matched = 0, judged = 0;
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    RuleGenerator random(seed);
    SignatureList rules;
    for (std::uint32_t sid = 1; sid <= 60; ++sid) rules.push_back(random.next(sid, RuleProtocol::kUdp, false));
    HarnessFields fields;
    fields.match.packet_alert_max = 1000;
    fields.match.limits.recursion = 1'000'000;
    fields.match.limits.pcre_match = 1'000'000;
    MatcherHarness harness(compile_list(rules), fields);
    for (int round = 0; round < 60; ++round) {
      const std::string payload = random.bytes(0, 40);
      // Both directions of one flow in turn.
      ViewFields f;
      if (round % 2 == 1) f = {.from = "10.0.0.2", .to = "10.0.0.1", .source_port = 80, .destination_port = 40000};
      const Sids got = harness.udp(payload, f);
      for (const Signature& s : rules) {
        const std::optional<bool> expected = payload.empty() ? false : slow_payload_matches(s, span_of(payload));
        if (!expected) continue;
        const bool found = std::count(got.begin(), got.end(), s.info->sid) == 1;
        ++judged;
        matched += *expected;
        ASSERT_EQ(found, *expected) << "seed " << seed << " payload " << ::testing::PrintToString(payload) << " "
                                    << describe(s);
      }
    }
  }
  EXPECT_GT(judged, 200000U);
  EXPECT_GT(matched, judged / 20);  // the comparison would be empty if hardly anything matched
}

// Options that stay true when data is appended: then a rule must fire on the stream exactly when it holds on all
// of it, however the bytes were cut into segments.
TEST(MatcherDifferential, StreamsAgreeWithTheSlowTwinHoweverTheyAreCut) {
  std::size_t matched = 0, judged = 0;
  for (std::uint32_t seed = 1; seed <= 300; ++seed) {
    RuleGenerator random(seed);
    SignatureList rules;
    for (std::uint32_t sid = 1; sid <= 40; ++sid) {
      rules.push_back(random.next(sid, RuleProtocol::kTcpStream, true));
      rules.back().inspects_packet_payload = false;
    }
    HarnessFields fields;
    fields.match.packet_alert_max = 1000;
    fields.match.max_pending = 1000;
    MatcherHarness harness(compile_list(rules), fields);
    harness.handshake();
    const Direction d = seed % 2 == 0 ? Direction::kToServer : Direction::kToClient;
    std::string stream;
    for (std::size_t pieces = random.number(1, 8); pieces > 0; --pieces) {
      const std::string piece = random.bytes(1, 12);
      const Sids got = harness.send(d, piece);
      stream += piece;
    }
    for (const Signature& s : rules) {
      const std::optional<bool> expected = slow_payload_matches(s, span_of(stream));
      if (!expected) continue;
      const bool found = std::count(harness.all.begin(), harness.all.end(), s.info->sid) >= 1;
      ++judged;
      matched += *expected;
      ASSERT_EQ(found, *expected) << "seed " << seed << " stream " << ::testing::PrintToString(stream) << " "
                                  << describe(s);
    }
  }
  EXPECT_GT(judged, 11000U);
  EXPECT_GT(matched, judged / 20);
}

}  // namespace
}  // namespace bulkhead::test
