// One memcached command and its reply.
//
// Progress 1 in a direction: the command, the reply is complete.
// Limits   16 keys of 250 bytes (the server's own limit), 1 KB of messages.
// Tests    tests/unit/datapath/app/memcached/memcached_parser_test.cpp
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "datapath/app/transaction.h"

namespace bulkhead::app::memcached {

inline constexpr std::size_t kMaxKeys = 16;
inline constexpr std::size_t kMaxKey = 250;

enum class MemcachedEvent : std::uint8_t {
#define X(symbol, name, record, text) symbol,
#include "datapath/app/memcached/memcached_events.def"
#undef X
  kCount
};

class MemcachedTransaction final : public Transaction {
 public:
  bool binary = false;
  std::string command;
  std::vector<std::string> keys;
  std::uint64_t value_bytes = 0;  // stored with the command
  std::string user, mechanism;    // of a SASL login
  std::string status;             // stored, end, ok, not_found, error ...
  std::uint64_t values = 0;       // returned
  std::string error;
  bool auth_failed = false;

  void note(MemcachedEvent e) { add_event(static_cast<std::uint8_t>(e)); }
  void write_records(std::vector<EveRecord>& out, const EveOptions& options) const override;
};

}  // namespace bulkhead::app::memcached
