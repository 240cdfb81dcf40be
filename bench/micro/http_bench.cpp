// HTTP/1: bodies of 64 KB in segments, and small requests with their answers; one connection, transactions given up as
// the worker does.
#include <benchmark/benchmark.h>

#include <string>

#include "datapath/app/http/http_parser.h"

namespace bulkhead::bench {
namespace {

constexpr std::size_t kSegment = 1448;

// One direction's bytes in segments; what the parser leaves over comes again, as in AppLayer.
class Side {
 public:
  void feed(app::AppParser& parser, Direction d, std::string_view text) {
    while (!text.empty()) {
      const std::string_view piece = text.substr(0, kSegment);
      text.remove_prefix(piece.size());
      if (left_.empty()) {
        const auto used = parser.parse(d, bytes(piece), {}).consumed;
        left_.assign(piece.substr(used));
      } else {
        left_ += piece;
        left_.erase(0, parser.parse(d, bytes(left_), {}).consumed);
      }
    }
  }

 private:
  static ByteSpan bytes(std::string_view text) { return {reinterpret_cast<const Byte*>(text.data()), text.size()}; }
  std::string left_;
};

void exchange(benchmark::State& state, const std::string& request, const std::string& response) {
  const app::AppSettings settings;
  app::http::HttpParser parser(settings);
  Side sides[2];
  for (auto _ : state) {
    sides[0].feed(parser, Direction::kToServer, request);
    sides[1].feed(parser, Direction::kToClient, response);
    for (const auto& tx : parser.transactions()) tx->looked_at(Direction::kToClient);
    benchmark::DoNotOptimize(parser.transactions().size());
    while (!parser.transactions().empty()) parser.give_up_oldest();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * (request.size() + response.size())));
  state.SetItemsProcessed(state.iterations());
}

const std::string kRequest =
    "GET /api/v1/items/42?full=1 HTTP/1.1\r\nHost: items.example:8080\r\nUser-Agent: client/1.0\r\n"
    "Accept: application/json\r\nConnection: keep-alive\r\n\r\n";

void http_body_64k(benchmark::State& state) {
  exchange(state, kRequest,
           "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 65536\r\n\r\n" +
               std::string(65536, 'x'));
}
BENCHMARK(http_body_64k);

void http_chunked_64k(benchmark::State& state) {
  std::string body;
  for (int i = 0; i < 16; ++i) body += "1000\r\n" + std::string(4096, 'x') + "\r\n";
  exchange(state, kRequest, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body + "0\r\n\r\n");
}
BENCHMARK(http_chunked_64k);

void http_small_requests(benchmark::State& state) {
  exchange(
      state, kRequest,
      "HTTP/1.1 200 OK\r\nServer: s/1\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{\"items\": []}");
}
BENCHMARK(http_small_requests);

}  // namespace
}  // namespace bulkhead::bench
