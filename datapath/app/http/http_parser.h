// HTTP/0.9 to 1.1 (RFC 9112), read the way servers and browsers do, so that a message that reaches its receiver in
// spite of its faults is seen as the receiver sees it.
//
//   request    line -> headers -> body (Content-Length, chunked) -> complete
//   response   line -> headers -> body (Content-Length, chunked, to the end of the connection) -> complete
//
// Pipelined requests wait for their responses in order. CONNECT and upgrades end in a change of protocol.
//
// Thread   the worker owning the flow.
// Limits   HttpSettings: line length, number of headers, body window, decoded layers.
// Errors   HttpEvent on the transaction; a line that is too long ends the parsing.
// Tests    tests/unit/datapath/app/http/http_parser_test.cpp, tests/fuzz/fuzz_http.cpp, tests/golden/http/
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "datapath/app/app_parser.h"
#include "datapath/app/http/http_message_body.h"
#include "datapath/app/http/http_transaction.h"
#include "datapath/app/protocol.h"

namespace bulkhead::app::http {

class HttpParser final : public AppParser {
 public:
  explicit HttpParser(const AppSettings& settings);

  ParseResult parse(Direction d, ByteSpan data, const ParseMoment& moment) override;
  bool gap(Direction d, std::uint64_t length) override;
  void end(Direction d, ByteSpan left) override;

 private:
  enum class State : std::uint8_t {
    kLine,  // first line of a message
    kHeaders,
    kLength,  // body of known length
    kChunkSize,
    kChunkData,
    kChunkEnd,  // line end behind a chunk
    kTrailer,
    kToEnd,   // body until the connection ends
    kHold,    // request side: CONNECT or upgrade, waits for the answer
    kIgnore,  // nothing more of this side can be read
    kResync   // after a gap: looks for the next message
  };
  [[nodiscard]] static bool is_between(State s) {  // no message is being read
    return s == State::kLine || s == State::kHold || s == State::kIgnore || s == State::kResync;
  }
  struct Side {
    explicit Side(const AppSettings& settings) : body(settings) {}

    State state = State::kLine;
    std::uint64_t left = 0;  // bytes of the body or chunk
    Held<HttpTransaction> tx;
    Headers::Text pending;  // the header line that a folded one may continue
    bool after_lfcr = false;
    bool has_pending = false;
    bool seen_continue = false;
    std::uint32_t headers = 0;
    MessageBody body;
  };
  enum class Outcome : std::uint8_t { kGoOn, kNeedMore, kError, kChange };

  Outcome step(Direction d, ByteSpan data, std::size_t& used);
  Outcome first_line(Direction d, ByteSpan data, std::size_t& used);
  Outcome request_line(std::string_view line, std::string_view rest);
  void unexpected_body(std::string_view bytes);
  Outcome status_line(std::string_view line, ByteSpan data, std::size_t& used);
  Outcome header_line(Direction d, ByteSpan data, std::size_t& used);
  std::size_t plain_headers(Direction d, std::string_view text);
  Outcome chunk_size(Direction d, ByteSpan data, std::size_t& used);
  std::size_t surplus(ByteSpan data);
  Outcome body_bytes(Direction d, ByteSpan data, std::size_t& used);
  Outcome resync(Direction d, ByteSpan data, std::size_t& used);

  void parse_request_line(HttpTransaction& tx, std::string_view line);
  void parse_status_line(HttpTransaction& tx, std::string_view line);
  void add_header_line(Direction d, Headers::Text text);
  void finish_header(Direction d);
  void add_header(Direction d, Headers::Text name, Headers::Text value);
  Outcome headers_done(Direction d);
  void find_host(HttpTransaction& tx);
  void check_authorization(HttpTransaction& tx);
  Outcome request_body_kind(HttpTransaction& tx);
  Outcome response_body_kind(HttpTransaction& tx);
  void start_body(Direction d, State state, std::uint64_t length);
  void end_body(Direction d, bool whole);
  Outcome complete(Direction d);
  HttpTransaction& next_for_response();
  [[nodiscard]] HttpTransaction* current(Direction d) { return side(d).tx; }
  [[nodiscard]] Side& side(Direction d) { return sides_[bulkhead::index_of(d)]; }
  void note_by_side(Direction d, HttpTransaction& tx, HttpEvent request, HttpEvent response) {
    tx.note(d == Direction::kToServer ? request : response);
  }

  const HttpSettings& http_;
  std::array<Side, 2> sides_;  // by Direction
  ParseMoment moment_;
  AppProtocol next_ = AppProtocol::kUnknown;  // of a change
  Held<HttpTransaction> finished_;            // the request that ended in this call of parse()
  Held<HttpTransaction> answered_;            // likewise the response
  std::uint64_t responses_ = 0;               // id of the transaction that the next response belongs to
};

[[nodiscard]] Probe probe_http(Direction d, ByteSpan data, std::uint16_t server_port);

}  // namespace bulkhead::app::http
