// One Stratum request with its answer, or a message that the pool sent by itself.
//
// Progress 1 in a direction: the request, the answer is complete.
// Limits   256 bytes of names.
// Tests    tests/unit/datapath/app/stratum/stratum_parser_test.cpp
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "datapath/app/transaction.h"

namespace bulkhead::app::stratum {

enum class StratumEvent : std::uint8_t {
#define X(symbol, name, record, text) symbol,
#include "datapath/app/stratum/stratum_events.def"
#undef X
  kCount
};

class StratumTransaction final : public Transaction {
 public:
  std::string message_id;  // of the request
  std::string method;      // mining.authorize, login, submit, mining.notify ...
  std::string worker;      // wallet, account or worker name
  std::string agent;       // the miner's name and version
  std::string algorithm;
  bool from_pool = false;
  std::string_view result;  // accepted, refused
  std::string error;

  void note(StratumEvent e) { add_event(static_cast<std::uint8_t>(e)); }
  void write_records(std::vector<EveRecord>& out, const EveOptions& options) const override;
};

}  // namespace bulkhead::app::stratum
