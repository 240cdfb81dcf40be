// Records as syslog messages (RFC 5424): over a datagram socket one message each (RFC 5426), over a stream each behind
// its length (octet counting, RFC 6587 3.4.1).
//
//   <134>1 2026-11-28T03:20:01.000123Z node7 bulkhead 4711 - - {"timestamp":...}
//
// Thread   as Transport.
// Severity of the record: an alert of severity 1 is critical, 2 an error, 3 a warning; blocks are notices, the rest is
//          informational.
// Tests    tests/unit/datapath/output/socket_transport_test.cpp
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "datapath/output/socket_transport.h"

namespace bulkhead::output {

class SyslogFraming final : public Framing {
 public:
  // `app_name` and `host` as they are: cut and cleaned to what the RFC allows there.
  SyslogFraming(std::uint8_t facility, std::string_view host, std::string_view app_name, std::uint32_t process);

  void frame(const OutputRecord& record, bool datagram, std::string& out) override;

 private:
  const std::uint8_t facility_;
  std::string names_;  // " HOSTNAME APP-NAME PROCID - - "
  std::string message_;
};

// 0 (kern) to 23 (local7); 255: there is no facility of this name.
[[nodiscard]] std::uint8_t syslog_facility(std::string_view name);

}  // namespace bulkhead::output
