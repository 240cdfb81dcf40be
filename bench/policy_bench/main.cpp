// Policies in the kernel: how long they take to load and to change, and what they cost a packet. Own network
// namespaces, root. bench/policy builds and runs it; figures are compared within one run.
//
//   load      compile, render, one transaction, read back and compare; user and kernel time
//   label     one workload's label changes: until the kernel has acknowledged
//   sessions  long connections, half of them refused by a tighter policy: until their last byte arrived
//   path      small packets and a bulk stream between two hosts of a bridge, in namespaces side by side, in turns:
//             without rules, with what a container engine puts there, and with bulkhead beside that
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include "bench/policy_bench/cluster.h"
#include "bench/policy_bench/figures.h"
#include "rules/classify/classifier.h"
#include "rules/compile/policy_compiler.h"
#include "rules/fast_path/fast_path.h"
#include "rules/model/rule_parser.h"
#include "rules/nft/enforcer.h"
#include "rules/nft/l2_guard.h"
#include "rules/nft/nl_transport.h"
#include "rules/nft/rule_builder.h"
#include "rules/nft/ruleset_diff.h"
#include "rules/reconcile/relabel.h"
#include "rules/reconcile/session_cutter.h"
#include "tests/netns/net_lab.h"

namespace bulkhead::bench {

namespace {

using namespace rules;
using namespace std::chrono_literals;
using testing::NetLab;
using testing::TcpPair;

constexpr unsigned kReplicas = 10;

template <typename T>
T checked(Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "%s\n", result.error().to_string().c_str());
  std::exit(1);
}

PolicyTablePtr compiled(const PolicyModel& model, const InventoryPtr& inventory) {
  Diagnostics diagnostics;
  PolicyTablePtr table = compile_policies(model, inventory, diagnostics);
  if (table == nullptr) std::exit(1);
  return table;
}

// The cluster, and beside it two workloads that are the hosts of the lab.
std::shared_ptr<Inventory> inventory_with_hosts(unsigned workloads) {
  auto out = inventory(workloads, kReplicas);
  for (const unsigned number : {2U, 3U}) {
    Workload host;
    host.name = "host" + std::to_string(number);
    host.name_space = "ns0";
    host.labels = {{"app", number == 2 ? "app1" : "app0"}, {"tier", "front"}};
    host.node = "n1";
    host.interface = number == 2 ? "veth-a" : "veth-b";
    host.addresses = {*IpAddress::parse("10.77.0." + std::to_string(number))};
    static_cast<void>(out->add_workload(host));
  }
  return out;
}

double cpu() {
  rusage use{};
  ::getrusage(RUSAGE_SELF, &use);
  return static_cast<double>(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
         static_cast<double>(use.ru_utime.tv_usec + use.ru_stime.tv_usec) * 1e-6;
}

// "VmHWM" of this process, or "Slab" of the machine, in MB.
double megabytes(const char* file, const std::string& key) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(key + ":")) return std::atof(line.c_str() + key.size() + 1) / 1024;
  }
  return 0;
}

void bench_load(unsigned workloads, unsigned policy_count) {
  std::vector<double> walls, cpus;
  LoadReport report;
  double kernel = 0;
  for (int run = 0; run < 5; ++run) {
    NetLab lab({}, true);
    const auto transport = checked(NlTransport::open());
    const InventoryPtr list = inventory_with_hosts(workloads);
    const PolicyModel model = policies(policy_count);
    const double slab = megabytes("/proc/meminfo", "Slab");
    const double begin = wall(), begin_cpu = cpu();
    const PolicyTablePtr table = compiled(model, list);
    Enforcer enforcer(*transport);
    report = checked(enforcer.load(table));
    walls.push_back(wall() - begin);
    cpus.push_back(cpu() - begin_cpu);
    kernel = std::max(kernel, megabytes("/proc/meminfo", "Slab") - slab);
  }
  std::printf("load      %u workloads, %u policies: %zu chains, %zu rules, %zu sets, %zu elements\n", workloads,
              policy_count, report.chains, report.rules, report.sets, report.elements);
  std::printf(
      "          compiled, loaded, read back and compared in %.2f s median (%.2f best), %.2f s of CPU; limit 2 s\n",
      quantile(walls, 0.5), quantile(walls, 0), quantile(cpus, 0.5));
  std::printf("          memory: %.0f MB peak of the process, about %.0f MB of kernel slab\n",
              megabytes("/proc/self/status", "VmHWM"), kernel);
}

