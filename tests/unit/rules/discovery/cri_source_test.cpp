#include "rules/discovery/cri_source.h"

#include <gtest/gtest.h>
#include <deque>

#include "tests/unit/rules/discovery/cri_messages.h"
#include "tests/unit/rules/discovery/link_ports.h"
#include "tests/unit/rules/discovery/snapshot_wait.h"

namespace bulkhead::rules {
namespace {

using namespace std::chrono_literals;

// A runtime in memory: its pods, its stream of events, its going and coming.
class FakeRuntime {
 public:
  struct Client : CriClient {
    explicit Client(FakeRuntime& runtime) : runtime_(runtime) {}
    Result<CriAnswer> call(const std::string& method, const std::string& request) override {
      return runtime_.call(method, request);
    }
    Result<CriAnswer> follow(const std::string&, const std::string&,
                             const std::function<bool(std::string_view)>& message) override {
      return runtime_.follow(message);
    }
    void stop() override { runtime_.stop(); }
    FakeRuntime& runtime_;
  };

  void run_pod(const std::string& id, const std::string& name, const std::string& address = "10.88.0.5") {
    SandboxFields fields;
    fields.id = id;
    fields.name = name;
    fields.addresses = {address};
    if (address.empty()) fields.addresses.clear();
    fields.created = std::chrono::system_clock::now().time_since_epoch().count();
    const std::lock_guard lock(mutex_);
    sandboxes_[id] = {0, "", sandbox_status(fields)};
  }
  void run_container(const std::string& id, const std::string& sandbox) {
    ContainerFields fields;
    fields.id = id;
    const std::lock_guard lock(mutex_);
    containers_[id] = {sandbox, {0, "", container_status(fields)}};
  }
  void end_pod(const std::string& id) {
    const std::lock_guard lock(mutex_);
    sandboxes_.erase(id);
    std::erase_if(containers_, [&](const auto& entry) { return entry.second.first == id; });
  }
  void set_status(const std::string& id, CriAnswer answer) {
    const std::lock_guard lock(mutex_);
    sandboxes_[id] = std::move(answer);
  }
  void answer(const std::string& method, CriAnswer answer) {
    const std::lock_guard lock(mutex_);
    fixed_[method] = std::move(answer);
  }
  void event(const std::string& message) {
    const std::lock_guard lock(mutex_);
    events_.push_back(message);
    wake_.notify_all();
  }
  void event_of(const std::string& id) { event(ProtobufWriter().bytes(1, id).number(2, 1).text()); }
  void go_away(bool away) {
    const std::lock_guard lock(mutex_);
    away_ = away;
    wake_.notify_all();
  }
  void without_events() {
    const std::lock_guard lock(mutex_);
    without_events_ = true;
  }
  int asked(const std::string& method) {
    const std::lock_guard lock(mutex_);
    return asked_[method];
  }

