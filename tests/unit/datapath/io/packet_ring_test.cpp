#include "datapath/io/packet_ring.h"

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/if_packet.h>

#include <array>
#include <cstring>
#include <optional>

namespace bulkhead::io {
namespace {

// A ring packet as the kernel lays it out; virtio_net_hdr right before the frame.
class RingPacket {
 public:
  static constexpr std::size_t kMac = 96;
  RingPacket() {
    header_.tp_mac = kMac;
    header_.tp_snaplen = 8;
    header_.tp_len = 8;
    header_.tp_sec = 3;
    header_.tp_nsec = 4;
    address_.sll_ifindex = 11;
    address_.sll_hatype = 1;
  }
  tpacket3_hdr header_{};
  sockaddr_ll address_{};
  std::uint8_t virtio_flags_ = 0, gso_type_ = 0;
  std::uint16_t gso_size_ = 0;

  [[nodiscard]] std::optional<RawPacket> parse(std::size_t size = kMac + 8) {
    bytes_.fill(0);
    std::memcpy(bytes_.data(), &header_, sizeof header_);
    std::memcpy(bytes_.data() + TPACKET_ALIGN(sizeof header_), &address_, sizeof address_);
    Byte* virtio = bytes_.data() + kMac - 10;
    virtio[0] = virtio_flags_;
    virtio[1] = gso_type_;
    std::memcpy(virtio + 4, &gso_size_, 2);
    std::memcpy(bytes_.data() + kMac, "abcdefgh", 8);
    RawPacket packet;
    if (!parse_ring_packet(bytes_.data(), size, packet)) return std::nullopt;
    return packet;
  }

 private:
  alignas(16) std::array<Byte, 256> bytes_{};
};

TEST(PacketRing, ParsesAPlainPacket) {
  RingPacket ring;
  const auto packet = ring.parse();
  ASSERT_TRUE(packet);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(packet->data), packet->captured), "abcdefgh");
  EXPECT_EQ(packet->wire_length, 8U);
  EXPECT_EQ(packet->time.ns, 3'000'000'004);
  EXPECT_EQ(packet->interface_index, 11U);
  EXPECT_EQ(packet->link_type, LinkType::kEthernet);
  EXPECT_EQ(packet->checksum, ChecksumState::kUnknown);
  EXPECT_EQ(packet->gso_segment_size, 0U);
  EXPECT_FALSE(packet->vlan.present);
}

TEST(PacketRing, ChecksumStates) {
  RingPacket ring;
  ring.virtio_flags_ = 1;
  EXPECT_EQ(ring.parse()->checksum, ChecksumState::kPartial);
  ring.virtio_flags_ = 2;
  EXPECT_EQ(ring.parse()->checksum, ChecksumState::kValid);
  ring.virtio_flags_ = 0;
  ring.header_.tp_status = TP_STATUS_CSUMNOTREADY;
  EXPECT_EQ(ring.parse()->checksum, ChecksumState::kPartial);
  ring.header_.tp_status = TP_STATUS_CSUM_VALID;
  EXPECT_EQ(ring.parse()->checksum, ChecksumState::kValid);
}

TEST(PacketRing, SegmentSizeCountsOnlyForSuperPackets) {
  RingPacket ring;
  ring.gso_size_ = 1448;
  EXPECT_EQ(ring.parse()->gso_segment_size, 0U);
  ring.gso_type_ = 1;
  EXPECT_EQ(ring.parse()->gso_segment_size, 1448U);
  ring.gso_type_ = 0x80 | 4;  // TCP over IPv6 with ECN
  EXPECT_EQ(ring.parse()->gso_segment_size, 1448U);
}

TEST(PacketRing, VlanFromTheHeader) {
  RingPacket ring;
  ring.header_.hv1.tp_vlan_tci = 0x2005;
  ring.header_.hv1.tp_vlan_tpid = 0x88a8;
  EXPECT_FALSE(ring.parse()->vlan.present) << "not without its bit";
  ring.header_.tp_status = TP_STATUS_VLAN_VALID;
  EXPECT_EQ(ring.parse()->vlan.tpid, 0x8100) << "no type given";
  ring.header_.tp_status |= TP_STATUS_VLAN_TPID_VALID;
  const OutOfBandVlan vlan = ring.parse()->vlan;
  EXPECT_TRUE(vlan.present);
  EXPECT_EQ(vlan.tpid, 0x88a8);
  EXPECT_EQ(vlan.tci, 0x2005);
}

TEST(PacketRing, InterfacesWithoutLinkHeader) {
  RingPacket ring;
  ring.address_.sll_hatype = 0xfffe;  // ARPHRD_NONE: tun, wireguard
  EXPECT_EQ(ring.parse()->link_type, LinkType::kRaw);
  ring.address_.sll_hatype = 772;  // loopback
  EXPECT_EQ(ring.parse()->link_type, LinkType::kEthernet);
}

TEST(PacketRing, OffsetsThatDoNotFitAreRefused) {
  RingPacket ring;
  EXPECT_FALSE(ring.parse(RingPacket::kMac + 7)) << "the frame ends behind the block";
  EXPECT_FALSE(ring.parse(40)) << "no room for the headers";
  ring.header_.tp_mac = 40;
  EXPECT_FALSE(ring.parse()) << "the frame lies in the header";
  ring.header_.tp_mac = RingPacket::kMac;
  ring.header_.tp_snaplen = 0xffffffff;
  EXPECT_FALSE(ring.parse());
}

// A classic BPF interpreter for what the filter uses.
std::uint32_t run_filter(const std::vector<sock_filter>& program, std::uint32_t interface) {
  std::uint32_t a = 0;
  for (std::size_t pc = 0; pc < program.size(); ++pc) {
    const sock_filter& i = program[pc];
    if (i.code == (BPF_RET | BPF_K)) return i.k;
    if (i.code == (BPF_LD | BPF_W | BPF_ABS)) {
      EXPECT_EQ(i.k, static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_IFINDEX));
      a = interface;
    } else if (i.code == (BPF_JMP | BPF_JEQ | BPF_K)) {
      pc += a == i.k ? i.jt : i.jf;
    } else {
      ADD_FAILURE() << "instruction " << i.code;
      return 0;
    }
  }
  ADD_FAILURE() << "ran off the end";
  return 0;
}

TEST(PacketRing, FilterAcceptsTheNamedInterfaces) {
  EXPECT_EQ(run_filter(interface_filter({}, 99), 5), 99U);
  std::vector<std::uint32_t> many;
  for (std::uint32_t i = 0; i < 1000; ++i) many.push_back(10 + 2 * i);
  const auto program = interface_filter(many, 1500);
  EXPECT_EQ(run_filter(program, 10), 1500U);
  EXPECT_EQ(run_filter(program, 10 + 2 * 999), 1500U);
  EXPECT_EQ(run_filter(program, 11), 0U);
  EXPECT_EQ(run_filter(program, 3000), 0U);
}

}  // namespace
}  // namespace bulkhead::io
