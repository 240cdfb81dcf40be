#include "datapath/output/output_thread.h"

#include <algorithm>
#include <utility>

namespace bulkhead::output {

namespace {
constexpr std::chrono::milliseconds kIdleFlush{50};  // a quiet sink is flushed this soon after its last event
constexpr std::chrono::milliseconds kRetry{20};      // longest wait for room before looking again
constexpr std::chrono::milliseconds kReplayNap{2};   // replay: the rings are looked at this often
constexpr std::chrono::microseconds kGather{500};    // live: between rounds, so that workers need not wake us each time

// Heap order: the smallest EventOrder on top.
constexpr auto kLater = [](const auto& a, const auto& b) {
  return a.order != b.order ? a.order > b.order : a.arrival > b.arrival;
};
}  // namespace

bool EventProducer::publish(event::Event&& event) {
  if (settings_.mode == OutputMode::kLive) {
    if (!ring_.push_or_drop(std::move(event))) return false;
    output_.ring();
    return true;
  }
  while (!ring_.try_push(std::move(event))) {  // NOLINT(bugprone-use-after-move): moved from only on success
    output_.ring();
    room_.sleep([this] { return ring_.size() < ring_.capacity(); }, kRetry);
  }
  // Nobody waits for a replayed event: waking the output thread for each would cost more than writing it.
  if (ring_.size() == ring_.capacity() / 2) output_.ring();
  return true;
}

void EventProducer::watermark(std::uint64_t packet) {
  if (packet <= watermark_.load(std::memory_order_relaxed)) return;
  // Released after the events below it: who reads the mark and then drains the ring has them all. Rings no bell,
  // since workers call this for every packet.
  watermark_.store(packet, std::memory_order_release);
}

OutputThread::OutputThread(const OutputSettings& settings, std::size_t producers,
                           std::vector<std::unique_ptr<EventSink>> sinks)
    : settings_(settings), sinks_(std::move(sinks)) {
  producers_.reserve(producers);
  for (std::size_t i = 0; i < producers; ++i) {
    producers_.push_back(std::make_unique<EventProducer>(settings_, doorbell_));
  }
}

OutputThread::~OutputThread() {
  finish();
}

Status OutputThread::start() {
  for (const auto& sink : sinks_) {
    if (Status opened = sink->open(); !opened) return opened;
  }
  thread_ = std::thread([this] { run(); });
  return ok();
}

void OutputThread::finish() {
  if (!thread_.joinable()) return;
  for (const auto& producer : producers_) producer->close();
  finishing_.store(true, std::memory_order_release);
  doorbell_.ring();
  thread_.join();
}

void OutputThread::reopen() {
  for (const auto& sink : sinks_) sink->reopen();
  reopen_asked_.store(true, std::memory_order_release);
  doorbell_.ring();
}

OutputStats OutputThread::stats() const {
  OutputStats out;
  for (const auto& producer : producers_) {
    out.published += producer->published();
    out.dropped += producer->dropped();
  }
  out.written = written_.value();
  out.merge_high_water = merge_high_water_.value();
  return out;
}

void OutputThread::run() {
  auto last_flush = std::chrono::steady_clock::now();
  for (;;) {
    const bool last_round = finishing_.load(std::memory_order_acquire);
    const bool worked = settings_.mode == OutputMode::kLive ? drain_live() : drain_replay();
    const auto now = std::chrono::steady_clock::now();
    if (reopen_asked_.exchange(false, std::memory_order_acquire)) flush();  // the new file is there without an event
    if (unflushed_ && now - last_flush >= (worked ? settings_.flush_interval : kIdleFlush)) {
      flush();
      last_flush = now;
    }
    if (worked) {
      if (settings_.mode == OutputMode::kLive && !last_round && !half_full()) std::this_thread::sleep_for(kGather);
      continue;
    }
    if (last_round) break;
    const auto nap = settings_.mode == OutputMode::kReplay ? kReplayNap
                     : unflushed_                          ? kIdleFlush
                                                           : std::max(settings_.flush_interval, kIdleFlush);
    doorbell_.sleep([this] { return has_work(); }, nap);
  }
  flush();
}

bool OutputThread::has_work() const {
  if (finishing_.load(std::memory_order_acquire)) return true;
  std::uint64_t watermark = UINT64_MAX;
  for (const auto& producer : producers_) {
    if (producer->ring_.size() != 0) return true;
    watermark = std::min(watermark, producer->watermark_.load(std::memory_order_acquire));
  }
  return !heap_.empty() && heap_.front().order.packet < watermark;
}

bool OutputThread::half_full() const {
  return std::any_of(producers_.begin(), producers_.end(),
                     [](const auto& producer) { return producer->ring_.size() >= producer->ring_.capacity() / 2; });
}

bool OutputThread::drain_live() {
  bool worked = false;
  event::Event event;
  for (const auto& producer : producers_) {
    // One ring's worth at a time, so that a busy worker does not starve the others.
    for (std::size_t left = producer->ring_.capacity(); left != 0 && producer->ring_.pop(event); --left) {
      write(event);
      worked = true;
    }
  }
  return worked;
}

bool OutputThread::drain_replay() {
  // Marks first, rings second: everything below the lowest mark is then in the heap.
  std::uint64_t watermark = UINT64_MAX;
  for (const auto& producer : producers_) {
    watermark = std::min(watermark, producer->watermark_.load(std::memory_order_acquire));
  }
  bool worked = false;
  for (const auto& producer : producers_) {
    bool took = false;
    for (event::Event event; producer->ring_.pop(event);) {
      set_aside(std::move(event));
      took = true;
    }
    if (took) producer->room_.ring();
    worked |= took;
  }
  return emit_below(watermark) || worked;
}

void OutputThread::set_aside(event::Event&& event) {
  const event::EventHeader* header = event::header_of(event);
  if (header == nullptr) return;
  std::uint32_t slot = 0;
  if (free_slots_.empty()) {
    slot = static_cast<std::uint32_t>(slots_.size());
    slots_.push_back(std::move(event));
  } else {
    slot = free_slots_.back();
    free_slots_.pop_back();
    slots_[slot] = std::move(event);
  }
  heap_.push_back({event::header_of(slots_[slot])->order, arrivals_++, slot});
  std::push_heap(heap_.begin(), heap_.end(), kLater);
  if (heap_.size() > merge_high_water_.value()) merge_high_water_.set(heap_.size());
}

bool OutputThread::emit_below(std::uint64_t watermark) {
  bool worked = false;
  // The last mark is "no more": it lets events with the highest packet number through too.
  while (!heap_.empty() && (heap_.front().order.packet < watermark || watermark == UINT64_MAX)) {
    std::pop_heap(heap_.begin(), heap_.end(), kLater);
    const std::uint32_t slot = heap_.back().slot;
    heap_.pop_back();
    write(slots_[slot]);
    slots_[slot] = std::monostate{};
    free_slots_.push_back(slot);
    worked = true;
  }
  return worked;
}

void OutputThread::write(const event::Event& event) {
  if (std::holds_alternative<std::monostate>(event)) return;
  for (const auto& sink : sinks_) sink->write(event);
  written_.add();
  unflushed_ = true;
}

void OutputThread::flush() {
  for (const auto& sink : sinks_) sink->flush();
  unflushed_ = false;
}

}  // namespace bulkhead::output
