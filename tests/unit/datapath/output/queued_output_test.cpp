#include "datapath/output/queued_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "output_records.h"

namespace bulkhead::output {
namespace {

using test::record_of;
using test::soon;

// A receiver that a test opens, closes and makes refuse.
struct Receiver {
  std::atomic<bool> there{true}, slow{false}, breaks{false};
  std::atomic<int> connects{0};
  std::mutex mutex;
  std::vector<std::string> got;
  [[nodiscard]] std::size_t count() {
    const std::lock_guard lock(mutex);
    return got.size();
  }
};

class FakeTransport final : public Transport {
 public:
  explicit FakeTransport(Receiver& receiver) : receiver_(receiver) {}
  Status connect() override {
    ++receiver_.connects;
    if (!receiver_.there) return errno_error("connect", "fake", ECONNREFUSED);
    return ok();
  }
  SendResult send(std::span<const OutputRecord> batch, Tally& tally) override {
    SendResult out;
    if (receiver_.slow) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      return out;
    }
    for (const OutputRecord& record : batch) {
      if (!receiver_.there || receiver_.breaks.exchange(false)) {
        out.broken = errno_error("send", "fake", EPIPE);
        return out;
      }
      if (record.json() == "bad") {
        tally.lost(LossReason::kRefused);
      } else {
        const std::lock_guard lock(receiver_.mutex);
        receiver_.got.emplace_back(record.json());
        tally.written(record.line->size());
      }
      ++out.taken;
    }
    return out;
  }
  [[nodiscard]] std::string describe() const override { return "fake"; }

 private:
  Receiver& receiver_;
};

struct QueuedOutputTest : testing::Test {
  std::unique_ptr<QueuedOutput> start(QueueSettings settings = {}) {
    auto out = std::make_unique<QueuedOutput>(std::make_unique<FakeTransport>(receiver), settings);
    EXPECT_TRUE(out->start());
    return out;
  }
  Receiver receiver;
};

std::uint64_t lost(const SinkHealth& health, LossReason reason) {
  return health.losses[static_cast<std::size_t>(reason)];
}

TEST_F(QueuedOutputTest, SendsInOrderAndCountsWhatIsRefused) {
  const auto output = start();
  for (const char* text : {"1", "bad", "2", "3"}) EXPECT_TRUE(output->push(record_of(text)));
  output->finish();
  EXPECT_THAT(receiver.got, testing::ElementsAre("1", "2", "3"));
  const SinkHealth health = output->health();
  EXPECT_EQ(health.written, 3U);
  EXPECT_EQ(health.bytes, 6U);
  EXPECT_EQ(health.lost, 1U);
  EXPECT_EQ(lost(health, LossReason::kRefused), 1U);
}

TEST_F(QueuedOutputTest, PushingNeverWaitsAndTheBooksBalance) {
  receiver.slow = true;
  const auto output = start({.records = 100});
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 10'000; ++i) output->push(record_of("x"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
  SinkHealth health = output->health();
  EXPECT_EQ(lost(health, LossReason::kQueueFull), 9900U);
  EXPECT_EQ(health.waiting, 100U) << "what is in a batch counts as waiting";
  receiver.slow = false;
  EXPECT_TRUE(soon([&] { return output->health().waiting == 0; }));
  health = output->health();
  EXPECT_EQ(health.written + health.lost, 10'000U);
}

TEST_F(QueuedOutputTest, BytesAreALimitOfTheirOwn) {
  receiver.slow = true;
  const auto output = start({.records = 1000, .bytes = 1000});
  for (int i = 0; i < 20; ++i) output->push(record_of(std::string(99, 'x')));
  EXPECT_EQ(lost(output->health(), LossReason::kQueueFull), 10U);
  receiver.slow = false;
}

TEST_F(QueuedOutputTest, AReceiverThatComesLaterGetsWhatWaits) {
  receiver.there = false;
  const auto output = start();
  output->push(record_of("early"));
  EXPECT_TRUE(soon([&] { return receiver.connects > 1; }));
  EXPECT_FALSE(output->health().connected);
  EXPECT_THAT(output->health().last_error, testing::HasSubstr("connect fake"));
  receiver.there = true;
  EXPECT_TRUE(soon([&] { return receiver.count() == 1; }));
  EXPECT_TRUE(output->health().connected);
}

TEST_F(QueuedOutputTest, ABreakLosesNothing) {
  const auto output = start();
  for (int i = 0; i < 50; ++i) output->push(record_of(std::to_string(i)));
  EXPECT_TRUE(soon([&] { return receiver.count() == 50; }));
  receiver.breaks = true;
  for (int i = 50; i < 100; ++i) output->push(record_of(std::to_string(i)));
  EXPECT_TRUE(soon([&] { return receiver.count() == 100; }));
  EXPECT_GE(receiver.connects, 2);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(receiver.got[static_cast<std::size_t>(i)], std::to_string(i));
  EXPECT_EQ(output->health().lost, 0U);
}

TEST_F(QueuedOutputTest, TheEndIsBoundedAndWhatIsLeftIsCounted) {
  receiver.there = false;
  const auto output = start({.drain = std::chrono::milliseconds(100)});
  for (int i = 0; i < 7; ++i) output->push(record_of("x"));
  const auto begin = std::chrono::steady_clock::now();
  output->finish();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
  EXPECT_EQ(lost(output->health(), LossReason::kUnsent), 7U);
  EXPECT_EQ(output->health().waiting, 0U);
  EXPECT_FALSE(output->push(record_of("late")));
  EXPECT_EQ(output->health().lost, 8U);
}

}  // namespace
}  // namespace bulkhead::output
