#include "datapath/io/packet_wire_source.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>

#include "datapath/base/big_endian.h"
#include "datapath/io/reject_frames.h"

namespace bulkhead::io {

namespace {

// Header, a super-packet and its link header; not a multiple of a page, so that the slots' first lines spread over the
// cache.
constexpr std::size_t kSlotBytes = (std::size_t{66} << 10) + 192;
constexpr std::size_t kMacs = 12;         // a VLAN tag stands behind both addresses
constexpr std::uint16_t kLinear = 192;    // headers that the kernel keeps together; all of ours fit
constexpr std::size_t kRejectsOfOne = 2;  // both ends of a connection

Error failed(std::string operation, std::string object = "wire") {
  Error error = errno_error(std::move(operation), std::move(object));
  if (error.code == EPERM || error.code == EACCES) error.text += "; needs the capability CAP_NET_RAW";
  return error;
}

template <typename Value>
[[nodiscard]] bool set(int fd, int level, int option, const Value& value) {
  return ::setsockopt(fd, level, option, &value, sizeof value) == 0;
}

bool set_buffer(int fd, int forced, int plain, std::uint32_t bytes) {
  const int value = static_cast<int>(bytes);
  return set(fd, SOL_SOCKET, forced, value) || set(fd, SOL_SOCKET, plain, value);
}

// Appends bytes to a message, cut where something is put in their place or between.
class Parts {
 public:
  Parts(std::array<iovec, 7>& parts, std::size_t& count) : parts_(parts), count_(count) {}
  void add(const void* data, std::size_t size) {
    if (size == 0) return;
    parts_[count_++] = {const_cast<void*>(data), size};  // NOLINT: sendmsg's form; it does not write
  }

 private:
  std::array<iovec, 7>& parts_;
  std::size_t& count_;
};

}  // namespace

// Aligned as a control message is.
struct PacketWireSource::Control {
  alignas(cmsghdr) std::array<Byte, CMSG_SPACE(sizeof(tpacket_auxdata))> bytes;
};

std::vector<sock_filter> wire_filter(const std::vector<WirePair>& pairs, std::uint32_t mark, std::uint32_t mask) {
  std::vector<sock_filter> program;
  const sock_filter refuse = BPF_STMT(BPF_RET | BPF_K, 0);
  const sock_filter whole = BPF_STMT(BPF_RET | BPF_K, 0xffffffff);
  if (mask != 0) {
    program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_MARK)));
    program.push_back(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask));
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, mark, 0, 1));
    program.push_back(refuse);
  }
  if (!pairs.empty()) {
    program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_IFINDEX)));
  }
  for (const WirePair& pair : pairs) {
    for (const std::uint32_t index : {pair.container, pair.bridge}) {
      program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, index, 0, 1));
      program.push_back(whole);
    }
  }
  program.push_back(refuse);
  return program;
}

PacketWireSource::PacketWireSource(PacketWireSettings settings)
    : settings_(settings), gather_(settings.gather), ways_(std::make_shared<Ways>()) {
  const std::size_t slots = std::clamp<std::size_t>(settings_.batch_packets, 1, kMaxBatch);
  memory_.resize(slots * kSlotBytes);
  slots_.resize(slots);
  messages_.resize(slots);
  senders_.resize(slots);
  controls_.resize(slots);
  for (std::size_t i = 0; i < slots; ++i) {
    slots_[i] = {&memory_[i * kSlotBytes], kSlotBytes};
    messages_[i].msg_hdr.msg_iov = &slots_[i];
    messages_[i].msg_hdr.msg_iovlen = 1;
    messages_[i].msg_hdr.msg_name = &senders_[i];
    messages_[i].msg_hdr.msg_control = controls_[i].bytes.data();
  }
  slot_of_.reserve(slots);
  // Each packet goes out, or is answered.
  out_.resize(slots * kRejectsOfOne);
  out_messages_.resize(slots * kRejectsOfOne);
  for (std::size_t i = 0; i < out_.size(); ++i) {
    out_messages_[i].msg_hdr.msg_name = &out_[i].address;
    out_messages_[i].msg_hdr.msg_namelen = sizeof out_[i].address;
    out_messages_[i].msg_hdr.msg_iov = out_[i].parts.data();
  }
  rejects_.resize(slots * kRejectsOfOne);
}

