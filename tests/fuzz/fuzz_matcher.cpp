// Payload against a fixed set of rules: the matcher (Hyperscan prefilter, groups, compiled programs) must say what
// the slow twin says. The first byte chooses the direction, the rest is one datagram.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "tests/support/matcher_harness.h"
#include "tests/support/signature_maker.h"
#include "tests/support/slow_matcher.h"

namespace {

using namespace bulkhead;        // NOLINT(google-build-using-namespace)
using namespace bulkhead::test;  // NOLINT(google-build-using-namespace)

signatures::SignatureList fixed_rules() {
  RuleGenerator random(20261123);
  signatures::SignatureList rules;
  for (std::uint32_t sid = 1; sid <= 200; ++sid)
    rules.push_back(random.next(sid, signatures::RuleProtocol::kUdp, false));
  return rules;
}

HarnessFields fields() {
  HarnessFields f;
  f.match.packet_alert_max = 1000;
  f.match.limits.recursion = 100'000;
  f.match.limits.pcre_match = 1'000'000;
  return f;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const signatures::SignatureList rules = fixed_rules();
  static MatcherHarness harness(compile_list(rules), fields());
  if (size < 2 || size > 200) return 0;
  ViewFields f;
  if (data[0] % 2 == 1) f = {.from = "10.0.0.2", .to = "10.0.0.1", .source_port = 80, .destination_port = 40000};
  const ByteSpan payload(data + 1, size - 1);
  const Sids got = harness.udp({reinterpret_cast<const char*>(payload.data()), payload.size()}, f);
  for (const signatures::Signature& s : rules) {
    const std::optional<bool> expected = slow_payload_matches(s, payload);
    if (!expected) continue;
    const bool found = std::count(got.begin(), got.end(), s.info->sid) == 1;
    if (found == *expected) continue;
    std::fprintf(stderr, "rule %u: matcher %d, slow twin %d\n", s.info->sid, found, *expected);
    std::abort();
  }
  harness.all.clear();
  return 0;
}
