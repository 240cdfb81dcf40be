// Reads SNMP: one message a datagram, on any port but that of DNS (its form is strict enough).
//
// Thread   the worker owning the flow.
// Errors   SnmpEvent; a message that cannot be read is a transaction of its own without a record.
// Tests    tests/unit/datapath/app/snmp/snmp_parser_test.cpp, tests/fuzz/fuzz_snmp.cpp
#pragma once

#include <vector>

#include "datapath/app/app_parser.h"
#include "datapath/app/protocol.h"
#include "datapath/app/snmp/snmp_message.h"

namespace bulkhead::app::snmp {

inline constexpr std::uint8_t kComplete = 1;

enum class SnmpEvent : std::uint8_t {
#define X(symbol, name, text) symbol,
#include "datapath/app/snmp/snmp_events.def"
#undef X
  kCount
};

[[nodiscard]] Probe probe_datagram(const DatagramProbe& probe);

class SnmpTransaction final : public Transaction {
 public:
  explicit SnmpTransaction(Direction d) {
    progress = {kComplete, kComplete};
    inspected[bulkhead::index_of(opposite(d))] = true;  // that side has no part in it
  }
  Message message;
  bool refused = false;  // only an event

  void note(SnmpEvent e) { add_event(static_cast<std::uint8_t>(e)); }
  void write_records(std::vector<EveRecord>& out, const EveOptions& options) const override;
  void write_alert_fields(event::AppFields& out, const EveOptions& options) const override;
};

class SnmpParser final : public AppParser {
 public:
  ParseResult parse(Direction d, ByteSpan data, const ParseMoment& moment) override;
  bool gap(Direction, std::uint64_t) override { return true; }
  void end(Direction, ByteSpan) override {}

 private:
  std::uint32_t version_ = 0;  // of the first message; 0: none yet
};

}  // namespace bulkhead::app::snmp
