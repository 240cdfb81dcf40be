// Recognises network time (RFC 5905): a datagram of 48 bytes or more of version 3 or 4 on port 123. Each is a
// transaction; there is nothing in it that rules or records ask for but that it cannot be read.
//
// Thread   the worker owning the flow.
// Tests    tests/unit/datapath/app/ntp/ntp_parser_test.cpp
#pragma once

#include "datapath/app/app_parser.h"
#include "datapath/app/protocol.h"

namespace bulkhead::app::ntp {

inline constexpr std::uint8_t kComplete = 1;

enum class NtpEvent : std::uint8_t { kMalformedData };

[[nodiscard]] Probe probe_datagram(const DatagramProbe& probe);

class NtpTransaction final : public Transaction {
 public:
  explicit NtpTransaction(Direction d) {
    progress = {kComplete, kComplete};
    inspected[bulkhead::index_of(opposite(d))] = true;  // that side has no part in it
  }
  void write_records(std::vector<EveRecord>&, const EveOptions&) const override {}
  void write_alert_fields(event::AppFields&, const EveOptions&) const override {}
};

class NtpParser final : public AppParser {
 public:
  ParseResult parse(Direction d, ByteSpan data, const ParseMoment& moment) override;
  bool gap(Direction, std::uint64_t) override { return true; }
  void end(Direction, ByteSpan) override {}
};

}  // namespace bulkhead::app::ntp
