// Follows the interfaces of the network namespace in which it was opened, over rtnetlink.
//
// Thread   one thread at a time.
// Out      links(): as of the last refresh() or poll(). fd() is readable when poll() has something to read.
// Limits   the kernel drops messages when we are slow (ENOBUFS): poll() then reads everything anew.
// Errors   the environment lane; the table keeps what it had.
// Tests    tests/unit/rules/discovery/link_table_test.cpp (parsing), tests/docker/docker_test.py
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "datapath/netlink/netlink_socket.h"
#include "rules/discovery/link_table.h"

namespace bulkhead::rules {

class LinkMonitor {
 public:
  // Joins the groups first, then reads everything: nothing falls between.
  [[nodiscard]] static Result<std::unique_ptr<LinkMonitor>> open();

  // Reads what has happened; true: links() changed.
  [[nodiscard]] Result<bool> poll();
  // Reads everything anew.
  [[nodiscard]] Status refresh();
  // The kernel's id for the network namespace of that process, as links() names it; none: it has none here, which
  // is so when no interface of this namespace leads there, or the process is gone.
  [[nodiscard]] Result<std::optional<std::int32_t>> namespace_of(std::int32_t pid);

  // The same for a namespace by a file of it ("/run/netns/..."); an error: the file is not there, or no such file.
  [[nodiscard]] Result<std::optional<std::int32_t>> namespace_at(const std::string& path);

  [[nodiscard]] const LinkTable& links() const { return table_; }
  [[nodiscard]] int fd() const { return events_.fd(); }

 private:
  LinkMonitor(netlink::NetlinkSocket events, netlink::NetlinkSocket requests)
      : events_(std::move(events)), requests_(std::move(requests)) {}
  [[nodiscard]] Result<std::optional<std::int32_t>> ask(const std::vector<Byte>& request, const std::string& about);
  [[nodiscard]] Status dump(const std::vector<Byte>& request);

  netlink::NetlinkSocket events_, requests_;
  netlink::Datagram datagram_;
  LinkTable table_;
  std::uint32_t sequence_ = 1;
};

}  // namespace bulkhead::rules
