#include "datapath/output/eve_outputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "datapath/output/socket_transport.h"
#include "output_records.h"
#include "sample_events.h"

namespace bulkhead::output {
namespace {

struct Kept {
  std::mutex mutex;
  std::vector<OutputRecord> records;
  [[nodiscard]] std::vector<std::string> types() {
    const std::lock_guard lock(mutex);
    std::vector<std::string> out;
    for (const OutputRecord& record : records) {
      const std::string key = "\"event_type\":\"";
      const std::size_t at = record.line->find(key) + key.size();
      out.push_back(record.line->substr(at, record.line->find('"', at) - at));
    }
    return out;
  }
};

class KeepingTransport final : public Transport {
 public:
  explicit KeepingTransport(Kept& kept) : kept_(kept) {}
  Status connect() override { return ok(); }
  SendResult send(std::span<const OutputRecord> batch, Tally& tally) override {
    const std::lock_guard lock(kept_.mutex);
    for (const OutputRecord& record : batch) {
      kept_.records.push_back(record);
      tally.written(record.line->size());
    }
    return {.taken = batch.size(), .broken = {}};
  }
  [[nodiscard]] std::string describe() const override { return "kept"; }

 private:
  Kept& kept_;
};

TEST(EveOutputs, EachOutputTakesItsTypes) {
  const test::ScratchFolder folder;
  Kept all, some;
  EveSettings eve;
  eve.netflow = true;
  EveOutputs outputs(eve, nullptr);
  outputs.add_file("eve", {.path = folder.file("eve.json")});
  outputs.add("all", std::make_unique<KeepingTransport>(all), {}, {});
  outputs.add("some", std::make_unique<KeepingTransport>(some), {}, {"alert", "netflow"});
  ASSERT_TRUE(outputs.open());
  event::FlowEvent flow;
  flow.header = test::sample_header();
  flow.summary.packets_to_client = 1;
  outputs.write(test::sample_alert());
  outputs.write(flow);
  event::BlockEvent block;
  block.header = test::sample_header();
  outputs.write(block);
  outputs.flush();
  outputs.finish();
  EXPECT_THAT(all.types(), testing::ElementsAre("alert", "flow", "netflow", "netflow", "block"));
  EXPECT_THAT(some.types(), testing::ElementsAre("alert", "netflow", "netflow"));
  std::ostringstream text;
  text << std::ifstream(folder.file("eve.json")).rdbuf();
  std::string joined;
  for (const OutputRecord& record : all.records) joined += *record.line;
  EXPECT_EQ(text.str(), joined) << "the same bytes everywhere";
  EXPECT_EQ(all.records[0].severity, 2) << "an alert of severity 1 is critical";
  EXPECT_EQ(all.records[4].severity, 5);
  EXPECT_EQ(all.records[0].flow_id, flow.header.flow_id);
  const auto healths = outputs.healths();
  ASSERT_EQ(healths.size(), 3U);
  EXPECT_EQ(healths[0].first, "eve");
  EXPECT_EQ(healths[0].second.written, 5U);
  EXPECT_EQ(healths[2].second.written, 3U);
}

TEST(EveOutputs, AReceiverThatIsAwayDoesNotKeepOthersFromTheirEvents) {
  const test::ScratchFolder folder;
  Endpoint nobody;
  nobody.path = folder.file("nobody");
  Kept all;
  EveOutputs outputs(EveSettings{}, nullptr);
  outputs.add("unix", std::make_unique<SocketTransport>(nobody, std::make_unique<LineFraming>()),
              {.records = 10, .drain = std::chrono::milliseconds(10)}, {});
  outputs.add("all", std::make_unique<KeepingTransport>(all), {}, {});
  ASSERT_TRUE(outputs.open());
  for (int i = 0; i < 100; ++i) outputs.write(test::sample_alert());
  outputs.finish();
  EXPECT_EQ(all.records.size(), 100U);
  const auto healths = outputs.healths();
  EXPECT_EQ(healths[0].second.lost, 100U);
  EXPECT_EQ(healths[0].second.losses[static_cast<std::size_t>(LossReason::kQueueFull)], 90U);
  EXPECT_EQ(healths[0].second.losses[static_cast<std::size_t>(LossReason::kUnsent)], 10U);
}

// The names of two hosts.
class TwoNames final : public WorkloadNames {
 public:
  std::string_view json_of(const IpAddress& address) override {
    if (address == *IpAddress::parse("10.16.1.11")) return R"({"name":"shop/web","labels":{"app":"web"}})";
    return {};
  }
};

TEST(EveOutputs, RecordsNameTheWorkloadsThatAreKnown) {
  TwoNames names;
  EveJson json(EveSettings{}, &names);
  const std::string with(json.format(test::sample_alert()));
  EXPECT_THAT(with, testing::HasSubstr(R"("workload":{"destination":{"name":"shop/web","labels":{"app":"web"}}}})"));
  event::StatsEvent stats;
  EXPECT_THAT(std::string(json.format(stats)), testing::Not(testing::HasSubstr("workload")));
  EveJson without(EveSettings{});
  EXPECT_THAT(std::string(without.format(test::sample_alert())), testing::Not(testing::HasSubstr("workload")));
}

}  // namespace
}  // namespace bulkhead::output
