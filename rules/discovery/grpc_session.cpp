#include "rules/discovery/grpc_session.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>
#include <vector>

#include "datapath/base/big_endian.h"
#ifdef BULKHEAD_NGHTTP2
#include <nghttp2/nghttp2.h>
#endif

namespace bulkhead::rules {

namespace {

constexpr std::size_t kMessageHead = 5;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace

std::string grpc_text(std::string_view encoded) {
  std::string out;
  for (std::size_t i = 0; i < encoded.size() && out.size() < kMaxGrpcText; ++i) {
    const bool whole = encoded[i] == '%' && i + 2 < encoded.size();
    const int high = whole ? hex_digit(encoded[i + 1]) : -1;
    const int low = whole ? hex_digit(encoded[i + 2]) : -1;
    const bool coded = high >= 0 && low >= 0;
    out.push_back(coded ? static_cast<char>(high * 16 + low) : encoded[i]);
    if (coded) i += 2;
  }
  return out;
}

bool GrpcFrames::feed(std::string_view chunk) {
  if (problem_ != nullptr) return false;
  rest_.append(chunk);
  std::size_t at = 0;
  while (rest_.size() - at >= kMessageHead) {
    const auto* head = reinterpret_cast<const Byte*>(rest_.data() + at);
    const std::size_t size = load_be32(head + 1);
    if (head[0] != 0) problem_ = "a message is compressed";
    if (size > kMaxGrpcMessage) problem_ = "a message is too long";
    if (problem_ != nullptr) return false;
    if (rest_.size() - at - kMessageHead < size) break;
    messages_.push_back(rest_.substr(at + kMessageHead, size));
    at += kMessageHead + size;
  }
  rest_.erase(0, at);
  return true;
}

std::optional<std::string> GrpcFrames::next() {
  if (messages_.empty()) return std::nullopt;
  std::string out = std::move(messages_.front());
  messages_.pop_front();
  return out;
}

#ifdef BULKHEAD_NGHTTP2

namespace {

// A list of a few hundred containers comes without waiting for updates of the window.
constexpr std::int32_t kWindow = 1 << 20;
constexpr int kUnknown = 2, kInternal = 13, kUnavailable = 14;  // of grpc-status

Error failed(const char* operation, int code) {
  return {operation, "HTTP/2", 0, ::nghttp2_strerror(code)};
}

nghttp2_nv header(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) {
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));  // copied by the library
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

int number(std::string_view text, int otherwise) {
  int out = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && stop == text.data() + text.size() ? out : otherwise;
}

}  // namespace

bool has_grpc() {
  return true;
}

struct GrpcSession::Callbacks {
  static int on_header(nghttp2_session* /*session*/, const nghttp2_frame* frame, const std::uint8_t* name,
                       std::size_t name_size, const std::uint8_t* value, std::size_t value_size, std::uint8_t /*flags*/,
                       void* user) {
    auto& self = *static_cast<GrpcSession*>(user);
    if (frame->hd.stream_id != self.stream_) return 0;
    const std::string_view key(reinterpret_cast<const char*>(name), name_size);
    const std::string_view text(reinterpret_cast<const char*>(value), value_size);
    if (key == ":status") self.http_status_ = number(text, 0);
    if (key == "grpc-status") self.status_ = number(text, kUnknown);
    if (key == "grpc-message") self.text_ = grpc_text(text);
    return 0;
  }
  static int on_data(nghttp2_session* /*session*/, std::uint8_t /*flags*/, std::int32_t stream,
                     const std::uint8_t* data, std::size_t size, void* user) {
    auto& self = *static_cast<GrpcSession*>(user);
    if (stream != self.stream_ || self.http_status_ != 200) return 0;
    return self.frames_.feed({reinterpret_cast<const char*>(data), size}) ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
  }
  static int on_close(nghttp2_session* /*session*/, std::int32_t stream, std::uint32_t error, void* user) {
    auto& self = *static_cast<GrpcSession*>(user);
    if (stream == self.stream_) self.finish(error);
    return 0;
  }
  static int on_frame(nghttp2_session* /*session*/, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type == NGHTTP2_GOAWAY) static_cast<GrpcSession*>(user)->closing_ = true;
    return 0;
  }
  static ssize_t read_request(nghttp2_session* /*session*/, std::int32_t /*stream*/, std::uint8_t* buffer,
                              std::size_t room, std::uint32_t* flags, nghttp2_data_source* source, void* /*user*/) {
    auto& self = *static_cast<GrpcSession*>(source->ptr);
    const std::size_t size = std::min(room, self.request_.size() - self.sent_);
    std::copy_n(self.request_.data() + self.sent_, size, buffer);
    self.sent_ += size;
    if (self.sent_ == self.request_.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(size);
  }
};

Result<std::unique_ptr<GrpcSession>> GrpcSession::create() {
  std::unique_ptr<GrpcSession> out(new GrpcSession);
  nghttp2_session_callbacks* callbacks = nullptr;
  if (const int code = ::nghttp2_session_callbacks_new(&callbacks); code != 0) return failed("create", code);
  ::nghttp2_session_callbacks_set_on_header_callback(callbacks, Callbacks::on_header);
  ::nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Callbacks::on_data);
  ::nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Callbacks::on_close);
  ::nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Callbacks::on_frame);
  int code = ::nghttp2_session_client_new(&out->session_, callbacks, out.get());
  ::nghttp2_session_callbacks_del(callbacks);
  if (code != 0) return failed("create", code);
  const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
                                             {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kWindow}};
  code = ::nghttp2_submit_settings(out->session_, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  if (code == 0) code = ::nghttp2_session_set_local_window_size(out->session_, NGHTTP2_FLAG_NONE, 0, kWindow);
  if (code != 0) return failed("settings", code);
  return out;
}

