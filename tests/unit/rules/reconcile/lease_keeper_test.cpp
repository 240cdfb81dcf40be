#include "rules/reconcile/lease_keeper.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "tests/unit/rules/nft/fake_nft_transport.h"

namespace bulkhead::rules {
namespace {

using namespace std::chrono_literals;
using testing::FakeNftTransport;

std::unique_ptr<FakeNftTransport> kernel_with_lease(bool held) {
  auto kernel = std::make_unique<FakeNftTransport>();
  for (const NftFamily family : {NftFamily::kInet, NftFamily::kBridge}) {
    NftSet set;
    set.name = "lease";
    set.key = {NftType::kMark};
    set.timeouts = true;
    if (held) {
      NftElement element;
      element.key = {1, 0, 0, 0};
      set.elements.push_back(element);
    }
    kernel->kernel.tables.push_back({family, "bulkhead", {}, {set}});
  }
  return kernel;
}

LeaseSettings quick() {
  LeaseSettings out;
  out.lease = 15ms;
  return out;
}

// Waits for the condition, not for a time: 5 s are only the end of patience.
template <typename Condition>
bool comes_true(Condition&& condition) {
  const auto end = std::chrono::steady_clock::now() + 5s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

TEST(LeaseKeeper, TakesTheLeaseInBothFamiliesWhetherItHadEndedOrNot) {
  for (const bool held : {true, false}) {
    auto kernel = kernel_with_lease(held);
    FakeNftTransport& seen = *kernel;
    LeaseKeeper keeper(std::move(kernel), quick());
    ASSERT_TRUE(keeper.start());
    keeper.stop();
    for (const NftTable& table : seen.kernel.tables) {
      ASSERT_EQ(table.sets[0].elements.size(), 1U);
      EXPECT_EQ(table.sets[0].elements[0].timeout_ms, 15U);
    }
  }
}

TEST(LeaseKeeper, RenewsUntilItIsStopped) {
  LeaseKeeper keeper(kernel_with_lease(false), quick());
  ASSERT_TRUE(keeper.start());
  EXPECT_TRUE(comes_true([&] { return keeper.renewals() >= 4; }));
  keeper.stop();
  const std::uint64_t last = keeper.renewals();
  std::this_thread::sleep_for(30ms);
  EXPECT_EQ(keeper.renewals(), last);
}

TEST(LeaseKeeper, LetsTheLeaseGoWhenTheControlThreadHangs) {
  LeaseSettings settings = quick();
  settings.patience = 20ms;
  LeaseKeeper keeper(kernel_with_lease(false), settings);
  ASSERT_TRUE(keeper.start());
  std::this_thread::sleep_for(60ms);
  const std::uint64_t hanging = keeper.renewals();
  std::this_thread::sleep_for(60ms);
  EXPECT_EQ(keeper.renewals(), hanging);
  EXPECT_TRUE(comes_true([&] {
    keeper.beat();
    return keeper.renewals() > hanging;
  }));
}

TEST(LeaseKeeper, TellsOfRefusalsUntilTheyEnd) {
  auto kernel = kernel_with_lease(true);
  FakeNftTransport& seen = *kernel;
  seen.fail_next = EPERM;
  LeaseKeeper refused(std::move(kernel), quick());
  const Status status = refused.start();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, EPERM);
}

}  // namespace
}  // namespace bulkhead::rules
