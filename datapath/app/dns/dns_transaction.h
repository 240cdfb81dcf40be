// One DNS message: a request and its answer are two transactions, each of its own direction.
//
// Progress 1 in both directions from the start: a message is there as a whole or not at all.
// Limits   those of Message.
// Tests    tests/unit/datapath/app/dns/dns_parser_test.cpp, tests/golden/dns/
#pragma once

#include <cstdint>
#include <vector>

#include "datapath/app/dns/dns_message.h"
#include "datapath/app/transaction.h"

namespace bulkhead::app::dns {

inline constexpr std::uint8_t kComplete = 1;

enum class DnsEvent : std::uint8_t {
#define X(symbol, name, alias, text) symbol,
#include "datapath/app/dns/dns_events.def"
#undef X
  kCount
};

class DnsTransaction final : public Transaction {
 public:
  explicit DnsTransaction(Direction d) : direction(d) {
    progress = {kComplete, kComplete};
    inspected[bulkhead::index_of(opposite(d))] = true;  // that side has no part in it
  }

  Direction direction;   // in which it was sent
  bool refused = false;  // only an event: neither rules over names nor records see the message
  Message message;

  void note(DnsEvent e) { add_event(static_cast<std::uint8_t>(e)); }
  void write_records(std::vector<EveRecord>& out, const EveOptions& options) const override;
  void write_alert_fields(event::AppFields& out, const EveOptions& options) const override;
};

}  // namespace bulkhead::app::dns
