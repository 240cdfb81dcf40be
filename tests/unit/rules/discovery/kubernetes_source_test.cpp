#include "rules/discovery/kubernetes_source.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

namespace bulkhead::rules {
namespace {

using namespace std::chrono_literals;

// A server in memory: what it lists, what it tells, how it refuses. Every kind but pods is there and empty.
class FakeServer {
 public:
  struct Client : KubernetesClient {
    explicit Client(FakeServer& server) : server_(server) {}
    Result<KubernetesAnswer> get(const std::string& path) override { return server_.get(path); }
    Result<KubernetesAnswer> follow(const std::string& path, const std::function<void()>& opened,
                                    const std::function<bool(std::string_view)>& line) override {
      return server_.follow(path, opened, line);
    }
    void stop() override { server_.stop(); }
    FakeServer& server_;
  };

  static std::string pod(const std::string& name, const std::string& version = "1") {
    return R"({"metadata":{"name":")" + name + R"(","namespace":"shop","resourceVersion":")" + version +
           R"("},"status":{"phase":"Running","podIP":"10.0.0.1"}})";
  }
  static std::string list_of(const std::string& items, const std::string& version, const std::string& next = "") {
    return R"({"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":")" + version + R"(","continue":")" +
           next + R"("},"items":[)" + items + "]}";
  }
  void set(const std::string& path, int status, const std::string& body) {
    const std::lock_guard lock(mutex_);
    answers_[path] = {status, body};
  }
  void tell(const std::string& type, const std::string& object) {
    line(R"({"type":")" + type + R"(","object":)" + object + "}");
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
  void end_streams() {
    const std::lock_guard lock(mutex_);
    ++ends_;
    wake_.notify_all();
  }
  [[nodiscard]] std::vector<std::string> asked(const std::string& word) const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> out;
    for (const std::string& path : asked_) {
      if (path.find(word) != std::string::npos) out.push_back(path);
    }
    return out;
  }

 private:
  Result<KubernetesAnswer> get(const std::string& path) {
    const std::lock_guard lock(mutex_);
    asked_.push_back(path);
    if (away_) return Error{"GET", path, 0, "no connection"};
    if (const auto found = answers_.find(path); found != answers_.end()) return found->second;
    return KubernetesAnswer{200, R"({"metadata":{"resourceVersion":"1"},"items":[]})"};
  }
  Result<KubernetesAnswer> follow(const std::string& path, const std::function<void()>& opened,
                                  const std::function<bool(std::string_view)>& line) {
    std::unique_lock lock(mutex_);
    asked_.push_back(path);
    const bool pods = path.starts_with("/api/v1/pods");
    if (!away_) {
      lock.unlock();
      opened();
      lock.lock();
    }
    const int ends = ends_;
    for (;;) {
      wake_.wait(lock, [&] { return stopped_ || away_ || ends_ != ends || (pods && !lines_.empty()); });
      if (stopped_) return KubernetesAnswer{200, ""};
      if (away_) return Error{"GET", path, 0, "the connection broke"};
      if (ends_ != ends) return KubernetesAnswer{200, ""};
      const std::string text = lines_.front();
      lines_.pop_front();
      lock.unlock();
      const bool more = line(text);
      lock.lock();
      if (!more) return KubernetesAnswer{200, ""};
    }
  }
  void stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    wake_.notify_all();
  }

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::map<std::string, KubernetesAnswer> answers_;
  std::deque<std::string> lines_;
  std::vector<std::string> asked_;
  bool away_ = false, stopped_ = false;
  int ends_ = 0;
};

class KubernetesSourceTest : public ::testing::Test {
 protected:
  void SetUp() override { server_.set(kPods, 200, FakeServer::list_of(FakeServer::pod("a"), "10")); }
  void start() {
    source_ = std::make_unique<KubernetesSource>(
        [this] { return std::make_unique<FakeServer::Client>(server_); },
        KubernetesSettings{.retry_first = 1ms, .retry_most = 10ms, .ask_again = 5ms, .resync = 3600s});
    source_->start();
  }
  [[nodiscard]] std::string pods() const {
    std::string out;
    for (const auto& each : source_->snapshot().pods) out += (out.empty() ? "" : " ") + each.name;
    return out;
  }
  template <typename Condition>
  static bool comes(Condition&& condition) {
    for (int i = 0; i < 5000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(1ms);
    }
    return false;
  }
  static constexpr const char* kPods = "/api/v1/pods?limit=500";
  FakeServer server_;
  std::unique_ptr<KubernetesSource> source_;
};

TEST_F(KubernetesSourceTest, AListAndItsChanges) {
  start();
  ASSERT_TRUE(comes([&] { return source_->complete(); }));
  EXPECT_EQ(pods(), "a");
  server_.tell("ADDED", FakeServer::pod("b", "11"));
  EXPECT_TRUE(comes([&] { return pods() == "a b"; }));
  server_.tell("DELETED", FakeServer::pod("a", "12"));
  EXPECT_TRUE(comes([&] { return pods() == "b"; }));
  pollfd readable{source_->event_fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&readable, 1, 0), 1);
  source_->acknowledge();
  EXPECT_EQ(::poll(&readable, 1, 0), 0);
}

TEST_F(KubernetesSourceTest, PagesAreOneList) {
  server_.set(kPods, 200, FakeServer::list_of(FakeServer::pod("a"), "10", "p 2/="));
  server_.set(std::string(kPods) + "&continue=p%202%2F%3D", 200, FakeServer::list_of(FakeServer::pod("b"), "10"));
  start();
  EXPECT_TRUE(comes([&] { return pods() == "a b"; }));
}

