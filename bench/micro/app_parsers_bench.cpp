// Parsers of application protocols: bytes of a conversation to transactions, which are given up as a worker does it.
// Limit: 2 microseconds for a kilobyte. Raw limit: reading each byte once.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "datapath/app/app_settings.h"
#include "datapath/app/protocol_table.h"

namespace bulkhead::bench {
namespace {

struct Piece {
  Direction direction;
  std::string bytes;
};

std::string be32(std::uint32_t v) {
  std::string out(4, '\0');
  store_be32(reinterpret_cast<Byte*>(out.data()), v);
  return out;
}

// Begin once, then the same exchange again and again.
struct Conversation {
  app::AppProtocol protocol;
  std::vector<Piece> begin, exchange;
};

Conversation mqtt(std::size_t size) {
  const std::string payload(size, 'm');
  const std::uint32_t length = static_cast<std::uint32_t>(2 + 14 + size);
  std::string head = "\x30";
  head += static_cast<char>(0x80 | (length & 0x7f));
  head += static_cast<char>(0x80 | ((length >> 7) & 0x7f));
  head += static_cast<char>(length >> 14);
  const std::string publish = head + std::string("\0\x0e", 2) + "sensors/room/7" + payload;
  const std::string connect("\x10\x0d\0\4MQTT\4\2\0\x3c\0\1c", 15), connack("\x20\2\0\0", 4);
  return {app::AppProtocol::mqtt,
          {{Direction::kToServer, connect}, {Direction::kToClient, connack}},
          {{Direction::kToServer, publish}}};
}

Conversation pgsql(std::size_t size) {
  const auto message = [](char type, const std::string& content) {
    return type + be32(static_cast<std::uint32_t>(content.size() + 4)) + content;
  };
  const std::string startup = std::string("user\0u\0\0", 8);
  std::string answer = message('T', std::string("\0\1", 2) + "name" + std::string(19, '\0'));
  for (std::size_t left = size; left >= 100; left -= 100) {
    answer += message('D', std::string("\0\1", 2) + be32(100) + std::string(100, 'v'));
  }
  answer += message('C', std::string("SELECT 1\0", 9)) + message('Z', "I");
  return {app::AppProtocol::pgsql,
          {{Direction::kToServer, be32(16) + be32(3 << 16) + startup},
           {Direction::kToClient, message('R', be32(0)) + message('Z', "I")}},
          {{Direction::kToServer, message('Q', "select name from users where id = 1" + std::string(1, '\0'))},
           {Direction::kToClient, answer}}};
}

// Window updates between DATA of one long stream.
Conversation http2_data(std::size_t size) {
  const auto frame = [](int type, int flags, std::uint32_t stream, const std::string& content) {
    return be32(static_cast<std::uint32_t>(content.size())).substr(1) + static_cast<char>(type) +
           static_cast<char>(flags) + be32(stream) + content;
  };
  const std::string request("\x82\x86\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff", 17);
  return {app::AppProtocol::http2,
          {{Direction::kToServer, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(1, 5, 1, request)},
           {Direction::kToClient, frame(1, 4, 1, "\x88")}},
          {{Direction::kToClient, frame(0, 0, 1, std::string(size, 'd'))}}};
}

// Nothing but Huffman codes: the dearest bytes of HTTP/2.
Conversation http2_headers(std::size_t size) {
  const auto frame = [](int type, int flags, std::uint32_t stream, const std::string& content) {
    return be32(static_cast<std::uint32_t>(content.size())).substr(1) + static_cast<char>(type) +
           static_cast<char>(flags) + be32(stream) + content;
  };
  // "www.example.com" over and over, as a literal that does not enter the table.
  const std::string word("\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff", 12);
  std::string block = "\x82\x86\x84";
  for (std::size_t i = 0; i + 15 < size; i += 15) block += std::string("\x0f\x2b\x8c", 3) + word;  // user-agent
  return {app::AppProtocol::http2,
          {{Direction::kToServer, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"}},
          {{Direction::kToServer, frame(1, 5, 1, block)}, {Direction::kToClient, frame(1, 5, 1, "\x88")}}};
}

void parse(benchmark::State& state, Conversation (*make)(std::size_t)) {
  const Conversation conversation = make(static_cast<std::size_t>(state.range(0)));
  const app::AppSettings settings;
  const auto parser = app::find_protocol(conversation.protocol)->make(settings);
  std::size_t bytes = 0;
  const auto say = [&](const std::vector<Piece>& pieces) {
    for (const Piece& piece : pieces) {
      const auto result =
          parser->parse(piece.direction, {reinterpret_cast<const Byte*>(piece.bytes.data()), piece.bytes.size()}, {});
      if (result.status != app::ParseResult::Status::kOk || result.consumed != piece.bytes.size()) {
        state.SkipWithError("not parsed");
      }
      bytes += piece.bytes.size();
    }
  };
  say(conversation.begin);
  bytes = 0;
  for (auto _ : state) {
    say(conversation.exchange);
    while (parser->transactions().size() > 1) parser->give_up_oldest();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
  state.counters["us_per_KB"] = benchmark::Counter(static_cast<double>(bytes) / 1024 / 1e6,
                                                   benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

BENCHMARK_CAPTURE(parse, mqtt, mqtt)->Arg(64)->Arg(1000)->Arg(16000);
BENCHMARK_CAPTURE(parse, pgsql, pgsql)->Arg(1000)->Arg(16000);
BENCHMARK_CAPTURE(parse, http2_data, http2_data)->Arg(1000)->Arg(16000);
BENCHMARK_CAPTURE(parse, http2_headers, http2_headers)->Arg(1000)->Arg(8000);

}  // namespace
}  // namespace bulkhead::bench
