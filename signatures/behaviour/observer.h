// The inspector that tells the behaviour thread what a worker sees: flows, milestones, facts, ARP.
//
// Thread   ObserverFactory is shared; one Observer per worker. No model, no table: a few comparisons a packet.
// Order    behind the signatures, so that transactions are as complete as this packet makes them.
// Limits   40 bytes in a flow, 80 more for models once its client has spoken.
//          kFactsPerPacket facts a packet, the rest is counted.
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
  // `for_models`: what only models ask for is told, too.
  Observer(std::shared_ptr<ObservationSink> sink, bool for_models)
      : sink_(std::move(sink)), raw_texts_(sink_->finishes_texts()), for_models_(for_models) {}
  [[nodiscard]] std::string_view name() const override { return "behaviour"; }
  [[nodiscard]] bool hears_stream() const override { return false; }
  void inspect(pipeline::InspectContext& context) override;
  void on_flow_end(flow::Flow& flow) override;
  void add_stats(std::vector<std::pair<std::string, std::uint64_t>>& out) const override;

 private:
  struct Opening;
  [[gnu::noinline]] void see_link(const pipeline::InspectContext& context);
  [[gnu::noinline]] void beginning(const pipeline::InspectContext& context);
  [[gnu::noinline]] void hear_first(const pipeline::InspectContext& context);
  [[gnu::noinline]] void see_news(const pipeline::InspectContext& context);
  void tell_facts(const app::AppFlow& application, const app::Transaction& transaction);
  [[gnu::noinline]] void see_alerts(const pipeline::InspectContext& context);
  [[gnu::noinline]] void milestones(const pipeline::InspectContext& context);
  static void note_interface(const pipeline::InspectContext& context);
  void milestone(const flow::Flow& flow, MilestoneCause cause, Timestamp now);
  // Begins record_ anew; what belongs to one kind alone is left to who asked.
  Observation& about(const flow::Flow& flow, ObservationKind kind, Timestamp now);
  void tell();        // record_
  void begin_fact();  // record_
  void fact(FactKind kind, std::string_view text, const IpAddress& address, std::uint16_t type) override;
  bool asked(TextForm form, std::string_view first, std::string_view second) override;

  std::shared_ptr<ObservationSink> sink_;
  std::uint64_t packet_ = 0;
  const pipeline::InspectContext* context_ = nullptr;  // while facts are told
  std::size_t told_ = 0;                               // facts of this packet
  const bool raw_texts_, for_models_;
  Counter observations_, facts_dropped_;
  Observation record_;  // in the making: zeroing one takes as long as all the rest
};

// What is told for some alone.
struct ObserverNeeds {
  bool fingerprints = false;  // JA3 and JA4: for lists of them
  // All first words and their entropy; else the entropy alone, of connections whose protocol is not known with them.
  bool models = true;
};

class ObserverFactory final : public pipeline::InspectorFactory {
 public:
  using MakeSink = std::function<std::shared_ptr<ObservationSink>()>;
  // One sink for all; it outlives the workers, which take turns.
  explicit ObserverFactory(ObservationSink& sink)
      : make_([&sink] { return std::shared_ptr<ObservationSink>(std::shared_ptr<void>(), &sink); }) {}
  // A sink of its own for each observer, asked for on the worker's thread.
  ObserverFactory(MakeSink make, ObserverNeeds needs) : make_(std::move(make)), needs_(needs) {}
  [[nodiscard]] std::unique_ptr<pipeline::Inspector> make(std::uint32_t) const override {
    return std::make_unique<Observer>(make_(), needs_.models);
  }
  [[nodiscard]] app::FeatureNeeds feature_needs() const override {
    app::FeatureNeeds out;
    out.ja3 = out.ja4 = needs_.fingerprints;
    return out;
  }

 private:
  MakeSink make_;
  ObserverNeeds needs_;
};

// Entropy of the bytes in sixteenths of a bit; 0 for none. At most the first 256 are read.
[[nodiscard]] std::uint8_t entropy_sixteenths(ByteSpan bytes);

}  // namespace bulkhead::behaviour
