// Alerts and blocks to every program of the node that joined a netlink multicast group
// (NETLINK_USERSOCK). Other events are left to other sinks.
//
// Thread   the output thread; health() by any.
// Out      one datagram per event, form in netlink_protocol.h. Nobody listening is no error.
// Limits   a slow reader loses messages (its socket says ENOBUFS, the sequence has a gap); it never slows us.
// Errors   open(): Error with errno. A refused send is counted as lost; a broken socket is made anew at reopen().
// Tests    tests/unit/datapath/output/netlink_sink_test.cpp
#pragma once

#include <atomic>
#include <mutex>
#include <optional>

#include "datapath/base/counters.h"
#include "datapath/netlink/netlink_socket.h"
#include "datapath/output/event_sink.h"
#include "datapath/output/netlink_protocol.h"
#include "datapath/output/netlink_settings.h"

namespace bulkhead::output {

class NetlinkSink final : public EventSink {
 public:
  explicit NetlinkSink(const NetlinkSettings& settings) : settings_(settings) {}

  [[nodiscard]] Status open() override;
  void write(const event::Event& event) override;
  void flush() override {}
  void reopen() override { reopen_.store(true, std::memory_order_release); }
  [[nodiscard]] SinkHealth health() const override;

 private:
  void fail(const Error& error);

  const NetlinkSettings settings_;
  std::optional<netlink::NetlinkSocket> socket_;
  NetlinkEncoder encoder_;
  std::uint32_t sequence_ = 0;
  std::atomic<bool> reopen_{false};
  Counter written_, bytes_, lost_;
  mutable std::mutex error_mutex_;
  std::string last_error_;
};

}  // namespace bulkhead::output
