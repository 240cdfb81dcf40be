// HTTP/2 (RFC 9113) in the clear: with prior knowledge, or after an upgrade of HTTP/1.
//
//   +----------------+--------+---------+---+-------------+----------
//   | length 24      | type 8 | flags 8 | R | stream 31   | content
//   +----------------+--------+---------+---+-------------+----------
//
// Each stream is a transaction; each frame on stream 0 is one of its own. Header blocks are put together over
// CONTINUATION and decoded (HPACK) in the order they come, since every block changes the table of the next.
//
// Thread   the worker owning the flow.
// Cost     of a frame: logarithmic in the open streams, whichever of them it is about.
// Limits   Http2Settings. DATA passes through; other frames are taken whole or, when too long, skipped.
// Errors   Http2Event on the transaction; the parser goes on where the next frame is known.
// Tests    tests/unit/datapath/app/http2/http2_parser_test.cpp, tests/fuzz/fuzz_http2.cpp, tests/golden/http2/
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "datapath/app/app_parser.h"
#include "datapath/app/http2/http2_transaction.h"
#include "datapath/app/protocol.h"
#include "datapath/app/successor.h"

namespace bulkhead::app::http2 {

class Http2Parser final : public AppParser, public Successor {
 public:
  explicit Http2Parser(const AppSettings& settings);

  ParseResult parse(Direction d, ByteSpan data, const ParseMoment& moment) override;
  bool gap(Direction d, std::uint64_t length) override;
  void end(Direction d, ByteSpan left) override;
  // The request that asked for the upgrade is stream 1.
  void follow(AppParser& previous, AppProtocol protocol) override;

 private:
  struct Frame {
    std::uint32_t length = 0;
    FrameType type = FrameType::kData;
    std::uint8_t flags = 0;
    std::uint32_t stream = 0;
    [[nodiscard]] bool has(std::uint8_t flag) const { return (flags & flag) != 0; }
  };
  struct Side {
    explicit Side(const Http2Settings& settings) : hpack(settings.max_table, settings.max_header_list) {}
    HpackDecoder hpack;
    bool preface_done = false;
    bool lost = false;       // after a gap: where frames begin is not known any more
    std::uint64_t skip = 0;  // bytes that nobody needs: padding, frames that are too long
    // DATA whose content is on its way
    std::uint32_t data_left = 0, padding = 0;
    bool data_ends = false;
    Held<Http2Transaction> data_tx;
    // a header block that is not whole
    bool collecting = false;
    std::uint32_t block_stream = 0, block_on = 0;  // whose headers; the stream that its frames are on
    bool block_ends = false;                       // END_STREAM
    bool block_dropped = false;
    std::vector<Byte> block;
  };

  // How many bytes were taken; 0: needs more.
  std::size_t step(Direction d, ByteSpan data);
  void frame(Direction d, const Frame& frame, ByteSpan content);
  void begin_data(Direction d, const Frame& frame, std::uint8_t padding);
  void data(Direction d, ByteSpan bytes);
  void end_data(Direction d);
  void headers(Direction d, const Frame& frame, ByteSpan content);
  void continuation(Direction d, const Frame& frame, ByteSpan content);
  void collect(Direction d, ByteSpan bytes, bool last);
  void block(Direction d);
  void settings(Direction d, const Frame& frame, ByteSpan content);
  void reset(Direction d, const Frame& frame, ByteSpan content);
  void take_fields(Direction d, Http2Transaction& tx, std::vector<HeaderField> fields);
  static void check_grpc_status(Http2Transaction& tx);
  void request_headers(Http2Transaction& tx);
  void response_headers(Http2Transaction& tx);
  void headers_done(Direction d, Http2Transaction& tx);
  void finish(Direction d, Http2Transaction& tx, bool whole);
  void finish_both(Http2Transaction& tx);
  void check_host(Http2Transaction& tx);

  // The transaction of a stream; a new one for stream 0 and for streams that were not seen. Null: too many.
  Http2Transaction* stream(Direction d, std::uint32_t id, bool opens);
  Http2Transaction& add_stream(std::uint32_t id);
  // The newest transaction of a stream; null: none. Few are looked through, many have an index.
  [[nodiscard]] Http2Transaction* find_stream(std::uint32_t id);
  void note_frame(Direction d, Http2Transaction& tx, FrameType type);
  [[nodiscard]] Side& side(Direction d) { return sides_[bulkhead::index_of(d)]; }

  const AppSettings& app_;
  const Http2Settings& settings_;
  http::HttpSettings http_;    // bodies are not limited: files are whole, as in the reference
  std::array<Side, 2> sides_;  // by Direction
  std::size_t kept_ = 0;       // bytes of headers in live transactions, when last counted
  bool too_many_noted_ = false;
  std::map<std::uint32_t, Held<Http2Transaction>> by_id_;  // empty: not in use; ordered: a sender chooses the ids
  ParseMoment moment_;                                     // of the call
};

[[nodiscard]] Probe probe_http2(Direction d, ByteSpan data, std::uint16_t server_port);

}  // namespace bulkhead::app::http2
