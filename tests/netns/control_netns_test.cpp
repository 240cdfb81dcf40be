// The control socket of a real daemon: what the commands say of real traffic, who may do what, and that a reload with
// mistakes changes nothing and says which.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/netns/daemon_folder.h"
#include "tests/netns/net_lab.h"

namespace bulkhead {
namespace {

using namespace std::chrono_literals;
using testing::comes_true;
using testing::DaemonFolder;
using testing::NetLab;
using testing::Probe;
using testing::Process;
using testing::TcpPair;
using Json = nlohmann::json;

constexpr const char* kInventory = R"(
nodes: [{name: n1, ips: [10.77.0.1, 'fd77::1']}]
pods:
  - {namespace: shop, name: a, labels: {app: a}, ips: [10.77.0.2, 'fd77::2'], interface: veth-a}
  - {namespace: shop, name: b, labels: {app: b}, ips: [10.77.0.3, 'fd77::3'], interface: veth-b}
)";
constexpr const char* kPolicy = R"(
policy: all
tier: platform
order: 10
for: app=b
ingress:
  - allow from any on tcp/80-90
  - deny from any log
)";
constexpr const char* kRules =
    "alert tcp any any -> any 80 (msg:\"secret sent\"; flow:established; content:\"secret\"; sid:1000001; rev:1;)\n";

class ControlNetns : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string reason = NetLab::missing(); !reason.empty()) GTEST_SKIP() << reason;
    lab_ = std::make_unique<NetLab>(std::vector<std::string>{"a", "b"}, true);
    if (!lab_->problem().empty()) GTEST_SKIP() << lab_->problem();
    folder_.make(::testing::TempDir(), "control");
    folder_.write("inventory.yaml", kInventory);
    folder_.write("policy.yaml", kPolicy);
    folder_.write("local.rules", kRules);
    socket_ = folder_.path() + "/control.sock";
    daemon_ = folder_.start(
        "capture: {interfaces: [br0]}\npolicy: [policy.yaml]\ninventory: inventory.yaml\nsignatures: [local.rules]\n"
        "control: {socket: " +
        socket_ + ", mode: '0666'}\nresponse: {reset: no}\n");
    ASSERT_TRUE(comes_true([&] { return folder_.log().find("ready:") != std::string::npos; })) << folder_.log();
  }
  void TearDown() override {
    daemon_.reset();
    lab_.reset();
  }
  [[nodiscard]] std::string command(const std::string& words, const std::string& before = "") {
    return lab_->output(before + BULKHEAD_BINARY + " " + words + " --socket " + socket_ + " 2>&1");
  }
  [[nodiscard]] Json ask(const std::string& words) {
    Json out = Json::parse(command(words + " --json"), nullptr, false);
    return out.is_discarded() ? Json::object() : out;
  }
  [[nodiscard]] bool can_talk() { return lab_->tcp("a", "b", IpFamily::kV4, 80, 500ms) == Probe::kPassed; }

  std::unique_ptr<NetLab> lab_;
  DaemonFolder folder_;
  std::string socket_;
  std::unique_ptr<Process> daemon_;
};

TEST_F(ControlNetns, TellsWhoTalksToWhomAndWhatWasFound) {
  TcpPair pair;
  ASSERT_TRUE(lab_->connect("a", "b", IpFamily::kV4, 80, pair));
  ASSERT_EQ(::send(pair.client.get(), "the secret is out", 17, 0), 17);
  EXPECT_EQ(lab_->tcp("a", "b", IpFamily::kV4, 22), Probe::kTimedOut) << "denied";

  ASSERT_TRUE(comes_true([&] { return ask("status").value("/events/alerts"_json_pointer, 0) == 1; })) << folder_.log();
  const Json status = ask("status");
  EXPECT_EQ(status.at("role"), "operator");
  EXPECT_EQ(status.at("generation").at("signatures"), 1);
  EXPECT_EQ(status.at("generation").at("workloads"), 2);
  EXPECT_GT(status.at("capture").at("packets"), 5);

  const Json flows = ask("flows shop/a");
  bool found = false;
  for (const Json& flow : flows.at("flows")) {
    if (flow.value("dest_port", 0) != 80) continue;
    found = true;
    EXPECT_EQ(flow.at("source"), "shop/a");
    EXPECT_EQ(flow.at("destination"), "shop/b");
    EXPECT_EQ(flow.at("state"), "established");
    EXPECT_TRUE(flow.at("alerted").get<bool>());
  }
  EXPECT_TRUE(found) << flows;

  const Json edges = ask("edges");
  bool alerted = false;
  for (const Json& edge : edges.at("edges")) {
    alerted = alerted || (edge.at("source") == "shop/a" && edge.value("port", 0) == 80 && edge.at("alerts") == 1);
  }
  EXPECT_TRUE(alerted) << edges;

  const Json rules = ask("rules");
  std::uint64_t denied = 0;
  for (const Json& rule : rules.at("rules")) {
    if (rule.at("rule") == "all/ingress/2") denied = rule.at("packets");
  }
  EXPECT_GT(denied, 0U) << rules;
  EXPECT_NE(command("explain --live shop/a shop/b tcp/22").find("policy.yaml:8"), std::string::npos)
      << command("explain --live shop/a shop/b tcp/22");
  EXPECT_NE(command("status").find("1 alerts"), std::string::npos) << command("status");
  EXPECT_NE(command("top -n 2 --interval 1").find("shop/a"), std::string::npos);
}

