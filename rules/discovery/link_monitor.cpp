#include "rules/discovery/link_monitor.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/rtnetlink.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace bulkhead::rules {

namespace {

using namespace std::chrono_literals;
constexpr auto kAnswerTimeout = 5s;
constexpr std::size_t kReceiveBuffer = std::size_t{4} << 20;

}  // namespace

Result<std::unique_ptr<LinkMonitor>> LinkMonitor::open() {
  auto events = netlink::NetlinkSocket::open(NETLINK_ROUTE);
  if (!events) return events.error();
  auto requests = netlink::NetlinkSocket::open(NETLINK_ROUTE);
  if (!requests) return requests.error();
  if (auto status = events->set_receive_buffer(kReceiveBuffer); !status) return status.error();
  for (const std::uint32_t group : {RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR}) {
    if (auto status = events->join(group); !status) return status.error();
  }
  std::unique_ptr<LinkMonitor> out(new LinkMonitor(std::move(*events), std::move(*requests)));
  if (auto status = out->refresh(); !status) return status.error();
  return out;
}

Status LinkMonitor::dump(const std::vector<Byte>& request) {
  if (auto sent = requests_.send(request); !sent) return sent;
  for (;;) {
    auto got = requests_.receive_into(datagram_, kAnswerTimeout);
    if (!got) return got.error();
    if (!*got) return Error{"dump", "interfaces", ETIMEDOUT, "the kernel did not answer"};
    switch (table_.apply(datagram_.bytes)) {
      case LinkTable::End::kMore: continue;
      case LinkTable::End::kDone: return ok();
      case LinkTable::End::kError: return errno_error("dump", "interfaces", table_.last_error());
    }
  }
}

Status LinkMonitor::refresh() {
  table_.begin_links();
  if (auto status = dump(link_dump_request(sequence_++)); !status) return status;
  table_.end_links();
  table_.begin_addresses();
  if (auto status = dump(address_dump_request(sequence_++)); !status) return status;
  table_.end_addresses();
  return ok();
}

Result<bool> LinkMonitor::poll() {
  const std::uint64_t before = table_.version();
  for (;;) {
    auto got = events_.receive_into(datagram_, 0ms);
    if (!got && got.error().code == ENOBUFS) {
      if (auto status = refresh(); !status) return status.error();
      continue;
    }
    if (!got) return got.error();
    if (!*got) return table_.version() != before;
    table_.apply(datagram_.bytes);
  }
}

Result<std::optional<std::int32_t>> LinkMonitor::ask(const std::vector<Byte>& request, const std::string& about) {
  if (auto sent = requests_.send(request); !sent) return sent.error();
  auto got = requests_.receive_into(datagram_, kAnswerTimeout);
  if (!got) return got.error();
  if (!*got) return Error{"RTM_GETNSID", about, ETIMEDOUT, "the kernel did not answer"};
  return parse_namespace_id(datagram_.bytes);
}

Result<std::optional<std::int32_t>> LinkMonitor::namespace_of(std::int32_t pid) {
  return ask(namespace_id_request(pid, sequence_++), "process " + std::to_string(pid));
}

Result<std::optional<std::int32_t>> LinkMonitor::namespace_at(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return errno_error("open", path);
  struct statfs where {};
  const bool is_namespace = ::fstatfs(fd, &where) == 0 && where.f_type == NSFS_MAGIC;
  auto answer = is_namespace ? ask(namespace_id_request_by_file(fd, sequence_++), path)
                             : Error{"open", path, 0, "it is no namespace"};
  ::close(fd);
  return answer;
}

}  // namespace bulkhead::rules
