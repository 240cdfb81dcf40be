// Blocks as records of the audit log.
//
// Thread   the output thread.
// Tests    tests/unit/config/daemon/audit_sink_test.cpp
#pragma once

#include "config/audit/audit_log.h"
#include "datapath/output/event_sink.h"

namespace bulkhead::config {

class AuditSink final : public output::EventSink {
 public:
  explicit AuditSink(audit::AuditLog& log) : log_(log) {}
  [[nodiscard]] Status open() override { return ok(); }
  void write(const event::Event& event) override;
  void flush() override {}
  [[nodiscard]] output::SinkHealth health() const override;

 private:
  audit::AuditLog& log_;
};

}  // namespace bulkhead::config