 private:
  Result<CriAnswer> call(const std::string& method, const std::string& request) {
    const std::lock_guard lock(mutex_);
    ++asked_[method];
    if (away_) return Error{"connect", "socket", ECONNREFUSED, "Connection refused"};
    if (const auto found = fixed_.find(method); found != fixed_.end()) return found->second;
    if (method == "Version") return CriAnswer{0, "", ProtobufWriter().bytes(2, "fake").bytes(3, "1").text()};
    if (method == "ListPodSandbox") {
      std::vector<std::string> ids;
      for (const auto& [id, status] : sandboxes_) ids.push_back(id);
      return CriAnswer{0, "", sandbox_list(ids)};
    }
    if (method == "ListContainers") {
      std::vector<std::pair<std::string, std::string>> ids;
      for (const auto& [id, entry] : containers_) ids.emplace_back(id, entry.first);
      return CriAnswer{0, "", container_list(ids)};
    }
    ProtobufReader reader(request);
    ProtobufField field;
    reader.next(field);
    const std::string id(field.bytes);
    if (method == "PodSandboxStatus" && sandboxes_.contains(id)) return sandboxes_[id];
    if (method == "ContainerStatus" && containers_.contains(id)) return containers_[id].second;
    return CriAnswer{kGrpcNotFound, "not found", ""};
  }
  Result<CriAnswer> follow(const std::function<bool(std::string_view)>& message) {
    std::unique_lock lock(mutex_);
    if (without_events_) return CriAnswer{kGrpcUnimplemented, "unknown method", ""};
    for (;;) {
      wake_.wait(lock, [&] { return stopped_ || away_ || !events_.empty(); });
      if (stopped_) return CriAnswer{};
      if (away_) return Error{"receive", "socket", ECONNRESET, "closed"};
      const std::string next = events_.front();
      events_.pop_front();
      lock.unlock();
      if (!message(next)) return CriAnswer{};
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
  std::map<std::string, CriAnswer> sandboxes_, fixed_;
  std::map<std::string, std::pair<std::string, CriAnswer>> containers_;
  std::deque<std::string> events_;
  std::map<std::string, int> asked_;
  bool away_ = false, stopped_ = false, without_events_ = false;
};

class CriSourceTest : public ::testing::Test {
 protected:
  void start(CriSettings settings) {
    source_ = std::make_unique<CriSource>(std::make_unique<FakeRuntime::Client>(runtime_), settings);
    source_->start();
  }
  static CriSettings quick() {
    CriSettings out;
    out.poll = out.quick = 1ms;
    out.retry_first = 1ms;
    out.retry_most = 4ms;
    return out;
  }
  // Lists at the start, and when something says so.
  static CriSettings patient() {
    CriSettings out = quick();
    out.poll = out.quick = 1h;
    return out;
  }
  bool becomes(const std::function<bool(const CriSnapshot&)>& wanted) {
    return testing::snapshot_becomes(*source_, wanted, 10s);
  }
  bool names_become(const std::string& names) {
    return becomes([&](const CriSnapshot& s) {
      std::string all;
      for (const auto& sandbox : s.sandboxes) all += sandbox.name + " ";
      for (const auto& container : s.containers) all += container.id + "@" + container.sandbox + " ";
      return s.connected && all == names;
    });
  }

  FakeRuntime runtime_;
  std::unique_ptr<CriSource> source_;
};

TEST_F(CriSourceTest, ListsAndPolls) {
  runtime_.without_events();
  runtime_.run_pod("a1", "web");
  runtime_.run_container("c1", "a1");
  start(quick());
  EXPECT_TRUE(names_become("web c1@a1 "));
  EXPECT_TRUE(source_->complete());
  EXPECT_EQ(source_->snapshot().version.runtime, "fake");
  runtime_.run_pod("b2", "db", "10.88.0.6");
  EXPECT_TRUE(names_become("web db c1@a1 "));
  runtime_.run_container("c2", "b2");
  EXPECT_TRUE(names_become("web db c1@a1 c2@b2 "));
  runtime_.end_pod("a1");
  EXPECT_TRUE(names_become("db c2@b2 "));
  EXPECT_EQ(runtime_.asked("PodSandboxStatus"), 2) << "each pod is asked about once";
  EXPECT_EQ(runtime_.asked("ContainerStatus"), 2);
}

TEST_F(CriSourceTest, EventsAndInterfacesMeanLists) {
  start(patient());
  EXPECT_TRUE(becomes([&](const CriSnapshot& s) { return s.connected; }));
  runtime_.run_pod("a1", "web");
  runtime_.event_of("c1");
  EXPECT_TRUE(names_become("web "));
  runtime_.run_pod("b2", "db");
  source_->nudge();
  EXPECT_TRUE(names_become("web db "));
  runtime_.end_pod("a1");
  runtime_.event("\xff");  // no event, but something happened
  EXPECT_TRUE(names_become("db "));
  EXPECT_EQ(source_->counts().events, 2U);
  EXPECT_EQ(source_->counts().bad_events, 1U);
}

TEST_F(CriSourceTest, TheRuntimeGoesAndComesBack) {
  runtime_.run_pod("a1", "web");
  runtime_.run_pod("b2", "db");
  start(quick());
  ASSERT_TRUE(names_become("web db "));
  runtime_.go_away(true);
  EXPECT_TRUE(becomes([](const CriSnapshot& s) { return !s.connected && s.sandboxes.size() == 2; }))
      << "what is known stays";
  ASSERT_TRUE(source_->last_error().has_value());
  runtime_.end_pod("a1");
  runtime_.run_pod("c3", "cache");
  runtime_.go_away(false);
  EXPECT_TRUE(names_become("db cache "));
  EXPECT_FALSE(source_->last_error().has_value());
  EXPECT_GE(source_->counts().failures, 1U);
}

TEST_F(CriSourceTest, ListsThatCannotBeReadChangeNothing) {
  runtime_.run_pod("a1", "web");
  start(quick());
  ASSERT_TRUE(names_become("web "));
  for (const CriAnswer& bad : {CriAnswer{0, "", "\x0a\x05"}, CriAnswer{0, "", sandbox_list({"/"})},
                               CriAnswer{2, "unknown", ""}, CriAnswer{14, "unavailable", ""}}) {
    runtime_.answer("ListPodSandbox", bad);
    EXPECT_TRUE(becomes([&](const CriSnapshot& s) { return source_->last_error() && s.sandboxes.size() == 1; }));
    runtime_.answer("ListPodSandbox", {0, "", sandbox_list({"a1"})});
    EXPECT_TRUE(names_become("web "));
  }
}

TEST_F(CriSourceTest, OneThatCannotBeReadIsLeftOutAndNamed) {
  runtime_.run_pod("a1", "web");
  runtime_.set_status("b2", {0, "", "\xff\xff"});
  runtime_.set_status("c3", {2, "it is broken", ""});
  runtime_.set_status("d4", {0, "", sandbox_status({})});  // of another id
  start(quick());
  EXPECT_TRUE(
      becomes([&](const CriSnapshot& s) { return source_->cannot_read().size() == 3 && s.sandboxes.size() == 1; }));
  const auto named = source_->cannot_read();
  EXPECT_EQ(named[0], "b2: parse cri PodSandboxStatus: it is no protocol buffer");
  EXPECT_EQ(named[1], "c3: CRI PodSandboxStatus: status 2 it is broken");
  EXPECT_EQ(named[2], "d4: parse PodSandboxStatus: it is of somebody else");
  EXPECT_EQ(source_->counts().left_out, 3U);
  const int asked = runtime_.asked("PodSandboxStatus");
  const auto lists = source_->counts().lists;
  EXPECT_TRUE(becomes([&](const CriSnapshot&) { return source_->counts().lists >= lists + 2; }));
  EXPECT_EQ(runtime_.asked("PodSandboxStatus"), asked) << "not asked again and again";
  runtime_.end_pod("b2");
  EXPECT_TRUE(becomes([&](const CriSnapshot&) { return source_->cannot_read().size() == 2; }));
}

TEST_F(CriSourceTest, EverythingIsAskedAnewOnceInAWhile) {
  runtime_.run_pod("a1", "web");
  CriSettings settings = quick();
  settings.resync = 1ms;
  start(settings);
  ASSERT_TRUE(names_become("web "));
  runtime_.run_pod("a1", "renamed");
  EXPECT_TRUE(names_become("renamed "));
}

TEST_F(CriSourceTest, AddressesMayComeLater) {
  runtime_.run_pod("a1", "web", "");
  start(quick());
  ASSERT_TRUE(names_become("web "));
  runtime_.run_pod("a1", "web", "10.88.0.9");
  EXPECT_TRUE(
      becomes([](const CriSnapshot& s) { return s.sandboxes.size() == 1 && s.sandboxes[0].addresses.size() == 1; }));
}

TEST_F(CriSourceTest, ARuntimeWithoutCri) {
  runtime_.answer("Version", {kGrpcUnimplemented, "unknown service runtime.v1.RuntimeService", ""});
  CriSettings settings = quick();
  settings.ask_again = 1ms;
  settings.optional = true;
  start(settings);
  EXPECT_TRUE(becomes([&](const CriSnapshot&) { return source_->complete(); }));
  EXPECT_FALSE(source_->last_error().has_value()) << "a containerd for Docker alone";
  runtime_.run_pod("a1", "web");
  runtime_.answer("Version", {0, "", ProtobufWriter().bytes(2, "containerd").text()});
  EXPECT_TRUE(names_become("web ")) << "its plugin was turned on";
}

TEST_F(CriSourceTest, WhereItIsAskedForThatIsAnError) {
  runtime_.answer("Version", {kGrpcUnimplemented, "unknown service runtime.v1.RuntimeService", ""});
  start(quick());
  EXPECT_TRUE(becomes([&](const CriSnapshot&) { return source_->last_error().has_value(); }));
  EXPECT_FALSE(source_->complete());
}

TEST_F(CriSourceTest, StopsAtOnceInEveryState) {
  for (const bool away : {false, true}) {
    FakeRuntime runtime;
    runtime.go_away(away);
    CriSettings settings;
    settings.poll = settings.retry_first = settings.retry_most = 1h;
    CriSource source(std::make_unique<FakeRuntime::Client>(runtime), settings);
    source.start();
    const auto begin = std::chrono::steady_clock::now();
    source.stop();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
  }
}

class CriWorkloads : public ::testing::Test {
 protected:
  CriSandbox& pod(const std::string& id, const std::string& name, const std::string& address) {
    CriSandbox sandbox;
    sandbox.id = id;
    sandbox.name = name;
    sandbox.name_space = "shop";
    sandbox.labels = {{"app", name}};
    sandbox.ready = true;
    sandbox.mac = MacAddress::parse("02:42:ac:1e:01:02");
    sandbox.addresses = {*IpAddress::parse(address)};
    snapshot_.sandboxes.push_back(sandbox);
    return snapshot_.sandboxes.back();
  }
  std::vector<Workload> workloads() {
    return cri_workloads(
        snapshot_, ports_.table,
        [this](const CriSandbox& sandbox) {
          const auto found = spaces_.find(sandbox.id);
          return found == spaces_.end() ? NamespaceAnswer{} : found->second;
        },
        unresolved_ = 0);
  }

  CriSnapshot snapshot_;
  Ports ports_;
  std::map<std::string, NamespaceAnswer> spaces_{{"a1", {true, 7}}};
  std::size_t unresolved_ = 0;
};

TEST_F(CriWorkloads, APortIsFoundByNamespace) {
  ports_.add(20, "veth20", "veth", 10, 7);
  ports_.add(21, "cali21", "veth", 0, 8);  // another pod's, routed
  pod("a1", "web", "10.88.0.5");
  auto all = workloads();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(unresolved_, 0U);
  EXPECT_EQ(all[0].full_name(), "shop/web");
  EXPECT_EQ(all[0].labels.at("app"), "web");
  EXPECT_EQ(all[0].namespace_labels.at("kubernetes.io/metadata.name"), "shop");
  EXPECT_EQ(all[0].interface, "veth20");
  ASSERT_EQ(all[0].attachments.size(), 1U);
  EXPECT_EQ(all[0].attachments[0].index, 20U);
  EXPECT_EQ(all[0].addresses,
            (std::vector{*IpAddress::parse("10.88.0.5"), *IpAddress::parse("fe80::42:acff:fe1e:102")}));
  spaces_["a1"].id = 8;
  EXPECT_EQ(workloads()[0].interface, "cali21") << "no bridge is needed";
  // A wire has taken its place in the bridge.
  spaces_["a1"].id = 7;
  ports_.add(30, "wire30", "veth", 10, std::nullopt, stand_in_alias(20));
  EXPECT_EQ(workloads()[0].interface, "wire30");
}

TEST_F(CriWorkloads, WithoutItsPortAPodHasNoAddress) {
  pod("a1", "web", "10.88.0.5");
  EXPECT_TRUE(workloads()[0].addresses.empty()) << "it may be somebody else's by now";
  EXPECT_EQ(unresolved_, 1U);
  ports_.add(20, "veth20", "veth", 10, 7);
  EXPECT_EQ(workloads()[0].addresses.size(), 2U);
  spaces_.clear();
  EXPECT_TRUE(workloads()[0].addresses.empty()) << "its namespace is gone";
  // A namespace to which no interface of ours leads: ipvlan, a device of its own.
  spaces_["a1"] = {true, std::nullopt};
  const auto all = workloads();
  EXPECT_EQ(all[0].addresses.size(), 2U);
  EXPECT_TRUE(all[0].attachments.empty());
  EXPECT_EQ(unresolved_, 0U);
}

TEST_F(CriWorkloads, OfSeveralPortsTheOneThatCniNames) {
  ports_.add(20, "veth20", "veth", 10, 7);
  ports_.add(21, "veth21", "veth", 10, 7);
  CriSandbox& sandbox = pod("a1", "web", "10.88.0.5");
  EXPECT_TRUE(workloads()[0].addresses.empty());
  EXPECT_EQ(unresolved_, 1U);
  sandbox.host_interfaces = {"cni0", "veth21"};
  EXPECT_EQ(workloads()[0].interface, "veth21");
}

TEST_F(CriWorkloads, OfTwoSandboxesTheNewer) {
  ports_.add(20, "veth20", "veth", 10, 7);
  pod("a0", "web", "10.88.0.4").created = 1;
  pod("a1", "web", "10.88.0.5").created = 2;
  const auto all = workloads();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].addresses[0].to_string(), "10.88.0.5");
}

TEST_F(CriWorkloads, ContainersGiveImageAndPosture) {
  CriSandbox& sandbox = pod("a1", "agent", "10.88.0.5");
  sandbox.host_network = sandbox.host_pid = true;
  CriContainer side{.id = "c1", .sandbox = "a1", .name = "side", .created = 2, .image = "side:1"};
  CriContainer main{.id = "c2", .sandbox = "a1", .name = "main", .created = 1, .image = "main:1"};
  main.image_digest = "sha256:77";
  main.posture = Posture{.memory_limit = true};
  side.posture = Posture{.privileged = true};
  snapshot_.containers = {side, main};
  const auto all = workloads();
  EXPECT_EQ(all[0].image, "main:1") << "the first that was made";
  EXPECT_EQ(all[0].image_digest, "sha256:77");
  EXPECT_TRUE(all[0].host_network);
  EXPECT_TRUE(all[0].addresses.empty());
  ASSERT_TRUE(all[0].posture.has_value());
  EXPECT_TRUE(all[0].posture->privileged && all[0].posture->host_network && all[0].posture->host_pid);
  EXPECT_FALSE(all[0].posture->memory_limit);
  EXPECT_EQ(unresolved_, 0U);
}

TEST_F(CriWorkloads, WhatTheClusterTellsIsKept) {
  ports_.add(20, "veth20", "veth", 10, 7);
  pod("a1", "web", "10.88.0.5");
  pod("b2", "static", "10.88.0.6");
  snapshot_.containers = {
      CriContainer{.id = "c1", .sandbox = "a1", .image_digest = "sha256:77", .posture = Posture{.privileged = true}}};
  Workload cluster;
  cluster.name = "web";
  cluster.name_space = "shop";
  cluster.labels = {{"app", "web"}, {"added", "later"}};
  cluster.addresses = {*IpAddress::parse("10.88.0.5")};
  cluster.ports = {{"http", 6, 80}};
  cluster.node = "n1";
  cluster.posture = Posture{.host_pid = true};
  Workload elsewhere = cluster;
  elsewhere.name = "other";
  std::vector<Workload> all = {cluster, elsewhere};
  add_pods(all, workloads());
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].labels.size(), 2U) << "labels change, the sandbox has those of its making";
  EXPECT_EQ(all[0].interface, "veth20");
  EXPECT_EQ(all[0].addresses.size(), 2U) << "and the link-local one";
  EXPECT_EQ(all[0].ports.size(), 1U);
  EXPECT_EQ(all[0].node, "n1");
  EXPECT_EQ(all[0].image_digest, "sha256:77");
  EXPECT_TRUE(all[0].posture->host_pid && all[0].posture->privileged) << "both";
  EXPECT_TRUE(all[1].interface.empty());
  EXPECT_EQ(all[2].full_name(), "shop/static");
}

}  // namespace
}  // namespace bulkhead::rules
