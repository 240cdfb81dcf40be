#include "rules/nft/nflog_reader.h"

#include <gtest/gtest.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netlink.h>
#include <unistd.h>

#include <cstring>

#include "rules/nft/attributes.h"

namespace bulkhead::rules {
namespace {

const Bytes kLink = {2, 0, 0, 0, 0, 3, 2, 0, 0, 0, 0, 2, 0x08, 0x06};
const Bytes kPayload = {0, 1, 8, 0, 6, 4};

Bytes message(std::uint16_t type, const std::function<void(AttributeWriter&)>& fill) {
  Bytes out(sizeof(nlmsghdr) + sizeof(nfgenmsg));
  AttributeWriter writer(out);
  fill(writer);
  nlmsghdr header{};
  header.nlmsg_len = static_cast<std::uint32_t>(out.size());
  header.nlmsg_type = type;
  std::memcpy(out.data(), &header, sizeof header);
  return out;
}
constexpr std::uint16_t kPacketType = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET;

Bytes record(bool tagged = false) {
  return message(kPacketType, [&](AttributeWriter& out) {
    out.text(NFULA_PREFIX, "bulkhead guard arp-sender");
    out.be32(NFULA_IFINDEX_INDEV, 12);
    Byte time[16] = {};
    store_be32(time + 4, 1'700'000'000);
    store_be32(time + 12, 250'000);
    out.bytes(NFULA_TIMESTAMP, time, sizeof time);
    if (tagged) {
      const std::size_t nest = out.open(NFULA_VLAN);
      out.be16(NFULA_VLAN_PROTO, 0x8100);
      out.be16(NFULA_VLAN_TCI, 100);
      out.close(nest);
    }
    out.bytes(NFULA_HWHEADER, kLink);
    out.bytes(NFULA_PAYLOAD, kPayload);
  });
}

TEST(NflogReader, ReadsAWholeFrame) {
  std::vector<NflogRecord> out;
  ASSERT_TRUE(parse_nflog(record(), out));
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0].prefix, "bulkhead guard arp-sender");
  EXPECT_EQ(out[0].in_index, 12U);
  EXPECT_EQ(out[0].time.ns, 1'700'000'000'250'000'000);
  Bytes frame = kLink;
  frame.insert(frame.end(), kPayload.begin(), kPayload.end());
  EXPECT_EQ(out[0].frame, frame);
}

TEST(NflogReader, PutsTheTagBack) {
  std::vector<NflogRecord> out;
  ASSERT_TRUE(parse_nflog(record(true), out));
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(Bytes(out[0].frame.begin() + 12, out[0].frame.begin() + 18), (Bytes{0x81, 0, 0, 100, 8, 6}));
  EXPECT_EQ(out[0].frame.size(), kLink.size() + 4 + kPayload.size());
}

TEST(NflogReader, SeveralRecordsInOneDatagram) {
  Bytes two = record();
  two.resize((two.size() + 3) & ~std::size_t{3});
  const Bytes second = record(true);
  two.insert(two.end(), second.begin(), second.end());
  std::vector<NflogRecord> out;
  ASSERT_TRUE(parse_nflog(two, out));
  EXPECT_EQ(out.size(), 2U);
}

TEST(NflogReader, BrokenDatagramsAreSaidToBe) {
  const Bytes whole = record();
  for (std::size_t cut = 1; cut < whole.size(); ++cut) {
    std::vector<NflogRecord> out;
    EXPECT_FALSE(parse_nflog(ByteSpan(whole).first(cut), out)) << cut;
    EXPECT_TRUE(out.empty());
  }
  std::vector<NflogRecord> out;
  EXPECT_FALSE(parse_nflog(message(NLMSG_ERROR, [](AttributeWriter&) {}), out)) << "an error is no record";
  Bytes bad_attribute = record();
  bad_attribute[sizeof(nlmsghdr) + sizeof(nfgenmsg)] = 1;  // an attribute shorter than its head
  EXPECT_FALSE(parse_nflog(bad_attribute, out));
  EXPECT_TRUE(out.empty());
}

TEST(NflogReader, OneReaderForAGroup) {
  if (::geteuid() != 0) GTEST_SKIP() << "binding to a log group needs root";
  auto first = NflogReader::open(61234);
  ASSERT_TRUE(first) << first.error().to_string();
  const auto second = NflogReader::open(61234);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().object, "nflog group 61234");
  EXPECT_EQ(second.error().code, EPERM);
  auto nothing = (*first)->read(std::chrono::milliseconds(0));
  ASSERT_TRUE(nothing);
  EXPECT_TRUE(nothing->empty());
}

}  // namespace
}  // namespace bulkhead::rules
