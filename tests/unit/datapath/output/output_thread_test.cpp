#include "datapath/output/output_thread.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <thread>

namespace bulkhead::output {
namespace {

using event::Event;
using event::EventOrder;

// What a sink saw; shared with the test, which reads it after finish().
struct Seen {
  std::vector<EventOrder> orders;
  std::atomic<std::size_t> count{0};
  std::atomic<std::size_t> flushes{0};
  std::atomic<std::size_t> reopens{0};
  std::atomic<bool> hold{false};  // the sink stands still
};

class RecordingSink final : public EventSink {
 public:
  explicit RecordingSink(std::shared_ptr<Seen> seen, bool refuse = false) : seen_(std::move(seen)), refuse_(refuse) {}
  Status open() override {
    if (refuse_) return Error{"open", "sink", 0, "refused"};
    return ok();
  }
  void write(const Event& event) override {
    while (seen_->hold) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    seen_->orders.push_back(event::header_of(event)->order);
    ++seen_->count;
  }
  void flush() override { ++seen_->flushes; }
  void reopen() override { ++seen_->reopens; }
  SinkHealth health() const override { return {.written = seen_->count}; }

 private:
  std::shared_ptr<Seen> seen_;
  bool refuse_;
};

Event event_at(std::uint64_t packet, std::uint32_t phase = 1, std::uint32_t sequence = 0, std::uint64_t tie = 0) {
  event::StatsEvent e;
  e.header.order.packet = packet;
  e.header.order.phase = phase;
  e.header.order.sequence = sequence;
  e.header.order.tie = tie;
  return e;
}

struct Harness {
  std::shared_ptr<Seen> seen = std::make_shared<Seen>();
  std::unique_ptr<OutputThread> thread;
  Harness(OutputMode mode, std::size_t producers, std::size_t capacity = 64) {
    OutputSettings settings;
    settings.mode = mode;
    settings.ring_capacity = capacity;
    settings.flush_interval = std::chrono::milliseconds(20);
    std::vector<std::unique_ptr<EventSink>> sinks;
    sinks.push_back(std::make_unique<RecordingSink>(seen));
    thread = std::make_unique<OutputThread>(settings, producers, std::move(sinks));
  }
};

template <typename Predicate>
bool eventually(Predicate predicate) {
  for (int i = 0; i < 2000; ++i) {
    if (predicate()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return predicate();
}

TEST(OutputThread, LiveEventsArriveWithoutFinish) {
  Harness h(OutputMode::kLive, 1);
  ASSERT_TRUE(h.thread->start());
  EXPECT_TRUE(h.thread->producer(0).publish(event_at(1)));
  EXPECT_TRUE(eventually([&] { return h.seen->count == 1; })) << "no watermark is needed";
  EXPECT_TRUE(eventually([&] { return h.seen->flushes > 0; })) << "a quiet sink is flushed";
  h.thread->finish();
  h.thread->finish();
  EXPECT_EQ(h.thread->stats().written, 1U);
}

TEST(OutputThread, LiveDropsAndCountsWhenTheSinkStandsStill) {
  Harness h(OutputMode::kLive, 1, 8);
  ASSERT_TRUE(h.thread->start());
  h.seen->hold = true;
  std::uint64_t taken = 0;
  for (std::uint64_t i = 0; i < 100; ++i) taken += h.thread->producer(0).publish(event_at(i)) ? 1 : 0;
  EXPECT_LT(taken, 100U);
  h.seen->hold = false;
  h.thread->finish();
  const OutputStats stats = h.thread->stats();
  EXPECT_EQ(stats.published, taken);
  EXPECT_EQ(stats.dropped, 100 - taken);
  EXPECT_EQ(stats.written, taken) << "every event is written or counted as lost";
}

TEST(OutputThread, ReplayWaitsForTheSlowestWatermark) {
  Harness h(OutputMode::kReplay, 2);
  ASSERT_TRUE(h.thread->start());
  h.thread->producer(0).publish(event_at(5));
  h.thread->producer(0).watermark(100);
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  EXPECT_EQ(h.seen->count, 0U) << "the other worker may still report something for packet 4";
  h.thread->producer(1).publish(event_at(4));
  h.thread->producer(1).watermark(6);
  EXPECT_TRUE(eventually([&] { return h.seen->count == 2; }));
  h.thread->producer(0).publish(event_at(101));
  h.thread->producer(1).publish(event_at(6));
  h.thread->finish();
  std::vector<std::uint64_t> packets;
  for (const EventOrder& order : h.seen->orders) packets.push_back(order.packet);
  EXPECT_THAT(packets, testing::ElementsAre(4, 5, 6, 101));
}

TEST(OutputThread, ReplayEqualMarkHoldsTheEventBack) {
  Harness h(OutputMode::kReplay, 1);
  ASSERT_TRUE(h.thread->start());
  h.thread->producer(0).watermark(5);
  h.thread->producer(0).publish(event_at(5, 1, 1));
  h.thread->producer(0).publish(event_at(5, 0, 0));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(h.seen->count, 0U);
  h.thread->producer(0).watermark(3);
  h.thread->producer(0).watermark(6);
  EXPECT_TRUE(eventually([&] { return h.seen->count == 2; })) << "a mark that would go back is ignored";
  h.thread->finish();
  EXPECT_EQ(h.seen->orders[0].phase, 0U) << "an event may come late within its packet";
}

TEST(OutputThread, EndOfInputEventsComeOutToo) {
  Harness h(OutputMode::kReplay, 2);
  ASSERT_TRUE(h.thread->start());
  h.thread->producer(0).publish(event_at(UINT64_MAX, 2, 1));
  h.thread->producer(1).publish(event_at(UINT64_MAX, 2, 0));
  h.thread->finish();
  ASSERT_EQ(h.seen->orders.size(), 2U);
  EXPECT_LT(h.seen->orders[0], h.seen->orders[1]);
}

// The same events, spread over any number of workers, always come out in the one order; nothing is lost
// although the rings are tiny, and no worker waits for another.
TEST(OutputThread, ReplayIsTheSameForAnyNumberOfWorkers) {
  constexpr std::uint64_t kPackets = 4000;
  std::vector<EventOrder> expected;
  for (const std::size_t workers : {1U, 2U, 4U, 7U}) {
    Harness h(OutputMode::kReplay, workers, 4);
    ASSERT_TRUE(h.thread->start());
    std::vector<std::thread> threads;
    for (std::size_t w = 0; w < workers; ++w) {
      threads.emplace_back([&, w] {
        EventProducer& producer = h.thread->producer(w);
        std::mt19937 random(static_cast<unsigned>(w));
        for (std::uint64_t packet = 1; packet <= kPackets; ++packet) {
          if (packet % workers != w) continue;
          producer.watermark(packet);
          // Within a packet the events are published in any order.
          std::vector<Event> events;
          for (std::uint32_t i = 0; i < packet % 4; ++i) events.push_back(event_at(packet, i % 2, i, i));
          std::shuffle(events.begin(), events.end(), random);
          for (Event& event : events) producer.publish(std::move(event));
          if (random() % 512 == 0) std::this_thread::sleep_for(std::chrono::microseconds(200));
        }
        producer.close();
      });
    }
    for (std::thread& thread : threads) thread.join();
    h.thread->finish();
    EXPECT_EQ(h.thread->stats().dropped, 0U);
    EXPECT_EQ(h.thread->stats().written, h.thread->stats().published);
    EXPECT_TRUE(std::is_sorted(h.seen->orders.begin(), h.seen->orders.end()));
    if (expected.empty()) {
      expected = h.seen->orders;
      EXPECT_EQ(expected.size(), kPackets / 4 * 6);
    } else {
      EXPECT_EQ(h.seen->orders, expected) << workers << " workers";
    }
  }
}

// Worker 0 runs far ahead while worker 1 has not said anything: it must never be stuck behind it.
TEST(OutputThread, ReplayNeverLetsAWorkerWaitForAnother) {
  Harness h(OutputMode::kReplay, 2, 4);
  ASSERT_TRUE(h.thread->start());
  for (std::uint64_t i = 1; i <= 5000; ++i) ASSERT_TRUE(h.thread->producer(0).publish(event_at(i)));
  EXPECT_EQ(h.seen->count, 0U);
  h.thread->finish();
  EXPECT_EQ(h.seen->orders.size(), 5000U);
  EXPECT_GT(h.thread->stats().merge_high_water, 4900U);
}

TEST(OutputThread, ASinkThatCannotOpenStopsTheStart) {
  std::vector<std::unique_ptr<EventSink>> sinks;
  sinks.push_back(std::make_unique<RecordingSink>(std::make_shared<Seen>(), true));
  OutputThread thread(OutputSettings{}, 1, std::move(sinks));
  const Status started = thread.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().text, "refused");
}

TEST(OutputThread, ReopenReachesEverySink) {
  Harness h(OutputMode::kLive, 1);
  ASSERT_TRUE(h.thread->start());
  h.thread->reopen();
  EXPECT_EQ(h.seen->reopens, 1U);
}

}  // namespace
}  // namespace bulkhead::output
