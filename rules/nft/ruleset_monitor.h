// Hears of changes that others make in our tables: `nft flush ruleset`, an administrator, another program.
//
// Thread   one thread at a time.
// In       the kernel's notifications (NFNLGRP_NFTABLES), which name the socket that asked for the change.
// Out      poll(): whether anything of the table was changed by a socket that is not ours since the last call. What it
//          was is for Enforcer::verify() to say. Elements that end by themselves and those from packets are not told.
// Limits   the kernel drops notifications when we are slow (ENOBUFS): that counts as a change.
// Errors   the environment lane.
// Tests    tests/unit/rules/nft/ruleset_monitor_test.cpp, tests/netns/daemon_netns_test.cpp
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "datapath/netlink/netlink_socket.h"

namespace bulkhead::rules {

// Whether a datagram of notifications tells of a change in the table by a socket that is not in `own`.
[[nodiscard]] bool is_foreign_change(ByteSpan datagram, const std::string& table, const std::set<std::uint32_t>& own);

class RulesetMonitor {
 public:
  // `own`: the ports of our sockets (NlTransport::port()).
  [[nodiscard]] static Result<std::unique_ptr<RulesetMonitor>> open(std::string table, std::set<std::uint32_t> own);

  [[nodiscard]] Result<bool> poll();
  [[nodiscard]] int fd() const { return socket_.fd(); }

 private:
  RulesetMonitor(netlink::NetlinkSocket socket, std::string table, std::set<std::uint32_t> own)
      : socket_(std::move(socket)), table_(std::move(table)), own_(std::move(own)) {}

  netlink::NetlinkSocket socket_;
  netlink::Datagram datagram_;
  const std::string table_;
  const std::set<std::uint32_t> own_;
};

}  // namespace bulkhead::rules
