// The body of one message on its way from the wire to rules and files: Content-Encoding undone, the part that rules
// look at kept, files begun and ended. HTTP/1 and HTTP/2 share it.
//
// Thread   the worker owning the flow.
// In       the body's bytes in order, framing removed.
// Out      Message::body, Transaction::files of the direction.
// Limits   HttpSettings: body limits, decoded layers, length of file names.
// Errors   HttpEvent on the transaction; HTTP/2 makes its own events of them.
// Tests    tests/unit/datapath/app/http/http_parser_test.cpp, tests/unit/datapath/app/http2/http2_parser_test.cpp
#pragma once

#include <cstdint>
#include <memory>

#include "datapath/app/app_parser.h"
#include "datapath/app/http/http_decoder.h"
#include "datapath/app/http/http_multipart.h"
#include "datapath/app/http/http_transaction.h"

namespace bulkhead::app {
struct AppSettings;
}  // namespace bulkhead::app

namespace bulkhead::app::http {

class MessageBody {
 public:
  explicit MessageBody(const AppSettings& settings) : settings_(&settings) {}

  // Once the headers are there: what the body is coded in.
  void choose_decoder(HttpTransaction& tx, Direction d);
  // The body begins: whether it is a file, or holds some.
  void start(HttpTransaction& tx, Direction d);
  void write(ByteSpan bytes);
  // `length` bytes will never be seen.
  void lose(std::uint64_t length);
  // `whole`: nothing of it is missing. A file that came in parts, also of other connections, may be whole now.
  void end(bool whole, const ParseMoment& moment);

 private:
  void decoded(ByteSpan bytes);
  void to_file(ByteSpan bytes);
  void open_file();
  void join_part(const ParseMoment& moment);

  const AppSettings* settings_;
  Held<HttpTransaction> tx_;
  Direction direction_ = Direction::kToServer;
  std::unique_ptr<Decoder> decoder_;
  std::unique_ptr<Multipart> multipart_;
  File* file_ = nullptr;
  std::vector<Byte> part_;  // content of a file that is a part of a whole
  bool no_file_ = false;
};

}  // namespace bulkhead::app::http
