// One HTTP/1 request and its response.
//
// Progress (both directions): the part that is being read; what lies before it is complete.
// Limits   HttpSettings: line, headers, body window.
// Tests    tests/unit/datapath/app/http/http_parser_test.cpp
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datapath/app/body_window.h"
#include "datapath/app/http/api_call.h"
#include "datapath/app/http/http_headers.h"
#include "datapath/app/http/http_settings.h"
#include "datapath/app/transaction.h"
#include "datapath/base/byte_reader.h"
#include "datapath/base/pooled.h"

namespace bulkhead::app::http {

namespace stage {
inline constexpr std::uint8_t kLine = 1, kHeaders = 2, kBody = 3, kTrailer = 4, kComplete = 5;
}

enum class HttpEvent : std::uint8_t {
#define X(symbol, name, record, text) symbol,
#include "datapath/app/http/http_events.def"
#undef X
  kCount
};

using Body = BodyWindow;

// Of a message's headers; built when a rule asks.
struct BuiltBuffers : Pooled {
  std::optional<std::string> headers, names, start;
  std::vector<std::string> lines;
};

struct Message {
  [[nodiscard]] BuiltBuffers& buffers() {
    if (built == nullptr) built = std::make_unique<BuiltBuffers>();
    return *built;
  }

  std::string line;  // without its end
  std::string protocol;
  Headers headers;
  Body body;
  std::uint64_t sent = 0;  // bytes of the body as it came: encoded, lines of chunks included, and what was lost
  std::unique_ptr<BuiltBuffers> built;  // null: no rule has asked
};

// HTTP/2 adds to it what a stream has beside (http2/http2_transaction.h).
class HttpTransaction : public Transaction {
 public:
  explicit HttpTransaction(const HttpSettings& settings) : settings_(&settings) {}

  [[nodiscard]] Message& message(Direction d) { return messages_[bulkhead::index_of(d)]; }
  [[nodiscard]] const Message& message(Direction d) const { return messages_[bulkhead::index_of(d)]; }
  [[nodiscard]] const HttpSettings& settings() const { return *settings_; }
  [[nodiscard]] const BodySettings& body_settings(Direction d) const {
    return d == Direction::kToServer ? settings_->request : settings_->response;
  }

  std::string method;
  std::string target;         // as on the request line
  std::string uri;            // normalised
  std::size_t path_size = 0;  // how much of it is the path
  std::string host;           // normalised, without port
  std::string host_raw;       // as the Host header, or the URI, has it
  std::uint16_t port = 0;     // named beside the host; 0: none
  bool request_seen = true;   // else the request was made up for a response without one
  bool is_09 = false;
  bool response_seen = false;  // its first line has come
  std::uint16_t status = 0;    // 0: no number
  std::string status_text, status_message;
  std::uint16_t server_port = 0;  // of the connection

  // Of the normalised URI: names files.
  [[nodiscard]] std::string_view path() const { return std::string_view(uri).substr(0, path_size); }
  // What the request asks of a container engine or kubelet; looked up anew until the request is complete.
  [[nodiscard]] const ApiCall& api_call() const;

  virtual void note(HttpEvent e) { add_event(static_cast<std::uint8_t>(e)); }
  [[nodiscard]] std::string_view request_header(std::string_view name) const override {
    return messages_[bulkhead::index_of(Direction::kToServer)].headers.value(name);
  }
  void looked_at(Direction d) override { message(d).body.looked_at(body_settings(d)); }
  void write_records(std::vector<EveRecord>& out, const EveOptions& options) const override;
  void write_alert_fields(event::AppFields& out, const EveOptions& options) const override;
  void write_file_fields(event::AppFields& out, const EveOptions& options) const override;

 private:
  const HttpSettings* settings_;
  std::array<Message, 2> messages_;  // by Direction
  mutable ApiCall api_call_;
  mutable std::uint8_t api_call_stage_ = 0;  // progress of the request that api_call_ is of
};

}  // namespace bulkhead::app::http
