// Replies of Redis (RESP2) out of a stream of bytes, as far as a writer needs them: was it taken, and if not, why.
//
//   +OK\r\n   -ERR why\r\n   :5\r\n   $3\r\nabc\r\n   $-1\r\n   *2\r\n...
//
// Thread   none of its own.
// Limits   kMostLine bytes of a line, kMostBulk of a text, kMostDepth arrays inside each other, kMostItems in all of
// them. Errors   kBad: no RESP, or beyond a limit; the connection is of no more use. Source
// redis.io/docs/latest/develop/reference/protocol-spec Tests    tests/unit/datapath/output/redis_reply_test.cpp,
// tests/fuzz/fuzz_redis_reply.cpp
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace bulkhead::output {

enum class RedisAnswer : std::uint8_t { kTaken, kRefused, kMore, kBad };

struct RedisReply {
  static constexpr std::size_t kMostLine = 4096, kMostBulk = 1U << 20, kMostDepth = 4, kMostItems = 1024;

  RedisAnswer answer = RedisAnswer::kMore;
  std::size_t size = 0;  // bytes of the reply, for kTaken and kRefused
  std::string error;     // for kRefused: "WRONGTYPE Operation against..."
};

// The first reply in `bytes`. kMore: it is not there whole.
[[nodiscard]] RedisReply read_redis_reply(std::string_view bytes);

// A command as an array of bulk strings.
void append_redis_command(std::initializer_list<std::string_view> words, std::string& out);

}  // namespace bulkhead::output
