// What the behaviour engine costs: the worker's CPU with and without it; memory of 10,000 edges and 100,000 flows.
//
//   behaviour_cost [--tap] [--signatures FILE] ROUNDS CAPTURE...
//
// The worker reads the files, and leaves out what it does for its events behind making them; with --tap it reads a ring
// of the kernel's into which they are sent, never waiting longer than for the next thousand packets, and its events are
// written: a tap at the limit of its rate (tap_round.h).
//
// Workers of both kinds take turns, with the whole, or in a tap with each thousand packets; what each thousand took is
// compared over all rounds, so that what else the machine does counts on neither side. Prints it for a worker that only
// follows protocols, and for one that applies the rules; with --tap for the latter alone, where there are rules. Apart
// from it, without --tap: the CPU of the behaviour thread, which has a core of its own where there is one.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "bench/behaviour_cost/behaviour.h"
#include "bench/behaviour_cost/tap_round.h"
#include "bench/policy_bench/figures.h"
#include "config/daemon/generation.h"
#include "config/load/config_loader.h"
#include "datapath/base/allocator.h"
#include "datapath/base/spsc_byte_ring.h"
#include "datapath/io/pcap_file_source.h"
#include "datapath/pipeline/worker.h"

using namespace bulkhead;
using bench::Nobody;
using bench::quantile;
using bench::seconds_of;
using namespace std::chrono_literals;

namespace {

// One worker over all packets of a round.
class Lane {
 public:
  Lane(const pipeline::PipelineSettings& settings, pipeline::SnapshotPtr snapshot)
      : worker_(settings, 0, nobody_, gate_, nullptr) {
    worker_.use(std::move(snapshot));
  }
  void run(const io::PacketBatch& batch) {
    packets_ = batch.packets;
    const double begin = seconds_of(CLOCK_THREAD_CPUTIME_ID);
    for (io::RawPacket& packet : packets_) {
      last_ = std::max(last_, packet.time);
      if (last_.seconds() > second_) {
        second_ = last_.seconds();
        worker_.tick(last_, packet.number);
      }
      worker_.process(packet);
    }
    turns_.push_back(seconds_of(CLOCK_THREAD_CPUTIME_ID) - begin);
  }
  void finish() {
    const double begin = seconds_of(CLOCK_THREAD_CPUTIME_ID);
    worker_.finish(last_);
    turns_.push_back(seconds_of(CLOCK_THREAD_CPUTIME_ID) - begin);
  }
  [[nodiscard]] std::vector<double> turns() { return std::move(turns_); }

