// EVE JSON into a file.
//
// Thread   the output thread; reopen() by any; health() by any (its text under a lock).
// Errors   see BufferedFile: a file that cannot be written loses events, counts them and is tried again.
// Tests    tests/unit/datapath/output/buffered_file_test.cpp
#pragma once

#include <mutex>

#include "datapath/output/buffered_file.h"
#include "datapath/output/eve_json.h"
#include "datapath/output/event_sink.h"

namespace bulkhead::output {

class FileSink final : public EventSink {
 public:
  FileSink(FileSettings file, EveSettings eve) : file_(std::move(file)), eve_(std::move(eve)) {}

  [[nodiscard]] Status open() override { return file_.open(); }
  void write(const event::Event& event) override;
  void flush() override;
  void reopen() override { file_.request_reopen(); }
  [[nodiscard]] SinkHealth health() const override;

 private:
  void publish_error();

  BufferedFile file_;
  EveJson eve_;
  Counter written_;
  mutable std::mutex error_mutex_;
  std::string error_;
};

}  // namespace bulkhead::output
