// One LDAP request with its result; entries of a search are counted.
//
// Progress 1 in a direction: the request, the result is complete.
// Limits   1 KB of names and filters, 32 attributes.
// Tests    tests/unit/datapath/app/ldap/ldap_parser_test.cpp
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datapath/app/transaction.h"

namespace bulkhead::app::ldap {

enum class LdapEvent : std::uint8_t {
#define X(symbol, name, record, text) symbol,
#include "datapath/app/ldap/ldap_events.def"
#undef X
  kCount
};

class LdapTransaction final : public Transaction {
 public:
  std::uint32_t message_id = 0;
  std::string operation;  // bind_request, search_request ...
  std::string dn;         // bind name, search base, entry
  std::string filter;     // RFC 4515
  std::string_view scope;
  std::vector<std::string> attributes;
  std::string mechanism;  // simple, or of SASL
  std::string oid;        // of an extended request
  std::uint64_t entries = 0;
  std::optional<std::uint32_t> result_code;
  std::string result;  // success, invalid_credentials ...
  std::string matched_dn, message;
  bool auth_failed = false;

  void note(LdapEvent e) { add_event(static_cast<std::uint8_t>(e)); }
  void write_records(std::vector<EveRecord>& out, const EveOptions& options) const override;
};

}  // namespace bulkhead::app::ldap
