#include "config/daemon/replay_run.h"

#include <algorithm>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "config/daemon/summary_sink.h"
#include "datapath/io/pcap_file_source.h"
#include "datapath/output/file_sink.h"
#include "datapath/output/output_thread.h"

namespace bulkhead::config {

namespace {

constexpr std::chrono::milliseconds kProgressInterval{100};
// Events; nothing is lost when a ring is full, and the 8,192 of a daemon are 5 MB.
constexpr std::size_t kReplayRing = 1024;

// Opened captures and their sizes.
struct Captures {
  std::vector<std::unique_ptr<io::PacketSource>> sources;
  std::vector<const io::PcapFileSource*> files;
  std::uint64_t bytes = 0;

  [[nodiscard]] std::uint64_t position() const {
    std::uint64_t sum = 0;
    for (const auto* f : files) sum += f->position();
    return sum;
  }
};

// A capture that cannot be opened is an error of the run; the others are still read.
Captures open_captures(const std::vector<std::string>& paths, std::vector<Error>& errors) {
  Captures out;
  for (const auto& path : paths) {
    auto source = std::make_unique<io::PcapFileSource>(path);
    if (const Status status = source->open(); !status) {
      errors.push_back(status.error());
      continue;
    }
    out.bytes += source->file_size();
    out.files.push_back(source.get());
    out.sources.push_back(std::move(source));
  }
  return out;
}

void add_stats_event(event::EventPublisher& publisher, const pipeline::ReplayResult& result) {
  event::StatsEvent stats;
  stats.header.time = result.last;
  stats.header.order = {UINT64_MAX, 3, 0, 0};  // after everything else
  stats.uptime = result.last - result.first;
  stats.counters = result.stats;
  stats.threads = result.threads;
  publisher.publish(std::move(stats));
}

}  // namespace

Result<ReplaySummary> run_replay(const EngineSettings& settings, const Generation& generation,
                                 const ReplayProgress& progress, const std::atomic<bool>& stop) {
  ReplaySummary summary;
  std::vector<Error> open_errors;
  const Captures captures = open_captures(settings.pcap_files, open_errors);
  if (captures.sources.empty() && !open_errors.empty()) return open_errors.front();
  summary.capture_bytes = captures.bytes;

  std::vector<std::unique_ptr<output::EventSink>> sinks;
  if (settings.eve_enabled) {
    output::FileSettings file;
    file.path = settings.eve_file;
    file.append = false;
    sinks.push_back(std::make_unique<output::FileSink>(file, settings.eve));
  }
  auto counting = std::make_unique<SummarySink>();
  const SummarySink& counted = *counting;
  sinks.push_back(std::move(counting));

  const std::uint32_t workers = std::max<std::uint32_t>(settings.workers, 1);
  output::OutputSettings output_settings = settings.output;
  output_settings.mode = output::OutputMode::kReplay;
  output_settings.ring_capacity = std::min(output_settings.ring_capacity, kReplayRing);
  output::OutputThread output(output_settings, workers, std::move(sinks));
  if (const Status started = output.start(); !started) return started.error();

  std::vector<std::unique_ptr<RingPublisher>> publishers;
  std::vector<event::EventPublisher*> borrowed;
  for (std::uint32_t i = 0; i < workers; ++i) {
    publishers.push_back(std::make_unique<RingPublisher>(output.producer(i)));
    borrowed.push_back(publishers.back().get());
  }

  pipeline::FileStore files(settings.file_store);  // outlives the workers
  pipeline::PipelineSettings pipeline_settings = settings.pipeline;
  if (settings.file_store.enabled) {
    if (const Status opened = files.open(); !opened) return opened.error();
    pipeline_settings.app.file_taps = &files;
  }
  pipeline::Replay replay(pipeline_settings, borrowed);
  const auto begin = std::chrono::steady_clock::now();
  auto last_progress = begin;
  const auto on_progress = [&](std::uint64_t packets, std::uint64_t) {
    if (stop.load(std::memory_order_relaxed)) replay.request_stop();
    if (!progress) return;
    const auto now = std::chrono::steady_clock::now();
    if (now - last_progress < kProgressInterval) return;
    last_progress = now;
    progress(captures.position(), captures.bytes, packets);
  };
  summary.replay = replay.run(captures.sources, generation.snapshot, on_progress);
  if (progress) progress(captures.position(), captures.bytes, summary.replay.packets);
  if (settings.file_store.enabled) files.add_stats(summary.replay.stats);
  if (settings.stats.enabled) add_stats_event(*borrowed.front(), summary.replay);
  output.finish();
  summary.wall = std::chrono::steady_clock::now() - begin;

  summary.events = counted.totals();
  summary.events.lost = output.stats().dropped;
  if (settings.eve_enabled) {
    const output::SinkHealth health = output.sinks().front()->health();
    summary.events.written = health.written;
    summary.events.lost += health.lost;
  }
  summary.captures_not_opened = open_errors.size();
  summary.replay.errors.insert(summary.replay.errors.begin(), open_errors.begin(), open_errors.end());
  return summary;
}

}  // namespace bulkhead::config
