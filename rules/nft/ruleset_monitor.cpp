#include "rules/nft/ruleset_monitor.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "rules/nft/attributes.h"

namespace bulkhead::rules {

namespace {

constexpr std::size_t kReceiveBuffer = std::size_t{4} << 20;

}  // namespace

bool is_foreign_change(ByteSpan datagram, const std::string& table, const std::set<std::uint32_t>& own) {
  // Objects of every kind name their table in attribute 1.
  static_assert(NFTA_TABLE_NAME == 1 && NFTA_CHAIN_TABLE == 1 && NFTA_RULE_TABLE == 1 && NFTA_SET_TABLE == 1 &&
                NFTA_SET_ELEM_LIST_TABLE == 1);
  while (datagram.size() >= sizeof(nlmsghdr)) {
    nlmsghdr header{};
    std::memcpy(&header, datagram.data(), sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > datagram.size()) return false;
    const ByteSpan body = datagram.subspan(sizeof header, header.nlmsg_len - sizeof header);
    datagram = datagram.subspan(std::min<std::size_t>((header.nlmsg_len + 3) & ~3U, datagram.size()));
    if (header.nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES || (header.nlmsg_type & 0xff) == NFT_MSG_NEWGEN) continue;
    if (body.size() < sizeof(nfgenmsg) || own.contains(header.nlmsg_pid)) continue;
    if (find_attribute(body.subspan(sizeof(nfgenmsg)), NFTA_TABLE_NAME).text() == table) return true;
  }
  return false;
}

Result<std::unique_ptr<RulesetMonitor>> RulesetMonitor::open(std::string table, std::set<std::uint32_t> own) {
  auto socket = netlink::NetlinkSocket::open(NETLINK_NETFILTER);
  if (!socket) return socket.error();
  if (auto status = socket->set_receive_buffer(kReceiveBuffer); !status) return status.error();
  if (auto status = socket->join(NFNLGRP_NFTABLES); !status) return status.error();
  return std::unique_ptr<RulesetMonitor>(new RulesetMonitor(std::move(*socket), std::move(table), std::move(own)));
}

Result<bool> RulesetMonitor::poll() {
  bool changed = false;
  for (;;) {
    const auto got = socket_.receive_into(datagram_, std::chrono::milliseconds(0));
    if (!got && got.error().code == ENOBUFS) {
      changed = true;
      continue;
    }
    if (!got) return got.error();
    if (!*got) return changed;
    changed = changed || is_foreign_change(datagram_.bytes, table_, own_);
  }
}

}  // namespace bulkhead::rules
