#include "config/daemon/signature_use.h"

#include <gtest/gtest.h>

#include "tests/support/matcher_harness.h"

namespace bulkhead::config {
namespace {

class SignatureUseTest : public ::testing::Test {
 protected:
  // Of the rules 1, 2 and 3.
  SignatureUseTest() {
    use_.packets = 10;
    for (const auto& rule : db_->rules) {
      signatures::RuleUseTotals totals;
      switch (rule.signature->info->sid) {
        case 1: totals = {.checks = 5, .matches = 4, .samples = 1, .sampled_ns = 20}; break;
        case 2: totals = {.checks = 9, .matches = 0, .samples = 3, .sampled_ns = 90}; break;
        default: break;
      }
      use_.rules.push_back(totals);
    }
  }
  [[nodiscard]] std::vector<std::uint32_t> order(const SignatureUseQuery& query) const {
    std::vector<std::uint32_t> out;
    const auto json = signature_use(*db_, use_, query);
    for (const auto& row : json.at("signatures")) out.push_back(row.at("sid"));
    return out;
  }
  const signatures::SignatureDbPtr db_ = test::compile_text(
      "alert udp any any -> any any (msg:\"one\"; content:\"evil\"; sid:1; rev:7;)\n"
      "alert udp any any -> any any (content:\"evil\"; content:\"twin\"; sid:2;)\n"
      "alert udp any any -> any any (content:\"never\"; sid:3;)\n");
  signatures::RuleUseReport use_;
};

TEST_F(SignatureUseTest, OrderedByWhatIsAskedFor) {
  using Order = std::vector<std::uint32_t>;
  EXPECT_EQ(order({.by = "cost"}), (Order{2, 1, 3}));
  EXPECT_EQ(order({.by = "matches"}), (Order{1, 2, 3}));
  EXPECT_EQ(order({.by = "checks"}), (Order{2, 1, 3}));
  EXPECT_EQ(order({.by = "sid"}), (Order{1, 2, 3}));
  EXPECT_EQ(order({.by = ""}), (Order{2, 1, 3})) << "as by cost";
  EXPECT_EQ(order({.limit = 1}), Order{2});
  EXPECT_EQ(order({.by = "sid", .never_hit = true}), (Order{2, 3}));
}

TEST_F(SignatureUseTest, ARowSaysWhatWasCountedAndWhereTheRuleStands) {
  const auto json = signature_use(*db_, use_, {.by = "matches", .limit = 1});
  EXPECT_EQ(json.at("signatures_total"), 3);
  EXPECT_EQ(json.at("packets"), 10);
  const auto& row = json.at("signatures").at(0);
  EXPECT_EQ(row.at("rev"), 7);
  EXPECT_EQ(row.at("message"), "one");
  EXPECT_EQ(row.at("place"), "test.rules:1");
  EXPECT_EQ(row.at("checks"), 5);
  EXPECT_EQ(row.at("matches"), 4);
  EXPECT_DOUBLE_EQ(row.at("ns_per_check"), 20.0);
  EXPECT_DOUBLE_EQ(row.at("ns_per_packet"), 10.0);
}

}  // namespace
}  // namespace bulkhead::config
