// Open sessions when the policy changes: those that it refuses end at once, in both directions, the others go on.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include "rules/block/block_manager.h"
#include "rules/classify/classifier.h"
#include "rules/nft/enforcer.h"
#include "rules/nft/nl_transport.h"
#include "rules/reconcile/session_cutter.h"
#include "tests/netns/net_lab.h"
#include "tests/netns/policy_text.h"

namespace bulkhead::rules {
namespace {

using namespace std::chrono_literals;
using testing::NetLab;
using testing::Probe;
using testing::TcpPair;

constexpr const char* kInventory = R"(
namespaces: [{name: shop, labels: {team: red}}]
nodes: [{name: n1, ips: [10.77.0.1, 'fd77::1']}]
pods:
  - {namespace: shop, name: web, labels: {app: web}, ips: [10.77.0.2, 'fd77::2'], interface: veth-web}
  - {namespace: shop, name: db, labels: {app: db}, ips: [10.77.0.3, 'fd77::3'], interface: veth-db}
)";
constexpr const char* kOpen = R"(
policy: db
tier: platform
order: 10
for: ns=shop app=db
ingress:
  - allow from any
)";
constexpr const char* kTight = R"(
policy: db
tier: platform
order: 10
for: ns=shop app=db
ingress:
  - allow from any on tcp/6380
  - deny from any
)";

class SessionNetns : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (const std::string reason = NetLab::missing(); !reason.empty()) GTEST_SKIP() << reason;
    lab_ = std::make_unique<NetLab>(std::vector<std::string>{"web", "db"}, GetParam());
    if (!lab_->problem().empty()) GTEST_SKIP() << lab_->problem();
    auto transport = NlTransport::open();
    ASSERT_TRUE(transport) << transport.error().to_string();
    transport_ = std::move(*transport);
    auto conntrack = ConntrackTable::open();
    ASSERT_TRUE(conntrack) << conntrack.error().to_string();
    conntrack_ = std::make_unique<ConntrackTable>(std::move(*conntrack));
    NftSettings settings;
    settings.grace = 0ms;
    enforcer_ = std::make_unique<Enforcer>(*transport_, settings);
  }
  // Loads the policy and cuts what it refuses; how many sessions ended.
  std::size_t load(const std::string& policy) {
    Diagnostics diagnostics;
    const PolicyTablePtr table = testing::compile_text(kInventory, policy, diagnostics);
    for (const auto& d : diagnostics.all()) ADD_FAILURE() << Diagnostics::format(d);
    if (table == nullptr) return 0;
    const auto report = enforcer_->load(table);
    EXPECT_TRUE(report) << report.error().to_string();
    const Classifier classifier(table);
    SessionCutter cutter(*transport_, *conntrack_);
    const auto cut = cutter.cut([&](const FlowQuery& query) { return !classifier.classify(query).allowed(); });
    EXPECT_TRUE(cut) << cut.error().to_string();
    return cut ? cut->cut : 0;
  }
  // The socket was told that it is over.
  static bool is_reset(int fd) {
    pollfd p{fd, POLLIN, 0};
    char byte = 0;
    return ::poll(&p, 1, 1000) == 1 && ::recv(fd, &byte, 1, 0) < 0 && errno == ECONNRESET;
  }

  std::unique_ptr<NetLab> lab_;
  std::unique_ptr<NlTransport> transport_;
  std::unique_ptr<ConntrackTable> conntrack_;
  std::unique_ptr<Enforcer> enforcer_;
};

TEST_P(SessionNetns, RefusedConnectionsEndInBothDirectionsAndOthersDoNot) {
  load(kOpen);
  for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
    std::vector<TcpPair> refused(10), kept(10);
    for (TcpPair& pair : refused) ASSERT_TRUE(lab_->connect("web", "db", family, 6379, pair));
    for (TcpPair& pair : kept) ASSERT_TRUE(lab_->connect("web", "db", family, 6380, pair));
    for (auto* list : {&refused, &kept}) {
      for (TcpPair& pair : *list) ASSERT_TRUE(pair.carries(true, 1s) && pair.carries(false, 1s));
    }
    EXPECT_EQ(load(kTight), refused.size());
    for (std::size_t i = 0; i < refused.size(); ++i) {
      // Half of them speak first at the server: an answer must not open the connection again.
      const bool client_first = i % 2 == 0;
      EXPECT_FALSE(refused[i].carries(client_first, 50ms));
      EXPECT_FALSE(refused[i].carries(!client_first, 50ms));
      EXPECT_FALSE(refused[i].carries(client_first, 50ms));
    }
    for (TcpPair& pair : kept) EXPECT_TRUE(pair.carries(true, 1s) && pair.carries(false, 1s));
    EXPECT_EQ(load(kTight), 0U) << "the same again touches nobody";
    for (TcpPair& pair : kept) EXPECT_TRUE(pair.carries(true, 1s) && pair.carries(false, 1s));
    EXPECT_EQ(load(kOpen), 0U);
  }
}

