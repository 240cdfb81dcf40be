#include "datapath/pipeline/replay.h"

#include <algorithm>
#include <string_view>
#include <thread>

#include "datapath/base/spsc_ring.h"
#include "datapath/pipeline/dispatch.h"
#include "datapath/pipeline/ordered_gate.h"

namespace bulkhead::pipeline {

namespace {

constexpr std::size_t kSourceBatch = 1024;
constexpr std::size_t kQueueBatches = 32;
constexpr std::chrono::milliseconds kReceiveTimeout{1000};

// A packet without bytes in a worker's batch stands for a tick: time has reached its second.
bool is_tick(const io::RawPacket& p) {
  return p.data == nullptr;
}

// Watches packet time: true when `time` opens a new second.
class SecondClock {
 public:
  bool advance(Timestamp time) {
    if (time.seconds() <= second_) return false;
    second_ = time.seconds();
    return true;
  }

 private:
  std::int64_t second_ = 0;
};

// Judges, over the first packets of a run, whether the capture's checksums mean anything.
class ChecksumSample {
 public:
  explicit ChecksumSample(const PipelineSettings& settings)
      : active_(settings.checksum_auto && settings.decode.verify_checksums), decoder_(settings.decode) {}

  // Marks packets after the sample as verified when the sample was mostly bad.
  void judge(io::RawPacket& packet) {
    if (!active_) return;
    if (packet.number <= kChecksumSample) {
      decoder_.decode(packet, *chain_);
      for (std::size_t i = 0; i < chain_->count; ++i) {
        if (chain_->views[i].l4_checksum_bad) {
          ++bad_;
          break;
        }
      }
      if (packet.number == kChecksumSample) {
        ignore_ = bad_ * 10 >= kChecksumSample;
        if (!ignore_) active_ = false;
      }
      return;
    }
    if (ignore_) packet.checksum = io::ChecksumState::kValid;
  }

 private:
  bool active_;
  bool ignore_ = false;
  std::uint64_t bad_ = 0;
  decode::Decoder decoder_;
  std::unique_ptr<decode::PacketChain> chain_ = std::make_unique<decode::PacketChain>();
};

}  // namespace

// One worker thread of a dispatched replay and its queue.
class Replay::Lane {
 public:
  struct Batch {
    std::vector<io::RawPacket> packets;
    std::vector<Byte> bytes;  // copies, when the source's own bytes do not last
    std::uint64_t up_to = 0;  // every packet up to this number is in some lane's queue by now
    bool last = false;
    Timestamp end;  // with `last`: latest time of all packets
  };

  Lane(Worker& worker, event::EventPublisher& publisher, OrderedGate& gate, std::size_t index)
      : worker_(worker), publisher_(publisher), gate_(gate), index_(index), queue_(kQueueBatches), thread_([this] {
          run();
        }) {}

  void push(std::unique_ptr<Batch> batch) {
    while (!queue_.push(std::move(batch))) std::this_thread::yield();
    pushed_.fetch_add(1, std::memory_order_release);
    pushed_.notify_one();
  }
  void join() { thread_.join(); }

 private:
  std::unique_ptr<Batch> pop() {
    std::unique_ptr<Batch> batch;
    while (true) {
      const std::uint64_t seen = pushed_.load(std::memory_order_acquire);
      if (queue_.pop(batch)) return batch;
      pushed_.wait(seen, std::memory_order_acquire);
    }
  }

  void advance(std::uint64_t number) {
    gate_.advance(index_, number);
    publisher_.watermark(number);
  }

  void run() {
    bool last = false;
    Timestamp end;
    while (!last) {
      const std::unique_ptr<Batch> batch = pop();
      for (auto& packet : batch->packets) {
        advance(packet.number);
        if (is_tick(packet)) {
          worker_.tick(packet.time, packet.number);
        } else {
          worker_.process(packet);
        }
      }
      advance(batch->up_to + 1);
      last = batch->last;
      end = batch->end;
    }
    worker_.finish(end);
    advance(UINT64_MAX);
  }