GrpcSession::~GrpcSession() {
  ::nghttp2_session_del(session_);
}

Status GrpcSession::begin(const std::string& path, std::string_view request, std::chrono::milliseconds timeout) {
  if (stream_ >= 0 && !end_) return Error{"call", path, 0, "another call is going on"};
  request_.assign(kMessageHead, '\0');
  const auto size = static_cast<std::uint32_t>(request.size());
  for (int i = 0; i < 4; ++i) request_[static_cast<std::size_t>(i) + 1] = static_cast<char>(size >> (24 - 8 * i));
  request_.append(request);
  sent_ = 0;
  frames_ = {};
  http_status_ = 0;
  status_.reset();
  text_.clear();
  end_.reset();
  const std::string allowed = std::to_string(timeout.count()) + "m";
  std::vector<nghttp2_nv> headers = {
      header(":method", "POST"),         header(":scheme", "http"), header(":path", path),
      header(":authority", "localhost"), header("te", "trailers"),  header("content-type", "application/grpc"),
      header("user-agent", "bulkhead"),
  };
  if (timeout.count() > 0) headers.push_back(header("grpc-timeout", allowed));
  nghttp2_data_provider body{};
  body.source.ptr = this;
  body.read_callback = Callbacks::read_request;
  stream_ = ::nghttp2_submit_request(session_, nullptr, headers.data(), headers.size(), &body, nullptr);
  if (stream_ < 0) return failed("call", stream_);
  return ok();
}

Result<std::string> GrpcSession::send() {
  std::string out;
  for (;;) {
    const std::uint8_t* data = nullptr;
    const ssize_t size = ::nghttp2_session_mem_send(session_, &data);
    if (size < 0) return failed("send", static_cast<int>(size));
    if (size == 0) break;
    out.append(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
  }
  // Having said goodbye because the other side broke the rules, the library wants nothing more.
  if (::nghttp2_session_want_read(session_) == 0 && !end_) {
    return Error{"answer", "HTTP/2", 0, "the server does not speak it, or has gone"};
  }
  return out;
}

Status GrpcSession::take(ByteSpan bytes) {
  const ssize_t size = ::nghttp2_session_mem_recv(session_, bytes.data(), bytes.size());
  if (frames_.problem() != nullptr) return Error{"answer", "gRPC", 0, frames_.problem()};
  if (size < 0) return failed("answer", static_cast<int>(size));
  return ok();
}

void GrpcSession::finish(std::uint32_t http2_error) {
  GrpcEnd end;
  if (http_status_ != 0 && http_status_ != 200) {
    end = {kUnavailable, "HTTP " + std::to_string(http_status_)};
  } else if (http_status_ == 200 && status_) {
    end = {*status_, text_};
    if (end.status == 0 && frames_.within_message()) end = {kInternal, "the answer ends within a message"};
  } else if (http2_error != 0) {
    end = {kUnavailable, std::string("the stream was reset: ") + ::nghttp2_http2_strerror(http2_error)};
  } else {
    end = {kInternal, "the answer has no grpc-status"};
  }
  end_ = std::move(end);
}

#else  // without the library

bool has_grpc() {
  return false;
}

Result<std::unique_ptr<GrpcSession>> GrpcSession::create() {
  return Error{"gRPC", "", 0, "this program was built without libnghttp2 (BULKHEAD_GRPC)"};
}
GrpcSession::~GrpcSession() = default;
Status GrpcSession::begin(const std::string& path, std::string_view, std::chrono::milliseconds) {
  return Error{"call", path, 0, "no gRPC"};
}
Result<std::string> GrpcSession::send() {
  return std::string();
}
Status GrpcSession::take(ByteSpan) {
  return ok();
}
void GrpcSession::finish(std::uint32_t) {}

#endif

}  // namespace bulkhead::rules