 private:
  Nobody nobody_;
  pipeline::UnorderedGate gate_;
  pipeline::Worker worker_;
  std::vector<io::RawPacket> packets_;
  Timestamp last_;
  std::int64_t second_ = 0;
  std::vector<double> turns_;  // seconds of CPU
};

struct Round {
  std::vector<double> turns;  // seconds of CPU of the worker, by thousand packets
  double thread = 0;          // of the behaviour thread
  std::uint64_t packets = 0;
  bench::Records records;
};

// Into the cache, for both.
unsigned touch(const io::PacketBatch& batch) {
  unsigned sum = 0;
  for (const io::RawPacket& packet : batch.packets) {
    for (std::size_t i = 0; i < packet.captured; i += 64) sum += packet.data[i];
  }
  return sum;
}

Round run_round(const std::vector<std::string>& files, const pipeline::SnapshotPtr& rules, bool with) {
  Diagnostics none;
  pipeline::PipelineSettings to = config::load_config({}, none).settings.pipeline;
  to.stream.inspect_moment = stream::InspectMoment::kArrival;  // as in a live tap
  Nobody nobody;
  config::BehaviourThread behaviour(bench::behaviour_settings(), nobody, {}, {});
  const auto snapshot = std::make_shared<pipeline::Snapshot>();
  if (rules != nullptr) snapshot->inspectors = rules->inspectors;
  if (with) snapshot->inspectors.push_back(behaviour.factory());
  Lane lane(to, snapshot);
  const double all = seconds_of(CLOCK_PROCESS_CPUTIME_ID), own = seconds_of(CLOCK_THREAD_CPUTIME_ID);
  behaviour.start();
  Round out;
  volatile unsigned kept = 0;
  for (const std::string& file : files) {
    io::PcapFileSource source(file);
    if (const Status opened = source.open(); !opened) {
      std::fprintf(stderr, "%s\n", opened.error().to_string().c_str());
      std::exit(1);
    }
    io::PacketBatch batch;
    batch.packets.reserve(1024);
    while (source.receive(batch, 0ms) == io::ReceiveStatus::kPackets) {
      for (io::RawPacket& packet : batch.packets) packet.number = ++out.packets;
      kept = kept + touch(batch);
      lane.run(batch);
      source.release(batch);
      batch.clear();
    }
  }
  lane.finish();
  behaviour.stop();
  out.thread = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - all - (seconds_of(CLOCK_THREAD_CPUTIME_ID) - own);
  out.turns = lane.turns();
  out.records = bench::records_of(behaviour);
  return out;
}

// 100 clients with 100 services each, learned, and as much that waits; names of workloads.
double memory_of_edges() {
  const std::size_t before = allocated_bytes();
  behaviour::BehaviourSettings to;
  to.graph.learn_windows = 1;
  to.graph.learn_age = 0s;
  behaviour::BehaviourEngine engine(to, [](const IpAddress& a) { return "namespace/workload-" + a.to_string(); });
  engine.set_mode(behaviour::BehaviourMode::kLive);
  behaviour::Observation seen;
  seen.time = {1'700'000'000'000'000'000};
  for (std::uint32_t client = 0; client < 100; ++client) {
    for (std::uint32_t service = 0; service < 100; ++service) {
      seen.flow = client * 1000 + service;
      seen.client = {IpAddress::v4(0x0a000000 + client), IpAddress::v4(0x0a010000 + service * 7 % 1000), 40000,
                     static_cast<std::uint16_t>(1000 + service), 6};
      for (const auto kind : {behaviour::ObservationKind::kOpen, behaviour::ObservationKind::kAnswered}) {
        seen.kind = kind;
        engine.take(seen);
      }
      seen.kind = behaviour::ObservationKind::kFact;
      seen.fact = behaviour::FactKind::kVerb;
      seen.set_text("GET /api/items/" + std::to_string(service));
      engine.take(seen);
      seen.time = seen.time + 1ms;
    }
  }
  std::printf("edges learned: %zu, workloads: %zu\n", engine.graph().edges(), engine.parties().size());
  return static_cast<double>(allocated_bytes() - before) / 1048576;
}

class Discard final : public behaviour::ObservationSink {
 public:
  void take(const behaviour::Observation&) override {}
};

// Whose clients have all spoken; with the part that stands in every flow.
double memory_of_flows() {
  std::vector<std::unique_ptr<flow::Flow>> flows;
  for (int i = 0; i < 100'000; ++i) flows.push_back(std::make_unique<flow::Flow>());
  const std::size_t before = allocated_bytes();
  Discard discard;
  behaviour::ObserverFactory factory(discard);
  const auto observer = factory.make(0);
  decode::PacketView view;
  const std::array<Byte, 200> words{};
  view.payload = words;
  for (const auto& flow : flows) {
    pipeline::InspectContext context;
    context.packet = &view;
    context.flow = flow.get();
    context.flow_is_new = true;
    observer->inspect(context);
  }
  return static_cast<double>(allocated_bytes() - before + flows.size() * sizeof(flow::FlowWatch)) / 1048576;
}

// What a worker takes for the whole, made of what each thousand packets took where little disturbed them: they are the
// same in all rounds, and whoever else has the machine only ever adds.
double undisturbed(const std::vector<std::vector<double>>& rounds, std::size_t from, std::size_t step) {
  double out = 0;
  for (std::size_t turn = 0; turn < rounds[0].size(); ++turn) {
    std::vector<double> took;
    for (std::size_t i = from; i < rounds.size(); i += step) took.push_back(rounds[i][turn]);
    out += quantile(std::move(took), 0.25);
  }
  return out;
}

struct Sides {
  std::vector<std::vector<double>> without, with;
};

struct Took {
  double without = 0, with = 0;  // seconds
};

// Rounds `from`, `from` + `step`, ...
using Estimate = Took (*)(const Sides& sides, std::size_t from, std::size_t step);

Took faster_quarter(const Sides& sides, std::size_t from, std::size_t step) {
  return {undisturbed(sides.without, from, step), undisturbed(sides.with, from, step)};
}

// Of sides that had each thousand packets within the same milliseconds: what the middle half of the rounds says of how
// much more one took than the other, which what lasts longer than that does not change.
Took paired(const Sides& sides, std::size_t from, std::size_t step) {
  Took out;
  for (std::size_t turn = 0; turn < sides.without[0].size(); ++turn) {
    std::vector<double> without, more;
    for (std::size_t i = from; i < sides.without.size(); i += step) {
      without.push_back(sides.without[i][turn]);
      more.push_back(sides.with[i][turn] - sides.without[i][turn]);
    }
    std::sort(more.begin(), more.end());
    const std::size_t cut = more.size() / 4;
    const double sum = std::accumulate(more.begin() + static_cast<std::ptrdiff_t>(cut),
                                       more.end() - static_cast<std::ptrdiff_t>(cut), 0.0);
    const double middle = quantile(std::move(without), 0.5);
    out.without += middle;
    out.with += middle + sum / static_cast<double>(more.size() - 2 * cut);
  }
  return out;
}

void print_cost(const char* what, const Sides& sides, Estimate estimate, double packets) {
  const auto percent = [](const Took& took) { return (took.with / took.without - 1) * 100; };
  const Took all = estimate(sides, 0, 1);
  std::printf("%s: the worker's CPU a packet %.0f ns without, %.0f ns with: %+.1f %% of %zu rounds (aim 3", what,
              all.without * 1e9 / packets, all.with * 1e9 / packets, percent(all), sides.with.size());
  if (sides.with.size() > 1) {
    std::printf("; every other round alone %+.1f and %+.1f", percent(estimate(sides, 0, 2)),
                percent(estimate(sides, 1, 2)));
  }
  std::printf(")");
}

// Without rules where there are none.
void compare(const std::vector<std::string>& files, const pipeline::SnapshotPtr& rules, int rounds) {
  Sides sides;
  std::vector<double> thread;
  Round last;
  static_cast<void>(run_round(files, rules, false));  // into the page cache
  for (int i = 0; i < 2 * rounds; ++i) {
    const bool this_with = (i + i / 2) % 2 != 0;
    Round round = run_round(files, rules, this_with);
    (this_with ? sides.with : sides.without).push_back(std::move(round.turns));
    if (!this_with) continue;
    thread.push_back(round.thread);
    last = std::move(round);
  }
  const double packets = static_cast<double>(last.packets);
  print_cost(rules == nullptr ? "protocols alone" : "with signatures", sides, faster_quarter, packets);
  std::printf("; the behaviour thread %.0f ns\n", quantile(thread, 0.5) * 1e9 / packets);
  std::printf("packets: %llu; records: %llu taken, %llu dropped at a full ring (nothing here waits for it)\n",
              static_cast<unsigned long long>(last.packets), static_cast<unsigned long long>(last.records.taken),
              static_cast<unsigned long long>(last.records.ring_full));
}

// Both sides read the same packets.
Status compare_taps(const std::vector<std::string>& files, const pipeline::SnapshotPtr& rules, int rounds) {
  std::error_code ignored;
  std::string folder = std::filesystem::temp_directory_path(ignored) / "behaviour_cost.XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) return errno_error("mkdtemp", folder);
  Sides sides;
  bench::TapRound last;
  std::uint64_t lost = 0;
  for (int i = 0; i < rounds; ++i) {
    Result<bench::TapRound> round = bench::run_tap_round(files, rules, folder, static_cast<unsigned>(i));
    std::filesystem::remove_all(folder, ignored);
    if (!round) return round.error();
    lost += round->lost;
    sides.without.push_back(std::move(round->turns[0]));
    sides.with.push_back(std::move(round->turns[1]));
    if (sides.with.back().size() != sides.with[0].size() || sides.without.back().size() != sides.with[0].size()) {
      return Error{"tap", "rounds", 0, "differ in packets"};
    }
    last = std::move(*round);
  }
  print_cost(rules == nullptr ? "tap, protocols alone" : "tap, with signatures", sides, paired,
             static_cast<double>(last.packets[0]));
  std::printf(
      "\npackets: %llu and %llu, events %llu, lost in the rings of all rounds %llu; records: %llu taken, %llu "
      "dropped at a full ring\n",
      static_cast<unsigned long long>(last.packets[0]), static_cast<unsigned long long>(last.packets[1]),
      static_cast<unsigned long long>(last.events), static_cast<unsigned long long>(lost),
      static_cast<unsigned long long>(last.records.taken), static_cast<unsigned long long>(last.records.ring_full));
  return ok();
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  const bool tap = !words.empty() && words[0] == "--tap";
  if (tap) words.erase(words.begin());
  pipeline::SnapshotPtr rules;
  if (words.size() > 1 && words[0] == "--signatures") {
    Diagnostics diagnostics;
    config::EngineSettings with_rules = config::load_config({}, diagnostics).settings;
    with_rules.signatures.files = {words[1]};
    with_rules.policy = {};
    const auto generation = config::load_generation(with_rules, 1, diagnostics);
    if (!generation || generation->signatures == nullptr) {
      std::fprintf(stderr, "%s: no rules\n", words[1].c_str());
      return 1;
    }
    rules = generation->snapshot;
    std::printf("signatures: %zu\n", generation->summary.rules_loaded);
    words.erase(words.begin(), words.begin() + 2);
  }
  const int rounds = words.empty() ? 3 : std::atoi(words[0].c_str());
  const double edges = memory_of_edges(), flows = memory_of_flows();
  const double ring = 8192.0 * SpscByteRing::taken(sizeof(behaviour::Observation)) / 1048576;
  std::printf("memory: 10,000 edges %.1f MB, 100,000 flows %.1f MB, ring of a worker %.1f MB; sum %.1f MB (aim 64)\n",
              edges, flows, ring, edges + flows + ring);
  if (words.size() < 2 || rounds < 1) return 0;
  const std::vector<std::string> files(words.begin() + 1, words.end());
  if (!tap) {
    compare(files, nullptr, rounds);
    if (rules != nullptr) compare(files, rules, rounds);
    return 0;
  }
  Status done = bench::make_tap_interfaces();
  if (done) done = compare_taps(files, rules, rounds);
  if (!done) std::fprintf(stderr, "%s\n", done.error().to_string().c_str());
  return done ? 0 : 1;
}
