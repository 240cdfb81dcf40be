#include "signatures/compile/dump.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "signatures/compile/compiler.h"
#include "tests/support/signature_maker.h"

namespace bulkhead::test {
namespace {

TEST(Dump, ShowsWhatBecameOfARule) {
  Diagnostics diagnostics;
  const auto db = signatures::compile_signatures(
      {rule(7, signatures::RuleProtocol::kTcp, {content("a|b\r\n", {.nocase = true}), pcre("x+", true)})}, {}, {},
      diagnostics);
  ASSERT_TRUE(db.has_value());
  std::ostringstream out;
  EXPECT_TRUE(signatures::dump_rule(**db, 7, out));
  EXPECT_FALSE(signatures::dump_rule(**db, 8, out));
  EXPECT_THAT(out.str(), ::testing::HasSubstr("0 content \"a|7c|b|0d 0a|\" nocase [retry] [final]"));
  EXPECT_THAT(out.str(), ::testing::HasSubstr("1 pcre /x+/R"));
  std::ostringstream groups;
  signatures::dump_groups(**db, groups);
  EXPECT_THAT(groups.str(),
              ::testing::HasSubstr("tcp to_server group 0: 1 rules, 65536 server ports, stream literals 1"));
  std::ostringstream statistics;
  signatures::dump_statistics(**db, statistics);
  EXPECT_THAT(statistics.str(), ::testing::HasSubstr("with a pattern      1\n"));
}

}  // namespace
}  // namespace bulkhead::test