  Worker& worker_;
  event::EventPublisher& publisher_;
  OrderedGate& gate_;
  const std::size_t index_;
  SpscRing<std::unique_ptr<Batch>> queue_;
  std::atomic<std::uint64_t> pushed_{0};
  std::thread thread_;
};

Replay::Replay(const PipelineSettings& settings, std::vector<event::EventPublisher*> publishers)
    : settings_(settings), publishers_(std::move(publishers)) {
  if (publishers_.size() > 1) {
    gate_ = std::make_unique<OrderedGate>(publishers_.size());
  } else {
    gate_ = std::make_unique<UnorderedGate>();
  }
  for (std::size_t i = 0; i < publishers_.size(); ++i) {
    workers_.push_back(
        std::make_unique<Worker>(settings_, static_cast<std::uint32_t>(i), *publishers_[i], *gate_, nullptr));
  }
}

Replay::~Replay() = default;

template <typename OnBatch>
void Replay::read_all(const std::vector<std::unique_ptr<io::PacketSource>>& sources, ReplayResult& result,
                      const std::function<void(std::uint64_t, std::uint64_t)>& progress, OnBatch on_batch) {
  ChecksumSample sample(settings_);
  io::PacketBatch batch;
  batch.packets.reserve(kSourceBatch);
  for (const auto& source : sources) {
    const std::uint64_t base = result.packets;
    bool more = true;
    while (more && !stop_.load(std::memory_order_relaxed)) {
      batch.clear();
      switch (source->receive(batch, kReceiveTimeout)) {
        case io::ReceiveStatus::kPackets: break;
        case io::ReceiveStatus::kTimeout: continue;
        case io::ReceiveStatus::kEnd: more = false; break;
        case io::ReceiveStatus::kError:
          result.errors.push_back(source->last_error());
          more = false;
          break;
      }
      for (auto& packet : batch.packets) {
        packet.number += base;
        if (result.packets++ == 0) result.first = packet.time;
        result.bytes += packet.captured;
        result.last = std::max(result.last, packet.time);
        packet.clock = result.last;
        sample.judge(packet);
      }
      on_batch(batch, source->capabilities().stable_bytes);
      source->release(batch);
      if (progress) progress(result.packets, result.bytes);
    }
  }
}

void Replay::run_alone(const std::vector<std::unique_ptr<io::PacketSource>>& sources, ReplayResult& result,
                       const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  Worker& worker = *workers_.front();
  event::EventPublisher& publisher = *publishers_.front();
  SecondClock clock;
  read_all(sources, result, progress, [&](io::PacketBatch& batch, bool) {
    for (auto& packet : batch.packets) {
      if (clock.advance(packet.clock)) worker.tick(packet.clock, packet.number);
      worker.process(packet);
    }
    if (!batch.packets.empty()) publisher.watermark(batch.packets.back().number);
  });
  worker.finish(result.last);
  publisher.watermark(UINT64_MAX);
}

void Replay::run_dispatched(const std::vector<std::unique_ptr<io::PacketSource>>& sources, ReplayResult& result,
                            const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  auto& gate = static_cast<OrderedGate&>(*gate_);
  std::vector<std::unique_ptr<Lane>> lanes;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    lanes.push_back(std::make_unique<Lane>(*workers_[i], *publishers_[i], gate, i));
  }
  SecondClock clock;
  std::vector<std::unique_ptr<Lane::Batch>> out(lanes.size());
  const auto open_batches = [&] {
    for (auto& b : out) b = std::make_unique<Lane::Batch>();
  };
  const auto send = [&](std::uint64_t up_to, bool last) {
    for (std::size_t i = 0; i < lanes.size(); ++i) {
      out[i]->up_to = up_to;
      out[i]->last = last;
      out[i]->end = result.last;
      lanes[i]->push(std::move(out[i]));
    }
    open_batches();
  };
  open_batches();
  read_all(sources, result, progress, [&](io::PacketBatch& batch, bool stable_bytes) {
    if (batch.packets.empty()) return;
    std::vector<std::size_t> lane_of(batch.packets.size());
    std::vector<std::size_t> bytes(lanes.size(), 0);
    for (std::size_t i = 0; i < batch.packets.size(); ++i) {
      lane_of[i] = dispatch_hash(batch.packets[i]) % lanes.size();
      bytes[lane_of[i]] += batch.packets[i].captured;
    }
    if (!stable_bytes) {
      for (std::size_t i = 0; i < lanes.size(); ++i) out[i]->bytes.reserve(bytes[i]);
    }
    for (std::size_t i = 0; i < batch.packets.size(); ++i) {
      io::RawPacket packet = batch.packets[i];
      if (clock.advance(packet.clock)) {
        io::RawPacket tick;
        tick.time = packet.clock;
        tick.number = packet.number;
        for (auto& b : out) b->packets.push_back(tick);
      }
      Lane::Batch& target = *out[lane_of[i]];
      if (!stable_bytes || packet.data == nullptr) {
        // reserve() above keeps earlier pointers valid; an empty packet still needs a non-null address.
        const std::size_t at = target.bytes.size();
        target.bytes.insert(target.bytes.end(), packet.data, packet.data + packet.captured);
        static const Byte kNoBytes = 0;
        packet.data = packet.captured == 0 ? &kNoBytes : target.bytes.data() + at;
      }
      target.packets.push_back(packet);
    }
    send(batch.packets.back().number, false);
  });
  send(result.packets, true);
  for (auto& lane : lanes) lane->join();
}

ReplayResult Replay::run(const std::vector<std::unique_ptr<io::PacketSource>>& sources, const SnapshotPtr& snapshot,
                         const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  ReplayResult result;
  for (auto& worker : workers_) worker->use(snapshot);
  if (workers_.size() == 1) {
    run_alone(sources, result, progress);
  } else {
    run_dispatched(sources, result, progress);
  }
  event::CounterList all;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    event::CounterList own;
    workers_[i]->add_stats(own);
    all.insert(all.end(), own.begin(), own.end());
    result.threads.emplace_back(worker_name(i), sum_stats(std::move(own)));
  }
  result.stats = sum_stats(std::move(all));
  return result;
}

std::string worker_name(std::size_t index) {
  const std::string number = std::to_string(index + 1);
  return (number.size() < 2 ? "W#0" : "W#") + number;
}

namespace {

bool is_largest(std::string_view name) {
  return name == "decoder.max_pkt_size" || name.starts_with("decoder.max_mac_addrs");
}

}  // namespace

event::CounterList sum_stats(event::CounterList all) {
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  event::CounterList out;
  for (auto& entry : all) {
    if (out.empty() || out.back().first != entry.first) {
      out.push_back(std::move(entry));
    } else if (is_largest(entry.first)) {
      out.back().second = std::max(out.back().second, entry.second);
    } else {
      out.back().second += entry.second;
    }
  }
  const auto find = [&](std::string_view name) {
    return std::lower_bound(out.begin(), out.end(), name,
                            [](const auto& e, std::string_view n) { return e.first < n; });
  };
  const auto average = find("decoder.avg_pkt_size");
  if (average != out.end() && average->first == "decoder.avg_pkt_size") {
    const std::uint64_t packets = find("decoder.pkts")->second;
    average->second = packets == 0 ? 0 : find("decoder.bytes")->second / packets;
  }
  return out;
}

}  // namespace bulkhead::pipeline
