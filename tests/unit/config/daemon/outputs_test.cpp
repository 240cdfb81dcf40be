#include "config/daemon/outputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "config/daemon/workload_labels.h"

namespace bulkhead::config {
namespace {

TEST(Outputs, AreThoseThatAreOn) {
  WorkloadLabels names;
  EngineSettings settings;
  settings.eve_file = "/tmp/never-opened";
  settings.outputs.unix_socket.enabled = settings.outputs.syslog.enabled = true;
  settings.outputs.kafka.enabled = settings.outputs.redis.enabled = true;
  std::vector<std::string> found;
  for (const auto& [name, health] : make_eve_outputs(settings, names)->healths()) found.push_back(name);
  EXPECT_THAT(found, testing::ElementsAre("eve", "unix", "syslog", "kafka", "redis"));
  settings = {};
  settings.eve_enabled = false;
  EXPECT_TRUE(make_eve_outputs(settings, names)->healths().empty());
}

TEST(Outputs, EachReasonOfALossIsACounter) {
  output::SinkHealth health;
  health.written = 3;
  health.lost = 2;
  health.losses[static_cast<std::size_t>(output::LossReason::kQueueFull)] = 2;
  event::CounterList counters;
  add_counters("redis", health, counters);
  EXPECT_THAT(counters, testing::IsSupersetOf({std::pair<std::string, std::uint64_t>{"output.redis.written", 3},
                                               {"output.redis.lost", 2},
                                               {"output.redis.lost_to.queue_full", 2},
                                               {"output.redis.lost_to.refused", 0}}));
}

}  // namespace
}  // namespace bulkhead::config
