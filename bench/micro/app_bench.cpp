// Parsers of application protocols on the conversations of their golden captures, bytes in, transactions out; and the
// table of probes on first bytes. Raw limit: reading the same bytes once (app_raw_read).
//
// The golden captures are short commands, the worst case for the cost of a KB: a transaction is made for each few dozen
// bytes. "ns_per_kb" is what a KB of such traffic costs, "ns_per_tx" what a transaction does. `bulk` is the same with
// values of 1 KB.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "datapath/app/probe_table.h"
#include "datapath/app/protocol_table.h"

namespace bulkhead::bench {
namespace {

struct Piece {
  Direction direction;
  std::string bytes;
};
using Conversation = std::vector<Piece>;

std::uint32_t le32(const std::string& data, std::size_t at) {
  std::uint32_t out = 0;
  for (std::size_t i = 4; i > 0; --i) out = out << 8 | static_cast<unsigned char>(data[at + i - 1]);
  return out;
}
std::uint16_t be16(const std::string& data, std::size_t at) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(data[at]) << 8 |
                                    static_cast<unsigned char>(data[at + 1]));
}

// The TCP payloads of a capture as tests/support/packets.py writes it (Ethernet, IPv4, in order), by connection.
std::vector<Conversation> conversations(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string data((std::istreambuf_iterator<char>(in)), {});
  std::map<std::uint16_t, Conversation> by_port;
  std::map<std::uint16_t, bool> clients;
  for (std::size_t at = 24; at + 16 <= data.size();) {
    const std::size_t length = le32(data, at + 8);
    const std::size_t ip = at + 16 + 14, tcp = ip + 20;
    const std::size_t total = be16(data, ip + 2), offset = (static_cast<unsigned char>(data[tcp + 12]) >> 4) * 4U;
    const std::uint16_t source = be16(data, tcp), destination = be16(data, tcp + 2);
    const bool syn = (data[tcp + 13] & 0x12) == 2;
    if (syn) clients[source] = true;
    const bool up = clients.contains(source);
    if (total > 20 + offset) {
      by_port[up ? source : destination].push_back(
          {up ? Direction::kToServer : Direction::kToClient, data.substr(tcp + offset, total - 20 - offset)});
    }
    at += 16 + length;
  }
  std::vector<Conversation> out;
  for (auto& [port, conversation] : by_port) out.push_back(std::move(conversation));
  return out;
}

std::vector<Conversation> golden(const char* folder) {
  return conversations(std::filesystem::path(BULKHEAD_SOURCE_DIR) / "tests/golden" / folder / "input.pcap");
}

// Feeds a conversation through a fresh parser; gives the number of transactions.
std::size_t parse(const app::Protocol& protocol, const app::AppSettings& settings, const Conversation& talk) {
  const auto parser = protocol.make(settings);
  std::array<std::string, 2> left;
  for (const Piece& piece : talk) {
    std::string& rest = left[index_of(piece.direction)];
    const bool joined = !rest.empty();
    if (joined) rest += piece.bytes;
    const std::string& input = joined ? rest : piece.bytes;
    const auto result = parser->parse(piece.direction, {reinterpret_cast<const Byte*>(input.data()), input.size()}, {});
    rest = input.substr(std::min(result.consumed, input.size()));
    if (result.status != app::ParseResult::Status::kOk) break;
    const auto& live = parser->transactions();
    while (!live.empty() && live.front()->progress[0] >= protocol.complete[0] &&
           live.front()->progress[1] >= protocol.complete[1]) {
      parser->give_up_oldest();
    }
  }
  return parser->transactions_made();
}

void run(benchmark::State& state, app::AppProtocol id, const std::vector<Conversation>& talks) {
  const app::Protocol& protocol = *app::find_protocol(id);
  const app::AppSettings settings;
  std::size_t transactions = 0, bytes = 0;
  for (const Conversation& talk : talks) {
    for (const Piece& piece : talk) bytes += piece.bytes.size();
  }
  for (auto _ : state) {
    for (const Conversation& talk : talks) transactions += parse(protocol, settings, talk);
  }
  const auto rounds = static_cast<double>(state.iterations());
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes * state.iterations()));
  using benchmark::Counter;
  state.counters["ns_per_kb"] =
      Counter(rounds * static_cast<double>(bytes) / 1024 / 1e9, Counter::kIsRate | Counter::kInvert);
  state.counters["ns_per_tx"] = Counter(static_cast<double>(transactions) / 1e9, Counter::kIsRate | Counter::kInvert);
}

