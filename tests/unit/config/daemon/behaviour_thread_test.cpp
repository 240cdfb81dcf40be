#include "config/daemon/behaviour_thread.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include "datapath/output/eve_json.h"
#include "datapath/pipeline/inspector.h"

namespace bulkhead::config {
namespace {

using namespace std::chrono_literals;
using behaviour::Observation;
using behaviour::ObservationKind;

class Kept final : public event::EventPublisher {
 public:
  void publish(event::Event&& event) override {
    const std::lock_guard lock(mutex);
    events.push_back(std::move(event));
  }
  void watermark(std::uint64_t) override {}
  std::mutex mutex;
  std::vector<event::Event> events;
};

// The sinks that observers get, without observers.
class BehaviourThreadTest : public testing::Test {
 protected:
  void SetUp() override {
    ::umask(022);  // what others may write is not believed
    path = testing::TempDir() + "bulkhead_behaviour_" + std::to_string(::getpid());
    std::filesystem::create_directories(path);
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    settings.enabled = true;
    settings.state_file = path + "/behaviour.state";
    settings.engine.phases.learn_for = 0s;
    settings.engine.phases.learn_flows = 400;
    settings.engine.graph.learn_age = 0s;
  }
  void TearDown() override { std::filesystem::remove_all(path); }
  Observation about(const char* from, const char* to, std::uint16_t port, ObservationKind kind) {
    Observation out;
    out.kind = kind;
    out.time = now;
    out.flow = 7;
    out.client = {*IpAddress::parse(from), *IpAddress::parse(to), 40000, port, 6};
    return out;
  }
  void usual(behaviour::BehaviourEngine& engine) {
    for (int i = 0; i < 1500; ++i, now = now + 1s) {
      engine.take(about("10.0.0.2", "10.0.0.3", 5432, ObservationKind::kAnswered));
    }
  }
  std::string path;
  BehaviourThreadSettings settings;
  Kept kept;
  Timestamp now{1'700'000'000'000'000'000};
};

TEST_F(BehaviourThreadTest, AnIncidentIsARecordWithItsEvidence) {
  behaviour::BehaviourEngine engine(settings.engine);
  engine.set_mode(behaviour::BehaviourMode::kLive);
  std::vector<std::string> lines;
  engine.on_incident = [&](const behaviour::Incident& incident) {
    output::EveJson eve{output::EveSettings{}};
    lines.emplace_back(eve.format(incident_event(incident, engine)));
  };
  usual(engine);
  engine.take(about("10.0.0.2", "203.0.113.5", 4444, ObservationKind::kAnswered));
  ASSERT_EQ(lines.size(), 1U);
  const auto json = nlohmann::json::parse(lines[0]);
  EXPECT_EQ(json.at("event_type"), "incident");
  EXPECT_EQ(json.at("src_ip"), "10.0.0.2");
  EXPECT_EQ(json.at("dest_port"), 4444);
  EXPECT_EQ(json.at("incident").at("actor"), "10.0.0.2");
  EXPECT_EQ(json.at("incident").at("victim"), "203.0.113.5");
  EXPECT_EQ(json.at("incident").at("evidence").at(0).at("flow_id"), 7);
  EXPECT_EQ(json.at("incident").at("families"), nlohmann::json({"edge"}));
}

TEST_F(BehaviourThreadTest, StateIsWrittenAtTheEndAndReadAtTheStart) {
  {
    BehaviourThread thread(settings, kept, {}, {});
    thread.start();
    thread.stop();
  }
  ASSERT_TRUE(std::filesystem::exists(settings.state_file));
  behaviour::BehaviourEngine engine(settings.engine);
  engine.set_mode(behaviour::BehaviourMode::kLive);
  usual(engine);
  std::ofstream(settings.state_file) << engine.save();
  const BehaviourThread thread(settings, kept, {}, {});
  const auto baseline = thread.baseline();
  ASSERT_EQ(baseline.at("edges").size(), 1U);
  EXPECT_EQ(baseline.at("edges").at(0).at("client"), "10.0.0.2");
  EXPECT_EQ(baseline.at("edges").at(0).at("port"), 5432);
  EXPECT_EQ(baseline.at("workloads").at(0).at("phase"), "monitoring");
}

TEST_F(BehaviourThreadTest, AStateThatOthersMayWriteIsNotBelieved) {
  behaviour::BehaviourEngine engine(settings.engine);
  engine.set_mode(behaviour::BehaviourMode::kLive);
  usual(engine);
  std::ofstream(settings.state_file) << engine.save();
  std::filesystem::permissions(settings.state_file, static_cast<std::filesystem::perms>(0600));
  EXPECT_EQ(BehaviourThread(settings, kept, {}, {}).baseline().at("edges").size(), 1U);
  std::filesystem::permissions(settings.state_file, static_cast<std::filesystem::perms>(0620));
  EXPECT_EQ(BehaviourThread(settings, kept, {}, {}).baseline().at("edges").size(), 0U);
  EXPECT_TRUE(std::filesystem::exists(settings.state_file)) << "for who looks into it";
}

// Who gives the node away is one step graver, and its every finding is told to whoever limits.
TEST_F(BehaviourThreadTest, PostureIsPartOfTheSeverityAndGoesToWhoeverLimits) {
  settings.engine.graph.learn_age = 0s;
  BehaviourThread thread(settings, kept, {}, {});
  auto inventory = std::make_shared<rules::Inventory>();
  rules::Workload workload;
  workload.name = "api";
  workload.name_space = "shop";
  workload.addresses = {*IpAddress::parse("10.0.0.2")};
  workload.posture = rules::Posture{};
  workload.posture->sockets = {"/run/docker.sock"};
  ASSERT_FALSE(inventory->add_workload(workload));
  thread.use(inventory);
  std::vector<std::string> limited;
  thread.limit_with(
      [&](const behaviour::Incident& incident, const std::string& actor, const std::vector<std::string>& findings) {
        limited.push_back(actor + " " + behaviour::to_string(incident.severity));
        for (const std::string& code : findings) limited.push_back(code);
      });
  Observation alert = about("10.0.0.2", "10.0.0.3", 80, ObservationKind::kFact);
  alert.fact = behaviour::FactKind::kAlert;
  alert.operation = 1;
  thread.take_for_test(alert);
  EXPECT_EQ(limited, (std::vector<std::string>{"shop/api high", "runtime-socket", "no-limits"}));
  ASSERT_EQ(kept.events.size(), 1U);
}

TEST_F(BehaviourThreadTest, ABrokenStateIsPutAsideAndLearningBeginsAnew) {
  std::ofstream(settings.state_file) << "bulkhead-behaviour 1\nedge\t1\n";
  const BehaviourThread thread(settings, kept, {}, {});
  EXPECT_EQ(thread.baseline().at("edges").size(), 0U);
  EXPECT_TRUE(std::filesystem::exists(settings.state_file + ".corrupt"));
  EXPECT_FALSE(std::filesystem::exists(settings.state_file));
}

TEST_F(BehaviourThreadTest, FeedsAreReadAtTheStartAndAgainWhenAsked) {
  settings.intel.directory = path + "/feeds";
  settings.intel.expire = std::chrono::hours(24);
  std::filesystem::create_directories(settings.intel.directory);
  std::ofstream(settings.intel.directory + "/a.txt") << "203.0.113.5\nnonsense\n";
  BehaviourThread thread(settings, kept, {}, {});
  const auto count = [&](std::string_view name) {
    std::vector<std::pair<std::string, std::uint64_t>> stats;
    thread.add_stats(stats);
    for (const auto& [key, value] : stats) {
      if (key == name) return value;
    }
    return std::uint64_t{0};
  };
  const auto becomes = [&](std::uint64_t wanted) {
    for (int i = 0; i < 500 && count("intel.indicators") != wanted; ++i) std::this_thread::sleep_for(10ms);
    return count("intel.indicators") == wanted;
  };
  thread.start();
  EXPECT_TRUE(becomes(1));
  EXPECT_EQ(count("intel.malformed"), 1U);
  std::ofstream(settings.intel.directory + "/b.txt") << "203.0.113.6\n";
  thread.reload_feeds();
  EXPECT_TRUE(becomes(2));
  thread.stop();
}

TEST_F(BehaviourThreadTest, ReplicasOfOneOwnerAreOne) {
  rules::Workload workload;
  workload.name_space = "shop";
  workload.name = "web-1";
  EXPECT_EQ(owner_of(workload), "shop/web-1");
  workload.labels["com.docker.compose.service"] = "web";
  EXPECT_EQ(owner_of(workload), "shop/web");
}

}  // namespace
}  // namespace bulkhead::config