PacketWireSource::~PacketWireSource() {
  if (receiver_ >= 0) ::close(receiver_);
  if (sender_ >= 0) ::close(sender_);
}

std::string PacketWireSource::describe() const {
  const std::lock_guard lock(ways_mutex_);
  const std::size_t pairs = named_ways_ == nullptr ? 0 : named_ways_->size() / 2;
  return "wire between " + std::to_string(pairs) + (pairs == 1 ? " pair" : " pairs") + " of interfaces";
}

Status PacketWireSource::open() {
  if (const Status opened = open_receiver(); !opened) return opened;
  return open_sender();
}

Status PacketWireSource::open_receiver() {
  // Protocol 0: nothing arrives before the filter is in place and the socket is bound.
  receiver_ = ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (receiver_ < 0) return failed("socket(AF_PACKET)");
  if (!set(receiver_, SOL_PACKET, PACKET_VNET_HDR, 1)) return failed("PACKET_VNET_HDR");
  if (!set(receiver_, SOL_PACKET, PACKET_AUXDATA, 1)) return failed("PACKET_AUXDATA");
  if (!set(receiver_, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)) return failed("PACKET_IGNORE_OUTGOING");
  if (!set_buffer(receiver_, SO_RCVBUFFORCE, SO_RCVBUF, settings_.buffer_bytes)) return failed("SO_RCVBUF");
  if (const Status attached = attach({}); !attached) return attached;
  sockaddr_ll all{};
  all.sll_family = AF_PACKET;
  all.sll_protocol = htons(ETH_P_ALL);
  if (::bind(receiver_, reinterpret_cast<const sockaddr*>(&all), sizeof all) != 0) return failed("bind");
  if (settings_.fanout_group == 0) return ok();
  // Not put together from fragments: what goes through a wire keeps its shape.
  const auto value = static_cast<int>(std::uint32_t{PACKET_FANOUT_HASH} << 16 | settings_.fanout_group);
  if (!set(receiver_, SOL_PACKET, PACKET_FANOUT, value)) return failed("PACKET_FANOUT");
  return ok();
}

Status PacketWireSource::open_sender() {
  sender_ = ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (sender_ < 0) return failed("socket(AF_PACKET)");
  if (!set(sender_, SOL_PACKET, PACKET_VNET_HDR, 1)) return failed("PACKET_VNET_HDR");
  if (settings_.mark_mask != 0 && !set(sender_, SOL_SOCKET, SO_MARK, settings_.sent_mark)) return failed("SO_MARK");
  if (!set_buffer(sender_, SO_SNDBUFFORCE, SO_SNDBUF, settings_.buffer_bytes)) return failed("SO_SNDBUF");
  return ok();
}

Status PacketWireSource::attach(const std::vector<WirePair>& pairs) {
  std::vector<sock_filter> program = wire_filter(pairs, settings_.sent_mark, settings_.mark_mask);
  if (program.size() > BPF_MAXINSNS) {
    return Error{"SO_ATTACH_FILTER", std::to_string(pairs.size()) + " wires", 0, "at most 1022 at once"};
  }
  const sock_fprog attached{static_cast<unsigned short>(program.size()), program.data()};
  if (!set(receiver_, SOL_SOCKET, SO_ATTACH_FILTER, attached)) return failed("SO_ATTACH_FILTER");
  return ok();
}

