// EVE JSON to every place that the operator named: formatted once, then each output takes the types it wants.
//
//   event -> EveJson -> line -+-> file (rotated)
//                             +-> queue -> unix socket
//                             +-> queue -> syslog, Kafka, Redis
//
// Thread   as EventSink. The file is written here; the others have a queue and a thread each, so one that is slow
//          or away holds up nobody.
// Errors   open(): a file that cannot be made, settings that a transport refuses. Later every lost record is counted by
//          output and reason (healths()).
// Tests    tests/unit/datapath/output/eve_outputs_test.cpp
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "datapath/output/buffered_file.h"
#include "datapath/output/eve_json.h"
#include "datapath/output/event_sink.h"
#include "datapath/output/queued_output.h"

namespace bulkhead::output {

// Values of event_type; empty: all.
using EventTypes = std::set<std::string, std::less<>>;

class EveOutputs final : public EventSink {
 public:
  EveOutputs(EveSettings eve, WorkloadNames* workloads) : eve_(std::move(eve), workloads) {}

  // Before open(); `name` is that of the counters.
  void add_file(std::string name, FileSettings file);
  void add(std::string name, std::unique_ptr<Transport> transport, const QueueSettings& queue, EventTypes types);

  [[nodiscard]] Status open() override;
  void write(const event::Event& event) override;
  void flush() override;
  void reopen() override;
  [[nodiscard]] SinkHealth health() const override;  // of all together
  [[nodiscard]] std::vector<std::pair<std::string, SinkHealth>> healths() const;
  // No events come any more: sends what waits.
  void finish();

 private:
  struct File {
    std::string name;
    std::unique_ptr<BufferedFile> file;
    Counter written;
  };
  struct Queued {
    std::string name;
    std::unique_ptr<QueuedOutput> output;
    EventTypes types;
  };
  void write_line(std::string_view line, std::string_view type, const event::Event& event);
  [[nodiscard]] std::uint64_t wanting(std::string_view type);
  void note_file_error();

  EveJson eve_;
  std::unique_ptr<File> file_;
  mutable std::mutex error_mutex_;
  std::string file_error_;
  std::vector<Queued> queued_;
  std::unordered_map<std::string, std::uint64_t> wanting_;  // by type: a bit for each of queued_
};

// The event_type of its record ("netflow" records of a flow aside).
[[nodiscard]] std::string_view type_of(const event::Event& event);

}  // namespace bulkhead::output