TEST_F(KubernetesSourceTest, AStreamThatEndsGoesOnFromTheLastVersion) {
  start();
  ASSERT_TRUE(comes([&] { return !server_.asked("pods?watch").empty(); }));
  server_.tell("BOOKMARK", R"({"metadata":{"resourceVersion":"77"}})");
  server_.tell("ADDED", FakeServer::pod("b", "78"));
  ASSERT_TRUE(comes([&] { return pods() == "a b"; }));
  server_.end_streams();
  EXPECT_TRUE(comes([&] { return server_.asked("pods?watch").size() == 2; }));
  EXPECT_TRUE(server_.asked("pods?watch").back().ends_with("resourceVersion=78"));
  EXPECT_EQ(server_.asked("pods?limit").size(), 1U) << "no list anew";
}

TEST_F(KubernetesSourceTest, GoneMeansAListAnew) {
  start();
  ASSERT_TRUE(comes([&] { return source_->complete(); }));
  server_.set(kPods, 200, FakeServer::list_of(FakeServer::pod("c"), "500"));
  server_.line(R"({"type":"ERROR","object":{"code":410,"message":"too old resource version"}})");
  EXPECT_TRUE(comes([&] { return pods() == "c"; })) << "what is not listed any more is gone";
  EXPECT_EQ(source_->last_error(), std::nullopt) << "this is no mistake";
}

TEST_F(KubernetesSourceTest, WhileTheServerIsAwayTheLastSnapshotStays) {
  start();
  ASSERT_TRUE(comes([&] { return source_->complete(); }));
  server_.go_away(true);
  EXPECT_TRUE(comes([&] { return source_->last_error().has_value(); }));
  EXPECT_EQ(pods(), "a");
  EXPECT_TRUE(source_->complete());
  server_.go_away(false);
  EXPECT_TRUE(comes([&] { return !source_->last_error().has_value(); }));
  server_.tell("ADDED", FakeServer::pod("b", "11"));
  EXPECT_TRUE(comes([&] { return pods() == "a b"; }));
}

TEST_F(KubernetesSourceTest, AKindThatTheClusterDoesNotHaveIsAskedForLater) {
  const std::string path = "/apis/policy.networking.k8s.io/v1alpha1/adminnetworkpolicies?limit=500";
  server_.set(path, 404, "");
  start();
  ASSERT_TRUE(comes([&] { return source_->complete(); }));
  EXPECT_EQ(source_->last_error(), std::nullopt);
  EXPECT_TRUE(source_->snapshot().manifests.empty());
  server_.set(path, 200,
              R"({"kind":"AdminNetworkPolicyList","apiVersion":"policy.networking.k8s.io/v1alpha1",
                "metadata":{"resourceVersion":"5"},"items":[{"metadata":{"name":"all"},"spec":{"priority":1}}]})");
  EXPECT_TRUE(comes([&] { return source_->snapshot().manifests.size() == 1; }));
  EXPECT_EQ(source_->snapshot().manifests[0].name, "adminnetworkpolicies /all");
}

TEST_F(KubernetesSourceTest, RefusalsAreToldAndKeepWhatIsKnown) {
  start();
  ASSERT_TRUE(comes([&] { return source_->complete(); }));
  server_.set(kPods, 403, "pods is forbidden");
  server_.line("no event at all");
  ASSERT_TRUE(
      comes([&] { return source_->last_error() && source_->last_error()->text.find("403") != std::string::npos; }));
  EXPECT_EQ(pods(), "a");
  server_.set(kPods, 200, FakeServer::list_of(FakeServer::pod("z"), "20"));
  EXPECT_TRUE(comes([&] { return pods() == "z" && !source_->last_error(); }));
}

TEST(KubernetesWorkloads, PodsOfEveryNodeThatHaveAnAddress) {
  KubernetesSnapshot snapshot;
  snapshot.namespaces.push_back({.name = "shop", .labels = {{"team", "red"}}});
  KubernetesObject pod;
  pod.name_space = "shop";
  pod.name = "web";
  pod.labels = {{"app", "web"}};
  pod.node = "n2";
  pod.addresses = {*IpAddress::parse("10.1.0.4")};
  snapshot.pods = {pod, pod, pod, pod};
  snapshot.pods[1].ended = true;
  snapshot.pods[2].addresses.clear();  // not started yet
  snapshot.pods[3].addresses.clear();
  snapshot.pods[3].host_network = true;
  const auto workloads = kubernetes_workloads(snapshot);
  ASSERT_EQ(workloads.size(), 2U);
  EXPECT_EQ(workloads[0].full_name(), "shop/web");
  EXPECT_EQ(workloads[0].node, "n2");
  EXPECT_EQ(workloads[0].namespace_labels, (Labels{{"kubernetes.io/metadata.name", "shop"}, {"team", "red"}}));
  EXPECT_TRUE(workloads[1].host_network);
}

TEST(KubernetesAccess, AddressesOfServers) {
  const auto v4 = kubernetes_access("https://10.0.0.1:6443/", "/secrets");
  ASSERT_TRUE(v4);
  EXPECT_EQ(v4->host + " " + std::to_string(v4->port), "10.0.0.1 6443");
  EXPECT_EQ(v4->token_file, "/secrets/token");
  EXPECT_EQ(v4->ca_file, "/secrets/ca.crt");
  const auto v6 = kubernetes_access("https://[fd00::1]", "");
  ASSERT_TRUE(v6);
  EXPECT_EQ(v6->host + " " + std::to_string(v6->port), "fd00::1 443");
  for (const char* bad : {"http://10.0.0.1", "https://", "https://h:0", "https://h:x", "https://h:70000"})
    EXPECT_FALSE(kubernetes_access(bad, "")) << bad;
}

}  // namespace
}  // namespace bulkhead::rules
