#include "config/cli/capture_edges.h"

#include <pthread.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <memory>
#include <thread>
#include <utility>

#include "config/cli/inspector_run.h"
#include "config/cli/policy_input.h"
#include "datapath/io/packet_mmap_tap_source.h"
#include "datapath/io/pcap_file_source.h"

namespace bulkhead::config::cli {

namespace {

void warn(const Error& error) {
  std::fprintf(stderr, "warning: %s\n", error.to_string().c_str());
}

// Stops the replay when the time is over, or at SIGINT and SIGTERM, which wait in every thread meanwhile.
class Stopwatch {
 public:
  Stopwatch(pipeline::Replay& replay, std::chrono::seconds duration) : replay_(replay) {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals_, &before_);
    const auto end = std::chrono::steady_clock::now() + duration;
    thread_ = std::thread([this, end] {
      const timespec turn{0, 100'000'000};
      while (!done_ && std::chrono::steady_clock::now() < end && sigtimedwait(&signals_, nullptr, &turn) < 0) {
      }
      replay_.request_stop();
    });
  }
  ~Stopwatch() {
    done_ = true;
    thread_.join();
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  pipeline::Replay& replay_;
  sigset_t signals_{}, before_{};
  std::atomic<bool> done_{false};
  std::thread thread_;
};

rules::FlowEdgeTable edges_of(const std::vector<std::unique_ptr<io::PacketSource>>& sources,
                              std::optional<std::chrono::seconds> duration) {
  rules::FlowEdgeTable edges;
  InspectorRun inspection;
  std::optional<Stopwatch> stopwatch;
  if (duration) stopwatch.emplace(inspection.replay(), *duration);
  inspection.run(sources, std::make_shared<rules::FlowEdgeFactory>(edges));
  if (edges.lost() != 0) {
    std::fprintf(stderr, "warning: %llu flows of further edges are not counted\n",
                 static_cast<unsigned long long>(edges.lost()));
  }
  return edges;
}

}  // namespace

std::optional<rules::FlowEdgeTable> edges_of_captures(const std::vector<std::string>& patterns) {
  const auto files = policy_files(patterns);
  if (!files) return std::nullopt;
  std::vector<std::unique_ptr<io::PacketSource>> sources;
  for (const std::string& file : *files) {
    auto source = std::make_unique<io::PcapFileSource>(file);
    if (const Status status = source->open(); !status) {
      warn(status.error());
      continue;
    }
    sources.push_back(std::move(source));
  }
  if (sources.empty()) return std::nullopt;
  return edges_of(sources, {});
}

std::optional<rules::FlowEdgeTable> edges_of_interfaces(const std::vector<std::string>& interfaces,
                                                        std::chrono::seconds duration) {
  io::PacketMmapTapSettings settings;
  settings.interfaces = interfaces;
  auto tap = std::make_unique<io::PacketMmapTapSource>(settings);
  if (const Status status = tap->open(); !status) {
    std::fprintf(stderr, "error: %s\n", status.error().to_string().c_str());
    return std::nullopt;
  }
  const io::PacketMmapTapSource& source = *tap;
  std::vector<std::unique_ptr<io::PacketSource>> sources;
  sources.push_back(std::move(tap));
  std::fprintf(stderr, "listening on %s for %lld s; Ctrl-C ends it earlier\n", source.describe().c_str(),
               static_cast<long long>(duration.count()));
  auto edges = edges_of(sources, duration);
  if (const std::uint64_t lost = source.stats().kernel_drops; lost != 0) {
    std::fprintf(stderr, "warning: %llu packets came faster than they were read and are not counted\n",
                 static_cast<unsigned long long>(lost));
  }
  return edges;
}

}  // namespace bulkhead::config::cli