TEST_P(SessionNetns, BothEndsAreReset) {
  if (!GetParam()) GTEST_SKIP() << "this kernel has no reject in the bridge family: the ends run into their timeouts";
  load(kOpen);
  for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
    TcpPair pair;
    ASSERT_TRUE(lab_->connect("web", "db", family, 6379, pair));
    ASSERT_TRUE(pair.carries(true, 1s));
    load(kTight);
    const char byte = 'x';
    ASSERT_EQ(::send(pair.client.get(), &byte, 1, MSG_NOSIGNAL), 1);
    ASSERT_EQ(::send(pair.server.get(), &byte, 1, MSG_NOSIGNAL), 1);
    EXPECT_TRUE(is_reset(pair.client.get()));
    EXPECT_TRUE(is_reset(pair.server.get()));
    load(kOpen);
  }
}

TEST_P(SessionNetns, ARefusedDatagramFlowPassesAgainOnceItIsAllowed) {
  for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
    load(kOpen);
    ASSERT_EQ(lab_->udp("web", "db", family, 5300, 41000), Probe::kPassed);
    EXPECT_GE(load(kTight), 1U);
    EXPECT_EQ(lab_->udp("web", "db", family, 5300, 41000), Probe::kTimedOut);
    load(kOpen);
    EXPECT_EQ(lab_->udp("web", "db", family, 5300, 41000), Probe::kPassed) << "no stale drop";
  }
}

// Datagrams that nobody answers: no reply has made a connection of them, and still later ones pass without being
// judged.
TEST_P(SessionNetns, OneWayDatagramsEndWithThePolicyAndWithABlock) {
  for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
    const int domain = family == IpFamily::kV4 ? AF_INET : AF_INET6;
    const auto from = lab_->socket_in("web", domain, SOCK_DGRAM, 0), to = lab_->socket_in("db", domain, SOCK_DGRAM, 0);
    auto own = testing::socket_address(lab_->address_of("web", family), 41001);
    auto other = testing::socket_address(lab_->address_of("db", family), 5301);
    ASSERT_EQ(::bind(from.get(), own.get(), own.length), 0);
    ASSERT_EQ(::bind(to.get(), other.get(), other.length), 0);
    ASSERT_EQ(::connect(from.get(), other.get(), other.length), 0);
    const auto arrive = [&] {
      unsigned count = 0;
      for (int i = 0; i < 10; ++i) static_cast<void>(::send(from.get(), "x", 1, MSG_NOSIGNAL));
      pollfd p{to.get(), POLLIN, 0};
      char byte = 0;
      while (count < 10 && ::poll(&p, 1, 200) == 1 && ::recv(to.get(), &byte, 1, 0) == 1) ++count;
      return count;
    };
    load(kOpen);
    EXPECT_EQ(arrive(), 10U);
    EXPECT_EQ(arrive(), 10U);
    EXPECT_GE(load(kTight), 1U);
    EXPECT_EQ(arrive(), 0U);
    load(kOpen);
    EXPECT_EQ(arrive(), 10U);
    BlockManager manager(*transport_, {});
    Block block;
    block.kind = BlockKind::kSource;
    block.tuple.source = lab_->address_of("web", family);
    const auto blocked = manager.add(block);
    ASSERT_TRUE(blocked) << blocked.error().to_string();
    EXPECT_EQ(arrive(), 0U);
    ASSERT_TRUE(manager.remove(block));
    EXPECT_EQ(arrive(), 10U);
  }
}

TEST_P(SessionNetns, ConnectionsOlderThanTheTableLiveOnInItsGrace) {
  TcpPair older;
  ASSERT_TRUE(lab_->connect("web", "db", IpFamily::kV4, 6380, older));
  NftSettings settings;
  settings.grace = 5s;
  enforcer_->use(settings);
  load(kTight);
  EXPECT_TRUE(older.carries(true, 1s) && older.carries(false, 1s));
}

INSTANTIATE_TEST_SUITE_P(Modes, SessionNetns, ::testing::Bool(),
                         [](const auto& p) { return p.param ? "BrNetfilter" : "BridgeOnly"; });

}  // namespace
}  // namespace bulkhead::rules
