#include "config/daemon/control_commands.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <set>
#include <thread>

#include "config/control/control_client.h"

namespace bulkhead::config {
namespace {

using Json = nlohmann::json;

class YesKernel final : public rules::NftTransport {
 public:
  Status apply(const rules::NftBatch&) override { return ok(); }
  Result<rules::NftRuleset> dump(const std::string&) override { return rules::NftRuleset{}; }
  Result<std::vector<rules::NftElement>> dump_elements(rules::NftFamily, const std::string&,
                                                       const std::string&) override {
    return std::vector<rules::NftElement>{};
  }
};

class Ignored final : public event::EventPublisher {
 public:
  void publish(event::Event&&) override {}
  void watermark(std::uint64_t) override {}
};

// The commands behind a real socket; what belongs to the control thread runs on a thread of the test.
class ControlCommandsTest : public ::testing::Test {
 protected:
  ControlCommandsTest() {
    auto inventory = std::make_shared<rules::Inventory>();
    rules::Workload web;
    web.name_space = "shop";
    web.name = "web";
    web.addresses = {*IpAddress::parse("10.0.0.2"), *IpAddress::parse("fd00::2")};
    EXPECT_FALSE(inventory->add_workload(web));
    facts_.change([&](DaemonFacts& f) {
      f.generation = 4;
      f.inventory = inventory;
      f.summary.rules_refused = 2;
    });
    blocks_.start();
    control::ServerSettings settings;
    settings.path = ::testing::TempDir() + "bulkhead_commands_" + std::to_string(::getpid()) + ".sock";
    server_ = std::make_unique<control::ControlServer>(
        settings, [this](const control::Request& request, const control::Peer& peer, const control::Reply& reply) {
          control::Peer as = peer;
          as.role = role_;
          commands_.handle(request, as, reply);
        });
    const Status started = server_->start();
    EXPECT_TRUE(started) << started.error().to_string();
    main_thread_ = std::thread([this] {
      while (!stop_) {
        main_.run();
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
      }
    });
  }
  ~ControlCommandsTest() override {
    server_->stop();
    stop_ = true;
    main_thread_.join();
    blocks_.stop();
  }
  [[nodiscard]] Json ask(const std::string& command, const Json& arguments = Json::object()) const {
    auto client = control::ControlClient::connect(server_->settings().path);
    if (!client) return {};
    auto reply = client->ask(command, arguments);
    return reply ? *reply : Json();
  }
  [[nodiscard]] DaemonAccess access() {
    return {.facts = facts_,
            .view = view_,
            .main = main_,
            .blocks = blocks_,
            .flows = [](std::size_t) { return std::vector<pipeline::FlowRecord>{}; },
            .counters =
                [] {
                  return event::CounterList{{"capture.kernel_drops", 3}, {"decoder.pkts", 9}};
                },
            .server = [] { return control::ServerStats{}; },
            .reload =
                [] {
                  ReloadReport report;
                  report.problem = "1 mistakes";
                  report.generation = 4;
                  report.diagnostics.error({std::make_shared<SourceFile>("a.yaml", "x: y\n"), 1, 4, 1}, "test.bad",
                                           "y is bad", "z is good");
                  return report;
                },
            .kernel_counters =
                [] {
                  return std::vector<rules::RuleCounter>{{"db/ingress/1", false, 5, 300}};
                },
            .note = [this](const control::Peer&, const std::string& action, const Json&) { noted_.push_back(action); }};
  }