void bench_label(unsigned workloads, unsigned policy_count, unsigned changes) {
  NetLab lab({}, true);
  const auto transport = checked(NlTransport::open());
  const InventoryPtr list = inventory_with_hosts(workloads);
  Enforcer enforcer(*transport);
  const PolicyTablePtr table = compiled(policies(policy_count), list);
  checked(enforcer.load(table));
  Relabel relabel(table, enforcer.mode(), enforcer.settings());
  std::vector<double> walls, cpus;
  std::size_t commands = 0, full_loads = 0;
  for (unsigned i = 0; i < changes; ++i) {
    Workload changed = list->workloads()[(i * 7919) % workloads];
    changed.labels["app"] = "app" + std::to_string((i * 31 + 3) % kAppsPerNamespace);
    const double begin = wall(), begin_cpu = cpu();
    auto plan = relabel.plan({changed}, enforcer.desired());
    if (!plan) {
      ++full_loads;
      continue;
    }
    const RulesetDifference change = compare_rulesets(plan->after, plan->before, Findings::kOmitted);
    const Status status = enforcer.amend(change.batch, [&](NftRuleset& all) { relabel.commit(std::move(*plan), all); });
    walls.push_back((wall() - begin) * 1e3);
    cpus.push_back((cpu() - begin_cpu) * 1e3);
    if (!status) std::printf("          %s\n", status.error().to_string().c_str());
    commands += change.batch.size();
  }
  const auto proof = checked(enforcer.verify());
  std::printf(
      "label     %u changes of one label among %u workloads and %u policies, %.1f commands each: "
      "p50 %.1f ms, p99 %.1f ms, max %.1f ms (CPU p50 %.1f, p99 %.1f ms); limit 20 ms p99\n",
      changes, workloads, policy_count, static_cast<double>(commands) / changes, quantile(walls, 0.5),
      quantile(walls, 0.99), quantile(walls, 1), quantile(cpus, 0.5), quantile(cpus, 0.99));
  std::printf("          %zu needed a full load; the kernel's ruleset afterwards: %zu differences\n", full_loads,
              proof.size());
}

PolicyModel session_policy(bool tight) {
  PolicyModel model;
  model.tiers = PolicyModel::default_tiers();
  Policy policy;
  policy.name = "sessions";
  policy.tier = "platform";
  for (const char* text : {tight ? "allow from any on tcp/8001" : "allow from any", "deny from any"}) {
    policy.ingress.push_back(std::get<PolicyRule>(parse_rule(text, FlowEnd::kIngress)));
  }
  model.policies.push_back(std::move(policy));
  return model;
}

struct Pump {
  TcpPair pair;
  bool refused = false;
  double last_arrival = 0;
  std::size_t sent = 0, received = 0;
  bool broken = false;
};

