// Figures of the policies in the kernel; see --help. Own network namespaces, root.
#include <cstdio>

#include <chrono>
#include "bench/policy_bench/cluster.h"
#include "rules/compile/policy_compiler.h"
#include "rules/nft/enforcer.h"
#include "rules/nft/nl_transport.h"
#include "rules/nft/ruleset_diff.h"
#include "tests/netns/net_lab.h"
using namespace bulkhead;
using namespace bulkhead::rules;
static double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}
int main() {
  bulkhead::testing::NetLab lab({}, true);
  auto inv = bench::inventory(10000, 10);
  auto model = bench::policies(1000);
  auto t = NlTransport::open();
  Enforcer e(**t);
  for (int i = 0; i < 3; ++i) {
    double a = now();
    Diagnostics d;
    auto table = compile_policies(model, inv, d);
    double b = now();
    auto rs = render_ruleset(table.get(), {true, true}, {});
    double c = now();
    auto r = e.load(table, {true, true});
    double f = now();
    if (!r) {
      std::printf("%s\n", r.error().to_string().c_str());
      return 1;
    }
    auto dump = (*t)->dump("bulkhead");
    double g = now();
    auto diff = compare_rulesets(rs, *dump);
    double h = now();
    std::printf(
        "compile %.3f render %.3f load(all) %.3f dump %.3f diff %.3f; chains %zu rules %zu sets %zu elements %zu "
        "changes %zu; programs %zu matches %zu\n",
        b - a, c - b, f - c, g - f, h - g, r->chains, r->rules, r->sets, r->elements, r->changes,
        table->programs().size(), table->matches().size());
  }
}