TEST_F(ControlNetns, WatchShowsAnAlertAsItHappens) {
  const std::string file = folder_.path() + "/watched";
  Process watch({"/bin/sh", "-c", std::string(BULKHEAD_BINARY) + " watch -n 1 --socket " + socket_ + " >" + file},
                folder_.path() + "/watch.log");
  ASSERT_TRUE(comes_true([&] { return ask("status").value("/control/clients"_json_pointer, 0) >= 1; }));
  std::this_thread::sleep_for(200ms);  // subscribed
  TcpPair pair;
  ASSERT_TRUE(lab_->connect("a", "b", IpFamily::kV4, 80, pair));
  ASSERT_EQ(::send(pair.client.get(), "the secret is out", 17, 0), 17);
  EXPECT_TRUE(comes_true([&] {
    std::ifstream in(file);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    return text.find("secret sent") != std::string::npos;
  }));
}

TEST_F(ControlNetns, QuarantineCutsAndReleaseOpens) {
  TcpPair pair;
  ASSERT_TRUE(lab_->connect("a", "b", IpFamily::kV4, 80, pair));
  ASSERT_TRUE(pair.carries(true, 1s));
  EXPECT_EQ(ask("quarantine shop/a --ttl 60 --reason test").value("workload", ""), "shop/a");
  EXPECT_FALSE(pair.carries(true, 200ms)) << "the open session too";
  EXPECT_NE(lab_->tcp("a", "b", IpFamily::kV6, 80), Probe::kPassed);
  const Json blocks = ask("blocks list --live");
  ASSERT_EQ(blocks.at("blocks").size(), 2U) << blocks;
  EXPECT_EQ(blocks.at("blocks")[0].at("source"), "shop/a");
  EXPECT_EQ(ask("release shop/a").value("workload", ""), "shop/a");
  EXPECT_TRUE(comes_true([&] { return can_talk(); }));
  EXPECT_EQ(ask("quarantine shop/ab").at("error").at("hint"), "did you mean shop/a?");
}

TEST_F(ControlNetns, AReloadWithMistakesSaysThemAndChangesNothing) {
  folder_.write("policy.yaml", "policy: all\nfor: app=b\ningress:\n  - alow from any\n");
  const Json refused = ask("reload");
  ASSERT_TRUE(refused.contains("error")) << refused;
  EXPECT_EQ(refused.at("error").at("code"), "reload.failed");
  const Json& first = refused.at("error").at("details").at("diagnostics").at(0);
  EXPECT_EQ(first.at("line"), 4) << first;
  EXPECT_TRUE(can_talk()) << "the old policy holds";
  EXPECT_EQ(lab_->tcp("a", "b", IpFamily::kV4, 22), Probe::kTimedOut);
  EXPECT_NE(command("status").find("the last reload failed"), std::string::npos);

  folder_.write("policy.yaml", "policy: all\nfor: app=b\ningress:\n  - allow from any on tcp/22\n  - deny from any\n");
  const Json done = ask("reload");
  EXPECT_EQ(done.value("generation", 0), 2) << done;
  EXPECT_EQ(lab_->tcp("a", "b", IpFamily::kV4, 22, 1s), Probe::kPassed);
  EXPECT_EQ(ask("status").at("problems").size(), 0U) << ask("status");
}

TEST_F(ControlNetns, AStrangerReadsAndDoesNotAct) {
  if (!lab_->run("command -v setpriv >/dev/null")) GTEST_SKIP() << "setpriv is not installed";
  std::filesystem::permissions(folder_.path(),
                               std::filesystem::perms::others_exec | std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  const std::string nobody = "setpriv --reuid 65534 --regid 65534 --clear-groups ";
  if (!lab_->run(nobody + BULKHEAD_BINARY + " --version >/dev/null")) GTEST_SKIP() << "nobody cannot run the program";
  EXPECT_NE(command("status", nobody).find("generation"), std::string::npos) << command("status", nobody);
  EXPECT_NE(command("quarantine shop/a", nobody).find("only reads"), std::string::npos);
  EXPECT_NE(command("reload", nobody).find("only reads"), std::string::npos);
  EXPECT_TRUE(can_talk());
}

}  // namespace
}  // namespace bulkhead
