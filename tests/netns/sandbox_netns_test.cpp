// The daemon as it runs: what the kernel says that its threads may do, and that everything works with no more than
// that, in every mode of reading packets.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "config/sandbox/sandbox.h"
#include "tests/netns/daemon_folder.h"
#include "tests/netns/net_lab.h"

namespace bulkhead {
namespace {

using namespace std::chrono_literals;
using testing::comes_true;
using testing::DaemonFolder;
using testing::NetLab;
using testing::Process;
using testing::TcpPair;
using Json = nlohmann::json;

constexpr const char* kRules =
    "alert tcp any any -> any any (msg:\"secret sent\"; flow:established; content:\"secret\"; sid:1; rev:1;)\n"
    "alert http any any -> any any (msg:\"file\"; flow:established; filestore; sid:2; rev:1;)\n";
constexpr std::uint64_t kAdmin = 1ULL << 12, kRaw = 1ULL << 13;

// What /proc/PID/task/N/status says of a thread.
struct Rights {
  std::string name;
  std::uint64_t effective = 0, permitted = 0, bounding = 0;
  unsigned no_new_privileges = 0, filters = 0;
};

std::vector<Rights> threads_of(int pid) {
  std::vector<Rights> out;
  for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
    std::ifstream file(task.path() / "status");
    std::map<std::string, std::string> values;
    std::string line;
    while (std::getline(file, line)) {
      if (const auto colon = line.find(":\t"); colon != std::string::npos)
        values[line.substr(0, colon)] = line.substr(colon + 2);
    }
    const auto hex = [&](const char* name) { return std::stoull(values[name], nullptr, 16); };
    out.push_back({values["Name"], hex("CapEff"), hex("CapPrm"), hex("CapBnd"),
                   static_cast<unsigned>(std::stoul(values["NoNewPrivs"])),
                   static_cast<unsigned>(std::stoul(values["Seccomp_filters"]))});
  }
  return out;
}

struct Mode {
  const char* name;
  const char* settings;
  std::uint64_t worker;  // capabilities of a packet thread
};

class SandboxNetns : public ::testing::TestWithParam<Mode> {
 protected:
  void SetUp() override {
    if (config::sandbox::built_with_sanitizer()) GTEST_SKIP() << "no sandbox in a build with sanitizers";
    if (const std::string reason = NetLab::missing(); !reason.empty()) GTEST_SKIP() << reason;
    lab_ = std::make_unique<NetLab>(std::vector<std::string>{"a", "b"}, true);
    if (!lab_->problem().empty()) GTEST_SKIP() << lab_->problem();
    static_cast<void>(
        lab_->run("ip link add spare0 type veth peer name spare1 && ip link set spare0 up && ip link set spare1 up"));
    folder_.make(::testing::TempDir(), "sandbox");
    folder_.write("local.rules", kRules);
    daemon_ = folder_.start(std::string(GetParam().settings) + "\nsignatures: [local.rules]\ncontrol: {socket: " +
                            folder_.path() + "/control.sock}\nresponse: {mode: enforce}\nfile-store: {enabled: yes}\n");
    ASSERT_TRUE(comes_true([&] { return folder_.log().find("ready:") != std::string::npos; })) << folder_.log();
  }
  void TearDown() override {
    daemon_.reset();
    lab_.reset();
  }
  [[nodiscard]] Json status() {
    Json out = Json::parse(
        lab_->output(std::string(BULKHEAD_BINARY) + " status --json --socket " + folder_.path() + "/control.sock"),
        nullptr, false);
    return out.is_discarded() ? Json::object() : out;
  }
  // A connection over which a file and a secret go.
  void talk(std::uint16_t port, const std::string& word) {
    TcpPair pair;
    ASSERT_TRUE(lab_->connect("a", "b", IpFamily::kV4, port, pair));
    const std::string request = "GET /" + word + " HTTP/1.1\r\nHost: b\r\n\r\n";
    const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello " + word.substr(0, 5);
    ASSERT_EQ(::send(pair.client.get(), request.data(), request.size(), 0), static_cast<ssize_t>(request.size()));
    ASSERT_TRUE(comes_true([&] {
      char text[256];
      return ::recv(pair.server.get(), text, sizeof text, MSG_DONTWAIT) > 0;
    }));
    ASSERT_EQ(::send(pair.server.get(), answer.data(), answer.size(), 0), static_cast<ssize_t>(answer.size()));
  }
  [[nodiscard]] std::size_t stored() const {
    std::size_t out = 0;
    std::error_code error;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path() + "/filestore", error))
      out += entry.is_regular_file() ? 1 : 0;
    return out;
  }

  std::unique_ptr<NetLab> lab_;
  DaemonFolder folder_;
  std::unique_ptr<Process> daemon_;
};

