// Counts events for the end-of-run table: by type, and alerts by rule.
//
// Thread   the output thread; totals() after it has finished.
#pragma once

#include "config/daemon/replay_run.h"
#include "datapath/event/event_publisher.h"
#include "datapath/output/event_sink.h"
#include "datapath/output/output_thread.h"

namespace bulkhead::config {

class SummarySink final : public output::EventSink {
 public:
  [[nodiscard]] Status open() override { return ok(); }
  void write(const event::Event& event) override;
  void flush() override {}
  [[nodiscard]] output::SinkHealth health() const override { return {}; }
  [[nodiscard]] const EventTotals& totals() const { return totals_; }

 private:
  EventTotals totals_;
};

// A worker's events into its ring of the output thread.
class RingPublisher final : public event::EventPublisher {
 public:
  explicit RingPublisher(output::EventProducer& producer) : producer_(producer) {}
  void publish(event::Event&& event) override { producer_.publish(std::move(event)); }
  void watermark(std::uint64_t packet_number) override { producer_.watermark(packet_number); }

 private:
  output::EventProducer& producer_;
};

}  // namespace bulkhead::config
