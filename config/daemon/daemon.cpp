#include "config/daemon/daemon.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <memory>
#include <sstream>
#include <thread>
#include <utility>
#include <vector>

#include "config/daemon/block_thread.h"
#include "config/daemon/generation.h"
#include "config/daemon/summary_sink.h"
#include "datapath/io/packet_mmap_tap_source.h"
#include "datapath/output/file_sink.h"
#include "datapath/output/netlink_sink.h"
#include "datapath/output/output_thread.h"
#include "datapath/pipeline/live.h"
#include "rules/classify/classifier.h"
#include "rules/compile/policy_compiler.h"
#include "rules/nft/enforcer.h"
#include "rules/nft/nl_transport.h"
#include "rules/reconcile/lease_keeper.h"
#include "rules/reconcile/session_cutter.h"

namespace bulkhead::config {

namespace {

constexpr int kExitFailed = 1;
constexpr int kExitBadInput = 2;

std::string printed(const Diagnostics& diagnostics) {
  std::ostringstream out;
  diagnostics.print(out, 50);
  return out.str();
}

// SIGTERM, SIGINT and SIGHUP as readable events; blocked for every thread started afterwards.
class Signals {
 public:
  Signals() {
    sigemptyset(&mask_);
    for (const int s : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&mask_, s);
    pthread_sigmask(SIG_BLOCK, &mask_, &old_);
  }
  ~Signals() { pthread_sigmask(SIG_SETMASK, &old_, nullptr); }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // The next signal, or 0 after `timeout`.
  int wait(std::chrono::milliseconds timeout) {
    const timespec limit{timeout.count() / 1000, (timeout.count() % 1000) * 1'000'000};
    const int signal = sigtimedwait(&mask_, nullptr, &limit);
    return signal > 0 ? signal : 0;
  }

 private:
  sigset_t mask_{};
  sigset_t old_{};
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

class Daemon {
 public:
  Daemon(const EngineSettings& settings, const ReloadSettings& reload) : settings_(settings), reload_(reload) {}

  int run() {
    Diagnostics diagnostics;
    auto generation = load_generation(settings_, 1, diagnostics, state_);
    if (!diagnostics.all().empty()) spdlog::warn("while loading:\n{}", printed(diagnostics));
    if (!generation) return kExitBadInput;
    generation_ = std::move(*generation);
    if (!enforce() || !open_taps() || !start_output()) return kExitFailed;
    start_workers();
    const auto& loaded = generation_.summary;
    spdlog::info("ready: {} signatures ({} refused), {} policies, {} workloads; generation 1", loaded.rules_loaded,
                 loaded.rules_refused, loaded.policies, loaded.workloads);
    const int status = watch();
    shut_down();
    return status;
  }

 private:
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
    if (!open_conntrack() || !load_kernel(generation_.policy) || !keep_lease(settings_.segments)) return false;
    blocks_ = std::make_unique<rules::BlockManager>(*block_transport_, block_settings());
    if (const auto adopted = blocks_->adopt(); !adopted) {
      spdlog::error("blocks: {}", adopted.error().to_string());
      return false;
    } else if (*adopted > 0) {
      spdlog::info("{} blocks of an earlier run are still in force", *adopted);
    }
    return true;
  }

