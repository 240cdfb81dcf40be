// LDAP version 3 (RFC 4511) over TCP and connectionless over UDP.
//
//   message   SEQUENCE { id INTEGER, operation [APPLICATION n], controls }
//
// Results belong to the request with the same id. StartTLS changes the protocol; behind a bind that agrees on a SASL
// security layer messages cannot be read, and the parsing ends.
//
// Thread   the worker owning the flow.
// Limits   16 KB of a message are looked at, messages of 64 MB, filters to 16 levels; 64 requests wait.
// Errors   LdapEvent; what is no message ends the parser.
// Source   RFC 4511, 4513, 4515
// Tests    tests/unit/datapath/app/ldap/ldap_parser_test.cpp, tests/fuzz/fuzz_ldap.cpp, tests/golden/ldap/
#pragma once

#include <deque>

#include "datapath/app/exchange_parser.h"
#include "datapath/app/ldap/ber.h"
#include "datapath/app/ldap/ldap_transaction.h"
#include "datapath/app/protocol.h"

namespace bulkhead::app::ldap {

class LdapParser final : public FramedParser {
 public:
  LdapParser() : FramedParser(16384) {}
  void end(Direction d, ByteSpan left) override;

 private:
  Measure measure(Direction d, ByteSpan data, std::uint64_t& length) override;
  ParseResult::Status message(Direction d, ByteSpan shown, std::uint64_t length, const ParseMoment& moment) override;
  void request(std::uint32_t id, BerReader& operation);
  ParseResult::Status response(std::uint32_t id, BerReader& operation);
  static void read_bind(LdapTransaction& tx, ByteSpan body);
  static void read_search(LdapTransaction& tx, ByteSpan body);
  static void read_result(LdapTransaction& tx, ByteSpan body);
  void broken(Direction d);

  std::deque<Held<LdapTransaction>> waiting_;
  bool sealed_ = false;  // a SASL layer may follow
};

[[nodiscard]] Probe probe_ldap(Direction d, ByteSpan data, std::uint16_t server_port);
// A filter as text, cut at `limit` bytes.
void append_filter(std::string& out, BerReader& filter, unsigned depth, std::size_t limit);

}  // namespace bulkhead::app::ldap
