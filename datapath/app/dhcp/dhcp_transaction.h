// One DHCP message: each is a transaction of the direction it was sent in.
//
// Progress 1 in both directions from the start.
// Limits   a datagram.
// Tests    tests/unit/datapath/app/dhcp/dhcp_parser_test.cpp, tests/golden/dhcp/
#pragma once

#include <cstdint>
#include <vector>

#include "datapath/app/dhcp/dhcp_message.h"
#include "datapath/app/transaction.h"

namespace bulkhead::app::dhcp {

inline constexpr std::uint8_t kComplete = 1;

enum class DhcpEvent : std::uint8_t {
#define X(symbol, name, text) symbol,
#include "datapath/app/dhcp/dhcp_events.def"
#undef X
  kCount
};

class DhcpTransaction final : public Transaction {
 public:
  explicit DhcpTransaction(Direction d) {
    progress = {kComplete, kComplete};
    inspected[bulkhead::index_of(opposite(d))] = true;  // that side has no part in it
  }

  Message message;

  void note(DhcpEvent e) { add_event(static_cast<std::uint8_t>(e)); }
  void write_records(std::vector<EveRecord>& out, const EveOptions& options) const override;
  void write_alert_fields(event::AppFields&, const EveOptions&) const override {}  // as in the reference: none
};

}  // namespace bulkhead::app::dhcp