  static rules::NftSettings nft_settings(const SegmentSettings& segments) {
    rules::NftSettings out;
    out.closed = segments.closed;
    out.fail_closed = segments.fail_closed;
    out.lease = segments.lease;
    out.grace = segments.grace;
    return out;
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

  // Sessions that the policy in force refuses end; once more when packets that were on their way are through.
  void cut_sessions(const rules::PolicyTablePtr& policy) {
    if (policy == nullptr) return;
    const rules::Classifier classifier(policy);
    rules::SessionCutter cutter(*policy_transport_, *conntrack_);
    const auto report =
        cutter.cut([&](const rules::FlowQuery& query) { return !classifier.classify(query).allowed(); });
    if (!report) {
      spdlog::error("sessions that the policy refuses could not all be cut: {}", report.error().to_string());
    } else if (report->cut != 0) {
      spdlog::info("{} of {} sessions cut, the policy refuses them", report->cut, report->seen);
    }
  }

  bool load_kernel(const rules::PolicyTablePtr& policy) {
    const rules::PolicyTablePtr table = table_to_load(policy);
    enforcer_->on_commit([this, policy] { cut_sessions(policy); });
    cut_again_ = true;
    const auto report = enforcer_->load(table);
    if (!report) {
      spdlog::error("the kernel refused the ruleset: {}", report.error().to_string());
      return false;
    }
    spdlog::info("kernel: {} chains, {} rules, {} sets, {} elements; {} changes; bridged traffic judged in {}",
                 report->chains, report->rules, report->sets, report->elements, report->changes,
                 report->mode.to_string());
    return true;
  }

  [[nodiscard]] rules::BlockSettings block_settings() const {
    rules::BlockSettings out;
    out.max_per_minute = settings_.response.max_per_minute;
    out.safe_list = settings_.response.safe_list;
    for (const IpAddress& own : own_addresses()) out.safe_list.push_back({own, own.bit_count()});
    out.dry_run = settings_.response.mode == ResponseMode::kDryRun;
    return out;
  }

  bool open_taps() {
    const CaptureSettings& capture = settings_.capture;
    io::PacketMmapTapSettings tap;
    tap.interfaces = capture.interfaces;
    tap.promiscuous = capture.promiscuous;
    tap.snaplen = capture.snaplen;
    tap.block_bytes = capture.block_bytes;
    tap.block_count = capture.blocks;
    tap.retire_timeout = capture.block_timeout;
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

  // One producer per worker, one for the block thread, one for this thread's stats.
  bool start_output() {
    std::error_code error;
    std::filesystem::create_directories(settings_.log_dir, error);
    std::vector<std::unique_ptr<output::EventSink>> sinks;
    if (settings_.eve_enabled) {
      output::FileSettings file;
      file.path = settings_.eve_file;
      sinks.push_back(std::make_unique<output::FileSink>(file, settings_.eve));
    }
    if (settings_.netlink.enabled) {
      output::NetlinkSettings netlink;
      netlink.group = settings_.netlink.group;
      sinks.push_back(std::make_unique<output::NetlinkSink>(netlink));
    }
    output::OutputSettings output = settings_.output;
    output.mode = output::OutputMode::kLive;
    const std::size_t workers = taps_.size();
    output_ = std::make_unique<output::OutputThread>(output, workers + 2, std::move(sinks));
    if (const Status started = output_->start(); !started) {
      spdlog::error("{}", started.error().to_string());
      return false;
    }
    for (std::size_t i = 0; i < workers + 2; ++i) {
      publishers_.push_back(std::make_unique<RingPublisher>(output_->producer(i)));
    }
    return true;
  }

  void start_workers() {
    const std::size_t workers = taps_.size();
    if (settings_.response.mode != ResponseMode::kOff) {
      response_ =
          std::make_unique<BlockThread>(settings_.response, *blocks_, *publishers_[workers], settings_.pipeline.nice);
      response_->start();
    }
    std::vector<io::PacketSource*> sources;
    std::vector<event::EventPublisher*> publishers;
    for (std::size_t i = 0; i < workers; ++i) {
      sources.push_back(taps_[i].get());
      publishers.push_back(publishers_[i].get());
    }
    live_ = std::make_unique<pipeline::Live>(settings_.pipeline, std::move(sources), std::move(publishers),
                                             response_.get());
    started_ = std::chrono::steady_clock::now();
    live_->start(generation_.snapshot);
  }

  // Waits for signals; writes stats; notices failures.
  int watch() {
    auto next_stats = std::chrono::steady_clock::now() + settings_.stats.interval;
    while (true) {
      if (lease_ != nullptr) lease_->beat();
      switch (signals_.wait(std::chrono::milliseconds(200))) {
        case SIGTERM:
        case SIGINT: spdlog::info("stopping"); return 0;
        case SIGHUP: reload(); break;
        default: break;
      }
      if (cut_again_) cut_sessions(generation_.policy);
      cut_again_ = false;
      tell_about_lease();
      tell_about_interfaces();
      Error why;
      if (live_->failed(&why)) {
        spdlog::error("capture: {}", why.to_string());
        return kExitFailed;
      }
      if (settings_.stats.enabled && std::chrono::steady_clock::now() >= next_stats) {
        publish_stats();
        next_stats += settings_.stats.interval;
      }
    }
  }

  void tell_about_lease() {
    const std::optional<Error> failed = lease_ == nullptr ? std::nullopt : lease_->failed();
    if (failed && !lease_told_) spdlog::error("lease: {}; segments may fail", failed->to_string());
    if (!failed && lease_told_) spdlog::info("lease: renewed again");
    lease_told_ = failed.has_value();
  }

  // An interface that goes is waited for: somebody should know that nothing is read meanwhile.
  void tell_about_interfaces() {
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
  void reload() {
    output_->reopen();
    Diagnostics diagnostics;
    auto settings = reload_ ? reload_(diagnostics) : std::optional<EngineSettings>(settings_);
    std::optional<Generation> next;
    if (settings) next = load_generation(*settings, generation_number_ + 1, diagnostics, state_);
    if (!diagnostics.all().empty()) spdlog::warn("while reloading:\n{}", printed(diagnostics));
    if (!next) {
      spdlog::error("reload failed: generation {} keeps running", generation_number_);
      return;
    }
    const rules::NftSettings before = enforcer_->settings();
    enforcer_->use(nft_settings(settings->segments));
    if (!load_kernel(next->policy) || !keep_lease(settings->segments)) {
      enforcer_->use(before);
      spdlog::error("reload failed: generation {} keeps running", generation_number_);
      return;
    }
    generation_ = std::move(*next);
    ++generation_number_;
    live_->use(generation_.snapshot);
    const auto& loaded = generation_.summary;
    spdlog::info("reloaded: generation {}, {} signatures ({} refused), {} policies", generation_number_,
                 loaded.rules_loaded, loaded.rules_refused, loaded.policies);
  }

  void publish_stats() {
    event::StatsEvent stats;
    stats.header.time = {
        std::chrono::duration_cast<Nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count()};
    stats.uptime = std::chrono::duration_cast<Nanoseconds>(std::chrono::steady_clock::now() - started_);
    stats.counters = live_->stats();
    if (response_ != nullptr) response_->add_stats(stats.counters);
    if (const auto enforced = enforcer_->counters(); enforced) {
      for (const auto& rule : *enforced) {
        stats.counters.emplace_back("enforce." + rule.rule + (rule.audit ? ".audit_packets" : ".packets"),
                                    rule.packets);
      }
    }
    const output::OutputStats written = output_->stats();
    stats.counters.emplace_back("output.published", written.published);
    stats.counters.emplace_back("output.dropped", written.dropped);
    stats.counters.emplace_back("output.written", written.written);
    stats.counters = pipeline::sum_stats(std::move(stats.counters));
    publishers_.back()->publish(std::move(stats));
  }

  // Workers first (their last events still have a place to go), then the block thread, then the output.
  void shut_down() {
    live_->stop();
    if (lease_ != nullptr) lease_->stop();
    if (response_ != nullptr) response_->stop();
    if (settings_.stats.enabled) publish_stats();
    save_datasets(generation_);
    output_->finish();
    spdlog::info("stopped; policy and blocks stay in the kernel (bulkhead recover removes them)");
  }

  const EngineSettings settings_;
  const ReloadSettings& reload_;
  Signals signals_;
  std::shared_ptr<signatures::SharedState> state_ = make_shared_state();
  Generation generation_;
  std::uint32_t generation_number_ = 1;
  std::uint64_t losses_told_ = 0, reopens_told_ = 0;
  std::unique_ptr<rules::NlTransport> policy_transport_, block_transport_;
  std::unique_ptr<rules::Enforcer> enforcer_;
  std::unique_ptr<rules::ConntrackTable> conntrack_;
  std::unique_ptr<rules::LeaseKeeper> lease_;
  bool lease_told_ = false, cut_again_ = true;
  std::unique_ptr<rules::BlockManager> blocks_;
  std::vector<std::unique_ptr<io::PacketMmapTapSource>> taps_;
  std::unique_ptr<output::OutputThread> output_;
  std::vector<std::unique_ptr<RingPublisher>> publishers_;
  std::unique_ptr<BlockThread> response_;
  std::unique_ptr<pipeline::Live> live_;
  std::chrono::steady_clock::time_point started_;
};

}  // namespace

int run_daemon(const EngineSettings& settings, const ReloadSettings& reload) {
  return Daemon(settings, reload).run();
}

}  // namespace bulkhead::config
