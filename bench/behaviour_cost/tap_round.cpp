#include "bench/behaviour_cost/tap_round.h"

#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include "bench/policy_bench/figures.h"
#include "config/daemon/outputs.h"
#include "config/daemon/summary_sink.h"
#include "config/load/config_loader.h"
#include "datapath/io/packet_mmap_tap_source.h"
#include "datapath/io/pcap_file_source.h"
#include "datapath/output/output_thread.h"
#include "datapath/pipeline/worker.h"

namespace bulkhead::bench {

namespace {

using namespace std::chrono_literals;

constexpr char kSender[] = "bench-a", kTap[] = "bench-b";

class NoNames final : public output::WorkloadNames {
 public:
  std::string_view json_of(const IpAddress&) override { return {}; }
};

config::EngineSettings engine_settings(const std::string& folder) {
  Diagnostics none;
  config::EngineSettings out = config::load_config({}, none).settings;
  out.eve_file = folder + "/eve.json";
  out.output.mode = output::OutputMode::kLive;
  out.output.ring_capacity = 65536;                                      // all flows end at once
  out.pipeline.stream.inspect_moment = stream::InspectMoment::kArrival;  // as in a live tap
  return out;
}

// What a worker of a daemon does between two looks at its settings (pipeline/live.cpp).
class TapLane {
 public:
  TapLane(const config::EngineSettings& settings, const pipeline::SnapshotPtr& rules, bool with)
      : output_(settings.output, 1, sinks(settings)),
        publisher_(output_.producer(0)),
        source_(tap()),
        worker_(settings.pipeline, 0, publisher_, gate_, nullptr) {
    const auto snapshot = std::make_shared<pipeline::Snapshot>();
    if (rules != nullptr) snapshot->inspectors = rules->inspectors;
    if (with) {
      behaviour_.emplace(behaviour_settings(), nobody_, config::BehaviourThread::Block{},
                         config::BehaviourThread::Losses{});
      snapshot->inspectors.push_back(behaviour_->factory());
    }
    worker_.use(snapshot);
    batch_.packets.reserve(1024);
  }

  [[nodiscard]] Status start() {
    if (Status started = output_.start(); !started) return started;
    if (behaviour_) behaviour_->start();
    return source_.open();
  }
  // So many packets, or what has come when none come any more.
  void run(std::size_t packets) {
    const double begin = seconds_of(CLOCK_THREAD_CPUTIME_ID);
    for (std::size_t seen = 0; seen < packets;) {
      batch_.clear();
      if (source_.receive(batch_, 100ms) != io::ReceiveStatus::kPackets) break;
      const Timestamp time = batch_.packets.back().time;
      if (time.seconds() != second_) {
        second_ = time.seconds();
        worker_.tick(batch_.packets.front().time, batch_.packets.front().number);
      }
      for (io::RawPacket& packet : batch_.packets) worker_.process(packet);
      seen += batch_.packets.size();
      last_ = time;
      source_.release(batch_);
    }
    turns_.push_back(seconds_of(CLOCK_THREAD_CPUTIME_ID) - begin);
    wait_for_output();
  }
  void finish() {
    const double begin = seconds_of(CLOCK_THREAD_CPUTIME_ID);
    worker_.finish(last_);
    turns_.push_back(seconds_of(CLOCK_THREAD_CPUTIME_ID) - begin);
    if (behaviour_) behaviour_->stop();
    output_.finish();
  }

  void add_to(TapRound& round) {
    const std::size_t side = behaviour_ ? 1 : 0;
    round.turns[side] = std::move(turns_);
    const io::SourceStats stats = source_.stats();
    round.packets[side] = stats.received;
    round.lost += stats.kernel_drops + output_.stats().dropped;
    round.events += output_.stats().written;
    if (behaviour_) round.records = records_of(*behaviour_);
  }

