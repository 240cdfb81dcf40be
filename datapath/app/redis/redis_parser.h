// Redis (RESP2 and RESP3, inline commands, pipelining).
//
//   request   *N CRLF, N times $length CRLF bytes CRLF      or a line of words
//   reply     + - : $ * _ # , ( ! = % ~ > |                 nested up to 16 levels
//
// Replies belong to requests in order. CLIENT REPLY OFF and SKIP, subscriptions and MONITOR break that order; pushes
// and replies without a request are transactions of their own.
//
// Thread   the worker owning the flow.
// Limits   lines of 64 KB, 1 million elements, bulks of 512 MB (as the server's), 16 levels.
// Errors   RedisEvent; a broken message ends the parser.
// Source   redis.io/docs/reference/protocol-spec
// Tests    tests/unit/datapath/app/redis/redis_parser_test.cpp, tests/fuzz/fuzz_redis.cpp, tests/golden/redis/
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "datapath/app/app_parser.h"
#include "datapath/app/protocol.h"
#include "datapath/app/redis/redis_transaction.h"

namespace bulkhead::app::redis {

class RedisParser final : public AppParser {
 public:
  ParseResult parse(Direction d, ByteSpan data, const ParseMoment& moment) override;
  bool gap(Direction d, std::uint64_t length) override;
  void end(Direction d, ByteSpan left) override;

 private:
  enum class Step : std::uint8_t { kOk, kMore, kError };
  // A bulk string that is coming in: `left` bytes, then CRLF.
  struct Bulk {
    bool open = false;
    std::uint64_t left = 0;
    std::uint8_t end_left = 0;
  };

  Step request(ByteSpan& data);
  bool whole_request(ByteSpan& data);
  Step reply(ByteSpan& data);
  bool whole_reply(ByteSpan& data);
  Step take_bulk(ByteSpan& data, Bulk& bulk, std::string& into, std::size_t limit);
  Step take_line(ByteSpan& data, std::string_view& line);
  Step inline_command(std::string_view line);
  void begin_request(bool inline_form);
  void add_argument(std::string_view text);
  void finish_request();
  void asked(RedisTransaction& tx);
  RedisTransaction& reply_target(bool push);
  void begin_reply(char kind, std::string_view line);
  void finish_element();
  void finish_reply();
  static void answered(RedisTransaction& tx);
  void broken(Direction d);

  // request
  Held<RedisTransaction> request_;
  std::uint64_t arguments_left_ = 0;
  std::uint64_t argument_index_ = 0;
  Bulk request_bulk_;
  std::string bulk_text_;
  bool replies_off_ = false;
  bool skip_next_ = false;
  std::deque<Held<RedisTransaction>> waiting_;  // for their reply

  // reply
  Held<RedisTransaction> reply_;
  Bulk reply_bulk_;
  std::string reply_text_;
  struct Level {
    std::uint64_t left = 0;  // elements still to come
    bool attribute = false;  // stands before an element and is none
  };
  std::array<Level, 16> levels_{};
  std::size_t depth_ = 0;
};

[[nodiscard]] Probe probe_redis(Direction d, ByteSpan data, std::uint16_t server_port);

}  // namespace bulkhead::app::redis
