#include "rules/nft/inline_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/netfilter.h>

#include "rules/nft/nft_printer.h"
#include "rules/nft/nft_renderer.h"

namespace bulkhead::rules {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

InlineQueueSettings settings(InlineFlows flows) {
  InlineQueueSettings out;
  out.flows = flows;
  out.first_queue = 7;
  out.queues = 2;
  return out;
}

std::string text_of(const std::vector<NftTable>& tables) {
  return print_ruleset(NftRuleset{tables});
}

TEST(InlineQueue, NothingWithoutFlows) {
  EXPECT_TRUE(render_inline_queue("bulkhead", settings(InlineFlows::kNothing)).empty());
}

TEST(InlineQueue, BothFamiliesAndEveryWayOfAPacket) {
  const auto tables = render_inline_queue("bulkhead", settings(InlineFlows::kAll));
  ASSERT_EQ(tables.size(), 2U);
  EXPECT_EQ(tables[0].family, NftFamily::kIp);
  EXPECT_EQ(tables[1].family, NftFamily::kIp6);
  for (const NftTable& table : tables) {
    for (const char* way : {"forward", "in", "out"}) {
      const NftChain* queue = table.chain(std::string("queue-") + way);
      const NftChain* save = table.chain(std::string("save-") + way);
      ASSERT_TRUE(queue != nullptr && save != nullptr) << way;
      EXPECT_EQ(queue->hook->number, save->hook->number);
      EXPECT_LT(queue->hook->priority, save->hook->priority) << "a verdict's mark is saved behind the queue";
      EXPECT_EQ(queue->hook->policy, static_cast<std::uint32_t>(NF_ACCEPT));
    }
  }
}

TEST(InlineQueue, DecidedConnectionsGoOnBeforeTheQueue) {
  const auto tables = render_inline_queue("bulkhead", settings(InlineFlows::kAll));
  const NftChain* queue = tables[0].chain("queue");
  ASSERT_NE(queue, nullptr);
  ASSERT_EQ(queue->rules.size(), 2U);
  EXPECT_EQ(queue->rules[0].comment, "inline/decided");
  const auto* target = std::get_if<ExprTarget>(&queue->rules[1].expressions.back());
  ASSERT_NE(target, nullptr);
  EXPECT_EQ(target->name, "NFQUEUE");
  EXPECT_EQ(target->data, (Bytes{7, 0, 2, 0, 1, 0, 0, 0})) << "queue 7, two queues, pass without a reader";
}

TEST(InlineQueue, OnlyWhatThePolicyMarks) {
  const std::string text = text_of(render_inline_queue("bulkhead", settings(InlineFlows::kPolicy)));
  EXPECT_THAT(text, HasSubstr("ct mark & 50331648 != 16777216 return"));
  const std::string all = text_of(render_inline_queue("bulkhead", settings(InlineFlows::kAll)));
  EXPECT_THAT(all, Not(HasSubstr("!= 16777216")));
}

TEST(InlineQueue, MarksLeaveTheBitsOfOthersAlone) {
  InlineQueueSettings some = settings(InlineFlows::kAll);
  some.mark_shift = 4;
  const std::string text = text_of(render_inline_queue("bulkhead", some));
  EXPECT_THAT(text, HasSubstr("meta mark & 48 32 ct mark set ct mark & 4294967247 ^ 32 "
                              "meta mark set meta mark & 4294967247"));
}

TEST(InlineQueue, ClosedDoesNotPassWithoutAReader) {
  InlineQueueSettings closed = settings(InlineFlows::kAll);
  closed.fail_open = false;
  const auto tables = render_inline_queue("bulkhead", closed);
  const auto* target = std::get_if<ExprTarget>(&tables[0].chain("queue")->rules.back().expressions.back());
  ASSERT_NE(target, nullptr);
  EXPECT_EQ(target->data, (Bytes{7, 0, 2, 0, 0, 0, 0, 0}));
}

TEST(InlineQueue, IsPartOfTheRuleset) {
  NftSettings all;
  all.inline_queue = settings(InlineFlows::kAll);
  const NftRuleset with = render_ruleset(nullptr, {true, true}, all);
  EXPECT_NE(with.table(NftFamily::kIp, "bulkhead"), nullptr);
  EXPECT_NE(with.table(NftFamily::kIp6, "bulkhead"), nullptr);
  const NftRuleset without = render_ruleset(nullptr, {true, true}, {});
  EXPECT_EQ(without.table(NftFamily::kIp, "bulkhead"), nullptr);
}

}  // namespace
}  // namespace bulkhead::rules