  YesKernel kernel_;
  rules::BlockManager manager_{kernel_, {}};
  Ignored ignored_;
  BlockThread blocks_{ResponseSettings{.mode = ResponseMode::kOff, .reset = false}, manager_, ignored_};
  FactsBoard facts_;
  LiveView view_;
  MainTasks main_;
  std::vector<std::string> noted_;
  std::atomic<control::Role> role_{control::Role::kOperator};
  ControlCommands commands_{access()};
  std::unique_ptr<control::ControlServer> server_;
  std::atomic<bool> stop_{false};
  std::thread main_thread_;
};

TEST_F(ControlCommandsTest, StatusNamesWhatIsWrong) {
  const Json reply = ask("status");
  ASSERT_TRUE(reply.at("ok").get<bool>()) << reply;
  std::set<std::string> codes;
  for (const Json& problem : reply.at("result").at("problems")) codes.insert(problem.at("code"));
  EXPECT_EQ(codes, (std::set<std::string>{"capture.drops", "signatures"}));
  EXPECT_EQ(reply.at("result").at("generation").at("number"), 4);
}

TEST_F(ControlCommandsTest, ReadersReadAndOperatorsAct) {
  role_ = control::Role::kReader;
  for (const auto& row : ControlCommands::rows()) {
    if (row.name == "watch") continue;
    const Json reply = ask(std::string(row.name));
    const bool refused = !reply.at("ok").get<bool>() && reply.at("error").at("code") == "role";
    EXPECT_EQ(refused, row.role == control::Role::kOperator) << row.name;
  }
  EXPECT_TRUE(noted_.empty());
  role_ = control::Role::kOperator;
  EXPECT_NE(ask("release", {{"workload", "shop/web"}}).value("/error/code"_json_pointer, ""), "role");
  EXPECT_EQ(noted_, std::vector<std::string>{"release"});
}

TEST_F(ControlCommandsTest, QuarantineBlocksEveryAddressAndReleaseEndsIt) {
  const Json cut = ask("quarantine", {{"workload", "shop/web"}, {"ttl", 60}});
  ASSERT_TRUE(cut.at("ok").get<bool>()) << cut;
  EXPECT_EQ(cut.at("result").at("blocked").size(), 2U);
  EXPECT_EQ(manager_.active(), 2U);
  EXPECT_EQ(ask("release", {{"workload", "web"}}).at("result").at("released").size(), 2U);
  EXPECT_EQ(ask("quarantine", {{"workload", "shop/wep"}}).at("error").at("hint"), "did you mean shop/web?");
  EXPECT_EQ(ask("quarantine", {{"workload", "shop/web"}, {"ttl", 0}}).at("error").at("code"), "block.ttl");
}

TEST_F(ControlCommandsTest, BlocksAreMadeByNameOfTheirEnds) {
  const Json made = ask("blocks.add", {{"from", "10.0.0.9"}, {"ttl", 5}});
  EXPECT_EQ(made.at("result").at("block"), "source 10.0.0.9");
  EXPECT_EQ(ask("blocks.add", {{"from", "nonsense"}}).at("error").at("code"), "block.target");
  EXPECT_EQ(ask("blocks.add", {{"from", "127.0.0.1"}}).at("error").at("code"), "block.refused");
  EXPECT_TRUE(ask("blocks.del", {{"from", "10.0.0.9"}}).at("ok").get<bool>());
  EXPECT_TRUE(ask("blocks.list").at("result").at("blocks").is_array());
}

TEST_F(ControlCommandsTest, AFailedReloadBringsItsDiagnostics) {
  const Json reply = ask("reload");
  EXPECT_EQ(reply.at("error").at("code"), "reload.failed");
  const Json& first = reply.at("error").at("details").at("diagnostics").at(0);
  EXPECT_EQ(first.at("file"), "a.yaml");
  EXPECT_EQ(first.at("column"), 4);
  EXPECT_EQ(first.at("hint"), "z is good");
}

TEST_F(ControlCommandsTest, RulesHaveTheKernelsCounters) {
  const Json rules = ask("rules").at("result").at("rules");
  ASSERT_EQ(rules.size(), 1U);
  EXPECT_EQ(rules[0].at("packets"), 5);
}

TEST_F(ControlCommandsTest, ArgumentsOfAnotherTypeAreNoReasonToFail) {
  for (const auto& row : ControlCommands::rows()) {
    if (row.name == "watch") continue;
    Json odd{{"limit", "x"}, {"workload", 7}, {"from", Json::array()}, {"ttl", -1}, {"after", 1.5}, {"port", true}};
    EXPECT_TRUE(ask(std::string(row.name), odd).contains("ok")) << row.name;
  }
  EXPECT_EQ(ask("statsu").at("error").at("hint"), "did you mean status?");
}

}  // namespace
}  // namespace bulkhead::config
