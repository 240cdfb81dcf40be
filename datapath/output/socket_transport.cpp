#include "datapath/output/socket_transport.h"

#include <sys/socket.h>

#include <utility>

namespace bulkhead::output {

namespace {
constexpr std::chrono::milliseconds kPatience{1000};

bool is_slow(int code) {  // EAGAIN, which is EWOULDBLOCK, after the socket's timeout
  return code == EAGAIN || code == EINTR || code == ENOBUFS;
}
}  // namespace

void LineFraming::frame(const OutputRecord& record, bool, std::string& out) {
  out += record.with_line_end();
}

SocketTransport::SocketTransport(Endpoint endpoint, std::unique_ptr<Framing> framing)
    : endpoint_(std::move(endpoint)), framing_(std::move(framing)) {}

Status SocketTransport::connect() {
  socket_.close();
  partial_ = 0;
  auto connected = connect_to(endpoint_, kPatience);
  if (!connected) return connected.error();
  socket_ = std::move(*connected);
  return ok();
}

std::string SocketTransport::describe() const {
  return endpoint_.to_string();
}

SendResult SocketTransport::send(std::span<const OutputRecord> batch, Tally& tally) {
  return endpoint_.datagrams() ? send_datagrams(batch, tally) : send_stream(batch, tally);
}

SendResult SocketTransport::send_datagrams(std::span<const OutputRecord> batch, Tally& tally) {
  SendResult out;
  for (const OutputRecord& record : batch) {
    buffer_.clear();
    framing_->frame(record, true, buffer_);
    if (::send(socket_.fd(), buffer_.data(), buffer_.size(), MSG_NOSIGNAL) >= 0) {
      tally.written(buffer_.size());
    } else if (errno == EMSGSIZE) {
      tally.lost(LossReason::kTooLarge);
    } else {
      if (!is_slow(errno)) out.broken = errno_error("send", endpoint_.to_string());
      return out;
    }
    ++out.taken;
  }
  return out;
}

SendResult SocketTransport::send_stream(std::span<const OutputRecord> batch, Tally& tally) {
  buffer_.clear();
  ends_.clear();
  for (const OutputRecord& record : batch) {
    framing_->frame(record, false, buffer_);
    ends_.push_back(buffer_.size());
  }
  SendResult out;
  std::size_t sent = partial_;
  while (sent < buffer_.size()) {
    const ssize_t wrote = ::send(socket_.fd(), buffer_.data() + sent, buffer_.size() - sent, MSG_NOSIGNAL);
    if (wrote < 0) {
      if (!is_slow(errno)) out.broken = errno_error("send", endpoint_.to_string());
      break;
    }
    sent += static_cast<std::size_t>(wrote);
  }
  std::size_t begin = 0;
  while (out.taken < ends_.size() && ends_[out.taken] <= sent) {
    tally.written(ends_[out.taken] - begin);
    begin = ends_[out.taken++];
  }
  partial_ = sent - begin;
  return out;
}

}  // namespace bulkhead::output
