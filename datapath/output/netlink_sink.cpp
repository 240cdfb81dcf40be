#include "datapath/output/netlink_sink.h"

#include <linux/netlink.h>

#include <utility>

namespace bulkhead::output {

Status NetlinkSink::open() {
  // 32: larger groups have no bit in the address that sendmsg takes.
  if (settings_.group < 1 || settings_.group > 32) {
    return Error{"netlink multicast", "group " + std::to_string(settings_.group), 0, "groups are 1 to 32"};
  }
  auto socket = netlink::NetlinkSocket::open(NETLINK_USERSOCK);
  if (!socket) return socket.error();
  if (const Status sized = socket->set_send_buffer(settings_.send_buffer_bytes); !sized) return sized;
  socket_.emplace(std::move(*socket));
  return ok();
}

void NetlinkSink::write(const event::Event& event) {
  if (reopen_.load(std::memory_order_relaxed) && reopen_.exchange(false, std::memory_order_acquire)) {
    if (const Status opened = open(); !opened) fail(opened.error());
  }
  const bool wanted = std::holds_alternative<event::AlertEvent>(event)   ? settings_.alerts
                      : std::holds_alternative<event::BlockEvent>(event) ? settings_.blocks
                                                                         : false;
  if (!wanted) return;
  const ByteSpan message = encoder_.encode(event, ++sequence_);
  if (message.empty() || !socket_) {
    lost_.add();
    return;
  }
  if (const Status sent = socket_->send_multicast(settings_.group, message); !sent) {
    lost_.add();
    fail(sent.error());
    return;
  }
  written_.add();
  bytes_.add(message.size());
}

void NetlinkSink::fail(const Error& error) {
  const std::lock_guard lock(error_mutex_);
  last_error_ = error.to_string();
}

SinkHealth NetlinkSink::health() const {
  const std::lock_guard lock(error_mutex_);
  return {.written = written_.value(), .bytes = bytes_.value(), .lost = lost_.value(), .last_error = last_error_};
}

}  // namespace bulkhead::output
