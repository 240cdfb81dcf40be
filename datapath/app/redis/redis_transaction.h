// One Redis command and its reply; or a message that the server sent by itself (subscriptions, MONITOR).
//
// Progress 1 in a direction: the command, the reply is complete.
// Limits   32 arguments, 1 KB of each.
// Tests    tests/unit/datapath/app/redis/redis_parser_test.cpp
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "datapath/app/transaction.h"
#include "datapath/app/word_list.h"

namespace bulkhead::app::redis {

inline constexpr std::size_t kMaxArguments = 32;
inline constexpr std::size_t kMaxArgument = 1024;
inline constexpr std::size_t kMaxReply = 1024;

enum class RedisEvent : std::uint8_t {
#define X(symbol, name, record, text) symbol,
#include "datapath/app/redis/redis_events.def"
#undef X
  kCount
};

class RedisTransaction final : public Transaction {
 public:
  std::string command;  // upper case; empty: the server spoke by itself
  WordList arguments;   // without the command
  std::uint64_t argument_count = 0;
  bool inline_form = false;
  std::string_view reply_type;  // "" none yet; simple, error, integer, bulk, array, map, push ...
  std::string reply;            // first line of text, or the bulk, cut
  bool is_error = false;        // and the reply says which
  bool auth_failed = false;

  void note(RedisEvent e) { add_event(static_cast<std::uint8_t>(e)); }
  [[nodiscard]] std::string_view error() const { return is_error ? std::string_view(reply) : std::string_view(); }
  // The user that AUTH or HELLO names; "".
  [[nodiscard]] std::string_view user() const;
  void write_records(std::vector<EveRecord>& out, const EveOptions& options) const override;
};

}  // namespace bulkhead::app::redis
