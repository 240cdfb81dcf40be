#include "config/daemon/daemon.h"

#include <ifaddrs.h>
#include <linux/capability.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <future>
#include <memory>
#include <mutex>
#include <set>
#include <sstream>
#include <thread>
#include <utility>
#include <vector>

#include "config/audit/audit_log.h"
#include "config/control/control_server.h"
#include "config/daemon/audit_sink.h"
#include "config/daemon/auto_limit.h"
#include "config/daemon/behaviour_thread.h"
#include "config/daemon/block_thread.h"
#include "config/daemon/control_commands.h"
#include "config/daemon/counted.h"
#include "config/daemon/file_watch.h"
#include "config/daemon/files_stamp.h"
#include "config/daemon/generation.h"
#include "config/daemon/guard_thread.h"
#include "config/daemon/label_updates.h"
#include "config/daemon/live_view.h"
#include "config/daemon/main_tasks.h"
#include "config/daemon/outputs.h"
#include "config/daemon/posture_watch.h"
#include "config/daemon/queue_books.h"
#include "config/daemon/resource_keeper.h"
#include "config/daemon/safe_addresses.h"
#include "config/daemon/sandbox_plan.h"
#include "config/daemon/service_notice.h"
#include "config/daemon/summary_sink.h"
#include "config/daemon/workload_labels.h"
#include "config/daemon/workload_owners.h"
#include "config/load/inventory_yaml.h"
#include "config/metrics/http_server.h"
#include "config/metrics/metrics_text.h"
#include "config/sandbox/refused_calls.h"
#include "config/sandbox/sandbox.h"
#include "datapath/base/allocator.h"
#include "datapath/base/private_file.h"
#include "datapath/dpdk/dpdk_sources.h"
#include "datapath/io/kernel_bypass.h"
#include "datapath/io/nfqueue_source.h"
#include "datapath/io/packet_mmap_tap_source.h"
#include "datapath/io/packet_wire_source.h"
#include "datapath/output/eve_outputs.h"
#include "datapath/output/netlink_sink.h"
#include "datapath/output/output_thread.h"
#include "datapath/pipeline/live.h"
#include "rules/classify/classifier.h"
#include "rules/classify/session_fate.h"
#include "rules/compile/policy_compiler.h"
#include "rules/discovery/discovery.h"
#include "rules/discovery/grpc_session.h"
#include "rules/discovery/http_docker_client.h"
#include "rules/fast_path/fast_path.h"
#include "rules/nft/enforcer.h"
#include "rules/nft/guard_ports.h"
#include "rules/nft/l2_guard.h"
#include "rules/nft/nl_transport.h"
#include "rules/nft/ruleset_monitor.h"
#include "rules/reconcile/label_changes.h"
#include "rules/reconcile/lease_keeper.h"
#include "rules/reconcile/session_cutter.h"
#include "rules/wire/wire_keeper.h"
#include "signatures/match/match_settings.h"

