// Tap mode: asking for a flow to be cut, and telling how it moves until the cut is in force.
#include "datapath/pipeline/packet_work.h"

namespace bulkhead::pipeline {

namespace {

using decode::PacketOrigin;
using decode::PacketView;

// Packets of a flow that may pass between the match and the block, which takes about a millisecond.
constexpr std::uint32_t kFollowedPackets = 64;

}  // namespace

// How the flow's frames travel.
void Worker::add_route(const PacketWork& work, BlockRequest& request) const {
  const PacketView& view = *work.view;
  if (view.ethernet == nullptr || view.origin != PacketOrigin::kWire) return;
  const MacAddress source = MacAddress::from(view.ethernet + 6);
  const MacAddress destination = MacAddress::from(view.ethernet);
  const bool to_server = work.direction == Direction::kToServer;
  request.has_ethernet = true;
  request.client_mac = to_server ? source : destination;
  request.server_mac = to_server ? destination : source;
  request.interface_index = view.raw->interface_index;
  request.vlan_count = view.vlan_count;
}

// What passed between the match and the block has moved the sequence numbers, and a receiver ignores a reset
// that is not exactly at the next byte (RFC 5961). A block ends such packets, so they are few.
void Worker::follow_block(const PacketWork& work) {
  const PacketView& view = *work.view;
  if (cut_flows_.empty() || !view.has_tcp || view.l4_checksum_bad || work.flow == nullptr) return;
  const bool moves = !view.payload.empty() || (view.tcp.flags & decode::tcp_flag::kFin) != 0;
  if (!moves || (view.tcp.flags & decode::tcp_flag::kRst) != 0) return;
  const auto cut = cut_flows_.find(work.flow->id);
  if (cut == cut_flows_.end() || cut->second == 0) return;
  --cut->second;
  BlockRequest request;
  request.client = work.flow->client;
  request.flow_id = work.flow->id;
  request.packet_time = view.raw != nullptr ? view.raw->time : now_;
  request.packet_number = order_.packet;
  request.is_tcp = true;
  request.follows = true;
  const std::uint32_t fin = (view.tcp.flags & decode::tcp_flag::kFin) != 0 ? 1 : 0;
  request.next_seq[index_of(work.direction)] = view.tcp.seq + static_cast<std::uint32_t>(view.payload.size()) + fin;
  request.next_seq[index_of(opposite(work.direction))] = view.tcp.ack;
  add_route(work, request);
  response_->request(request);
}

void Worker::request_block(const PacketWork& work, const Alert& alert) {
  if (work.flow == nullptr) return;
  BlockRequest request;
  request.client = work.flow->client;
  request.signature = alert.signature;
  request.flow_id = work.flow->id;
  request.packet_time = work.view->raw != nullptr ? work.view->raw->time : now_;
  request.packet_number = order_.packet;
  request.is_tcp = work.flow->key.protocol == ip_proto::kTcp;
  request.direction = work.direction;
  const PacketView& view = *work.view;
  if (view.raw != nullptr && view.origin == PacketOrigin::kWire && !view.raw->leaves) {
    request.ingress = view.raw->interface_index;
  }
  const stream::TcpSession* session = work.has_stream ? work.stream.session : nullptr;
  // Picked up in the middle both sides may be one forger's; outside of the window it is anybody's packet.
  request.verified =
      request.is_tcp && work.flow->established() && session != nullptr && !session->midstream() && !work.stream.invalid;
  if (work.has_stream && work.stream.session != nullptr) {
    for (const Direction d : {Direction::kToServer, Direction::kToClient}) {
      request.next_seq[index_of(d)] = work.stream.session->next_seq(d);
    }
  }
  add_route(work, request);
  counters_.block_requests.add();
  response_->request(request);
  if (request.is_tcp) cut_flows_.try_emplace(request.flow_id, kFollowedPackets);
}

}  // namespace bulkhead::pipeline
