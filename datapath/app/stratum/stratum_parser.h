// Stratum, the JSON-RPC that miners speak with pools: Bitcoin's (mining.*), Monero's and its relatives' (login, job,
// submit), Ethereum's (eth_submitLogin ...). One JSON object a line; an answer names the request's id.
//
// Thread   the worker owning the flow.
// Limits   lines of 16 KB, 64 requests wait for their answer.
// Errors   StratumEvent; a line that is no JSON ends the parser.
// Source   en.bitcoin.it/wiki/Stratum_mining_protocol, xmrig.com/docs/stratum, EIP-1571
// Tests    tests/unit/datapath/app/stratum/stratum_parser_test.cpp, tests/fuzz/fuzz_stratum.cpp, tests/golden/stratum/
#pragma once

#include <deque>
#include <string_view>

#include "datapath/app/app_parser.h"
#include "datapath/app/protocol.h"
#include "datapath/app/stratum/stratum_transaction.h"

namespace bulkhead::app::stratum {

class StratumParser final : public AppParser {
 public:
  ParseResult parse(Direction d, ByteSpan data, const ParseMoment& moment) override;
  bool gap(Direction d, std::uint64_t length) override;
  void end(Direction d, ByteSpan left) override;

 private:
  bool line(Direction d, std::string_view text);
  bool answer(std::string_view id, bool accepted, const std::string& error);

  std::deque<Held<StratumTransaction>> waiting_;
};

[[nodiscard]] Probe probe_stratum(Direction d, ByteSpan data, std::uint16_t server_port);

}  // namespace bulkhead::app::stratum
