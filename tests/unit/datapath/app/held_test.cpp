#include "datapath/app/held.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <utility>

#include "datapath/app/transaction.h"

namespace bulkhead::app {
namespace {

class Plain final : public Transaction {
 public:
  int number = 7;
  void write_records(std::vector<EveRecord>&, const EveOptions&) const override {}
};

TEST(Held, IsNullWhenTheTransactionIsGone) {
  auto tx = std::make_unique<Plain>();
  Held<Plain> first(tx.get()), second = first, none;
  EXPECT_EQ(first->number, 7);
  EXPECT_EQ(none, nullptr);
  tx.reset();
  EXPECT_EQ(first, nullptr);
  EXPECT_EQ(second, nullptr);
}

TEST(Held, MayBeAssignedMovedAndGoBeforeTheTransaction) {
  Plain one, two;
  Held<Plain> held(&one);
  {
    Held<Plain> inner(&one), third(&one);
    held = &two;
    inner = std::move(held);
    EXPECT_EQ(inner, &two);
    EXPECT_EQ(third, &one);
  }
  EXPECT_EQ(one.holders(), nullptr);
  held = nullptr;
  EXPECT_EQ(two.holders(), nullptr);
}

TEST(Held, MayStandInContainersThatMoveTheirElements) {
  auto gone = std::make_unique<Plain>(), stays = std::make_unique<Plain>();
  std::deque<Held<Plain>> waiting;
  for (int i = 0; i < 100; ++i) waiting.emplace_back(i % 2 == 0 ? gone.get() : stays.get());
  waiting.erase(waiting.begin() + 1);
  gone.reset();
  EXPECT_EQ(waiting[0], nullptr);
  EXPECT_EQ(waiting[2], stays.get());
  EXPECT_EQ(std::erase(waiting, nullptr), 50U);
  EXPECT_EQ(waiting.size(), 49U);
}

}  // namespace
}  // namespace bulkhead::app