TEST_P(SandboxNetns, ThreadsHaveWhatTheyNeedAndDoTheirWork) {
  const Json now = status();
  ASSERT_TRUE(now.contains("pid")) << folder_.log();
  const auto threads = threads_of(now.at("pid").get<int>());
  std::size_t workers = 0;
  for (const Rights& thread : threads) {
    const bool worker = thread.name.starts_with("worker");
    workers += worker ? 1 : 0;
    EXPECT_EQ(thread.no_new_privileges, 1U) << thread.name;
    EXPECT_GE(thread.filters, worker ? 2U : 1U) << thread.name;
    const std::uint64_t process = kAdmin | kRaw | 1ULL << 23;  // CAP_SYS_NICE: boost
    const std::uint64_t allowed = worker ? GetParam().worker : process;
    EXPECT_EQ(thread.effective & ~allowed, 0U) << thread.name << " " << std::hex << thread.effective;
    EXPECT_EQ(thread.permitted, thread.effective) << thread.name << ": nothing to take up again";
    EXPECT_EQ(thread.bounding & ~process, 0U) << thread.name;
  }
  EXPECT_EQ(workers, now.at("/capture/workers"_json_pointer).get<std::size_t>());
  EXPECT_EQ(now.at("/sandbox/mode"_json_pointer), "on");
  EXPECT_TRUE(now.at("/sandbox/calls_filtered"_json_pointer).get<bool>());

  talk(8080, "first");
  EXPECT_TRUE(comes_true([&] { return stored() == 1; })) << folder_.log();
  talk(8081, "secret");
  EXPECT_TRUE(comes_true([&] { return status().value("/events/alerts"_json_pointer, 0) >= 1; })) << folder_.log();
  EXPECT_EQ(lab_->output(std::string(BULKHEAD_BINARY) + " reload --socket " + folder_.path() +
                         "/control.sock >/dev/null 2>&1 && echo fine"),
            "fine\n")
      << folder_.log();
  talk(8082, "after");
  EXPECT_TRUE(comes_true([&] { return stored() >= 3; })) << folder_.log();
  EXPECT_EQ(status().at("/sandbox/refused_calls"_json_pointer), 0) << folder_.log();
  daemon_->end(SIGTERM);
  EXPECT_NE(folder_.log().find("stopped;"), std::string::npos) << folder_.log();
}

INSTANTIATE_TEST_SUITE_P(Modes, SandboxNetns,
                         ::testing::Values(Mode{"Tap", "capture: {interfaces: [br0]}", 0},
                                           Mode{"Inline", "inline: {flows: all}", kAdmin},
                                           Mode{"Wire", "wire: {interfaces: [veth-a], workers: 1}", 0}),
                         [](const auto& mode) { return std::string(mode.param.name); });

class SandboxTap : public SandboxNetns {};

// The worker may open no socket: another thread makes its ring anew.
TEST_P(SandboxTap, AnInterfaceMadeAnewIsReadAgain) {
  ASSERT_TRUE(lab_->run("ip link del spare0"));
  ASSERT_TRUE(comes_true([&] { return folder_.log().find("down or gone") != std::string::npos; })) << folder_.log();
  ASSERT_TRUE(
      lab_->run("ip link add spare0 type veth peer name spare1 && ip link set spare0 up && ip link set spare1 up"));
  EXPECT_TRUE(comes_true([&] { return folder_.log().find("reading again") != std::string::npos; })) << folder_.log();
  EXPECT_TRUE(comes_true([&] { return lab_->run("ip -d link show spare0 | grep -q 'promiscuity 1'"); }))
      << "the new ring has it";
  EXPECT_EQ(status().at("/sandbox/refused_calls"_json_pointer), 0) << folder_.log();
}

INSTANTIATE_TEST_SUITE_P(Dummy, SandboxTap, ::testing::Values(Mode{"Tap", "capture: {interfaces: [spare0]}", 0}),
                         [](const auto& mode) { return std::string(mode.param.name); });

}  // namespace
}  // namespace bulkhead
