#include "rules/discovery/docker_source.h"

#include <gtest/gtest.h>
#include <deque>

#include "tests/unit/rules/discovery/link_ports.h"
#include "tests/unit/rules/discovery/snapshot_wait.h"

namespace bulkhead::rules {
namespace {

using namespace std::chrono_literals;

constexpr const char* kNetworks = R"([{"Id":"a1","Name":"front","Driver":"bridge","Options":{}},
  {"Id":"a2","Name":"lan","Driver":"macvlan"}])";

std::string id_of(char c) {
  return std::string(64, c);
}

// An engine in memory: its answers, its stream of events, its going and coming.
class FakeEngine {
 public:
  struct Client : DockerClient {
    explicit Client(FakeEngine& engine) : engine_(engine) {}
    Result<std::string> get(const std::string& path) override { return engine_.get(path); }
    Result<std::string> post(const std::string& path, const std::string&) override {
      return Error{"POST", path, 0, "the source only reads"};
    }
    Status follow(const std::string& path, const std::function<bool(std::string_view)>& line) override {
      return engine_.follow(path, line);
    }
    void stop() override { engine_.stop(); }
    FakeEngine& engine_;
  };

  void run_container(char id, const std::string& name, int pid, const std::string& label = "web") {
    const std::lock_guard lock(mutex_);
    bodies_["/containers/" + id_of(id) + "/json"] =
        R"({"Id":")" + id_of(id) + R"(","Name":"/)" + name + R"(","State":{"Running":true,"Pid":)" +
        std::to_string(pid) + R"(},"Config":{"Labels":{"app":")" + label +
        R"("}},"HostConfig":{"NetworkMode":"front"},"NetworkSettings":{"Networks":{"front":{"NetworkID":"a1",)"
        R"("IPAddress":"172.30.1.)" +
        std::to_string(pid) + R"(","MacAddress":"02:42:ac:1e:01:02"}}}})";
    alive_.insert(id);
  }
  void stop_container(char id) {
    const std::lock_guard lock(mutex_);
    bodies_.erase("/containers/" + id_of(id) + "/json");
    alive_.erase(id);
  }
  void set(const std::string& path, const std::string& body) {
    const std::lock_guard lock(mutex_);
    bodies_[path] = body;
  }
  void event(const std::string& type, const std::string& action, char id) {
    const std::string attributes = type == "network" ? R"(,"Attributes":{"container":")" + id_of(id) + R"("})" : "";
    const std::string actor = type == "network" ? "a1" : id_of(id);
    line(R"({"Type":")" + type + R"(","Action":")" + action + R"(","Actor":{"ID":")" + actor + "\"" + attributes +
         "}}");
  }
  void line(const std::string& text) {
    const std::lock_guard lock(mutex_);
    lines_.push_back(text);
    wake_.notify_all();
  }
  void go_away(bool away) {
    const std::lock_guard lock(mutex_);
    away_ = away;
    wake_.notify_all();
  }
  // Paths but that of the stream.
  std::vector<std::string> asked() {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> out = asked_;
    std::erase_if(out, [](const std::string& path) { return path.starts_with("/events"); });
    return out;
  }

 private:
  Result<std::string> get(const std::string& path) {
    const std::lock_guard lock(mutex_);
    asked_.push_back(path);
    if (away_) return Error{"GET", path, 0, "Connection"};
    if (path == "/containers/json" && !bodies_.contains(path)) {
      std::string list;
      for (const char id : alive_) list += (list.empty() ? "" : ",") + (R"({"Id":")" + id_of(id) + R"("})");
      return "[" + list + "]";
    }
    if (path == "/networks" && !bodies_.contains(path)) return std::string(kNetworks);
    const auto found = bodies_.find(path);
    if (found == bodies_.end()) return Error{"GET", path, 0, "HTTP 404 no such container"};
    return found->second;
  }
  Status follow(const std::string& path, const std::function<bool(std::string_view)>& line) {
    std::unique_lock lock(mutex_);
    asked_.push_back(path);
    for (;;) {
      wake_.wait(lock, [&] { return stopped_ || away_ || !lines_.empty(); });
      if (stopped_) return ok();
      if (away_) return Error{"GET", path, 0, "the stream ended"};
      const std::string next = lines_.front();
      lines_.pop_front();
      lock.unlock();
      if (!line(next)) return ok();
      lock.lock();
    }
  }
  void stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    wake_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::map<std::string, std::string> bodies_;
  std::set<char> alive_;
  std::deque<std::string> lines_;
  std::vector<std::string> asked_;
  bool away_ = false, stopped_ = false;
};

class DockerSourceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    source_ = std::make_unique<DockerSource>(std::make_unique<FakeEngine::Client>(engine_), DockerSettings{1ms, 4ms});
  }
  bool becomes(const std::function<bool(const DockerSnapshot&)>& wanted) {
    return testing::snapshot_becomes(*source_, wanted, 5s);
  }
  bool names_become(const std::string& names) {
    return becomes([&](const DockerSnapshot& s) {
      std::string all;
      for (const auto& c : s.containers) all += c.name + " ";
      return s.connected && all == names;
    });
  }

  FakeEngine engine_;
  std::unique_ptr<DockerSource> source_;
};

TEST_F(DockerSourceTest, ListsThenFollows) {
  engine_.run_container('a', "web", 2);
  source_->start();
  EXPECT_TRUE(names_become("web "));
  engine_.run_container('b', "db", 3);
  engine_.event("container", "start", 'b');
  EXPECT_TRUE(names_become("web db "));
  engine_.stop_container('a');
  engine_.event("container", "die", 'a');
  EXPECT_TRUE(names_become("db "));
  engine_.run_container('b', "database", 3);
  engine_.event("container", "rename", 'b');
  EXPECT_TRUE(names_become("database "));
  EXPECT_EQ(source_->lists(), 1U) << "no event needs a whole list";
}

TEST_F(DockerSourceTest, ConnectsAreSeenAndExecsAreNot) {
  engine_.run_container('a', "web", 2);
  source_->start();
  ASSERT_TRUE(names_become("web "));
  const std::size_t before = engine_.asked().size();
  engine_.event("container", "exec_start: sh", 'a');
  engine_.event("image", "pull", 'a');
  engine_.run_container('a', "web", 9);
  engine_.event("network", "connect", 'a');
  EXPECT_TRUE(becomes([](const DockerSnapshot& s) {
    return s.containers.size() == 1 && s.containers[0].endpoints[0].addresses[0].to_string() == "172.30.1.9";
  }));
  const auto asked = engine_.asked();
  EXPECT_EQ(std::vector<std::string>(asked.begin() + static_cast<std::ptrdiff_t>(before), asked.end()),
            (std::vector<std::string>{"/networks", "/containers/" + id_of('a') + "/json"}));
}

TEST_F(DockerSourceTest, TheEngineGoesAndComesBack) {
  engine_.run_container('a', "web", 2);
  engine_.run_container('b', "db", 3);
  source_->start();
  ASSERT_TRUE(names_become("web db "));
  engine_.go_away(true);
  EXPECT_TRUE(becomes([](const DockerSnapshot& s) { return !s.connected && s.containers.size() == 2; }))
      << "what is known stays";
  ASSERT_TRUE(source_->last_error().has_value());
  // Meanwhile one ends and another begins: no event will tell.
  engine_.stop_container('a');
  engine_.run_container('c', "cache", 4);
  engine_.go_away(false);
  EXPECT_TRUE(names_become("db cache "));
  EXPECT_FALSE(source_->last_error().has_value());
  EXPECT_GE(source_->lists(), 2U);
}

TEST_F(DockerSourceTest, StartsBeforeTheEngine) {
  engine_.go_away(true);
  engine_.run_container('a', "web", 2);
  source_->start();
  EXPECT_TRUE(becomes([&](const DockerSnapshot&) { return source_->last_error().has_value(); }));
  EXPECT_EQ(source_->lists(), 0U);
  engine_.go_away(false);
  EXPECT_TRUE(names_become("web "));
}

TEST_F(DockerSourceTest, BrokenAnswersMeanAnotherList) {
  engine_.run_container('a', "web", 2);
  source_->start();
  ASSERT_TRUE(names_become("web "));
  engine_.line("{\"Type\":");
  EXPECT_TRUE(becomes([&](const DockerSnapshot& s) { return source_->lists() >= 2 && s.connected; }));
  engine_.set("/containers/" + id_of('a') + "/json", "[]");
  engine_.event("container", "update", 'a');
  EXPECT_TRUE(becomes([&](const DockerSnapshot&) {
    const auto error = source_->last_error();
    return error && error->text == "no JSON object";
  }));
  engine_.run_container('a', "web2", 2);
  EXPECT_TRUE(names_become("web2 "));
}

TEST_F(DockerSourceTest, StopsAtOnceInEveryState) {
  source_->stop();  // never started
  for (const bool away : {false, true}) {
    FakeEngine engine;
    engine.go_away(away);
    DockerSource source(std::make_unique<FakeEngine::Client>(engine), DockerSettings{1h, 1h});
    source.start();
    const auto begin = std::chrono::steady_clock::now();
    source.stop();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
  }
}

