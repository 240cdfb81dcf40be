#include "rules/nft/ruleset_monitor.h"

#include <gtest/gtest.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include <cstring>

#include "rules/nft/attributes.h"

namespace bulkhead::rules {
namespace {

std::vector<Byte> notification(std::uint8_t subsystem, std::uint8_t type, std::uint32_t port,
                               const std::string& table) {
  std::vector<Byte> body;
  AttributeWriter out(body);
  out.text(NFTA_TABLE_NAME, table);
  nlmsghdr header{};
  header.nlmsg_type = static_cast<std::uint16_t>(subsystem << 8 | type);
  header.nlmsg_pid = port;
  header.nlmsg_len = static_cast<std::uint32_t>(sizeof header + sizeof(nfgenmsg) + body.size());
  std::vector<Byte> bytes(sizeof header + sizeof(nfgenmsg));
  std::memcpy(bytes.data(), &header, sizeof header);
  bytes.insert(bytes.end(), body.begin(), body.end());
  return bytes;
}

TEST(RulesetMonitor, OnlyOurTableAndOnlyOthers) {
  const std::set<std::uint32_t> own = {7, 8};
  const auto foreign = [&](const std::vector<Byte>& bytes) { return is_foreign_change(bytes, "bulkhead", own); };
  const auto nft = std::uint8_t{NFNL_SUBSYS_NFTABLES};
  EXPECT_TRUE(foreign(notification(nft, NFT_MSG_DELTABLE, 9, "bulkhead")));
  EXPECT_TRUE(foreign(notification(nft, NFT_MSG_NEWRULE, 9, "bulkhead")));
  EXPECT_FALSE(foreign(notification(nft, NFT_MSG_NEWRULE, 8, "bulkhead")));
  EXPECT_FALSE(foreign(notification(nft, NFT_MSG_NEWRULE, 9, "filter")));
  EXPECT_FALSE(foreign(notification(nft, NFT_MSG_NEWGEN, 9, "bulkhead")));
  EXPECT_FALSE(foreign(notification(NFNL_SUBSYS_CTNETLINK, NFT_MSG_NEWRULE, 9, "bulkhead")));
  std::vector<Byte> several = notification(nft, NFT_MSG_NEWRULE, 8, "bulkhead");
  const std::vector<Byte> second = notification(nft, NFT_MSG_DELRULE, 9, "bulkhead");
  several.insert(several.end(), second.begin(), second.end());
  EXPECT_TRUE(foreign(several));
}

TEST(RulesetMonitor, BrokenMessagesAreNobodys) {
  std::vector<Byte> bytes = notification(NFNL_SUBSYS_NFTABLES, NFT_MSG_DELTABLE, 9, "bulkhead");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(is_foreign_change(ByteSpan(bytes).first(size), "bulkhead", {}));
  }
  bytes[0] = 4;  // shorter than its own header
  EXPECT_FALSE(is_foreign_change(bytes, "bulkhead", {}));
}

}  // namespace
}  // namespace bulkhead::rules