// A byte on every connection, in turns; notes when the last one arrived.
void pump(std::vector<Pump>& flows, const std::atomic<bool>& stop) {
  char bytes[4096];
  const auto receive = [&](Pump& flow) {
    for (;;) {
      const auto got = ::recv(flow.pair.server.get(), bytes, sizeof bytes, MSG_DONTWAIT);
      if (got <= 0) return;
      flow.received += static_cast<std::size_t>(got);
      flow.last_arrival = wall();
    }
  };
  while (!stop) {
    for (Pump& flow : flows) {
      const auto sent = ::send(flow.pair.client.get(), "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent == 1) ++flow.sent;
      if (sent < 0 && errno != EAGAIN) flow.broken = true;
      receive(flow);
    }
  }
  std::this_thread::sleep_for(300ms);  // what is on its way
  for (Pump& flow : flows) receive(flow);
}

void bench_sessions(unsigned count) {
  NetLab lab({"a", "b"}, true);
  const auto transport = checked(NlTransport::open());
  auto conntrack = checked(ConntrackTable::open());
  const InventoryPtr list = inventory_with_hosts(0);
  NftSettings settings;
  settings.grace = 0ms;
  Enforcer enforcer(*transport, settings);
  checked(enforcer.load(compiled(session_policy(false), list)));
  std::vector<Pump> flows(count);
  for (unsigned i = 0; i < count; ++i) {
    flows[i].refused = i % 2 == 0;
    if (!lab.connect("a", "b", IpFamily::kV4, flows[i].refused ? 8000 : 8001, flows[i].pair)) {
      std::fprintf(stderr, "connection %u failed\n", i);
      std::exit(1);
    }
  }
  std::atomic<bool> stop = false;
  std::thread sender([&] { pump(flows, stop); });
  std::this_thread::sleep_for(500ms);
  const double begin = wall();
  const PolicyTablePtr tight = compiled(session_policy(true), list);
  const Classifier classifier(tight);
  SessionCutter cutter(*transport, conntrack);
  CutReport report;
  enforcer.on_commit([&] {
    report = checked(cutter.cut([&](const FlowQuery& query) { return !classifier.classify(query).allowed(); }));
  });
  checked(enforcer.load(tight));
  const double done = wall();
  std::this_thread::sleep_for(1s);
  stop = true;
  sender.join();
  std::vector<double> after;
  std::size_t lost = 0, broken = 0, alive = 0;
  for (const Pump& flow : flows) {
    if (flow.refused) {
      after.push_back(std::max(0.0, flow.last_arrival - begin) * 1e3);
      alive += flow.last_arrival > done + 0.5 ? 1 : 0;
    } else {
      lost += flow.sent - flow.received;
      broken += flow.broken ? 1 : 0;
    }
  }
  std::printf(
      "sessions  %u long flows, policy tightened (%.1f ms with compiling and proof): %zu cut; last byte of the "
      "refused p50 %.1f ms, p99 %.1f ms, max %.1f ms, %zu still alive; limit 50 ms p99\n",
      count, (done - begin) * 1e3, report.cut, quantile(after, 0.5), quantile(after, 0.99), quantile(after, 1), alive);
  std::printf("          the others: %zu bytes lost, %zu connections broken\n", lost, broken);
}

// What a container engine leaves on a node: conntrack in use, one chain that accepts what is established.
void load_engine_rules(NftTransport& transport) {
  NftRuleset wanted;
  NftChain forward;
  forward.name = "forward";
  forward.hook = NftHook{"filter", NF_INET_FORWARD, 0, NF_ACCEPT};
  RuleBuilder established(NftFamily::kInet);
  forward.rules.push_back(established.ct_state(2 | 4).counter().verdict(NF_ACCEPT).done());
  wanted.tables.push_back({NftFamily::kInet, "engine", {forward}, {}});
  if (auto status = transport.apply(compare_rulesets(wanted, {}).batch); !status) std::exit(1);
}

// One pair of hosts, with the rules under test.
struct Lane {
  std::string name;
  std::unique_ptr<NetLab> lab;
  std::unique_ptr<NlTransport> transport;
  std::unique_ptr<FastPath> fast_path;
  testing::FileDescriptor small_from, small_to;
  TcpPair bulk;
  std::vector<double> small_cpu, small_rate, bulk_rate, bulk_cpu;
};

sockaddr_in at_b(std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  ::inet_pton(AF_INET, "10.77.0.3", &out.sin_addr);
  return out;
}

// The ports of both hosts.
std::vector<GuardPort> ports_of(const Lane& lane) {
  std::vector<GuardPort> ports;
  for (const char* name : {"a", "b"}) {
    const NetLab::Host& host = lane.lab->host(name);
    GuardPort port;
    port.interface = host.interface;
    port.index = ::if_nametoindex(host.interface.c_str());
    port.workload = name;
    port.mac = MacAddress::parse(
        lane.lab->output("ip -o link show eth0 | sed 's/.*ether \\([0-9a-f:]*\\).*/\\1/'", name).substr(0, 17));
    port.addresses = {host.v4, host.v6};
    ports.push_back(std::move(port));
  }
  return ports;
}

Lane make_lane(const std::string& name, bool bridge_netfilter, bool engine, const PolicyTablePtr& table,
               const NftSettings& settings, bool port_guard = false) {
  Lane out;
  out.name = name;
  out.lab = std::make_unique<NetLab>(std::vector<std::string>{"a", "b"}, bridge_netfilter);
  out.transport = checked(NlTransport::open());
  if (engine) load_engine_rules(*out.transport);
  if (table != nullptr) {
    Enforcer enforcer(*out.transport, settings);
    checked(enforcer.load(table));
  }
  if (port_guard) {
    L2Guard guard(*out.transport);
    checked(guard.load(ports_of(out)));
  }
  if (settings.fast_path.has_value()) {
    out.fast_path = checked(FastPath::open({.scope = *settings.fast_path}));
    std::vector<PathPort> ports;
    for (const GuardPort& port : ports_of(out)) ports.push_back({port.index, port.mac.value()});
    checked(out.fast_path->use(ports));
  }
  sockaddr_in to = at_b(9000);
  out.small_to = out.lab->socket_in("b", AF_INET, SOCK_DGRAM, 0);
  out.small_from = out.lab->socket_in("a", AF_INET, SOCK_DGRAM, 0);
  const int space = 1 << 20;
  ::setsockopt(out.small_to.get(), SOL_SOCKET, SO_RCVBUFFORCE, &space, sizeof space);
  if (::bind(out.small_to.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) != 0 ||
      ::connect(out.small_from.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) != 0 ||
      !out.lab->connect("a", "b", IpFamily::kV4, 8080, out.bulk)) {
    std::fprintf(stderr, "%s: no connection\n", name.c_str());
    std::exit(1);
  }
  // Buffers that do not grow: the connections of all lanes send segments of one size.
  const int window = 4 << 20;
  ::setsockopt(out.bulk.client.get(), SOL_SOCKET, SO_SNDBUFFORCE, &window, sizeof window);
  ::setsockopt(out.bulk.server.get(), SOL_SOCKET, SO_RCVBUFFORCE, &window, sizeof window);
  return out;
}

// Bursts of 64 datagrams, sent and received by one thread: its CPU is all that a packet costs from end to end. What is
// not delivered does not count; a path that loses packets stops the bench.
void run_small(Lane& lane, double duration) {
  constexpr unsigned kBurst = 64;
  char payload[18] = {};  // 64 bytes on the wire
  static char arrived[kBurst][64];
  iovec out{payload, sizeof payload}, in[kBurst];
  mmsghdr messages[kBurst] = {}, answers[kBurst] = {};
  for (unsigned i = 0; i < kBurst; ++i) {
    messages[i].msg_hdr.msg_iov = &out;
    messages[i].msg_hdr.msg_iovlen = 1;
    in[i] = {arrived[i], sizeof arrived[i]};
    answers[i].msg_hdr.msg_iov = &in[i];
    answers[i].msg_hdr.msg_iovlen = 1;
  }
  const int blocking = ::fcntl(lane.small_from.get(), F_GETFL) & ~O_NONBLOCK;
  ::fcntl(lane.small_from.get(), F_SETFL, blocking);
  const double begin = wall(), begin_cpu = seconds_of(CLOCK_THREAD_CPUTIME_ID);
  std::size_t sent = 0, received = 0;
  while (wall() - begin < duration) {
    const int n = ::sendmmsg(lane.small_from.get(), messages, kBurst, 0);
    if (n > 0) sent += static_cast<std::size_t>(n);
    for (int got = kBurst; got == kBurst;) {
      got = ::recvmmsg(lane.small_to.get(), answers, kBurst, MSG_DONTWAIT, nullptr);
      if (got > 0) received += static_cast<std::size_t>(got);
    }
  }
  const double cpu = seconds_of(CLOCK_THREAD_CPUTIME_ID) - begin_cpu;
  if (received * 100 < sent * 99) {
    std::fprintf(stderr, "%s: %zu of %zu small packets arrived\n", lane.name.c_str(), received, sent);
    std::exit(1);
  }
  lane.small_cpu.push_back(cpu / static_cast<double>(received) * 1e9);
  lane.small_rate.push_back(static_cast<double>(received) / (wall() - begin) * 1e-3);
}

void run_bulk(Lane& lane, double duration) {
  static std::vector<char> out(std::size_t{256} << 10), in(std::size_t{256} << 10);
  const double begin = wall(), begin_cpu = seconds_of(CLOCK_THREAD_CPUTIME_ID);
  double received = 0;
  while (wall() - begin < duration) {
    static_cast<void>(::send(lane.bulk.client.get(), out.data(), out.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
    for (;;) {
      const auto n = ::recv(lane.bulk.server.get(), in.data(), in.size(), MSG_DONTWAIT);
      if (n <= 0) break;
      received += static_cast<double>(n);
    }
  }
  lane.bulk_rate.push_back(received * 8e-9 / (wall() - begin));
  lane.bulk_cpu.push_back((seconds_of(CLOCK_THREAD_CPUTIME_ID) - begin_cpu) / received * 1e9);
}

// Lanes take short turns in an order that changes, so that what else the machine does falls on all alike; the cost is
// the median of what a lane took more than its base in the same round.
void bench_path(std::vector<Lane>& lanes, unsigned rounds) {
  constexpr double kTurn = 0.01;
  for (unsigned round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < lanes.size(); ++i) {
      Lane& lane = lanes[(i + round) % lanes.size()];
      run_small(lane, kTurn);
      run_bulk(lane, kTurn);
    }
  }
  const Lane* base = nullptr;
  for (const Lane& lane : lanes) {
    if (!lane.name.starts_with("bulkhead")) base = &lane;
    const auto against = [](const std::vector<double>& own, const std::vector<double>& other) {
      std::vector<double> ratios;
      for (std::size_t i = 0; i < own.size(); ++i) ratios.push_back(own[i] / other[i]);
      return (quantile(ratios, 0.5) - 1) * 100;
    };
    std::printf(
        "          %-34s %5.0f ns a small packet (%+5.1f %%), %4.0f thousand/s;  %5.3f ns a byte in bulk "
        "(%+5.1f %%), %5.1f Gbit/s\n",
        lane.name.c_str(), quantile(lane.small_cpu, 0.5), against(lane.small_cpu, base->small_cpu),
        quantile(lane.small_rate, 0.5), quantile(lane.bulk_cpu, 0.5), against(lane.bulk_cpu, base->bulk_cpu),
        quantile(lane.bulk_rate, 0.5));
  }
}

void bench_paths(unsigned workloads, unsigned policy_count, unsigned rounds) {
  const PolicyTablePtr table = compiled(policies(policy_count), inventory_with_hosts(workloads));
  NftSettings unpinned;
  unpinned.pin_sources = false;
  for (const bool bridge_netfilter : {true, false}) {
    std::vector<Lane> lanes;
    lanes.push_back(make_lane("no rules", bridge_netfilter, false, nullptr, {}));
    if (bridge_netfilter) lanes.push_back(make_lane("container engine's rules", true, true, nullptr, {}));
    lanes.push_back(make_lane("bulkhead, no source pinning", bridge_netfilter, bridge_netfilter, table, unpinned));
    lanes.push_back(make_lane("bulkhead, sources pinned", bridge_netfilter, bridge_netfilter, table, {}));
    lanes.push_back(make_lane("bulkhead, ports guarded", bridge_netfilter, bridge_netfilter, table, unpinned, true));
    NftSettings fast = unpinned;
    fast.fast_path = PathScope::kAll;
    lanes.push_back(
        make_lane("bulkhead, ports guarded, fast path", bridge_netfilter, bridge_netfilter, table, fast, true));
    std::printf("path      %s; %% against the line above without bulkhead; limit 5 %%\n",
                bridge_netfilter ? "br_netfilter on: judged in inet with conntrack"
                                 : "br_netfilter off: judged in the bridge, without conntrack");
    bench_path(lanes, rounds);
    while (!lanes.empty()) lanes.pop_back();
  }
}

// Files for `nft -f` beside no rules: what an expression costs here.
void bench_lanes(bool bridge_netfilter, const std::vector<std::string>& files) {
  std::vector<Lane> lanes;
  lanes.push_back(make_lane("no rules", bridge_netfilter, bridge_netfilter, nullptr, {}));
  for (const std::string& file : files) {
    lanes.push_back(make_lane("bulkhead " + file, bridge_netfilter, bridge_netfilter, nullptr, {}));
    std::printf("%s", lanes.back().lab->output("nft -f " + file).c_str());
  }
  bench_path(lanes, 300);
  while (!lanes.empty()) lanes.pop_back();
}

}  // namespace

}  // namespace bulkhead::bench

int main(int argc, char** argv) {
  using namespace bulkhead::bench;
  if (const std::string reason = bulkhead::testing::NetLab::missing(); !reason.empty()) {
    std::printf("skipped: %s\n", reason.c_str());
    return 0;
  }
  const rlimit files{16384, 16384};
  ::setrlimit(RLIMIT_NOFILE, &files);
  const bool quick = argc > 1 && std::strcmp(argv[1], "--quick") == 0;
  const std::string only = argc > 2 ? argv[2] : "";
  const auto wanted = [&](const char* part) { return only.empty() || only == part; };
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  if (wanted("load")) bench_load(10'000, 1'000);
  if (wanted("label")) bench_label(10'000, 1'000, quick ? 100 : 500);
  if (wanted("sessions")) bench_sessions(1'000);
  if (wanted("path")) bench_paths(10'000, 1'000, quick ? 100 : 400);
  if (only == "lanes" && argc > 4) bench_lanes(std::strcmp(argv[3], "inet") == 0, {argv + 4, argv + argc});
  return 0;
}