Status PacketWireSource::use(const std::vector<WirePair>& pairs) {
  auto ways = std::make_shared<Ways>();
  for (const WirePair& pair : pairs) {
    ways->emplace_back(pair.container, pair.bridge);
    ways->emplace_back(pair.bridge, pair.container);
  }
  std::sort(ways->begin(), ways->end());
  {
    const std::lock_guard lock(ways_mutex_);
    auto all = std::make_shared<Ways>(*ways);
    if (named_ways_ != nullptr) {
      for (const auto& way : *named_ways_) {
        const auto place = std::lower_bound(all->begin(), all->end(), std::pair{way.first, std::uint32_t{0}});
        if (place == all->end() || place->first != way.first) all->insert(place, way);
      }
    }
    named_ways_ = std::move(ways);
    next_ways_ = std::move(all);
  }
  ways_version_.fetch_add(1, std::memory_order_release);
  return attach(pairs);  // the ways are known before packets come
}

ReceiveStatus PacketWireSource::receive(PacketBatch& batch, std::chrono::milliseconds timeout) {
  batch.clear();
  slot_of_.clear();
  set_timeout(timeout);
  gather_.wait(taken_, slots_.size() / 4);
  taken_ = 0;
  const unsigned limit = batch_bytes_.packets(std::min(slots_.size(), batch.packets.capacity()));
  for (unsigned i = 0; i < limit; ++i) {
    messages_[i].msg_hdr.msg_namelen = sizeof(sockaddr_ll);
    messages_[i].msg_hdr.msg_controllen = sizeof(Control);
  }
  waits_.store(true, std::memory_order_release);
  const int count = ::recvmmsg(receiver_, messages_.data(), limit, MSG_WAITFORONE, nullptr);
  waits_.store(false, std::memory_order_release);
  if (count < 0) {
    switch (errno) {
      case EINVAL: unreadable_.add(); [[fallthrough]];  // the packet is gone; the next read goes on behind it
      case EAGAIN:
      case EINTR:
      case ENETDOWN: return ReceiveStatus::kTimeout;
      default: last_error_ = failed("receive"); return ReceiveStatus::kError;
    }
  }
  gather_.add(static_cast<std::uint32_t>(count));
  taken_ = static_cast<std::size_t>(count);
  if (const std::uint32_t version = ways_version_.load(std::memory_order_acquire); version != ways_seen_) {
    const std::lock_guard lock(ways_mutex_);
    ways_ = next_ways_;
    ways_seen_ = version;
  }
  const Timestamp now = wall_clock();
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < taken_; ++i) {
    bytes += messages_[i].msg_len;
    take(i, now, batch);
  }
  batch_bytes_.add(taken_, bytes);
  return batch.packets.empty() ? ReceiveStatus::kTimeout : ReceiveStatus::kPackets;
}

