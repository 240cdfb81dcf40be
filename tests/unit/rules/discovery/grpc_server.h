// The server's end of one gRPC connection, for tests: HTTP/2 by nghttp2, answers as the test says.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace bulkhead::rules {

struct GrpcReply {
  std::vector<std::string> messages;
  int status = 0;
  std::string text;
  bool ends = true;  // false: the stream stays open after the messages
  std::string raw;   // bytes of DATA besides the messages
  int http_status = 200;
  bool without_status = false;
  bool reset = false;
};

class GrpcServer {
 public:
  using Answer = std::function<GrpcReply(const std::string& path, const std::string& request)>;

  explicit GrpcServer(Answer answer) : answer_(std::move(answer)) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_server_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
  }
  ~GrpcServer() { nghttp2_session_del(session_); }
  GrpcServer(const GrpcServer&) = delete;
  GrpcServer& operator=(const GrpcServer&) = delete;

  // Bytes of the client; what the server has to say to them.
  std::string take(std::string_view bytes) {
    nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    return say();
  }
  std::string goodbye() {
    nghttp2_session_terminate_session(session_, NGHTTP2_NO_ERROR);
    return say();
  }
  std::map<std::string, std::string> headers;  // of the last request

  static std::string framed(const std::string& message) {
    std::string out(1, '\0');
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(message.size() >> shift));
    return out + message;
  }

 private:
  std::string say() {
    std::string out;
    for (;;) {
      const std::uint8_t* data = nullptr;
      const ssize_t size = nghttp2_session_mem_send(session_, &data);
      if (size <= 0) return out;
      out.append(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
    }
  }
  static int on_header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name, std::size_t name_size,
                       const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user) {
    auto& self = *static_cast<GrpcServer*>(user);
    self.headers[std::string(reinterpret_cast<const char*>(name), name_size)] =
        std::string(reinterpret_cast<const char*>(value), value_size);
    return 0;
  }
  static int on_data(nghttp2_session*, std::uint8_t, std::int32_t, const std::uint8_t* data, std::size_t size,
                     void* user) {
    static_cast<GrpcServer*>(user)->request_.append(reinterpret_cast<const char*>(data), size);
    return 0;
  }
  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    auto& self = *static_cast<GrpcServer*>(user);
    if (frame->hd.type == NGHTTP2_HEADERS) self.request_.clear();
    const bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (ends && (frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS)) self.reply(frame->hd.stream_id);
    return 0;
  }
  void reply(std::int32_t stream) {
    reply_ = answer_(headers[":path"], request_.size() > 5 ? request_.substr(5) : std::string());
    body_ = reply_.raw;
    for (const std::string& message : reply_.messages) body_ += framed(message);
    sent_ = 0;
    const std::string status = std::to_string(reply_.http_status);
    const nghttp2_nv head[] = {nv(":status", status), nv("content-type", kType)};
    if (reply_.reset) {
      nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream, NGHTTP2_INTERNAL_ERROR);
      return;
    }
    nghttp2_data_provider body{};
    body.source.ptr = this;
    body.read_callback = read_body;
    nghttp2_submit_response(session_, stream, head, 2, &body);
  }
  static ssize_t read_body(nghttp2_session* session, std::int32_t stream, std::uint8_t* buffer, std::size_t room,
                           std::uint32_t* flags, nghttp2_data_source* source, void*) {
    auto& self = *static_cast<GrpcServer*>(source->ptr);
    const std::size_t size = std::min(room, self.body_.size() - self.sent_);
    std::memcpy(buffer, self.body_.data() + self.sent_, size);
    self.sent_ += size;
    if (self.sent_ < self.body_.size()) return static_cast<ssize_t>(size);
    if (!self.reply_.ends) return size == 0 ? ssize_t{NGHTTP2_ERR_DEFERRED} : static_cast<ssize_t>(size);
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (self.reply_.without_status) return static_cast<ssize_t>(size);
    *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    const std::string status = std::to_string(self.reply_.status);
    const nghttp2_nv trailers[] = {nv("grpc-status", status), nv("grpc-message", self.reply_.text)};
    nghttp2_submit_trailer(session, stream, trailers, 2);
    return static_cast<ssize_t>(size);
  }
  static nghttp2_nv nv(const char* name, const std::string& value) {
    const auto bytes = [](const char* text) { return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text)); };
    return {bytes(name), bytes(value.c_str()), std::strlen(name), value.size(), NGHTTP2_NV_FLAG_NONE};
  }

  inline static const std::string kType = "application/grpc";
  Answer answer_;
  nghttp2_session* session_ = nullptr;
  std::string request_, body_;
  std::size_t sent_ = 0;
  GrpcReply reply_;
};

}  // namespace bulkhead::rules
