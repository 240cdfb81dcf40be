// Taps: flows that are left alone leave the ring; the kernel counts them.
#include "datapath/io/kernel_bypass.h"
#include "datapath/pipeline/packet_work.h"

namespace bulkhead::pipeline {

using decode::PacketOrigin;

// What the filter can tell apart: no tags, no tunnels.
void Worker::leave_to_kernel(const PacketWork& work) {
  if (work.flow == nullptr || work.flow->state != flow::FlowState::kBypassed) return;
  const decode::PacketView& view = *work.view;
  if (view.origin != PacketOrigin::kWire || view.tunnel_depth != 0 || view.vlan_count != 0) return;
  const auto [at, is_new] = in_kernel_.try_emplace(work.flow->id);
  if (!is_new) return;
  at->second.key = work.flow->key;
  at->second.hash = work.flow->hash;
  at->second.handle = settings_.kernel_bypass->leave(work.flow->client);
}

// Once a second: live views and timeouts see what the kernel has counted.
void Worker::count_in_kernel() {
  for (auto& [id, left] : in_kernel_) {
    if (left.handle == 0) continue;
    const io::KernelBypass::FlowCounts counts = settings_.kernel_bypass->counts(left.handle);
    for (const Direction d : {Direction::kToServer, Direction::kToClient}) {
      const std::size_t i = index_of(d);
      const std::uint64_t packets = counts[i].packets - left.counted.packets[i];
      const std::uint64_t bytes = counts[i].bytes - left.counted.bytes[i];
      if (packets == 0) continue;
      left.counted.packets[i] += packets;
      left.counted.bytes[i] += bytes;
      counters_.kernel_packets.add(packets);
      counters_.kernel_bytes.add(bytes);
      flows_->count_elsewhere(left.key, left.hash, d, packets, bytes, now_);
    }
  }
}

// The flow ends: its record has all of it. Nothing: the kernel did not have it.
std::optional<event::KernelShare> Worker::take_from_kernel(flow::Flow& flow) {
  const auto found = in_kernel_.find(flow.id);
  if (found == in_kernel_.end()) return std::nullopt;
  const InKernel left = found->second;
  in_kernel_.erase(found);
  if (left.handle == 0) return std::nullopt;
  event::KernelShare share;
  const io::KernelBypass::FlowCounts counts = settings_.kernel_bypass->end(left.handle);
  for (std::size_t i = 0; i < 2; ++i) {
    const std::uint64_t packets = counts[i].packets - left.counted.packets[i];
    const std::uint64_t bytes = counts[i].bytes - left.counted.bytes[i];
    share.packets[i] = counts[i].packets;
    share.bytes[i] = counts[i].bytes;
    flow.counts[i].packets += packets;
    flow.counts[i].bytes += bytes;
    counters_.kernel_packets.add(packets);
    counters_.kernel_bytes.add(bytes);
    if (packets != 0) flow.last = std::max(flow.last, now_);
  }
  return share;
}

}  // namespace bulkhead::pipeline