void PacketWireSource::drain(std::chrono::milliseconds patience) const {
  const auto end = std::chrono::steady_clock::now() + patience;
  // Twice in a row, a moment apart: a packet on its way out of the socket is in neither place.
  for (int idle = 0; idle < 2 && std::chrono::steady_clock::now() < end;) {
    int next = 0;
    const bool empty = ::ioctl(receiver_, FIONREAD, &next) == 0 && next == 0;
    idle = empty && waits_.load(std::memory_order_acquire) ? idle + 1 : 0;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

void PacketWireSource::set_timeout(std::chrono::milliseconds timeout) {
  if (timeout == timeout_) return;
  timeval wait{};
  wait.tv_sec = timeout.count() / 1000;
  wait.tv_usec = std::max<std::int64_t>(timeout.count() % 1000 * 1000, timeout.count() == 0 ? 1 : 0);  // 0: for ever
  if (set(receiver_, SOL_SOCKET, SO_RCVTIMEO, wait)) timeout_ = timeout;
}

void PacketWireSource::take(std::size_t slot, Timestamp now, PacketBatch& batch) {
  mmsghdr& message = messages_[slot];
  if ((message.msg_hdr.msg_flags & MSG_TRUNC) != 0) return too_long_.add();
  if (message.msg_len < kVirtioHeader + ETH_HLEN) return unreadable_.add();
  const auto* bytes = static_cast<const Byte*>(slots_[slot].iov_base);
  VirtioHeader virtio;
  std::memcpy(&virtio, bytes, kVirtioHeader);
  RawPacket packet;
  packet.data = bytes + kVirtioHeader;
  packet.captured = packet.wire_length = message.msg_len - static_cast<std::uint32_t>(kVirtioHeader);
  packet.time = now;
  packet.number = ++packets_;
  packet.interface_index = static_cast<std::uint32_t>(senders_[slot].sll_ifindex);
  packet.gso_segment_size = virtio.gso_type != kGsoNone ? virtio.gso_size : std::uint16_t{0};
  std::uint32_t status = 0;
  for (cmsghdr* c = CMSG_FIRSTHDR(&message.msg_hdr); c != nullptr; c = CMSG_NXTHDR(&message.msg_hdr, c)) {
    if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA) continue;
    tpacket_auxdata aux{};
    std::memcpy(&aux, CMSG_DATA(c), sizeof aux);
    status = aux.tp_status;
    if ((status & TP_STATUS_VLAN_VALID) == 0) continue;
    packet.vlan.present = true;
    packet.vlan.tci = aux.tp_vlan_tci;
    packet.vlan.tpid =
        (status & TP_STATUS_VLAN_TPID_VALID) != 0 ? aux.tp_vlan_tpid : static_cast<std::uint16_t>(ETH_P_8021Q);
  }
  packet.checksum =
      checksum_state(virtio, (status & TP_STATUS_CSUMNOTREADY) != 0, (status & TP_STATUS_CSUM_VALID) != 0);
  received_.add();
  bytes_.add(packet.captured);
  batch.packets.push_back(packet);
  slot_of_.push_back(slot);
}

std::uint32_t PacketWireSource::way_of(std::uint32_t index) const {
  const auto found = std::lower_bound(ways_->begin(), ways_->end(), std::pair{index, std::uint32_t{0}});
  return found == ways_->end() || found->first != index ? 0 : found->second;
}

void PacketWireSource::release(PacketBatch& batch) {
  out_count_ = reject_count_ = 0;
  for (std::size_t i = 0; i < slot_of_.size() && i < batch.packets.size(); ++i) {
    const RawPacket& packet = batch.packets[i];
    const std::uint32_t out = way_of(packet.interface_index);
    if (packet.verdict == PacketVerdict::kDrop) continue;
    if (out == 0) {
      no_way_.add();
    } else if (packet.verdict == PacketVerdict::kReject) {
      add_rejects(packet, out);
    } else {
      add_out(slot_of_[i], packet, out);
    }
  }
  send_all();
  slot_of_.clear();
  batch.clear();
}

// The frame as it came, or as it was rewritten, with its VLAN tag back in place.
void PacketWireSource::add_out(std::size_t slot, const RawPacket& packet, std::uint32_t out) {
  Outgoing& to = out_[out_count_];
  std::memcpy(&to.header, slots_[slot].iov_base, kVirtioHeader);
  VirtioHeader& header = to.header;
  const bool needs_checksum = (header.flags & kNeedsChecksum) != 0;
  const ByteSpan frame = packet.rewritten.empty() ? packet.bytes() : packet.rewritten;
  std::size_t count = 0;
  Parts parts(to.parts, count);
  parts.add(&header, kVirtioHeader);
  std::size_t at = 0;
  if (packet.vlan.present) {
    store_be16(to.tag.data(), packet.vlan.tpid);
    store_be16(to.tag.data() + 2, packet.vlan.tci);
    parts.add(frame.data(), kMacs);
    parts.add(to.tag.data(), to.tag.size());
    at = kMacs;
  }
  // What was rewritten has its checksum complete. Where the kernel is to complete it, only that of the pseudo header
  // stands there, and neither addresses nor length have changed.
  const std::size_t field = std::size_t{header.checksum_start} + header.checksum_offset;
  if (!packet.rewritten.empty() && needs_checksum && field >= at && field + 2 <= frame.size() &&
      field + 2 <= packet.captured) {
    parts.add(frame.data() + at, field - at);
    parts.add(packet.data + field, 2);
    at = field + 2;
  }
  parts.add(frame.data() + at, frame.size() - at);
  if (packet.vlan.present) {
    if (needs_checksum) header.checksum_start = static_cast<std::uint16_t>(header.checksum_start + to.tag.size());
    if (header.header_length != 0) {
      header.header_length = static_cast<std::uint16_t>(header.header_length + to.tag.size());
    }
  }
  // How much of it lay together where it came from is no reason to ask for as much memory in one piece.
  header.header_length = std::min(header.header_length, kLinear);
  to.address = {};
  to.address.sll_family = AF_PACKET;
  to.address.sll_ifindex = static_cast<int>(out);
  out_messages_[out_count_].msg_hdr.msg_iovlen = count;
  ++out_count_;
}

void PacketWireSource::add_rejects(const RawPacket& packet, std::uint32_t out) {
  for (const bool to_sender : {true, false}) {
    std::vector<Byte>& frame = rejects_[reject_count_];
    if (!reject_frame(packet, to_sender, frame)) continue;
    ++reject_count_;
    Outgoing& to = out_[out_count_];
    to.header = {};
    std::size_t count = 0;
    Parts parts(to.parts, count);
    parts.add(&to.header, kVirtioHeader);
    parts.add(frame.data(), frame.size());
    to.address = {};
    to.address.sll_family = AF_PACKET;
    to.address.sll_ifindex = static_cast<int>(to_sender ? packet.interface_index : out);
    out_messages_[out_count_].msg_hdr.msg_iovlen = count;
    ++out_count_;
    rejects_sent_.add();
  }
}

void PacketWireSource::send_all() {
  std::size_t done = 0;
  while (done < out_count_) {
    const int sent = ::sendmmsg(sender_, &out_messages_[done], static_cast<unsigned>(out_count_ - done), MSG_DONTWAIT);
    if (sent > 0) {
      for (int i = 0; i < sent; ++i, ++done) {
        sent_.add();
        sent_bytes_.add(out_messages_[done].msg_len);
      }
      continue;
    }
    if (sent < 0 && errno == EINTR) continue;
    count_failure(errno);
    ++done;  // the others go on
  }
}

void PacketWireSource::count_failure(int error) {
  switch (error) {
    case ENOBUFS:
    case EAGAIN: return send_full_.add();
    case ENETDOWN:
    case ENXIO:
    case ENODEV: return send_down_.add();
    default: return send_failed_.add();
  }
}

WireCounts PacketWireSource::counts() const {
  WireCounts out;
  out.sent = sent_.value();
  out.sent_bytes = sent_bytes_.value();
  out.rejects_sent = rejects_sent_.value();
  out.unreadable = unreadable_.value();
  out.too_long = too_long_.value();
  out.no_way = no_way_.value();
  out.send_full = send_full_.value();
  out.send_down = send_down_.value();
  out.send_failed = send_failed_.value();
  return out;
}

SourceStats PacketWireSource::stats() const {
  SourceStats out;
  out.received = received_.value();
  out.received_bytes = bytes_.value();
  out.truncated = too_long_.value();
  out.invalid_records = unreadable_.value();
  const std::lock_guard lock(drops_mutex_);
  tpacket_stats now{};
  socklen_t size = sizeof now;
  if (receiver_ >= 0 && ::getsockopt(receiver_, SOL_PACKET, PACKET_STATISTICS, &now, &size) == 0) {
    drops_ += now.tp_drops;
  }
  out.kernel_drops = drops_;
  const WireCounts counted = counts();
  out.sent = counted.sent;
  out.send_drops = counted.no_way + counted.send_full + counted.send_down + counted.send_failed;
  return out;
}

}  // namespace bulkhead::io