 private:
  std::vector<std::unique_ptr<output::EventSink>> sinks(const config::EngineSettings& settings) {
    std::vector<std::unique_ptr<output::EventSink>> out;
    out.push_back(config::make_eve_outputs(settings, names_));
    return out;
  }
  // No time of the worker's. Events come faster here than one thread writes them, and lost ones would cost less.
  void wait_for_output() const {
    const auto waits = [](const output::OutputStats& stats) { return stats.written < stats.published; };
    while (waits(output_.stats())) std::this_thread::sleep_for(200us);
  }
  static io::PacketMmapTapSettings tap() {
    io::PacketMmapTapSettings out;
    out.interfaces = {kTap};
    out.outgoing = false;
    return out;
  }

  NoNames names_;
  output::OutputThread output_;
  config::RingPublisher publisher_;
  Nobody nobody_;
  std::optional<config::BehaviourThread> behaviour_;
  io::PacketMmapTapSource source_;
  pipeline::UnorderedGate gate_;
  pipeline::Worker worker_;
  io::PacketBatch batch_;
  Timestamp last_;
  std::int64_t second_ = 0;
  std::vector<double> turns_;
};

class Sender {
 public:
  Sender() : socket_(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)) {}
  ~Sender() {
    if (socket_ >= 0) ::close(socket_);
  }
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  [[nodiscard]] Status open() {
    sockaddr_ll to{};
    to.sll_family = AF_PACKET;
    to.sll_ifindex = static_cast<int>(if_nametoindex(kSender));
    if (socket_ < 0 || ::bind(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
      return errno_error("bind", kSender);
    }
    return ok();
  }
  // False: the interface does not take a frame like this.
  [[nodiscard]] bool send(const io::RawPacket& packet) {
    while (::send(socket_, packet.data, packet.captured, 0) < 0) {
      if (errno != ENOBUFS && errno != EAGAIN) return false;
    }
    return true;
  }

 private:
  int socket_;
};

}  // namespace

Status make_tap_interfaces() {
  if (unshare(CLONE_NEWNET) != 0) return errno_error("unshare", "network namespace");
  const std::string a = kSender, b = kTap;
  const std::string command =
      "for f in all default; do echo 1 > /proc/sys/net/ipv6/conf/$f/disable_ipv6; done; ip link add " + a +
      " mtu 65535 type veth peer name " + b + " mtu 65535 && ip link set " + a + " up && ip link set " + b + " up";
  if (std::system(command.c_str()) != 0) return Error{"ip link", a, 0, "failed"};
  return ok();
}

Result<TapRound> run_tap_round(const std::vector<std::string>& files, const pipeline::SnapshotPtr& rules,
                               const std::string& folder, unsigned round) {
  constexpr std::size_t kTurn = 1000;
  TapLane without(engine_settings(folder + "/without"), rules, false);
  TapLane with(engine_settings(folder + "/with"), rules, true);
  const std::array lanes{&without, &with};
  Sender sender;
  for (const Status& done : {without.start(), with.start(), sender.open()}) {
    if (!done) return done.error();
  }
  std::size_t sent = 0;
  unsigned turn = round;
  const auto take_turns = [&] {
    const std::size_t first = turn++ % 2;
    lanes[first]->run(sent);
    lanes[1 - first]->run(sent);
    sent = 0;
  };
  for (const std::string& file : files) {
    io::PcapFileSource source(file);
    if (const Status opened = source.open(); !opened) return opened.error();
    io::PacketBatch batch;
    batch.packets.reserve(256);
    while (source.receive(batch, 0ms) == io::ReceiveStatus::kPackets) {
      for (const io::RawPacket& packet : batch.packets) {
        if (!sender.send(packet)) continue;
        if (++sent == kTurn) take_turns();
      }
      source.release(batch);
      batch.clear();
    }
  }
  if (sent != 0) take_turns();
  TapRound out;
  for (TapLane* const lane : lanes) {
    lane->finish();
    lane->add_to(out);
  }
  return out;
}

}  // namespace bulkhead::bench
