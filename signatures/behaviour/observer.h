// The inspector that tells the behaviour thread what a worker sees: flows, milestones, facts, ARP.
//
// Thread   ObserverFactory is shared; one Observer per worker. No model, no table: a few comparisons a packet.
// Order    behind the signatures, so that transactions are as complete as this packet makes them.
// Limits   32 bytes in a flow, 96 more once its client has spoken; kFactsPerPacket facts a packet, the rest is counted.
// Tests    tests/unit/signatures/behaviour/observer_test.cpp, tests/differential/behaviour.cmake
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "datapath/base/counters.h"
#include "datapath/pipeline/inspector.h"
#include "signatures/behaviour/facts.h"
#include "signatures/behaviour/observation.h"

namespace bulkhead::behaviour {

inline constexpr std::size_t kFactsPerPacket = 64;
inline constexpr std::uint64_t kFirstMilestonePackets = 8;
inline constexpr Nanoseconds kFirstMilestoneAge = std::chrono::seconds(3);
inline constexpr Nanoseconds kMilestonePeriod = std::chrono::seconds(30);

class Observer final : public pipeline::Inspector, private FactSink {
 public:
  explicit Observer(std::shared_ptr<ObservationSink> sink) : sink_(std::move(sink)) {}
  [[nodiscard]] std::string_view name() const override { return "behaviour"; }
  void inspect(pipeline::InspectContext& context) override;
  void on_flow_end(flow::Flow& flow) override;
  void add_stats(std::vector<std::pair<std::string, std::uint64_t>>& out) const override;

 private:
  struct Opening;
  [[gnu::noinline]] void open(flow::Flow& flow, const pipeline::InspectContext& context);
  [[gnu::noinline]] void await_answer(flow::Flow& flow, const pipeline::InspectContext& context);
  [[gnu::noinline]] void first_words(flow::Flow& flow, ByteSpan words);
  [[gnu::noinline]] void periodic(flow::Flow& flow, Timestamp now);
  void see_link(const pipeline::InspectContext& context);
  void see_facts(const pipeline::InspectContext& context);
  void see_alerts(const pipeline::InspectContext& context);
  void milestone(const flow::Flow& flow, MilestoneCause cause, Timestamp now);
  // Begins record_ anew; what belongs to one kind alone is left to who asked.
  Observation& about(const flow::Flow& flow, ObservationKind kind, Timestamp now);
  void tell();  // record_
  void fact(FactKind kind, std::string_view text, const IpAddress& address, std::uint16_t type) override;

  std::shared_ptr<ObservationSink> sink_;
  Observation record_;          // in the making: zeroing one takes as long as all the rest
  std::size_t told_ = 0;        // facts of this packet
  Opening* opening_ = nullptr;  // of their flow
  std::uint64_t packet_ = 0;
  Counter observations_, facts_dropped_;
};

class ObserverFactory final : public pipeline::InspectorFactory {
 public:
  using MakeSink = std::function<std::shared_ptr<ObservationSink>()>;
  // One sink for all; it outlives the workers, which take turns.
  explicit ObserverFactory(ObservationSink& sink)
      : make_([&sink] { return std::shared_ptr<ObservationSink>(std::shared_ptr<void>(), &sink); }) {}
  // A sink of its own for each observer, asked for on the worker's thread.
  explicit ObserverFactory(MakeSink make, bool fingerprints) : make_(std::move(make)), fingerprints_(fingerprints) {}
  [[nodiscard]] std::unique_ptr<pipeline::Inspector> make(std::uint32_t) const override {
    return std::make_unique<Observer>(make_());
  }
  [[nodiscard]] app::FeatureNeeds feature_needs() const override {
    app::FeatureNeeds out;
    out.ja3 = out.ja4 = fingerprints_;
    return out;
  }

 private:
  MakeSink make_;
  bool fingerprints_ = false;
};

// Entropy of the bytes in sixteenths of a bit; 0 for none. At most the first 256 are read.
[[nodiscard]] std::uint8_t entropy_sixteenths(ByteSpan bytes);

}  // namespace bulkhead::behaviour
