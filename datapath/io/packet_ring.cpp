#include "datapath/io/packet_ring.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <utility>

#include "datapath/io/kernel_bypass.h"
#include "datapath/io/virtio_header.h"

namespace bulkhead::io {

namespace {

constexpr std::size_t kAddressAt = TPACKET_ALIGN(sizeof(tpacket3_hdr));

LinkType link_type_of(std::uint16_t hardware_type) {
  switch (hardware_type) {
    case ARPHRD_ETHER:
    case ARPHRD_LOOPBACK: return LinkType::kEthernet;
    default: return LinkType::kRaw;  // tun, wireguard, ipip, ...: an IP header comes first
  }
}

std::string names_of(const PacketMmapTapSettings& settings) {
  std::string out;
  for (const std::string& name : settings.interfaces) out += (out.empty() ? "" : ", ") + name;
  return out.empty() ? "all interfaces" : out;
}

Error failed(std::string operation, std::string object) {
  Error error = errno_error(std::move(operation), std::move(object));
  if (error.code == EPERM || error.code == EACCES) error.text += "; needs the capability CAP_NET_RAW";
  return error;
}

template <typename Value>
[[nodiscard]] bool set(int fd, int option, const Value& value) {
  return setsockopt(fd, SOL_PACKET, option, &value, sizeof value) == 0;
}

}  // namespace

bool parse_ring_packet(const Byte* header, std::size_t size, RawPacket& packet) {
  tpacket3_hdr fixed{};
  if (size < kAddressAt + sizeof(sockaddr_ll)) return false;
  std::memcpy(&fixed, header, sizeof fixed);
  if (fixed.tp_mac < kAddressAt + kVirtioHeader || fixed.tp_mac > size || fixed.tp_snaplen > size - fixed.tp_mac) {
    return false;
  }
  sockaddr_ll address{};
  std::memcpy(&address, header + kAddressAt, sizeof address);
  VirtioHeader virtio{};
  std::memcpy(&virtio, header + fixed.tp_mac - kVirtioHeader, kVirtioHeader);

  packet.data = header + fixed.tp_mac;
  packet.captured = fixed.tp_snaplen;
  packet.wire_length = fixed.tp_len;
  packet.time.ns = std::int64_t{fixed.tp_sec} * 1'000'000'000 + fixed.tp_nsec;
  packet.interface_index = static_cast<std::uint32_t>(address.sll_ifindex);
  packet.leaves = address.sll_pkttype == PACKET_OUTGOING;
  packet.link_type = link_type_of(address.sll_hatype);
  packet.checksum = checksum_state(virtio, (fixed.tp_status & TP_STATUS_CSUMNOTREADY) != 0,
                                   (fixed.tp_status & TP_STATUS_CSUM_VALID) != 0);
  packet.gso_segment_size = virtio.gso_type != kGsoNone ? virtio.gso_size : std::uint16_t{0};
  packet.vlan = {};
  if ((fixed.tp_status & TP_STATUS_VLAN_VALID) != 0) {
    packet.vlan.present = true;
    packet.vlan.tci = static_cast<std::uint16_t>(fixed.hv1.tp_vlan_tci);
    packet.vlan.tpid =
        (fixed.tp_status & TP_STATUS_VLAN_TPID_VALID) != 0 ? fixed.hv1.tp_vlan_tpid : std::uint16_t{ETH_P_8021Q};
  }
  return true;
}

std::vector<sock_filter> interface_filter(const std::vector<std::uint32_t>& indexes, std::uint32_t snaplen) {
  // The value that a filter returns is the number of bytes kept; 0 refuses the packet.
  const sock_filter accept = BPF_STMT(BPF_RET | BPF_K, snaplen);
  if (indexes.empty()) return {accept};
  std::vector<sock_filter> program;
  program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_IFINDEX)));
  for (const std::uint32_t index : indexes) {
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, index, 0, 1));
    program.push_back(accept);
  }
  program.push_back(BPF_STMT(BPF_RET | BPF_K, 0));
  return program;
}

Result<std::unique_ptr<PacketRing>> PacketRing::open(const PacketMmapTapSettings& settings,
                                                     const std::vector<std::uint32_t>& indexes) {
  // Protocol 0: nothing arrives before the filter is in place and the socket is bound.
  const int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (fd < 0) return failed("socket(AF_PACKET)", names_of(settings));
  std::unique_ptr<PacketRing> ring(new PacketRing(fd));
  if (const Status ready = ring->set_up(settings, indexes); !ready) return ready.error();
  return ring;
}

PacketRing::~PacketRing() {
  if (map_ != nullptr) munmap(map_, map_size_);
  ::close(fd_);
}

