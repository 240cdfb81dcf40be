#include "datapath/pipeline/live.h"

#include <algorithm>
#include <chrono>

#include "datapath/base/counters.h"
#include "datapath/base/scheduling.h"
#include "datapath/pipeline/replay.h"

namespace bulkhead::pipeline {

namespace {
constexpr std::chrono::milliseconds kReceiveTimeout{100};
// Places of the flow table that are looked at after a batch: far less work than the batch is.
constexpr std::uint32_t kAdoptedBusy = 128, kAdoptedIdle = 16384;
}  // namespace

struct Live::Lane {
  io::PacketSource* source = nullptr;
  std::unique_ptr<Worker> worker;
  std::thread thread;
  mutable std::mutex error_mutex;
  bool failed = false;
  Error error;
  Counter rounds;
  std::uint32_t flows_seen = 0;   // the worker's: the last asking that it has answered
  std::uint32_t flows_given = 0;  // under flows_mutex_
  std::vector<FlowRecord> flows;
};

Live::Live(const PipelineSettings& settings, std::vector<io::PacketSource*> sources,
           std::vector<event::EventPublisher*> publishers, ResponseSink* response)
    : settings_(settings), gate_(std::make_unique<UnorderedGate>()) {
  BULKHEAD_CHECK(sources.size() == publishers.size());
  for (std::size_t i = 0; i < sources.size(); ++i) {
    auto lane = std::make_unique<Lane>();
    lane->source = sources[i];
    lane->worker = std::make_unique<Worker>(settings_, static_cast<std::uint32_t>(i), *publishers[i], *gate_, response);
    lanes_.push_back(std::move(lane));
  }
}

Live::~Live() {
  stop();
}

void Live::start(SnapshotPtr snapshot, std::function<Status()> confine) {
  confine_ = std::move(confine);
  use(std::move(snapshot));
  for (auto& lane : lanes_) {
    lane->thread = std::thread([this, &lane = *lane] { run(lane); });
  }
}

void Live::use(SnapshotPtr snapshot) {
  const std::lock_guard lock(snapshot_mutex_);
  snapshot_ = std::move(snapshot);
  wanted_generation_.store(snapshot_->generation, std::memory_order_release);
}

void Live::stop() {
  stop_.store(true, std::memory_order_relaxed);
  for (auto& lane : lanes_) {
    if (lane->thread.joinable()) lane->thread.join();
  }
}

void Live::run(Lane& lane) {
  // Without the right to do so workers run as anybody else; the block thread tells.
  static_cast<void>(make_prompt("worker", settings_.nice));
  if (confine_) {
    if (const Status confined = confine_(); !confined) {
      const std::lock_guard lock(lane.error_mutex);
      lane.failed = true;
      lane.error = confined.error();
      return;
    }
  }
  io::PacketBatch batch;
  batch.packets.reserve(settings_.batch_packets);
  std::int64_t last_second = 0;
  while (!stop_.load(std::memory_order_relaxed)) {
    lane.rounds.add();
    if (lane.worker->generation() != wanted_generation_.load(std::memory_order_acquire)) {
      SnapshotPtr snapshot;
      {
        const std::lock_guard lock(snapshot_mutex_);
        snapshot = snapshot_;
      }
      lane.worker->use(std::move(snapshot));
    }
    if (const std::uint32_t asked = flows_asked_.load(std::memory_order_acquire); asked != lane.flows_seen) {
      give_flows(lane, asked);
    }
    batch.clear();
    const io::ReceiveStatus status = lane.source->receive(batch, kReceiveTimeout);
    if (status == io::ReceiveStatus::kError || status == io::ReceiveStatus::kEnd) {
      const std::lock_guard lock(lane.error_mutex);
      lane.failed = status == io::ReceiveStatus::kError;
      if (lane.failed) lane.error = lane.source->last_error();
      break;
    }
    const Timestamp time = batch.packets.empty() ? wall_clock() : batch.packets.back().time;
    if (time.seconds() != last_second) {
      last_second = time.seconds();
      lane.worker->tick(batch.packets.empty() ? time : batch.packets.front().time,
                        batch.packets.empty() ? 0 : batch.packets.front().number);
    }
    for (auto& packet : batch.packets) lane.worker->process(packet);
    lane.source->release(batch);
    lane.worker->adopt_flows(batch.packets.empty() ? kAdoptedIdle : kAdoptedBusy);
  }
  lane.worker->finish(wall_clock());
}

void Live::give_flows(Lane& lane, std::uint32_t asked) {
  lane.flows_seen = asked;
  std::size_t most;
  {
    const std::lock_guard lock(flows_mutex_);
    most = flows_most_;
  }
  std::vector<FlowRecord> out;
  out.reserve(std::min(most, lane.worker->flows().size()));
  lane.worker->flows().visit_newest([&](const flow::Flow& flow) {
    if (out.size() >= most) return false;
    if (!flow.elsewhere) out.push_back(record_of(flow));
    return true;
  });
  const std::lock_guard lock(flows_mutex_);
  lane.flows = std::move(out);
  lane.flows_given = asked;
  flows_given_.notify_all();
}

std::vector<FlowRecord> Live::flows(std::size_t most, std::chrono::milliseconds patience, bool* complete) {
  const std::lock_guard asking(asking_);
  std::unique_lock lock(flows_mutex_);
  flows_most_ = most;
  const std::uint32_t asked = flows_asked_.fetch_add(1, std::memory_order_acq_rel) + 1;
  const auto all_gave = [&] {
    return std::all_of(lanes_.begin(), lanes_.end(), [&](const auto& lane) { return lane->flows_given == asked; });
  };
  const bool all = flows_given_.wait_for(lock, patience, all_gave);
  if (complete != nullptr) *complete = all;
  std::vector<FlowRecord> out;
  for (const auto& lane : lanes_) {
    if (lane->flows_given == asked) out.insert(out.end(), lane->flows.begin(), lane->flows.end());
    lane->flows = {};
  }
  return out;
}

bool Live::failed(Error* why) const {
  for (const auto& lane : lanes_) {
    const std::lock_guard lock(lane->error_mutex);
    if (!lane->failed) continue;
    if (why != nullptr) *why = lane->error;
    return true;
  }
  return false;
}

std::vector<std::uint64_t> Live::rounds() const {
  std::vector<std::uint64_t> out;
  for (const auto& lane : lanes_) out.push_back(lane->rounds.value());
  return out;
}

std::uint32_t Live::oldest_generation() const {
  std::uint32_t oldest = wanted_generation_.load(std::memory_order_acquire);
  for (const auto& lane : lanes_) oldest = std::min(oldest, lane->worker->generation());
  return oldest;
}

std::uint32_t Live::settled_generation() const {
  std::uint32_t oldest = wanted_generation_.load(std::memory_order_acquire);
  for (const auto& lane : lanes_) oldest = std::min(oldest, lane->worker->settled_generation());
  return oldest;
}

std::vector<std::pair<std::string, event::CounterList>> Live::thread_stats() const {
  std::vector<std::pair<std::string, event::CounterList>> out;
  for (const auto& lane : lanes_) {
    event::CounterList all;
    lane->worker->add_stats(all);
    const io::SourceStats source = lane->source->stats();
    all.emplace_back("capture.kernel_packets", source.received + source.kernel_drops);
    all.emplace_back("capture.kernel_drops", source.kernel_drops);
    all.emplace_back("capture.ring_full", source.kernel_freezes);
    all.emplace_back("capture.truncated", source.truncated);
    if (source.sent + source.send_drops != 0) {
      all.emplace_back("capture.sent", source.sent);
      all.emplace_back("capture.send_drops", source.send_drops);
    }
    out.emplace_back(worker_name(out.size()), sum_stats(std::move(all)));
  }
  return out;
}

event::CounterList Live::stats() const {
  event::CounterList all;
  for (const auto& [name, counters] : thread_stats()) all.insert(all.end(), counters.begin(), counters.end());
  return sum_stats(std::move(all));
}

}  // namespace bulkhead::pipeline
