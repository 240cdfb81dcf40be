#include "datapath/io/packet_mmap_tap_source.h"

#include <linux/if_packet.h>
#include <net/if.h>

#include <cstring>
#include <thread>
#include <utility>

namespace bulkhead::io {

namespace {
constexpr std::chrono::milliseconds kCheckInterval{500};
}

PacketMmapTapSource::PacketMmapTapSource(PacketMmapTapSettings settings) : settings_(std::move(settings)) {}
PacketMmapTapSource::~PacketMmapTapSource() = default;

std::string PacketMmapTapSource::describe() const {
  std::string out = "tap on ";
  for (const std::string& name : settings_.interfaces) out += (&name == settings_.interfaces.data() ? "" : ", ") + name;
  return settings_.interfaces.empty() ? out + "all interfaces" : out;
}

Result<std::vector<std::uint32_t>> PacketMmapTapSource::look_up() const {
  std::vector<std::uint32_t> out;
  for (const std::string& name : settings_.interfaces) {
    const std::uint32_t index = if_nametoindex(name.c_str());
    if (index == 0) return errno_error("interface", name, errno == 0 ? ENODEV : errno);
    out.push_back(index);
  }
  return out;
}

Status PacketMmapTapSource::open() {
  auto indexes = look_up();
  if (!indexes) return indexes.error();
  auto ring = PacketRing::open(settings_, *indexes);
  if (!ring) return ring.error();
  const std::lock_guard lock(counts_mutex_);
  indexes_ = std::move(*indexes);
  ring_ = std::move(*ring);
  block_ = {};
  block_left_ = 0;
  return ok();
}

ReceiveStatus PacketMmapTapSource::receive(PacketBatch& batch, std::chrono::milliseconds timeout) {
  batch.clear();
  if (block_left_ == 0 && !take_block()) {
    if (!settings_.tended) tend();
    change_ring();
    if (!ring_) {
      std::this_thread::sleep_for(timeout);
      return ReceiveStatus::kTimeout;
    }
    const int ready = ring_->wait(timeout);
    if (ready < 0) lose(errno_error("receive", describe(), -ready));
    if (!take_block()) return ReceiveStatus::kTimeout;
  }
  fill(batch);
  return batch.packets.empty() ? ReceiveStatus::kTimeout : ReceiveStatus::kPackets;
}

bool PacketMmapTapSource::take_block() {
  if (!ring_ || !ring_->take(block_)) return false;
  block_left_ = block_.packets;
  block_at_ = block_.first;
  if (block_left_ == 0) ring_->give_back();
  return block_left_ != 0;
}

void PacketMmapTapSource::fill(PacketBatch& batch) {
  while (block_left_ != 0 && batch.packets.size() < batch.packets.capacity()) {
    RawPacket packet;
    const Byte* header = block_.base + block_at_;
    if (block_at_ >= block_.size || !parse_ring_packet(header, block_.size - block_at_, packet)) {
      invalid_.add();  // the kernel never writes such a block
      block_left_ = 0;
      break;
    }
    std::uint32_t next = 0;
    std::memcpy(&next, header, sizeof next);  // tp_next_offset
    block_at_ += next;
    --block_left_;
    packet.number = ++packets_;
    received_.add();
    bytes_.add(packet.captured);
    if (packet.captured < packet.wire_length) truncated_.add();
    batch.packets.push_back(packet);
  }
  if (!batch.packets.empty() && down_.load(std::memory_order_relaxed))
    down_ = false;  // an interface that came up again carries on by itself
  // The block goes back when its last packets do.
  batch.source_cookie = block_left_ == 0 ? 1 : 0;
  if (block_left_ == 0 && batch.packets.empty()) ring_->give_back();
}

void PacketMmapTapSource::release(PacketBatch& batch) {
  if (batch.source_cookie != 0 && ring_) ring_->give_back();
  batch.clear();
}

// The worker's half: what it has read of the old ring is with it no more.
void PacketMmapTapSource::change_ring() {
  if (drop_asked_.load(std::memory_order_acquire)) {
    const std::lock_guard lock(counts_mutex_);
    add_kernel_counts();
    ring_.reset();
    drop_asked_.store(false, std::memory_order_release);
  }
  if (!ring_ && handed_over_.load(std::memory_order_acquire)) {
    const std::lock_guard lock(counts_mutex_);
    ring_ = std::move(handed_);
    block_ = {};
    handed_over_.store(false, std::memory_order_release);
  }
}

void PacketMmapTapSource::tend() {
  const Clock::time_point now = Clock::now();
  if (settings_.interfaces.empty() || now < next_check_) return;
  next_check_ = now + kCheckInterval;
  auto indexes = look_up();
  if (!indexes) {
    lose(indexes.error());
    return;
  }
  {
    const std::lock_guard lock(counts_mutex_);
    const bool has_ring = ring_ != nullptr || handed_ != nullptr;
    if (has_ring && *indexes == indexes_) return;
    // Back under another index: a bound socket, a filter and memberships all name the old one.
    handed_.reset();
    handed_over_.store(false, std::memory_order_release);
    if (ring_ != nullptr) {
      drop_asked_.store(true, std::memory_order_release);
      next_check_ = now;
      return;
    }
  }
  auto ring = PacketRing::open(settings_, *indexes);
  if (!ring) {
    lose(ring.error());
    return;
  }
  const std::lock_guard lock(counts_mutex_);
  indexes_ = std::move(*indexes);
  handed_ = std::move(*ring);
  handed_over_.store(true, std::memory_order_release);
  reopens_.add();
  down_ = false;
}

void PacketMmapTapSource::lose(Error error) {
  const std::lock_guard lock(counts_mutex_);
  last_error_ = std::move(error);
  if (!down_.exchange(true)) losses_.add();
}

void PacketMmapTapSource::add_kernel_counts() const {
  if (!ring_) return;
  const PacketRing::Counts now = ring_->kernel_counts();
  counts_.packets += now.packets;
  counts_.drops += now.drops;
  counts_.freezes += now.freezes;
}

SourceStats PacketMmapTapSource::stats() const {
  const std::lock_guard lock(counts_mutex_);
  add_kernel_counts();
  SourceStats out;
  out.received = received_.value();
  out.received_bytes = bytes_.value();
  out.kernel_drops = counts_.drops;
  out.kernel_freezes = counts_.freezes;
  out.truncated = truncated_.value();
  out.invalid_records = invalid_.value();
  return out;
}

}  // namespace bulkhead::io