Status PacketRing::set_up(const PacketMmapTapSettings& settings, const std::vector<std::uint32_t>& indexes) {
  const std::string names = names_of(settings);
  // The version first, then the header before each packet: both are fixed once there is a ring.
  if (!set(fd_, PACKET_VERSION, int{TPACKET_V3})) return failed("PACKET_VERSION", names);
  if (!set(fd_, PACKET_VNET_HDR, int{1})) return failed("PACKET_VNET_HDR", names);
  if (!settings.outgoing && !set(fd_, PACKET_IGNORE_OUTGOING, int{1})) return failed("PACKET_IGNORE_OUTGOING", names);
  if (const Status mapped = map_ring(settings); !mapped) return mapped;
  const bool several = indexes.size() > 1;
  if (const Status filtered = attach_filter(settings, several ? indexes : std::vector<std::uint32_t>{}); !filtered) {
    return filtered;
  }
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = indexes.size() == 1 ? static_cast<int>(indexes[0]) : 0;
  if (bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return failed("bind", names);
  return join(settings, indexes);
}

Status PacketRing::map_ring(const PacketMmapTapSettings& settings) {
  constexpr std::uint32_t kFrame =
      2048;  // a number that divides the block; packets of a V3 ring are as long as they are
  tpacket_req3 request{};
  request.tp_block_size = settings.block_bytes;
  request.tp_block_nr = settings.block_count;
  request.tp_frame_size = kFrame;
  request.tp_frame_nr = settings.block_bytes / kFrame * settings.block_count;
  request.tp_retire_blk_tov = static_cast<unsigned>(settings.retire_timeout.count());
  const std::string size =
      std::to_string(settings.block_count) + " blocks of " + std::to_string(settings.block_bytes) + " bytes";
  if (settings.block_bytes < 128 * 1024 || settings.block_count < 2) {
    return Error{"ring", size, 0, "needs at least 2 blocks of 131072 bytes"};
  }
  if (!set(fd_, PACKET_RX_RING, request)) return failed("PACKET_RX_RING", size);
  map_size_ = std::size_t{settings.block_bytes} * settings.block_count;
  void* map = mmap(nullptr, map_size_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd_, 0);
  if (map == MAP_FAILED) return failed("mmap", size);
  map_ = static_cast<Byte*>(map);
  block_bytes_ = settings.block_bytes;
  block_count_ = settings.block_count;
  return ok();
}

Status PacketRing::attach_filter(const PacketMmapTapSettings& settings, const std::vector<std::uint32_t>& indexes) {
  // Interfaces that have no place together in its table: the plain filter, and every packet comes.
  if (settings.bypass != nullptr && settings.bypass->allow(indexes)) {
    const int program = settings.bypass->program();
    if (setsockopt(fd_, SOL_SOCKET, SO_ATTACH_BPF, &program, sizeof program) == 0) return ok();
    return failed("SO_ATTACH_BPF", names_of(settings));
  }
  std::vector<sock_filter> program = interface_filter(indexes, settings.snaplen);
  const std::string count = std::to_string(indexes.size()) + " interfaces";
  if (program.size() > BPF_MAXINSNS)
    return Error{"SO_ATTACH_FILTER", count, 0, "at most 2047 interfaces on one socket"};
  const sock_fprog attached{static_cast<unsigned short>(program.size()), program.data()};
  if (setsockopt(fd_, SOL_SOCKET, SO_ATTACH_FILTER, &attached, sizeof attached) != 0) {
    return failed("SO_ATTACH_FILTER", count);
  }
  return ok();
}

Status PacketRing::join(const PacketMmapTapSettings& settings, const std::vector<std::uint32_t>& indexes) {
  if (settings.promiscuous) {
    for (std::size_t i = 0; i < indexes.size(); ++i) {
      packet_mreq membership{};
      membership.mr_ifindex = static_cast<int>(indexes[i]);
      membership.mr_type = PACKET_MR_PROMISC;
      if (!set(fd_, PACKET_ADD_MEMBERSHIP, membership))
        return failed("PACKET_ADD_MEMBERSHIP", settings.interfaces.at(i));
    }
  }
  if (settings.fanout_group == 0) return ok();
  const std::uint32_t type = PACKET_FANOUT_HASH | (settings.fanout_defragment ? PACKET_FANOUT_FLAG_DEFRAG : 0U);
  const auto value = static_cast<int>(type << 16 | settings.fanout_group);
  if (!set(fd_, PACKET_FANOUT, value)) {
    Error error = failed("PACKET_FANOUT", names_of(settings) + ", group " + std::to_string(settings.fanout_group));
    if (error.code == EINVAL) error.text += "; the interface is down or the group has other settings";
    return error;
  }
  return ok();
}

bool PacketRing::take(Block& block) const {
  Byte* base = map_ + std::size_t{current_} * block_bytes_;
  auto* descriptor = reinterpret_cast<tpacket_block_desc*>(base);
  const std::atomic_ref<std::uint32_t> status(descriptor->hdr.bh1.block_status);
  if ((status.load(std::memory_order_acquire) & TP_STATUS_USER) == 0) return false;
  block.base = base;
  block.size = block_bytes_;
  block.packets = descriptor->hdr.bh1.num_pkts;
  block.first = descriptor->hdr.bh1.offset_to_first_pkt;
  return true;
}

void PacketRing::give_back() {
  auto* descriptor = reinterpret_cast<tpacket_block_desc*>(map_ + std::size_t{current_} * block_bytes_);
  const std::atomic_ref<std::uint32_t> status(descriptor->hdr.bh1.block_status);
  status.store(TP_STATUS_KERNEL, std::memory_order_release);
  current_ = (current_ + 1) % block_count_;
}

int PacketRing::wait(std::chrono::milliseconds timeout) const {
  pollfd entry{fd_, POLLIN | POLLERR, 0};
  const int ready = poll(&entry, 1, static_cast<int>(timeout.count()));
  if (ready <= 0) return 0;  // time over, or a signal
  if ((entry.revents & POLLERR) != 0) {
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error != 0) return -error;
  }
  return (entry.revents & POLLIN) != 0 ? 1 : 0;
}

PacketRing::Counts PacketRing::kernel_counts() const {
  tpacket_stats_v3 stats{};
  socklen_t size = sizeof stats;
  if (getsockopt(fd_, SOL_PACKET, PACKET_STATISTICS, &stats, &size) != 0) return {};
  return {stats.tp_packets, stats.tp_drops, stats.tp_freeze_q_cnt};
}

}  // namespace bulkhead::io