namespace bulkhead::config {

namespace {

constexpr int kExitFailed = 1;
constexpr int kExitBadInput = 2;
constexpr std::size_t kMostLabels = 256;             // workloads with new labels at once; beyond it a full load
constexpr auto kReadBack = std::chrono::minutes(1);  // how often the kernel's ruleset is compared unasked
constexpr auto kFlowPatience = std::chrono::milliseconds(300);  // for workers to copy their flows
constexpr auto kWireDrain = std::chrono::milliseconds(200);     // for a worker to pass on what it has read
constexpr auto kFirstList = std::chrono::seconds(3);            // how long the start waits for the engine's answer

std::string printed(const Diagnostics& diagnostics) {
  std::ostringstream out;
  diagnostics.print(out, 50);
  return out.str();
}

bool is_there(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

// SIGTERM, SIGINT and SIGHUP as readable events; blocked for every thread started afterwards.
class Signals {
 public:
  Signals() {
    sigemptyset(&mask_);
    for (const int s : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&mask_, s);
    pthread_sigmask(SIG_BLOCK, &mask_, &old_);
    fd_ = ::signalfd(-1, &mask_, SFD_NONBLOCK | SFD_CLOEXEC);
  }
  ~Signals() {
    ::close(fd_);
    pthread_sigmask(SIG_SETMASK, &old_, nullptr);
  }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // The next signal, or 0 after `timeout` or when one of `others` is readable.
  int wait(std::chrono::milliseconds timeout, const std::vector<int>& others) {
    std::vector<pollfd> all = {{fd_, POLLIN, 0}};
    for (const int fd : others) all.push_back({fd, POLLIN, 0});
    ::poll(all.data(), all.size(), static_cast<int>(timeout.count()));
    signalfd_siginfo info{};
    return ::read(fd_, &info, sizeof info) == sizeof info ? static_cast<int>(info.ssi_signo) : 0;
  }

 private:
  sigset_t mask_{};
  sigset_t old_{};
  int fd_ = -1;
};

// Addresses of this node: never blocked as a source.
std::vector<IpAddress> own_addresses() {
  std::vector<IpAddress> out;
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return out;
  for (const ifaddrs* i = list; i != nullptr; i = i->ifa_next) {
    if (i->ifa_addr == nullptr) continue;
    if (i->ifa_addr->sa_family == AF_INET) {
      sockaddr_in address{};
      std::memcpy(&address, i->ifa_addr, sizeof address);
      out.push_back(IpAddress::v4(reinterpret_cast<const Byte*>(&address.sin_addr)));
    } else if (i->ifa_addr->sa_family == AF_INET6) {
      sockaddr_in6 address{};
      std::memcpy(&address, i->ifa_addr, sizeof address);
      out.push_back(IpAddress::v6(reinterpret_cast<const Byte*>(&address.sin6_addr)));
    }
  }
  freeifaddrs(list);
  return out;
}

// By its driver: sysfs shows the interfaces of the namespace that mounted it, which need not be ours.
bool is_bridge(const std::string& name) {
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  ethtool_drvinfo driver{};
  driver.cmd = ETHTOOL_GDRVINFO;
  ifreq request{};
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_data = reinterpret_cast<char*>(&driver);
  const bool answered = ::ioctl(fd, SIOCETHTOOL, &request) == 0;
  ::close(fd);
  return answered && std::string_view(driver.driver) == "bridge";
}

const char* name_of(ResponseMode mode) {
  switch (mode) {
    case ResponseMode::kOff: return "off";
    case ResponseMode::kObserve: return "observe";
    case ResponseMode::kSimulate: return "simulate";
    case ResponseMode::kEnforce: return "enforce";
  }
  return "off";
}

const char* name_of(rules::InlineFlows flows) {
  switch (flows) {
    case rules::InlineFlows::kNothing: return "none";
    case rules::InlineFlows::kPolicy: return "policy";
    case rules::InlineFlows::kAll: return "all";
  }
  return "none";
}

class Daemon {
 public:
  Daemon(const EngineSettings& settings, const BooksSettings& books, const ReloadSettings& reload)
      : settings_(settings), books_(books), reload_(reload) {}

  int run() {
    Diagnostics diagnostics;
    make_kernel_bypass();
    open_fast_path();
    give_up_rights();
    if (!discover()) return kExitFailed;
    auto generation = load_generation(settings_, 1, diagnostics, state_, discovered());
    if (!diagnostics.all().empty()) spdlog::warn("while loading:\n{}", printed(diagnostics));
    if (!generation) return kExitBadInput;
    generation_ = std::move(*generation);
    manifests_loaded_ = discovery_->discovered().manifests;
    facts_.change([](DaemonFacts& f) { f.started = std::chrono::system_clock::now(); });
    // The queues have their readers before the kernel fills them.
    if (!open_queues() || !enforce() || !open_taps() || !open_wires() || !open_ports() || !start_output())
      return kExitFailed;
    start_behaviour();
    start_workers();
    if (!insert_wires()) return kExitFailed;
    publish_generation();
    watch_files(settings_);
    start_control();
    start_metrics();
    const auto& loaded = generation_.summary;
    spdlog::info("ready: {} ({} refused), {}, {}; generation 1",
                 counted(loaded.rules_loaded, "signature", "signatures"), loaded.rules_refused,
                 counted(loaded.policies, "policy", "policies"), counted(loaded.workloads, "workload", "workloads"));
    service_.ready(counted(loaded.rules_loaded, "signature", "signatures") + ", " +
                   counted(loaded.policies, "policy", "policies"));
    const int status = watch();
    service_.stopping();
    shut_down();
    return status;
  }

 private:
  // The sandbox takes away what makes programs and maps of bpf(2).
  void make_kernel_bypass() {
    const CaptureSettings& capture = settings_.capture;
    if (!capture.kernel_bypass || capture.interfaces.empty()) return;
    auto made = io::KernelBypass::create(capture.snaplen, capture.interfaces.size() > 1);
    if (made) {
      kernel_bypass_ = std::move(*made);
    } else {
      spdlog::info("packets of flows that are left alone go on being read: {}", made.error().to_string());
    }
  }

  // Before there are other threads: they have what this one has.
  void give_up_rights() {
    sandbox::SandboxReport report = sandbox::confine_process(sandbox_plan(settings_, books_));
    if (!report.off_because.empty()) {
      spdlog::warn("no sandbox: {}", report.off_because);
    } else {
      spdlog::info("sandbox {}: capabilities {}; system calls {}; files {}", sandbox::to_string(report.mode),
                   report.capabilities, report.calls_filtered ? "filtered" : "unfiltered",
                   report.landlock > 0 ? "of the settings alone" : "unrestricted");
    }
    for (const std::string& what : report.left_out) spdlog::warn("sandbox, left out: {}", what);
    facts_.change([&](DaemonFacts& f) { f.sandbox = std::move(report); });
  }

  // Follows interfaces, and the engine's containers where there is one; waits a while for its first list.
  bool discover() {
    rules::DiscoverySettings to;
    to.node_name = settings_.discovery.node_name;
    const DockerMode mode = settings_.discovery.docker;
    if (mode == DockerMode::kYes || (mode == DockerMode::kAuto && is_there(settings_.discovery.docker_socket))) {
      to.docker_socket = settings_.discovery.docker_socket;
    }
    engine_socket_ = to.docker_socket;
    if (!follow_runtime(to) || !follow_cluster(to)) return false;
    follows_engine_ = !to.docker_socket.empty() || !to.cri_socket.empty() || to.kubernetes;
    auto opened = rules::Discovery::open(to);
    if (!opened) {
      spdlog::error("{}", opened.error().to_string());
      return false;
    }
    discovery_ = std::move(*opened);
    const auto end = std::chrono::steady_clock::now() + kFirstList;
    while (!discovery_->complete() && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    if (const auto polled = discovery_->poll(); !polled) spdlog::warn("{}", polled.error().to_string());
    tell_about_engine();
    return true;
  }

  // The first of the sockets that is there.
  bool follow_runtime(rules::DiscoverySettings& to) const {
    const DiscoverySettings& from = settings_.discovery;
    if (from.cri == DockerMode::kNo || from.cri_sockets.empty()) return true;
    const bool asked_for = from.cri == DockerMode::kYes;
    if (!rules::has_grpc()) {
      if (asked_for) spdlog::error("discovery.cri: this program was built without gRPC (BULKHEAD_GRPC, libnghttp2)");
      return !asked_for;
    }
    const auto found = std::find_if(from.cri_sockets.begin(), from.cri_sockets.end(), is_there);
    if (found == from.cri_sockets.end() && !asked_for) return true;
    if (!asked_for && ::access(found->c_str(), R_OK | W_OK) != 0) {
      spdlog::info("{} is there, and this account may not use it: its pods are not followed", *found);
      return true;
    }
    to.cri_socket = found == from.cri_sockets.end() ? from.cri_sockets.front() : *found;
    to.cri.poll = from.cri_poll;
    to.cri.optional = !asked_for;
    spdlog::info("follows the pods of {}", to.cri_socket);
    return true;
  }

  // In a pod by itself; where it is asked for and cannot be, that is an error.
  bool follow_cluster(rules::DiscoverySettings& to) const {
    const DiscoverySettings& from = settings_.discovery;
    if (from.kubernetes == DockerMode::kNo) return true;
    auto access = rules::kubernetes_access(from.kubernetes_server, from.kubernetes_credentials);
    std::error_code error;
    if (access && !std::filesystem::exists(access->token_file, error))
      access = Error{"kubernetes", access->token_file, ENOENT, "there is no token of a service account"};
    if (access) {
      spdlog::info("follows the cluster of https://{}:{}", access->host, access->port);
      to.kubernetes = std::move(*access);
      return true;
    }
    if (from.kubernetes == DockerMode::kAuto && from.kubernetes_server.empty()) return true;
    spdlog::error("{}", access.error().to_string());
    return false;
  }

  // What goes into the tables besides the inventory file; null: nothing is followed.
  [[nodiscard]] const rules::Discovered* discovered() const {
    return follows_engine_ ? &discovery_->discovered() : nullptr;
  }

  void tell_about_engine() {
    const bool away = discovery_->problem().has_value();
    if (away && !engine_away_told_) {
      spdlog::warn("the engine of the workloads cannot be read, what is known stays: {}",
                   discovery_->problem()->to_string());
    }
    if (!away && engine_away_told_) spdlog::info("the engine of the workloads is back");
    if (away != engine_away_told_) {
      facts_.change([&](DaemonFacts& f) { f.engine_problem = away ? discovery_->problem()->to_string() : ""; });
    }
    engine_away_told_ = away;
    if (auto unread = discovery_->cri_cannot_read(); unread != unread_pods_) {
      for (const std::string& one : unread) spdlog::warn("left out, the runtime's answer cannot be read: {}", one);
      unread_pods_ = std::move(unread);
      facts_.change([&](DaemonFacts& f) { f.unread_pods = unread_pods_; });
    }
  }

  // What others may know of the generation in force.
  void publish_generation() {
    if (audit_ != nullptr) record_generation();
    live_view_.use(generation_.inventory);
    workload_labels_.use(generation_.inventory);
    if (behaviour_ != nullptr) behaviour_->use(generation_.inventory);
    if (generation_.inventory != nullptr) {
      for (event::AppEvent& told : posture_.changes(*generation_.inventory, wall_clock())) {
        publishers_.back()->publish(std::move(told));
      }
    }
    owners_.use(generation_.inventory);
    owners_.guarded(guard_settings_.enabled);
    standing_limits_ = generation_.inventory == nullptr
                           ? std::vector<BlockThread::Standing>()
                           : standing_limits(settings_.response.auto_limit, *generation_.inventory);
    next_standing_ = {};
    facts_.change([&](DaemonFacts& f) {
      f.generation = generation_number_;
      f.summary = generation_.summary;
      f.loaded = std::chrono::system_clock::now();
      f.signatures = generation_.signatures;
      f.policy = generation_.policy;
      f.inventory = generation_.inventory;
      f.patch_book = generation_.patch_book;
      f.enabled = generation_.enabled;
      f.patch_settings = generation_.patch_settings;
      f.bridged_in = enforcer_->mode().to_string();
      f.response_mode = name_of(settings_.response.mode);
      f.interfaces = settings_.capture.interfaces;
      f.interfaces.insert(f.interfaces.end(), settings_.dpdk.ports.begin(), settings_.dpdk.ports.end());
      f.inline_flows = name_of(settings_.inline_queue.queue.flows);
      f.workers = source_count();
    });
  }

  // A generation, and each rule that is other than before: what the policies say of a flow can change by these alone.
  void record_generation() {
    constexpr std::size_t kShown = 100;
    std::set<std::string> rules;
    if (generation_.policy != nullptr) {
      for (const rules::TableRule& rule : generation_.policy->rules()) {
        rules.insert(rule.key + ": " + rules::to_string(rule.action) + " " + rule.text);
      }
    }
    nlohmann::json added = nlohmann::json::array(), removed = nlohmann::json::array();
    const auto compare = [](const std::set<std::string>& of, const std::set<std::string>& with, nlohmann::json& out) {
      for (const std::string& rule : of) {
        if (!with.contains(rule) && out.size() < kShown) out.push_back(rule);
      }
    };
    compare(rules, rules_recorded_, added);
    compare(rules_recorded_, rules, removed);
    const std::string table = generation_.policy == nullptr ? "" : generation_.policy->to_string();
    audit_->append("generation", {{"number", generation_number_},
                                  {"signatures", generation_.summary.rules_loaded},
                                  {"policies", generation_.summary.policies},
                                  {"workloads", generation_.summary.workloads},
                                  {"policy_sha256", audit::sha256_hex(table)},
                                  {"rules", rules.size()},
                                  {"rules_added", std::move(added)},
                                  {"rules_removed", std::move(removed)}});
    rules_recorded_ = std::move(rules);
  }

  void start_metrics() {
    if (!books_.metrics.enabled) return;
    if (!metrics::has_metrics()) {
      spdlog::warn("no /metrics: this build has no prometheus-cpp");
      return;
    }
    metrics_ = std::make_unique<metrics::HttpServer>([this](const metrics::HttpRequest& request) {
      metrics::HttpResponse out;
      if (request.path != "/metrics") {
        out.status = 404;
        out.body = "there is /metrics\n";
        return out;
      }
      out.type = "text/plain; version=0.0.4; charset=utf-8";
      out.body = metrics_text();
      return out;
    });
    if (const Status started = metrics_->start(books_.metrics.listen); !started) {
      spdlog::warn("no /metrics: {}", started.error().to_string());
      metrics_.reset();
    } else {
      spdlog::info("metrics at http://{}/metrics", books_.metrics.listen);
    }
  }

  [[nodiscard]] std::string metrics_text() const {
    metrics::MetricsInput input;
    input.counters = counters();
    {
      const std::lock_guard lock(kernel_mutex_);
      input.counters.insert(input.counters.end(), kernel_counters_.begin(), kernel_counters_.end());
    }
    const DaemonFacts facts = facts_.read();
    const LiveView::Sums sums = live_view_.sums();
    input.counters.emplace_back("events.alerts", sums.alerts);
    input.counters.emplace_back("events.denied", sums.denied);
    input.counters.emplace_back("events.blocks", sums.blocks);
    input.counters.emplace_back("events.incidents", sums.incidents);
    if (control_ != nullptr) {
      const control::ServerStats s = control_->stats();
      for (const auto& [name, value] : {std::pair{"control.requests", s.requests},
                                        {"control.refused_requests", s.refused_requests},
                                        {"control.malformed", s.malformed},
                                        {"control.refused_clients", s.refused_clients},
                                        {"control.slow_clients", s.slow_clients},
                                        {"control.events_lost", s.events_lost}}) {
        input.counters.emplace_back(name, value);
      }
      input.gauges.emplace_back("control.clients", static_cast<double>(s.clients));
    }
    const auto number = [&input](const char* name, double value) { input.gauges.emplace_back(name, value); };
    number("generation", facts.generation);
    number("generation.load_seconds", facts.summary.time.count());
    number("signatures.loaded", static_cast<double>(facts.summary.rules_loaded));
    number("signatures.refused", static_cast<double>(facts.summary.rules_refused));
    number("policies", static_cast<double>(facts.summary.policies));
    number("workloads", facts.inventory == nullptr ? 0 : static_cast<double>(facts.inventory->workloads().size()));
    for (const auto& [name, health] : eve_->healths()) {
      input.gauges.emplace_back("output." + name + ".connected", health.connected ? 1 : 0);
      input.gauges.emplace_back("output." + name + ".waiting", static_cast<double>(health.waiting));
    }
    number("reload.failed", facts.reload_problem.empty() ? 0 : 1);
    number("engine.unreadable", facts.engine_problem.empty() ? 0 : 1);
    number("lease.failing", facts.lease_problem.empty() ? 0 : 1);
    number("start_time_seconds", std::chrono::duration<double>(facts.started.time_since_epoch()).count());
    input.info = {{"version", BULKHEAD_VERSION}, {"response", facts.response_mode}, {"inline", facts.inline_flows}};
    return metrics::metrics_text(input);
  }

  // The kernel's counters of rules, kept for readers of other threads; the control thread asks for them.
  void note_kernel_counters() {
    const auto now = std::chrono::steady_clock::now();
    if ((metrics_ == nullptr && queues_.empty()) || now < next_kernel_counters_) return;
    next_kernel_counters_ = now + std::chrono::seconds(queues_.empty() ? 5 : 2);
    event::CounterList out;
    if (const auto enforced = enforcer_->counters(); enforced) {
      for (const auto& rule : *enforced) {
        if (rule.rule == "inline/queued") keep_queue_books(rule.packets);
        out.emplace_back("enforce." + rule.rule + (rule.audit ? ".audit_packets" : ".packets"), rule.packets);
      }
    }
    const std::lock_guard lock(kernel_mutex_);
    kernel_counters_ = std::move(out);
  }

  void keep_queue_books(std::uint64_t offered) {
    io::SourceStats sum;
    for (const auto& queue : queues_) {
      const io::SourceStats some = queue->stats();
      sum.received += some.received;
      sum.waiting += some.waiting;
      sum.kernel_drops += some.kernel_drops;
    }
    queue_books_.look(offered, sum.received, sum.waiting, sum.kernel_drops);
  }

  void start_control() {
    if (!books_.control.enabled) return;
    control::ServerSettings to;
    to.path = books_.control.socket;
    to.mode = books_.control.mode;
    to.group = books_.control.group;
    to.operator_group = books_.control.operator_group;
    commands_ = std::make_unique<ControlCommands>(DaemonAccess{
        .facts = facts_,
        .view = live_view_,
        .main = main_tasks_,
        .blocks = *response_,
        .flows = [this](std::size_t most) { return live_flows(most); },
        .counters = [this] { return counters(); },
        .behaviour = behaviour_.get(),
        .server = [this] { return control_->stats(); },
        .rule_use = [this](const signatures::SignatureDb& db) { return state_->rule_use.read(db); },
        .reload = [this] { return reload(); },
        .kernel_counters = [this] { return enforcer_->counters(); },
        .note =
            [this](const control::Peer& peer, const std::string& action, const nlohmann::json& arguments) {
              spdlog::info("{} ({}, process {}): {} {}", peer.user, peer.uid, peer.pid, action,
                           control::text_of(arguments));
              if (audit_ == nullptr) return;
              audit_->append("operator", {{"user", peer.user},
                                          {"uid", peer.uid},
                                          {"pid", peer.pid},
                                          {"action", action},
                                          {"arguments", arguments}});
            },
    });
    control_ = std::make_unique<control::ControlServer>(
        to, [this](const control::Request& request, const control::Peer& peer, const control::Reply& reply) {
          commands_->handle(request, peer, reply);
        });
    if (const Status started = control_->start(); !started) {
      spdlog::warn("no live commands: {}", started.error().to_string());
      control_.reset();
    } else {
      spdlog::info("control socket {}", to.path);
    }
  }

  // Copies of what the workers have, from any thread.
  [[nodiscard]] std::vector<pipeline::FlowRecord> live_flows(std::size_t most) {
    std::vector<pipeline::FlowRecord> out;
    for (const auto& live : lives_) {
      auto some = live->flows(most, kFlowPatience);
      out.insert(out.end(), some.begin(), some.end());
    }
    return out;
  }

  // Guards the ports that the generation knows and this node has, and puts the fast path to them.
  bool load_guard(const Generation& generation) {
    const bool guarded = guard_ports_of(generation);
    use_fast_path(generation);
    return guarded;
  }

  void use_fast_path(const Generation& generation) {
    if (fast_path_ == nullptr) return;
    std::vector<rules::PathPort> ports;
    const bool taken = rules::takes_fast_path(enforcer_->settings(), rules::EnforcementMode::detect());
    if (taken && generation.policy != nullptr && generation.inventory != nullptr) {
      for (const rules::GuardPort& port : rules::guard_ports(*generation.inventory, discovery_->links())) {
        if (port.mac) ports.push_back({port.index, *port.mac});
      }
    }
    const std::size_t before = fast_path_->ports();
    const auto now = fast_path_->use(ports);
    if (!now) {
      spdlog::warn("fast path: {}", now.error().to_string());
    } else if (*now != before) {
      spdlog::info("fast path: {} ports", *now);
    }
  }

  // Before the sandbox takes away what makes programs: they are loaded once, for all ports to come.
  void open_fast_path() {
    if (!settings_.segments.fast_path.has_value()) {
      static_cast<void>(rules::FastPath::recover());  // of an earlier run
      return;
    }
    auto opened = rules::FastPath::open({.scope = *settings_.segments.fast_path});
    if (opened) {
      fast_path_ = std::move(*opened);
    } else {
      spdlog::info("no fast path: {}", opened.error().to_string());
    }
  }

  bool guard_ports_of(const Generation& generation) {
    if (!guard_settings_.enabled && guard_->ports().empty()) return true;
    std::vector<rules::GuardPort> ports;
    if (guard_settings_.enabled && generation.inventory != nullptr)
      ports = rules::guard_ports(*generation.inventory, discovery_->links());
    const auto report = guard_->load(std::move(ports));
    if (!report) {
      spdlog::error("the kernel refused the guard of the ports: {}", report.error().to_string());
      return false;
    }
    if (report->changes != 0) {
      spdlog::info("guard: {} ports; {} changes", report->ports, report->changes);
      if (fast_path_ != nullptr) fast_path_->forget();  // who was admitted under other pins
    }
    if (guard_events_ != nullptr) guard_events_->use(guard_->ports());
    return true;
  }

  // Containers and interfaces came or went: the policies for who is there now. New ports are guarded before
  // the policy opens them.
  void rediscover() {
    const auto changed = discovery_->poll();
    if (!changed) spdlog::error("{}", changed.error().to_string());
    tell_about_engine();
    const std::uint64_t links = discovery_->links().version();
    const bool other_links = links != links_loaded_;
    if (!changed || (!*changed && !other_links)) return;
    if (other_links) follow_wires();
    links_loaded_ = links;
    if (!*changed || !follows_engine_) {
      static_cast<void>(load_guard(generation_));  // a listed interface may have come
      return;
    }
    if (discovery_->discovered().manifests != manifests_loaded_) return use_policies();
    use_inventory(generation_.base);
  }

  // Policies of the cluster changed, and workloads may have too. With mistakes all stays as it is.
  void use_policies() {
    manifests_loaded_ = discovery_->discovered().manifests;
    Diagnostics diagnostics;
    auto next =
        with_policies(generation_, policy_settings_, discovery_->discovered(), generation_number_ + 1, diagnostics);
    std::string problem;
    if (!next) {
      const auto& all = diagnostics.all();
      const auto first = std::find_if(all.begin(), all.end(), [](auto& d) { return d.severity == Severity::kError; });
      problem = first == all.end() ? "the policies do not compile" : first->message;
      if (first != all.end() && first->span.file != nullptr) problem = first->span.file->name() + ": " + problem;
      spdlog::error("policies of the cluster, generation {} keeps running:\n{}", generation_number_,
                    printed(diagnostics));
    }
    facts_.change([&](DaemonFacts& f) { f.cluster_problem = problem; });
    if (next) take_over(std::move(*next));
  }

  // The file of workloads was edited.
  void reread_inventory() {
    Diagnostics diagnostics;
    auto base = load_inventory_file(inventory_file_, diagnostics);
    if (!diagnostics.all().empty()) spdlog::warn("{}:\n{}", inventory_file_, printed(diagnostics));
    if (base == nullptr || diagnostics.has_errors()) {
      spdlog::error("{} has errors: the workloads stay as they are", inventory_file_);
      return;
    }
    use_inventory(std::move(base));
  }

  // Workloads as they are now, of the file and of the engine: other labels by the smallest transaction, everything else
  // by a full load.
  void use_inventory(std::shared_ptr<const rules::Inventory> base) {
    if (generation_.model == nullptr) return;
    Diagnostics diagnostics;
    const auto inventory = merged_inventory(base, discovered(), diagnostics);
    if (follow_labels(base, inventory)) return;
    auto next = with_workloads(generation_, std::move(base), inventory, generation_number_ + 1, diagnostics);
    if (!next) {
      spdlog::error("the policies do not compile for the workloads that are there:\n{}", printed(diagnostics));
      return;
    }
    take_over(std::move(*next));
  }

  // Other workloads or policies, the same signatures.
  void take_over(Generation next) {
    // A guard that fails for one port is no reason to leave the policies of all as they were.
    const bool guarded = load_guard(next);
    if (!load_kernel(next.policy)) return;
    end_blocks_of_gone(generation_.inventory.get(), *next.inventory);
    if (!guarded) links_loaded_ = 0;  // again next time
    policy_before_ = generation_.policy;
    generation_ = std::move(next);
    ++generation_number_;
    cut_again_ = true;
    use_snapshot();
    publish_generation();
    spdlog::info("workloads: {}; generation {}", generation_.summary.workloads, generation_number_);
  }

  // True: nothing but labels differs, and the kernel has them. The table of the workers follows (adopt_table).
  bool follow_labels(const std::shared_ptr<const rules::Inventory>& base,
                     const std::shared_ptr<const rules::Inventory>& inventory) {
    if (generation_.inventory == nullptr) return false;
    const auto changed = rules::label_changes(*generation_.inventory, *inventory, kMostLabels);
    if (!changed) return false;
    if (changed->empty()) return true;
    const auto done = labels_.apply(*changed, *enforcer_);
    if (!done) {
      spdlog::error("the kernel refused new labels, everything is loaded anew: {}", done.error().to_string());
      return false;
    }
    if (!*done) return false;
    spdlog::info("labels of {}: {} changes in {:.1f} ms", counted(changed->size(), "workload", "workloads"),
                 (*done)->commands, (*done)->time.count() * 1e3);
    generation_.base = base;
    generation_.inventory = inventory;
    table_is_old_ = true;
    publish_generation();
    return true;
  }

  // Compiles the whole table beside this thread, for the workers and for open sessions, once labels have changed.
  void compile_table() {
    if (!table_is_old_ || compiling_.valid()) return;
    table_is_old_ = false;
    compiling_ = std::async(std::launch::async, [current = generation_, number = generation_number_ + 1] {
      Diagnostics ignored;  // the same policies have compiled before
      return with_workloads(current, current.base, current.inventory, number, ignored);
    });
  }

  void adopt_table() {
    if (!compiling_.valid() || compiling_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return;
    auto next = compiling_.get();
    if (!next) return spdlog::error("the policies do not compile for the new labels: reload");
    // A full load or further labels came in between.
    if (next->inventory != generation_.inventory || next->model != generation_.model) return;
    policy_before_ = generation_.policy;
    generation_ = std::move(*next);
    ++generation_number_;
    use_snapshot();
    publish_generation();
    cut_sessions(generation_.policy, policy_before_);
    cut_again_ = true;
    spdlog::info("labels: generation {}", generation_number_);
  }

  // Addresses that lose their workload lose their blocks: the next owner has done nothing.
  void end_blocks_of_gone(const rules::Inventory* before, const rules::Inventory& now) {
    if (before == nullptr) return;
    std::vector<IpAddress> gone;
    for (const rules::Workload& workload : before->workloads()) {
      if (workload.host_network) continue;
      for (const IpAddress& address : workload.addresses) {
        const rules::Workload* owner = now.workload_at(address);
        if (owner == nullptr || owner->full_name() != workload.full_name()) gone.push_back(address);
      }
    }
    if (gone.empty()) return;
    if (response_ != nullptr) return response_->forget(std::move(gone));
    if (const auto ended = blocks_->forget(gone); !ended) spdlog::error("blocks: {}", ended.error().to_string());
  }

  // Others changed our tables, or might have: what we loaded stands again.
  void look_for_drift() {
    const auto now = std::chrono::steady_clock::now();
    bool look = now >= next_read_back_;
    if (monitor_ != nullptr) {
      const auto heard = monitor_->poll();
      look = look || !heard || *heard;
    }
    if (!look) return;
    blocks_->distrust_hooks();
    next_read_back_ = now + kReadBack;
    if (enforcer_->mode() != rules::EnforcementMode::detect()) {
      if (compiling_.valid()) compiling_.wait();
      adopt_table();
      if (table_is_old_) {  // with the labels of now, in a moment
        next_read_back_ = now;
        return;
      }
      spdlog::warn("bridged traffic is seen by other hooks than before: the policies are loaded anew");
      if (load_kernel(generation_.policy)) drift_repaired_.add();
      use_fast_path(generation_);
      return;
    }
    const auto findings = enforcer_->repair();
    if (!findings) {
      spdlog::error("drift: {}", findings.error().to_string());
      return;
    }
    use_fast_path(generation_);  // somebody may have put filters to a port
    const auto of_guard = guard_->verify();
    const bool guard_differs = of_guard && !of_guard->empty();
    if (guard_differs) static_cast<void>(load_guard(generation_));
    if (findings->empty() && !guard_differs) return;
    const std::size_t count = findings->size() + (guard_differs ? of_guard->size() : 0);
    drift_repaired_.add(count);
    spdlog::warn("somebody changed the tables: {} differences repaired, the first: {}", count,
                 findings->empty() ? of_guard->front() : findings->front());
    if (response_ != nullptr) return response_->restore();
    if (const auto restored = blocks_->restore(); !restored) spdlog::error("blocks: {}", restored.error().to_string());
  }

  // The policy into the kernel, and the blocks that an earlier run left there into our books.
  bool enforce() {
    auto policy_transport = rules::NlTransport::open();
    auto block_transport = rules::NlTransport::open();
    if (!policy_transport || !block_transport) {
      const Error& why = policy_transport ? block_transport.error() : policy_transport.error();
      spdlog::error("{} (needs CAP_NET_ADMIN)", why.to_string());
      return false;
    }
    policy_transport_ = std::move(*policy_transport);
    block_transport_ = std::move(*block_transport);
    enforcer_ = std::make_unique<rules::Enforcer>(*policy_transport_, nft_settings(settings_.segments));
    guard_ = std::make_unique<rules::L2Guard>(*policy_transport_, settings_.guard.rules);
    links_loaded_ = discovery_->links().version();
    guard_->use(guard_settings_.rules);
    if (!load_guard(generation_)) return false;
    if (!open_conntrack() || !load_kernel(generation_.policy) || !keep_lease(settings_.segments)) return false;
    blocks_ = std::make_unique<rules::BlockManager>(*block_transport_, block_settings());
    if (const auto adopted = blocks_->adopt(); !adopted) {
      spdlog::error("blocks: {}", adopted.error().to_string());
      return false;
    } else if (*adopted > 0) {
      spdlog::info("{} blocks of an earlier run are still in force", *adopted);
    }
    watch_tables();
    watch_inventory(settings_.policy.inventory);
    return true;
  }

  void watch_tables() {
    std::set<std::uint32_t> own = {policy_transport_->port(), block_transport_->port()};
    if (lease_port_ != 0) own.insert(lease_port_);
    auto monitor = rules::RulesetMonitor::open(enforcer_->settings().table, std::move(own));
    if (!monitor) {
      spdlog::warn("changes by others are found by reading the tables once a minute alone: {}",
                   monitor.error().to_string());
      return;
    }
    monitor_ = std::move(*monitor);
    next_read_back_ = std::chrono::steady_clock::now() + kReadBack;
  }

  void watch_files(const EngineSettings& settings) {
    watched_files_ = settings.reload_on_change ? FilesStamp(files_of(settings)) : FilesStamp();
  }

  void watch_inventory(const std::string& path) {
    if (path == inventory_file_) return;
    inventory_watch_.reset();
    inventory_file_ = path;
    if (path.empty()) return;
    auto watch = FileWatch::open(path);
    if (!watch) {
      spdlog::warn("edits of {} take effect at a reload: {}", path, watch.error().to_string());
      return;
    }
    inventory_watch_ = std::make_unique<FileWatch>(std::move(*watch));
  }

  [[nodiscard]] rules::NftSettings nft_settings(const SegmentSettings& segments) const {
    rules::NftSettings out;
    out.pin_sources = !guard_settings_.enabled;  // the guard of the port does it, before the bridge
    out.closed = with_stand_ins(segments.closed);
    out.fail_closed = with_stand_ins(segments.fail_closed);
    out.lease = segments.lease;
    out.grace = segments.grace;
    if (fast_path_ != nullptr && segments.fast_path.has_value()) {
      out.fast_path = std::min(*segments.fast_path, fast_path_->scope());
    }
    out.inline_queue = settings_.inline_queue.queue;
    out.limited_packets = settings_.response.limit_packets;
    return out;
  }

  // A wire's port stands in the bridge for the port of the container; a pattern for any ending names both.
  [[nodiscard]] std::vector<std::string> with_stand_ins(std::vector<std::string> names) const {
    const std::size_t before = names.size();
    for (std::size_t i = 0; settings_.wire.enabled() && i < before; ++i) {
      if (rules::interface_matches(names[i], settings_.wire.interfaces))
        names.push_back(rules::wire_port_name(names[i]));
    }
    return names;
  }

  // Closed segments need a table also where there is no policy: nobody is known then.
  [[nodiscard]] rules::PolicyTablePtr table_to_load(const rules::PolicyTablePtr& table) const {
    const rules::NftSettings& nft = enforcer_->settings();
    if (table != nullptr || (nft.closed.empty() && nft.fail_closed.empty())) return table;
    rules::PolicyModel model;
    model.tiers = rules::PolicyModel::default_tiers();
    Diagnostics none;
    return rules::compile_policies(model, std::make_shared<rules::Inventory>(), none);
  }

  // The daemon's sign of life, where a segment asks for one.
  bool keep_lease(const SegmentSettings& segments) {
    if (lease_ != nullptr || (segments.closed.empty() && segments.fail_closed.empty())) return true;
    auto transport = rules::NlTransport::open();
    if (!transport) {
      spdlog::error("{}", transport.error().to_string());
      return false;
    }
    rules::LeaseSettings settings;
    settings.lease = segments.lease;
    lease_port_ = (*transport)->port();
    lease_ = std::make_unique<rules::LeaseKeeper>(std::move(*transport), settings);
    if (const Status started = lease_->start(); !started) {
      spdlog::error("lease: {}", started.error().to_string());
      return false;
    }
    spdlog::info("lease of {} s: without it nothing passes on {} interfaces", segments.lease.count(),
                 segments.fail_closed.size());
    return true;
  }

  bool open_conntrack() {
    auto table = rules::ConntrackTable::open();
    if (!table) {
      spdlog::error("{}", table.error().to_string());
      return false;
    }
    conntrack_ = std::make_unique<rules::ConntrackTable>(std::move(*table));
    return true;
  }

  // Sessions that the policy in force refuses end, unless it says otherwise (`sessions`); once more when packets
  // that were on their way are through. At the start nothing is known of the policy before: what is refused and
  // kept lives, what is allowed is not cut.
  void cut_sessions(const rules::PolicyTablePtr& policy, const rules::PolicyTablePtr& policy_before) {
    if (policy == nullptr) return;
    const rules::Classifier now(policy);
    const rules::Classifier before(policy_before != nullptr ? policy_before : policy);
    const rules::SessionFate fate(before, now);
    rules::SessionCutter cutter(*policy_transport_, *conntrack_);
    const auto report = cutter.cut([&](const rules::FlowQuery& query) {
      if (policy_before != nullptr) return fate.must_end(query);
      const rules::Decision decision = now.classify(query);
      return !decision.allowed() && now.table().rules()[decision.rule].sessions != rules::SessionChange::kKeep;
    });
    if (!report) {
      spdlog::error("sessions that the policy refuses could not all be cut: {}", report.error().to_string());
    } else if (report->cut != 0) {
      spdlog::info("{} of {} sessions cut, the policy refuses them", report->cut, report->seen);
    }
  }

  bool load_kernel(const rules::PolicyTablePtr& policy) {
    const rules::PolicyTablePtr table = table_to_load(policy);
    const rules::PolicyTablePtr before = policy == generation_.policy ? policy_before_ : generation_.policy;
    // What a new policy refuses does not wait for the proof.
    enforcer_->on_commit([this, policy, before] { cut_sessions(policy, before); });
    const auto report = enforcer_->load(table);
    if (!report) {
      spdlog::error("the kernel refused the ruleset: {}", report.error().to_string());
      return false;
    }
    spdlog::info("kernel: {} chains, {} rules, {} sets, {} elements; {} changes; bridged traffic judged in {}",
                 report->chains, report->rules, report->sets, report->elements, report->changes,
                 report->mode.to_string());
    labels_.base(policy == nullptr ? nullptr : table, *enforcer_);
    table_is_old_ = false;
    return true;
  }

  [[nodiscard]] rules::BlockSettings block_settings() const {
    rules::BlockSettings out;
    out.max_per_minute = settings_.response.ladder.max_per_minute;
    out.safe_list = response_settings().ladder.safe_list;
    out.dry_run = settings_.response.mode == ResponseMode::kSimulate;
    return out;
  }

  // With what this node needs on the safe list: its own addresses, gateways and resolvers.
  [[nodiscard]] ResponseSettings response_settings() const {
    ResponseSettings out = settings_.response;
    for (const auto& some : {own_addresses(), safe_addresses()}) {
      for (const IpAddress& address : some) out.ladder.safe_list.push_back({address, address.bit_count()});
    }
    return out;
  }

  bool open_queues() {
    const InlineSettings& from = settings_.inline_queue;
    if (!from.enabled()) return true;
    io::NfqueueSettings settings;
    settings.fail_open = from.queue.fail_open;
    settings.max_packets = from.max_packets;
    settings.receive_buffer_bytes = from.buffer_bytes;
    settings.batch_packets = from.batch_packets;
    settings.gather = from.gather;
    settings.decided_mark = from.queue.decided_mark();
    settings.decided_mask = from.queue.mark_mask();
    for (std::uint16_t i = 0; i < from.queue.queues; ++i) {
      settings.queue = static_cast<std::uint16_t>(from.queue.first_queue + i);
      auto source = std::make_unique<io::NfqueueSource>(settings);
      if (const Status opened = source->open(); !opened) {
        spdlog::error("{} (is another program reading it? inline.first-queue)", opened.error().to_string());
        return false;
      }
      queues_.push_back(std::move(source));
    }
    spdlog::info("inline: netfilter queues {} to {}; without this daemon packets {}", from.queue.first_queue,
                 from.queue.first_queue + from.queue.queues - 1, from.queue.fail_open ? "pass" : "are lost");
    return true;
  }

  // A bridge in promiscuous mode hands a copy of each frame to the node itself, and the kernel does not queue the first
  // packet of a connection while there is a copy of it (nfnetlink_queue.c, unconfirmed entries): it would be lost.
  static bool queues_go_with(const std::vector<std::string>& interfaces) {
    bool all = true;
    for (const std::string& name : interfaces) {
      if (!is_bridge(name)) continue;
      spdlog::error(
          "capture.interfaces: {} is a bridge, and reading all of it loses connections that are inspected inline; "
          "read its ports or routed interfaces, or nothing, or set inline.flows: all",
          name);
      all = false;
    }
    return all;
  }

  // The sockets; nothing goes through them before insert_wires().
  bool open_wires() {
    const WireSettings& from = settings_.wire;
    for (std::uint16_t i = 0; from.enabled() && i < from.workers; ++i) {
      auto source = std::make_unique<io::PacketWireSource>(from.source);
      if (const Status opened = source->open(); !opened) {
        spdlog::error("{}", opened.error().to_string());
        return false;
      }
      wires_.push_back(std::move(source));
    }
    return true;
  }

  // A wire of ports carries from the moment its workers run.
  bool open_ports() {
    const dpdk::DpdkSettings& from = settings_.dpdk;
    if (!from.enabled()) return true;
    auto ports = dpdk::open_dpdk(from);
    if (!ports) {
      spdlog::error("{}", ports.error().to_string());
      return false;
    }
    ports_ = std::move(*ports);
    tell_about_ports();
    spdlog::info("{} and on, {} workers", ports_.front()->describe(), ports_.size());
    return true;
  }

  // What drivers have to say.
  void tell_about_ports() const {
    if (ports_.empty()) return;
    for (const std::string& line : dpdk::take_dpdk_lines()) spdlog::info("DPDK: {}", line);
  }

  // Once there are workers to carry what comes.
  bool insert_wires() {
    const WireSettings& from = settings_.wire;
    if (!from.enabled()) return true;
    auto transport = rules::NlTransport::open();
    auto links = rules::WireLinks::open();
    if (!transport || !links) {
      spdlog::error("{}", (transport ? links.error() : transport.error()).to_string());
      return false;
    }
    wire_transport_ = std::move(*transport);
    rules::WireKeeperSettings settings;
    settings.ports = from.interfaces;
    settings.closed = settings_.segments.fail_closed;
    settings.all_closed = from.closed;
    settings.mark = from.source.sent_mark;
    settings.mask = from.source.mark_mask;
    wire_keeper_ = std::make_unique<rules::WireKeeper>(
        *wire_transport_, std::move(*links), std::move(settings),
        [this](const std::vector<io::WirePair>& pairs) {
          for (const auto& wire : wires_) {
            if (const Status used = wire->use(pairs); !used) return used;
          }
          return ok();
        },
        [this] {
          for (const auto& wire : wires_) wire->drain(kWireDrain);
        });
    if (const Status opened = wire_keeper_->open(); !opened) {
      spdlog::error("wires: {} (does another daemon carry them?)", opened.error().to_string());
      wire_keeper_.reset();
      return false;
    }
    follow_wires();
    return true;
  }

  void follow_wires() {
    if (wire_keeper_ == nullptr) return;
    tell_about_wires(wire_keeper_->follow());
  }

  void tell_about_wires(const Result<rules::WireReport>& report) {
    if (!report) {
      spdlog::error("wires: {}", report.error().to_string());
      return;
    }
    for (const Error& problem : report->problems) spdlog::error("wire: {}", problem.to_string());
    if (report->inserted + report->adopted + report->removed == 0) return;
    spdlog::info("wires: {} inserted, {} of an earlier run, {} removed; {} in place", report->inserted, report->adopted,
                 report->removed, wire_keeper_->size());
  }

  // Open wires are taken out while their workers still carry them; closed ones shut as the daemon ends.
  void leave_wires() {
    if (wire_keeper_ != nullptr) tell_about_wires(wire_keeper_->leave());
  }

  bool open_taps() {
    const CaptureSettings& capture = settings_.capture;
    if (capture.interfaces.empty()) return true;
    if (settings_.inline_queue.queue.flows == rules::InlineFlows::kAll) {
      spdlog::info("capture.interfaces are not read: every flow is inspected inline");
      return true;
    }
    if (settings_.inline_queue.enabled() && capture.promiscuous && !queues_go_with(capture.interfaces)) return false;
    io::PacketMmapTapSettings tap;
    tap.interfaces = capture.interfaces;
    tap.promiscuous = capture.promiscuous;
    tap.snaplen = capture.snaplen;
    tap.block_bytes = capture.block_bytes;
    tap.block_count = capture.blocks;
    tap.retire_timeout = capture.block_timeout;
    tap.bypass = kernel_bypass_;
    tap.tended = true;  // its worker may open no socket
    const std::uint32_t workers = worker_count();
    if (workers > 1) {
      tap.fanout_group =
          capture.fanout_group != 0 ? capture.fanout_group : static_cast<std::uint16_t>(getpid() % 65535 + 1);
    }
    for (std::uint32_t i = 0; i < workers; ++i) {
      auto source = std::make_unique<io::PacketMmapTapSource>(tap);
      if (const Status opened = source->open(); !opened) {
        spdlog::error("{}", opened.error().to_string());
        return false;
      }
      if (i == 0) spdlog::info("reading {} with {} workers", source->describe(), workers);
      taps_.push_back(std::move(source));
    }
    return true;
  }

  [[nodiscard]] std::uint32_t worker_count() const {
    return settings_.workers != 0 ? settings_.workers : std::max(1U, std::thread::hardware_concurrency());
  }

  bool start_output() {
    std::error_code error;
    std::filesystem::create_directories(settings_.log_dir, error);
    std::vector<std::unique_ptr<output::EventSink>> sinks;
    sinks.push_back(std::make_unique<LiveViewSink>(live_view_));
    sink_names_ = {"live"};
    if (books_.audit.enabled) {
      auto log = audit::AuditLog::open({.path = books_.audit.file,
                                        .max_bytes = books_.audit.max_bytes,
                                        .checkpoint_records = books_.audit.checkpoint_records});
      // The node is guarded all the same where others could write what is to prove something.
      if (!log) {
        spdlog::error("audit log: {}", log.error().to_string());
        if (!is_distrust(log.error())) return false;
        facts_.change([&](DaemonFacts& f) { f.audit_problem = log.error().to_string(); });
      } else {
        audit_ = std::move(*log);
        if (!audit_->distrusted().empty())
          spdlog::error("audit log: put aside, a new one begins: {}", audit_->distrusted());
        audit_->append("start", {{"version", BULKHEAD_VERSION}, {"pid", ::getpid()}});
        sinks.push_back(std::make_unique<AuditSink>(*audit_));
        sink_names_.emplace_back("audit");
      }
    }
    auto eve = make_eve_outputs(settings_, workload_labels_);
    eve_ = eve.get();
    sinks.push_back(std::move(eve));
    sink_names_.emplace_back();  // names its outputs itself
    if (settings_.netlink.enabled) {
      output::NetlinkSettings netlink;
      netlink.group = settings_.netlink.group;
      sinks.push_back(std::make_unique<output::NetlinkSink>(netlink));
      sink_names_.emplace_back("netlink");
    }
    output::OutputSettings output = settings_.output;
    output.mode = output::OutputMode::kLive;
    const std::size_t workers = source_count();
    // One producer for each worker, blocks, guards of ports, behaviour, and this thread.
    constexpr std::size_t kBeside = 4;
    output_ = std::make_unique<output::OutputThread>(output, workers + kBeside, std::move(sinks));
    if (const Status started = output_->start(); !started) {
      spdlog::error("{}", started.error().to_string());
      return false;
    }
    for (std::size_t i = 0; i < workers + kBeside; ++i) {
      publishers_.push_back(std::make_unique<RingPublisher>(output_->producer(i)));
    }
    return true;
  }

  [[nodiscard]] std::size_t source_count() const {
    return taps_.size() + queues_.size() + wires_.size() + ports_.size();
  }

  void start_behaviour() {
    if (!books_.behaviour.enabled || source_count() == 0) return;
    behaviour_ = std::make_unique<BehaviourThread>(
        books_.behaviour, *publishers_[source_count() + 2],
        [this](const behaviour::Incident& incident) { answer(incident); }, [this] { return packets_lost(); });
    behaviour_->limit_with([this](const behaviour::Incident& incident, const std::string& actor,
                                  const std::vector<std::string>& findings) {
      limit({incident, actor, findings});
    });
    add_observers(generation_);
  }

  // The observers come behind all others: they tell what those have found.
  void add_observers(Generation& generation) const {
    if (behaviour_ == nullptr) return;
    auto snapshot = std::make_shared<pipeline::Snapshot>(*generation.snapshot);
    snapshot->inspectors.push_back(behaviour_->factory());
    generation.snapshot = std::move(snapshot);
  }

  void answer(const behaviour::Incident& incident) {
    if (settings_.response.mode == ResponseMode::kOff) return;
    const behaviour::Evidence& last = incident.evidence.back();
    rules::ResponseEvidence evidence;
    evidence.client = evidence.packet = last.tuple;
    evidence.established = last.verified;
    evidence.reason = "incident " + std::to_string(incident.id) + ": " + last.text;
    response_->answer(std::move(evidence), last.flow, last.interface);
  }

  void limit(const PostureCase& about) {
    if (settings_.response.mode == ResponseMode::kOff) return;
    const auto inventory = facts_.read().inventory;
    if (inventory == nullptr) return;
    auto evidence = limit_evidence(settings_.response.auto_limit, about, *inventory);
    if (!evidence) return;
    const behaviour::Evidence& last = about.incident.evidence.back();
    response_->limit(std::move(*evidence), last.flow, last.interface);
  }

  // Who is limited for how it runs, incident or not.
  void keep_limited() {
    const auto now = std::chrono::steady_clock::now();
    if (settings_.response.mode == ResponseMode::kOff || now < next_standing_) return;
    const bool first = next_standing_ == std::chrono::steady_clock::time_point();
    next_standing_ = now + settings_.response.ladder.limit_ttl / 4;
    if (first || !standing_limits_.empty()) response_->keep_limited(standing_limits_);
  }

  // Limits by the container engine, beside those in the kernel.
  void start_resources() {
    const AutoLimitSettings& from = settings_.response.auto_limit;
    if (!from.resources || settings_.response.mode == ResponseMode::kOff) return;
    if (engine_socket_.empty()) {
      return spdlog::warn("response.auto-limit.resources: there is no container engine to ask (discovery.docker)");
    }
    resources_ = std::make_unique<ResourceKeeper>(rules::make_http_docker_client(engine_socket_), from.wanted,
                                                  from.state_file, [this](const ResourceOutcome& outcome) {
                                                    const std::lock_guard lock(outcomes_mutex_);
                                                    if (outcomes_.size() < ResourceKeeper::kMostWaiting)
                                                      outcomes_.push_back(outcome);
                                                  });
    response_->on_limits({
        .made =
            [this](const rules::Owner& owner, const std::string& reason, bool in_force) {
              resources_->give({.workload = owner.name,
                                .container = owner.name.substr(owner.name.find('/') + 1),
                                .addresses = owner.addresses,
                                .reason = reason,
                                .ttl = settings_.response.ladder.limit_ttl,
                                .enforce = in_force});
            },
        .ended = [this](const std::vector<IpAddress>& addresses) { resources_->take_back(addresses); },
    });
    resources_->start();
  }

  void tell_about_resources() {
    std::vector<ResourceOutcome> outcomes;
    {
      const std::lock_guard lock(outcomes_mutex_);
      outcomes.swap(outcomes_);
    }
    for (const ResourceOutcome& outcome : outcomes) {
      spdlog::info("resources: {} {}: {}{}", to_string(outcome.action), outcome.workload, outcome.limits.to_string(),
                   outcome.error);
      if (audit_ != nullptr) audit_->append("resources", resource_json(outcome));
      publishers_.back()->publish(resource_event(outcome, wall_clock()));
    }
  }

  // What the rings in front of the workers lost so far.
  [[nodiscard]] std::uint64_t packets_lost() const {
    std::uint64_t out = 0;
    for (const auto& live : lives_) {
      for (const auto& [name, value] : live->stats()) out += name == "capture.kernel_drops" ? value : 0;
    }
    return out;
  }

  void start_workers() {
    const std::size_t workers = source_count();
    // Operators block also where rules do not.
    owners_.use(generation_.inventory);
    owners_.guarded(guard_settings_.enabled);
    response_ = std::make_unique<BlockThread>(response_settings(), *blocks_, *publishers_[workers],
                                              owners_.neighbourhood(), settings_.pipeline.nice);
    start_resources();
    response_->start();
    start_guard_events();
    std::vector<io::PacketSource*> taps, queues, wires, ports;
    for (const auto& tap : taps_) taps.push_back(tap.get());
    for (const auto& queue : queues_) queues.push_back(queue.get());
    for (const auto& wire : wires_) wires.push_back(wire.get());
    for (const auto& port : ports_) ports.push_back(port.get());
    pipeline::PipelineSettings pipeline_settings = settings_.pipeline;
    pipeline_settings.report.flow_events = true;  // live views add up flows that have ended
    if (settings_.file_store.enabled) {
      files_ = std::make_unique<pipeline::FileStore>(settings_.file_store);
      if (const Status opened = files_->start(); opened) {
        pipeline_settings.app.file_taps = files_.get();
      } else {
        spdlog::error("no files will be stored: {}", opened.error().to_string());
      }
    }
    pipeline::PipelineSettings inline_pipeline = pipeline_settings;
    inline_pipeline.inline_mode = true;
    inline_pipeline.app.http.body_inline = true;
    started_ = std::chrono::steady_clock::now();
    pipeline::PipelineSettings tap_pipeline = pipeline_settings;
    tap_pipeline.kernel_bypass = kernel_bypass_.get();
    start_lives(tap_pipeline, std::move(taps), 0, 0);
    // The kernel asks for the capability at each verdict.
    start_lives(inline_pipeline, std::move(queues), taps_.size(), sandbox::capability(CAP_NET_ADMIN));
    start_lives(inline_pipeline, std::move(wires), taps_.size() + queues_.size(), 0);
    start_lives(settings_.dpdk.wire ? inline_pipeline : pipeline_settings, std::move(ports),
                taps_.size() + queues_.size() + wires_.size(), 0, false);
    if (behaviour_ != nullptr) behaviour_->start();
  }

  // Workers for the sources, with the publishers from `first` on, and these capabilities. What calls drivers of DPDK
  // make is not known: their workers are confined as the process is.
  void start_lives(const pipeline::PipelineSettings& settings, std::vector<io::PacketSource*> sources,
                   std::size_t first, sandbox::CapabilitySet keep, bool confined = true) {
    if (sources.empty()) return;
    std::vector<event::EventPublisher*> publishers;
    for (std::size_t i = 0; i < sources.size(); ++i) publishers.push_back(publishers_[first + i].get());
    lives_.push_back(
        std::make_unique<pipeline::Live>(settings, std::move(sources), std::move(publishers),
                                         settings_.response.mode != ResponseMode::kOff ? response_.get() : nullptr));
    const sandbox::SandboxMode mode = confined ? settings_.sandbox.mode : sandbox::SandboxMode::kOff;
    lives_.back()->start(generation_.snapshot, [mode, keep] { return sandbox::confine_worker(mode, keep); });
  }

  void use_snapshot() {
    for (const auto& live : lives_) live->use(generation_.snapshot);
  }

  // Signatures that a reload replaced are kept until no worker's flow needs them, so that they are freed here and not
  // between two packets.
  void release_retired() {
    if (retired_.empty()) return;
    std::uint32_t settled = generation_number_;
    for (const auto& live : lives_) settled = std::min(settled, live->settled_generation());
    const std::size_t before = retired_.size();
    std::erase_if(retired_, [&](const Retired& old) { return old.replaced_by <= settled; });
    if (retired_.size() != before) give_back_memory();
  }

  // Ahead of one more: two at a time are enough.
  void wait_for_retired() {
    for (int i = 0; i < 100 && !retired_.empty(); ++i) {
      release_retired();
      if (!retired_.empty()) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }

  void start_guard_events() {
    const std::lock_guard lock(guard_events_mutex_);
    if (guard_events_ != nullptr) guard_events_->stop();
    guard_events_.reset();
    if (!guard_settings_.enabled) return;
    guard_events_ = std::make_unique<GuardThread>(*publishers_[source_count() + 1]);
    guard_events_->use(guard_->ports());
    if (const Status started = guard_events_->start(guard_settings_.rules.log_group); !started) {
      spdlog::warn("no events of the guards of ports: {}", started.error().to_string());
    }
  }

  // What to wake up for besides signals.
  [[nodiscard]] std::vector<int> fds() const {
    std::vector<int> out = discovery_->fds();
    if (monitor_ != nullptr) out.push_back(monitor_->fd());
    if (inventory_watch_ != nullptr) out.push_back(inventory_watch_->fd());
    out.push_back(main_tasks_.fd());
    return out;
  }

  // Waits for signals; writes stats; notices failures.
  int watch() {
    auto next_stats = std::chrono::steady_clock::now() + settings_.stats.interval;
    while (true) {
      if (lease_ != nullptr) lease_->beat();
      for (const auto& tap : taps_) tap->tend();
      show_life();
      switch (signals_.wait(wait_time(), fds())) {
        case SIGTERM:
        case SIGINT: spdlog::info("stopping"); return 0;
        case SIGHUP: static_cast<void>(reload()); break;
        default: break;
      }
      if (policy_expires()) static_cast<void>(reload());
      if (watched_files_.changed(std::chrono::steady_clock::now())) {
        spdlog::info("files of the settings have changed");
        static_cast<void>(reload());
      }
      main_tasks_.run();
      keep_limited();
      tell_about_resources();
      release_retired();
      rediscover();
      if (inventory_watch_ != nullptr && inventory_watch_->changed()) reread_inventory();
      adopt_table();
      compile_table();
      look_for_drift();
      if (cut_again_) cut_sessions(generation_.policy, policy_before_);
      cut_again_ = false;
      note_kernel_counters();
      tell_about_lease();
      tell_about_interfaces();
      tell_about_ports();
      output_states_.tell(eve_->healths());
      Error why;
      const bool failed =
          std::any_of(lives_.begin(), lives_.end(), [&why](const auto& live) { return live->failed(&why); });
      if (failed) {
        spdlog::error("capture: {}", why.to_string());
        return kExitFailed;
      }
      if (settings_.stats.enabled && std::chrono::steady_clock::now() >= next_stats) {
        publish_stats();
        next_stats += settings_.stats.interval;
      }
    }
  }

  // This thread goes round, and so does every worker: else the service manager starts the daemon anew.
  void show_life() {
    const auto now = std::chrono::steady_clock::now();
    if (!service_.wants_sign(now)) return;
    std::vector<std::uint64_t> rounds;
    for (const auto& live : lives_) {
      for (const std::uint64_t each : live->rounds()) rounds.push_back(each);
    }
    bool all = rounds.size() == rounds_seen_.size();
    for (std::size_t i = 0; all && i < rounds.size(); ++i) all = rounds[i] != rounds_seen_[i];
    if (all || rounds_seen_.empty()) {
      service_.alive(now);
      rounds_seen_ = std::move(rounds);
      hang_told_ = false;
    } else if (!std::exchange(hang_told_, true)) {
      spdlog::error("a packet thread stands still: no sign of life to the service manager");
    }
  }

  [[nodiscard]] std::chrono::milliseconds wait_time() const {
    return std::chrono::milliseconds(discovery_->unresolved() != 0 || compiling_.valid() ? 20 : 200);
  }

  // A policy of the table in force has reached its end; once for each table, whether the reload works or not.
  bool policy_expires() {
    if (generation_.policy == nullptr || expiry_seen_ == generation_.policy) return false;
    const auto end = generation_.policy->next_expiry();
    if (!end || std::chrono::system_clock::now() < *end) return false;
    expiry_seen_ = generation_.policy;
    spdlog::info("a policy has expired");
    return true;
  }

  void tell_about_lease() {
    const std::optional<Error> failed = lease_ == nullptr ? std::nullopt : lease_->failed();
    if (failed && !lease_told_) spdlog::error("lease: {}; segments may fail", failed->to_string());
    if (!failed && lease_told_) spdlog::info("lease: renewed again");
    if (lease_told_ != failed.has_value()) {
      facts_.change([&](DaemonFacts& f) { f.lease_problem = failed ? failed->to_string() : ""; });
    }
    lease_told_ = failed.has_value();
  }

  // An interface that goes is waited for: somebody should know that nothing is read meanwhile.
  void tell_about_interfaces() {
    if (taps_.empty()) return;
    const io::PacketMmapTapSource& tap = *taps_.front();
    if (const std::uint64_t losses = tap.interface_losses(); losses != losses_told_) {
      losses_told_ = losses;
      spdlog::warn("{}: an interface is down or gone; nothing of it is read until it is back", tap.describe());
    }
    if (const std::uint64_t reopens = tap.reopens(); reopens != reopens_told_) {
      reopens_told_ = reopens;
      spdlog::info("{}: reading again", tap.describe());
    }
  }

  // New rules beside the running ones; whole or not at all.
  ReloadReport reload() {
    ReloadReport report;
    service_.reloading();
    report.problem = try_reload(report.diagnostics);
    report.done = report.problem.empty();
    report.generation = generation_number_;
    service_.ready(report.done ? "generation " + std::to_string(generation_number_)
                               : "reload failed: " + report.problem);
    facts_.change([&](DaemonFacts& f) { f.reload_problem = report.problem; });
    if (!report.done && audit_ != nullptr) {
      audit_->append("reload-failed", {{"generation", generation_number_}, {"problem", report.problem}});
    }
    if (!report.done)
      spdlog::error("reload failed, generation {} keeps running: {}", generation_number_, report.problem);
    return report;
  }

  // Why it did not work; empty: it did.
  std::string try_reload(Diagnostics& diagnostics) {
    output_->reopen();
    wait_for_retired();
    auto settings = reload_ ? reload_(diagnostics) : std::optional<EngineSettings>(settings_);
    std::optional<Generation> next;
    if (settings) next = load_generation(*settings, generation_number_ + 1, diagnostics, state_, discovered());
    if (!diagnostics.all().empty()) spdlog::warn("while reloading:\n{}", printed(diagnostics));
    if (!next) {
      return std::to_string(diagnostics.error_count()) + (diagnostics.error_count() == 1 ? " mistake" : " mistakes") +
             " in settings, policies or signatures";
    }
    const rules::NftSettings before = enforcer_->settings();
    const PortGuardSettings guard_before = guard_settings_;
    guard_settings_ = settings->guard;
    guard_->use(guard_settings_.rules);
    enforcer_->use(nft_settings(settings->segments));
    if (!load_guard(*next) || !load_kernel(next->policy) || !keep_lease(settings->segments)) {
      guard_settings_ = guard_before;
      guard_->use(guard_settings_.rules);
      enforcer_->use(before);
      return "the kernel refused it; the log has its words";
    }
    if (next->inventory != nullptr) end_blocks_of_gone(generation_.inventory.get(), *next->inventory);
    policy_before_ = generation_.policy;
    if (generation_.signatures != nullptr) retired_.push_back({generation_number_ + 1, generation_.signatures});
    generation_ = std::move(*next);
    policy_settings_ = settings->policy;
    manifests_loaded_ = discovery_->discovered().manifests;
    facts_.change([](DaemonFacts& f) { f.cluster_problem.clear(); });
    add_observers(generation_);
    if (behaviour_ != nullptr) behaviour_->reload_feeds();
    cut_again_ = true;
    ++generation_number_;
    use_snapshot();
    const bool other_events = guard_before.enabled != guard_settings_.enabled ||
                              guard_before.rules.log_group != guard_settings_.rules.log_group;
    if (other_events) start_guard_events();
    watch_inventory(settings->policy.inventory);
    watch_files(*settings);
    watch_tables();  // there may be a lease now
    publish_generation();
    const auto& loaded = generation_.summary;
    spdlog::info("reloaded: generation {}, {} ({} refused), {}", generation_number_,
                 counted(loaded.rules_loaded, "signature", "signatures"), loaded.rules_refused,
                 counted(loaded.policies, "policy", "policies"));
    return {};
  }

  // Every counter but the kernel's, from any thread.
  [[nodiscard]] event::CounterList counters() const {
    event::CounterList out;
    for (const auto& live : lives_) {
      const auto counted = live->stats();
      out.insert(out.end(), counted.begin(), counted.end());
    }
    if (files_ != nullptr) files_->add_stats(out);
    out.emplace_back("sandbox.refused_calls", sandbox::refused_calls());
    const rules::CriCounts cri = discovery_->cri_counts().value_or(rules::CriCounts{});
    out.emplace_back("engine.lists", cri.lists);
    out.emplace_back("engine.events", cri.events);
    out.emplace_back("engine.bad_events", cri.bad_events);
    out.emplace_back("engine.left_out", cri.left_out);
    out.emplace_back("engine.failures", cri.failures);
    if (response_ != nullptr) response_->add_stats(out);
    if (resources_ != nullptr) resources_->add_stats(out);
    if (behaviour_ != nullptr) behaviour_->add_stats(out);
    {
      const std::lock_guard lock(guard_events_mutex_);
      if (guard_events_ != nullptr) guard_events_->add_stats(out);
    }
    out.emplace_back("inline.passed_uninspected", queue_books_.value());
    out.emplace_back("enforce.drift_repaired", drift_repaired_.value());
    if (fast_path_ != nullptr) {
      if (const auto path = fast_path_->counts(); path) {
        out.emplace_back("enforce.fast_path.packets", path->passed);
        out.emplace_back("enforce.fast_path.flows", path->learned);
      }
      out.emplace_back("enforce.fast_path.ports", fast_path_->ports());
    }
    const output::OutputStats written = output_->stats();
    out.emplace_back("output.published", written.published);
    out.emplace_back("output.dropped", written.dropped);
    out.emplace_back("output.written", written.written);
    for (std::size_t i = 1; i < output_->sinks().size(); ++i) {  // the live view loses nothing
      if (!sink_names_[i].empty()) add_counters(sink_names_[i], output_->sinks()[i]->health(), out);
    }
    for (const auto& [name, health] : eve_->healths()) add_counters(name, health, out);
    return pipeline::sum_stats(std::move(out));
  }

  void publish_stats() {
    event::StatsEvent stats;
    stats.header.time = {
        std::chrono::duration_cast<Nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count()};
    stats.uptime = std::chrono::duration_cast<Nanoseconds>(std::chrono::steady_clock::now() - started_);
    stats.counters = counters();
    for (const auto& live : lives_) {
      if (!settings_.eve.stats_threads) continue;
      auto threads = live->thread_stats();
      std::move(threads.begin(), threads.end(), std::back_inserter(stats.threads));
    }
    if (const auto enforced = enforcer_->counters(); enforced) {
      for (const auto& rule : *enforced) {
        stats.counters.emplace_back("enforce." + rule.rule + (rule.audit ? ".audit_packets" : ".packets"),
                                    rule.packets);
      }
    }
    stats.counters = pipeline::sum_stats(std::move(stats.counters));
    publishers_.back()->publish(std::move(stats));
  }

  // Workers first (their last events still have a place to go), then the block thread, then the output.
  void shut_down() {
    if (control_ != nullptr) control_->stop();
    if (metrics_ != nullptr) metrics_->stop();
    // Nothing is queued any more before the readers go.
    if (!queues_.empty()) stop_queueing();
    leave_wires();
    for (const auto& live : lives_) live->stop();
    if (lease_ != nullptr) lease_->stop();
    if (behaviour_ != nullptr) behaviour_->stop();
    if (response_ != nullptr) response_->stop();
    if (resources_ != nullptr) resources_->stop();
    tell_about_resources();
    if (guard_events_ != nullptr) guard_events_->stop();
    if (settings_.stats.enabled) publish_stats();
    save_datasets(generation_);
    output_->finish();
    eve_->finish();
    if (audit_ != nullptr) audit_->append("stop", nlohmann::json::object());
    spdlog::info("stopped; policy and blocks stay in the kernel (bulkhead recover removes them)");
  }

  // Takes the queues' rules out of the kernel; the policy stays.
  void stop_queueing() {
    rules::NftBatch batch;
    const auto is_queue = [](const rules::NftTable& table) {
      return table.family == rules::NftFamily::kIp || table.family == rules::NftFamily::kIp6;
    };
    for (const rules::NftTable& table : enforcer_->desired().tables) {
      if (!is_queue(table)) continue;
      rules::NftCommand command;
      command.op = rules::NftOp::kDeleteTable;
      command.family = table.family;
      command.table = table.name;
      batch.push_back(std::move(command));
    }
    const Status gone =
        enforcer_->amend(batch, [&](rules::NftRuleset& desired) { std::erase_if(desired.tables, is_queue); });
    if (!gone) spdlog::error("the queues' rules stay in the kernel: {}", gone.error().to_string());
  }

  const EngineSettings settings_;  // of the start; what a reload may change besides the generation stands below
  const BooksSettings books_;
  PortGuardSettings guard_settings_ = settings_.guard;
  const ReloadSettings& reload_;
  Signals signals_;
  ServiceNotice service_ = ServiceNotice::from_environment();
  std::vector<std::uint64_t> rounds_seen_;  // of the workers, at the last sign of life
  bool hang_told_ = false;
  std::shared_ptr<signatures::SharedState> state_ = make_shared_state();
  FactsBoard facts_;
  LiveView live_view_{settings_.eve.port_names};
  MainTasks main_tasks_;
  Generation generation_;
  std::uint32_t generation_number_ = 1;
  std::uint64_t losses_told_ = 0, reopens_told_ = 0;
  std::unique_ptr<rules::NlTransport> policy_transport_, block_transport_;
  std::unique_ptr<rules::Discovery> discovery_;
  PolicySettings policy_settings_ = settings_.policy;     // of the last reload
  std::vector<rules::ClusterManifest> manifests_loaded_;  // or refused, which facts_ tells
  bool follows_engine_ = false, engine_away_told_ = false;
  std::vector<std::string> unread_pods_;
  std::uint64_t links_loaded_ = 0;  // LinkTable::version() that the guards were loaded for
  std::unique_ptr<rules::Enforcer> enforcer_;
  std::unique_ptr<rules::FastPath> fast_path_;  // null: not wanted, or not here
  std::unique_ptr<rules::L2Guard> guard_;
  std::unique_ptr<rules::ConntrackTable> conntrack_;
  std::unique_ptr<rules::LeaseKeeper> lease_;
  std::uint32_t lease_port_ = 0;
  bool lease_told_ = false, cut_again_ = true;
  std::unique_ptr<rules::RulesetMonitor> monitor_;
  std::chrono::steady_clock::time_point next_read_back_;
  Counter drift_repaired_;
  QueueBooks queue_books_;
  std::string inventory_file_;
  std::unique_ptr<FileWatch> inventory_watch_;
  FilesStamp watched_files_;
  LabelUpdates labels_;
  std::future<std::optional<Generation>> compiling_;  // the table for labels that the kernel has already
  bool table_is_old_ = false;
  rules::PolicyTablePtr policy_before_, expiry_seen_;
  std::unique_ptr<rules::BlockManager> blocks_;
  std::vector<std::unique_ptr<io::PacketMmapTapSource>> taps_;
  std::vector<std::unique_ptr<io::NfqueueSource>> queues_;
  std::vector<std::unique_ptr<io::PacketWireSource>> wires_;
  dpdk::DpdkSources ports_;
  std::shared_ptr<io::KernelBypass> kernel_bypass_;     // null: not asked for, or not to be had
  std::unique_ptr<rules::NlTransport> wire_transport_;  // its end tells the kernel that nobody carries wires
  std::unique_ptr<rules::WireKeeper> wire_keeper_;
  std::unique_ptr<audit::AuditLog> audit_;  // outlives its sink
  WorkloadLabels workload_labels_;          // the same
  output::EveOutputs* eve_ = nullptr;       // of output_
  OutputStates output_states_;
  std::set<std::string> rules_recorded_;  // of the last generation in the audit log
  std::vector<std::string> sink_names_;   // of output_->sinks()
  std::unique_ptr<output::OutputThread> output_;
  std::vector<std::unique_ptr<RingPublisher>> publishers_;
  struct Retired {
    std::uint32_t replaced_by = 0;  // generation
    signatures::SignatureDbPtr signatures;
  };
  std::vector<Retired> retired_;
  WorkloadOwners owners_;
  std::string engine_socket_;  // empty: no container engine is followed
  std::mutex outcomes_mutex_;
  std::vector<ResourceOutcome> outcomes_;      // of resources_, to be told
  std::unique_ptr<ResourceKeeper> resources_;  // outlives the block thread, which hands it cases
  std::unique_ptr<BlockThread> response_;
  std::vector<BlockThread::Standing> standing_limits_;
  std::chrono::steady_clock::time_point next_standing_;  // the epoch: at once
  mutable std::mutex guard_events_mutex_;                // the pointer: it is replaced at a reload
  std::unique_ptr<GuardThread> guard_events_;
  PostureWatch posture_;
  std::unique_ptr<BehaviourThread> behaviour_;          // outlives the workers; uses the block thread until it stops
  std::unique_ptr<pipeline::FileStore> files_;          // outlives the workers
  std::vector<std::unique_ptr<pipeline::Live>> lives_;  // taps, queues
  std::chrono::steady_clock::time_point started_;
  mutable std::mutex kernel_mutex_;
  event::CounterList kernel_counters_;  // of rules, from the kernel
  std::chrono::steady_clock::time_point next_kernel_counters_;
  std::unique_ptr<metrics::HttpServer> metrics_;
  std::unique_ptr<ControlCommands> commands_;
  std::unique_ptr<control::ControlServer> control_;  // goes first: its thread uses all the others
};

}  // namespace

int run_daemon(const EngineSettings& settings, const BooksSettings& books, const ReloadSettings& reload) {
  return Daemon(settings, books, reload).run();
}

}  // namespace bulkhead::config
