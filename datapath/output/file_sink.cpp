#include "datapath/output/file_sink.h"

namespace bulkhead::output {

void FileSink::write(const event::Event& event) {
  const std::string_view line = eve_.format(event);
  if (line.empty()) return;
  if (file_.append(line)) {
    written_.add();
  } else {
    publish_error();
  }
}

void FileSink::flush() {
  file_.flush();
  publish_error();
}

void FileSink::publish_error() {
  const std::lock_guard lock(error_mutex_);
  if (error_ != file_.last_error()) error_ = file_.last_error();
}

SinkHealth FileSink::health() const {
  const std::lock_guard lock(error_mutex_);
  return {.written = written_.value(), .bytes = file_.bytes(), .lost = file_.lost(), .last_error = error_};
}

}  // namespace bulkhead::output