void app_parser(benchmark::State& state, app::AppProtocol id, const char* folder) {
  const auto talks = golden(folder);
  if (talks.empty()) return state.SkipWithError("no golden capture");
  run(state, id, talks);
}
BENCHMARK_CAPTURE(app_parser, redis, app::AppProtocol::redis, "redis/commands-and-replies");
BENCHMARK_CAPTURE(app_parser, mysql, app::AppProtocol::mysql, "mysql/login-queries-refusal");
BENCHMARK_CAPTURE(app_parser, mongodb, app::AppProtocol::mongodb, "mongodb/commands-and-logins");
BENCHMARK_CAPTURE(app_parser, memcached, app::AppProtocol::memcached, "memcached/text-and-binary");
BENCHMARK_CAPTURE(app_parser, stratum, app::AppProtocol::stratum, "stratum/two-miners");
BENCHMARK_CAPTURE(app_parser, kafka, app::AppProtocol::kafka, "kafka/topics-and-login");
BENCHMARK_CAPTURE(app_parser, amqp, app::AppProtocol::amqp, "amqp/login-publish-refusal");
BENCHMARK_CAPTURE(app_parser, nats, app::AppProtocol::nats, "nats/subjects-and-refusal");
BENCHMARK_CAPTURE(app_parser, ldap, app::AppProtocol::ldap, "ldap/binds-and-searches");

// Values of 1 KB in commands and replies.
void app_bulk_redis(benchmark::State& state) {
  const std::string value = "$1024\r\n" + std::string(1024, 'x') + "\r\n";
  Conversation talk;
  for (int i = 0; i < 64; ++i) {
    talk.push_back({Direction::kToServer, "*3\r\n$3\r\nSET\r\n$6\r\nkey:" + std::to_string(10 + i) + "x\r\n" + value});
    talk.push_back({Direction::kToClient, value});
  }
  run(state, app::AppProtocol::redis, {talk});
}
BENCHMARK(app_bulk_redis);

void app_bulk_memcached(benchmark::State& state) {
  const std::string value = std::string(1024, 'x') + "\r\n";
  Conversation talk;
  for (int i = 0; i < 64; ++i) {
    talk.push_back({Direction::kToServer, "set key 0 0 1024\r\n" + value + "get key\r\n"});
    talk.push_back({Direction::kToClient, "STORED\r\nVALUE key 0 1024\r\n" + value + "END\r\n"});
  }
  run(state, app::AppProtocol::memcached, {talk});
}
BENCHMARK(app_bulk_memcached);

FlowTuple tuple_to(bool tcp, std::uint16_t port) {
  FlowTuple out;
  out.protocol = tcp ? ip_proto::kTcp : ip_proto::kUdp;
  out.source_port = 40000;
  out.destination_port = port;
  return out;
}

// Which protocol? First bytes of conversations that are common, and of none.
void app_probes(benchmark::State& state, const char* first, bool tcp) {
  const app::ProbeTable table{app::AppSettings()};
  const std::string text(first);
  const ByteSpan bytes(reinterpret_cast<const Byte*>(text.data()), text.size());
  for (auto _ : state) {
    benchmark::DoNotOptimize(table.find(tuple_to(tcp, 4242), Direction::kToServer, bytes, true));
    benchmark::DoNotOptimize(table.find(tuple_to(tcp, 4242), Direction::kToClient, bytes, true));
  }
  state.SetItemsProcessed(2 * state.iterations());
}
BENCHMARK_CAPTURE(app_probes, http, "GET /index.html HTTP/1.1\r\nHost: example.org\r\n\r\n", true);
BENCHMARK_CAPTURE(app_probes, redis, "*1\r\n$4\r\nPING\r\n", true);
BENCHMARK_CAPTURE(app_probes, text_of_no_protocol, "hello world, nothing known\r\n", true);
BENCHMARK_CAPTURE(app_probes, bytes_of_no_protocol, "\x01\x02\x03\x04\x05\x06\x07\x08 and more of it", true);
BENCHMARK_CAPTURE(app_probes, udp_of_no_protocol, "\x01\x02\x03\x04\x05\x06\x07\x08 and more of it", false);

void app_raw_read(benchmark::State& state) {
  const auto talks = golden("redis/commands-and-replies");
  std::size_t bytes = 0;
  for (auto _ : state) {
    for (const Conversation& talk : talks) {
      for (const Piece& piece : talk) {
        benchmark::DoNotOptimize(std::accumulate(piece.bytes.begin(), piece.bytes.end(), 0U));
        bytes += piece.bytes.size();
      }
    }
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}
BENCHMARK(app_raw_read);

}  // namespace
}  // namespace bulkhead::bench