class DockerWorkloads : public ::testing::Test {
 protected:
  DockerWorkloads() {
    snapshot_.networks = {
        {"a1", "front", "bridge", "br-a1"}, {"a2", "back", "bridge", "br-a2"}, {"a3", "lan", "macvlan", ""}};
    ports_.add(10, "br-a1", "bridge", 0, std::nullopt);
    ports_.add(11, "br-a2", "bridge", 0, std::nullopt);
  }
  static DockerContainer container(const std::string& name, std::int32_t pid) {
    DockerContainer out;
    out.id = id_of('a');
    out.name = name;
    out.running = true;
    out.pid = pid;
    return out;
  }
  static DockerEndpoint endpoint(const std::string& id, const std::string& address) {
    return {"net-" + id, id, MacAddress::parse("02:42:ac:1e:01:02"), {*IpAddress::parse(address)}};
  }
  std::vector<Workload> workloads() {
    return docker_workloads(
        snapshot_, ports_.table,
        [this](std::int32_t pid) -> std::optional<std::int32_t> {
          const auto found = spaces_.find(pid);
          if (found == spaces_.end()) return std::nullopt;
          return found->second;
        },
        unresolved_);
  }

  DockerSnapshot snapshot_;
  Ports ports_;
  std::map<std::int32_t, std::int32_t> spaces_{{100, 7}};
  std::size_t unresolved_ = 0;
};

TEST_F(DockerWorkloads, APortIsFoundByBridgeAndNamespace) {
  ports_.add(20, "veth20", "veth", 10, 7);
  ports_.add(21, "veth21", "veth", 11, 7);
  ports_.add(22, "veth22", "veth", 10, 8);  // another container's
  DockerContainer web = container("web", 100);
  web.labels = {{"app", "web"}, {"com.docker.compose.project", "shop"}};
  web.endpoints = {endpoint("a1", "172.30.1.2"), endpoint("a2", "172.30.2.2")};
  snapshot_.containers = {web};
  const auto all = workloads();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(unresolved_, 0U);
  EXPECT_EQ(all[0].full_name(), "shop/web");
  EXPECT_EQ(all[0].namespace_labels.at("kubernetes.io/metadata.name"), "shop");
  ASSERT_EQ(all[0].attachments.size(), 2U);
  EXPECT_EQ(all[0].attachments[0].interface, "veth20");
  EXPECT_EQ(all[0].attachments[0].index, 20U);
  EXPECT_EQ(all[0].attachments[1].interface, "veth21");
  EXPECT_EQ(all[0].interface, "veth20");
  EXPECT_EQ(all[0].attachments[0].addresses,
            (std::vector{*IpAddress::parse("172.30.1.2"), *IpAddress::parse("fe80::42:acff:fe1e:102")}));
  EXPECT_EQ(all[0].addresses.size(), 4U);
}

TEST_F(DockerWorkloads, WithoutItsPortAContainerHasNoAddress) {
  DockerContainer web = container("web", 100);
  web.endpoints = {endpoint("a1", "172.30.1.2")};
  snapshot_.containers = {web};
  auto all = workloads();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_TRUE(all[0].addresses.empty()) << "it may be somebody else's by now";
  EXPECT_EQ(unresolved_, 1U);
  ports_.add(20, "veth20", "veth", 10, 7);
  EXPECT_EQ(workloads()[0].addresses.size(), 2U);
  // Two ports of one bridge lead into the same namespace: neither is taken.
  ports_.add(23, "veth23", "veth", 10, 7);
  EXPECT_TRUE(workloads()[0].addresses.empty());
  // A process that is gone, and a network that the engine did not list.
  snapshot_.containers[0].pid = 101;
  EXPECT_TRUE(workloads()[0].addresses.empty());
  snapshot_.containers[0].pid = 100;
  snapshot_.containers[0].endpoints[0].network_id = "unknown";
  EXPECT_TRUE(workloads()[0].addresses.empty());
}

TEST_F(DockerWorkloads, OtherNetworks) {
  DockerContainer lan = container("lan", 100);
  lan.endpoints = {endpoint("a3", "192.0.2.7")};
  DockerContainer host = container("agent", 100);
  host.host_network = true;
  snapshot_.containers = {lan, host};
  const auto all = workloads();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].addresses.size(), 2U) << "no bridge of this node: the address alone";
  EXPECT_TRUE(all[0].attachments.empty());
  EXPECT_TRUE(all[1].host_network);
  EXPECT_TRUE(all[1].addresses.empty());
  EXPECT_EQ(all[1].full_name(), "default/agent");
}

}  // namespace
}  // namespace bulkhead::rules
