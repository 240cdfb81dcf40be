// The conversations of a capture file: bytes of both directions, in order, as the engine's own front (decoder, flow
// table, reassembly) gives them. For programs that look at parsers alone.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "datapath/decode/decoder.h"
#include "datapath/flow/flow_table.h"
#include "datapath/io/pcap_file_source.h"
#include "datapath/stream/tcp_tracker.h"

namespace bulkhead::test {

struct Piece {
  Direction direction;
  std::vector<Byte> bytes;
};
struct Conversation {
  FlowTuple client;
  std::vector<Piece> pieces;
  bool gap = false;          // what follows a gap is left out
  std::size_t captured = 0;  // bytes of its packets in the file, with all headers
};

class ConversationCollector final : public stream::StreamListener {
 public:
  void on_data(flow::Flow& flow, Direction d, std::uint64_t /*offset*/, ByteSpan data) override { add(flow, d, data); }
  void on_gap(flow::Flow& flow, Direction /*d*/, std::uint64_t /*offset*/, std::uint64_t /*length*/) override {
    of(flow).gap = true;
  }
  void on_rewind(flow::Flow& flow, Direction /*d*/, std::uint64_t /*offset*/) override { of(flow).gap = true; }
  void add(flow::Flow& flow, Direction d, ByteSpan data) {
    Conversation& talk = of(flow);
    if (talk.pieces.empty()) talk.client = flow.client;  // it may have been turned since its first packet
    if (!talk.gap && !data.empty()) talk.pieces.push_back({d, {data.begin(), data.end()}});
  }
  void add_packet(const flow::Flow& flow, std::size_t captured) { of(flow).captured += captured; }
  void forget(const flow::Flow& flow) { open_.erase(&flow); }
  // Those in which something was said, or lost.
  [[nodiscard]] std::vector<Conversation> take() {
    std::erase_if(all_, [](const Conversation& talk) { return talk.pieces.empty() && !talk.gap; });
    return std::move(all_);
  }

 private:
  Conversation& of(const flow::Flow& flow) {
    const auto [at, fresh] = open_.try_emplace(&flow, all_.size());
    if (fresh) all_.push_back({flow.client, {}, false, 0});
    return all_[at->second];
  }

  std::vector<Conversation> all_;
  std::map<const flow::Flow*, std::size_t> open_;
};

// Empty: not a capture, or nothing over TCP and UDP in it.
inline std::vector<Conversation> conversations_of(const std::string& path) {
  io::PcapFileSource source(path);
  if (!source.open()) return {};
  decode::Decoder decoder{decode::DecodeSettings{}};
  const auto chain = std::make_unique<decode::PacketChain>();
  stream::StreamSettings settings;
  settings.inspect_moment = stream::InspectMoment::kArrival;
  ConversationCollector collector;
  stream::TcpTracker tracker(settings, collector);
  flow::FlowTable table({}, [&](flow::Flow& flow, flow::FlowEndReason) { collector.forget(flow); });
  io::PacketBatch batch;
  batch.packets.reserve(256);
  while (source.receive(batch, std::chrono::milliseconds(0)) == io::ReceiveStatus::kPackets) {
    for (const io::RawPacket& packet : batch.packets) {
      decoder.decode(packet, *chain);
      for (std::size_t i = 0; i < chain->count; ++i) {
        const decode::PacketView& view = chain->views[i];
        if (!view.has_tcp && !view.has_udp) continue;
        const auto found = table.lookup(view);
        if (found.flow == nullptr) continue;
        collector.add_packet(*found.flow, packet.captured);
        if (view.has_udp) {
          collector.add(*found.flow, found.direction, view.payload);
          continue;
        }
        stream::TcpSession* session = tracker.handle(view, *found.flow, found.direction).session;
        if (session == nullptr) continue;
        for (const Direction d : {Direction::kToServer, Direction::kToClient}) {
          session->side(d).release(session->side(d).delivered_end());
        }
      }
    }
    source.release(batch);
    batch.clear();
  }
  table.end_all(flow::FlowEndReason::kShutdown);
  return collector.take();
}

}  // namespace bulkhead::test
