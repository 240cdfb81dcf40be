// One stream of HTTP/2 (a request and its response), or one frame on stream 0. The parts that it shares with HTTP/1 are
// those of HttpTransaction, so that rules over http.* see both.
//
// Progress   as HTTP/1 (http::stage).
// Limits     Http2Settings; kMax... of what is kept of frames.
// Tests      tests/unit/datapath/app/http2/http2_parser_test.cpp
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "datapath/app/http/http_message_body.h"
#include "datapath/app/http/http_transaction.h"
#include "datapath/app/http2/etcd_call.h"
#include "datapath/app/http2/grpc.h"
#include "datapath/app/http2/hpack.h"
#include "datapath/app/http2/http2_settings.h"

namespace bulkhead::app::http2 {

enum class Http2Event : std::uint8_t {
#define X(symbol, name, record, text) symbol,
#include "datapath/app/http2/http2_events.def"
#undef X
  kCount
};

enum class FrameType : std::uint8_t {
  kData = 0,
  kHeaders = 1,
  kPriority = 2,
  kRstStream = 3,
  kSettings = 4,
  kPushPromise = 5,
  kPing = 6,
  kGoaway = 7,
  kWindowUpdate = 8,
  kContinuation = 9
};

struct Setting {
  std::uint16_t id = 0;
  std::uint32_t value = 0;
};
[[nodiscard]] std::string_view setting_name(std::uint16_t id);  // "SETTINGS_ENABLE_PUSH"; "": unknown
[[nodiscard]] std::string_view error_name(std::uint32_t code);  // "PROTOCOL_ERROR"; "": unknown

inline constexpr std::size_t kMaxSettings = 64, kMaxNumbers = 64;

// What one side sent for this stream.
struct StreamSide {
  std::vector<HeaderField> fields;   // as they came, pseudo headers and changes of the table's size included
  std::vector<std::uint8_t> frames;  // types seen, each once
  std::vector<Setting> settings;
  std::vector<std::uint32_t> windows, priorities, errors, size_updates;
  bool goaway = false;
  bool headers_seen = false;
  std::unique_ptr<http::MessageBody> body;
  std::unique_ptr<GrpcMessages> grpc;
};

class Http2Transaction final : public http::HttpTransaction {
 public:
  Http2Transaction(const http::HttpSettings& settings, std::uint32_t stream)
      : HttpTransaction(settings), stream_id(stream) {}

  const std::uint32_t stream_id;
  std::size_t kept = 0;  // bytes of headers
  bool is_grpc = false;
  std::string grpc_service, grpc_method;
  std::unique_ptr<EtcdCall> etcd;  // what the call asks of etcd; null: something else

  [[nodiscard]] StreamSide& part(Direction d) { return sides_[bulkhead::index_of(d)]; }
  [[nodiscard]] const StreamSide& part(Direction d) const { return sides_[bulkhead::index_of(d)]; }
  using Transaction::add_event;
  void note(Http2Event e) { add_event(static_cast<std::uint8_t>(e)); }
  void note(http::HttpEvent e) override;
  void write_records(std::vector<EveRecord>& out, const EveOptions& options) const override;
  void write_alert_fields(event::AppFields& out, const EveOptions& options) const override;
  void write_file_fields(event::AppFields& out, const EveOptions& options) const override;

 private:
  std::array<StreamSide, 2> sides_;  // by Direction
};

}  // namespace bulkhead::app::http2
