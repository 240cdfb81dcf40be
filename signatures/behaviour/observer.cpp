#include "signatures/behaviour/observer.h"

#include <algorithm>
#include <cmath>

#include "datapath/base/pooled.h"

namespace bulkhead::behaviour {

// What every packet looks at stands first; two cache lines in all.
struct Observer::FlowState final : flow::FlowExtension, Pooled {
  Timestamp next_milestone;
  const app::AppParser* parser = nullptr;  // whose transactions are counted: a change of protocol begins anew
  std::uint64_t next_transaction = 0;
  std::array<std::uint64_t, 2> payload{};  // by Direction
  std::uint32_t interface = 0;             // of the client's packets
  std::uint16_t turns = 0;
  std::uint8_t first_entropy = 0, first_size = 0;
  bool answered : 1 = false, refused : 1 = false, first_milestone : 1 = false, server_first : 1 = false;
  std::uint8_t last_speaker = 2;   // 2: nobody
  bool spoke[2] = {false, false};  // by Direction
  std::array<char, Observation::kTextBytes> first{};

  void turn() override {
    std::swap(spoke[0], spoke[1]);
    std::swap(payload[0], payload[1]);
    if (last_speaker < 2) last_speaker ^= 1;
    server_first = false;
    interface = 0;
    first_size = 0;  // it was the other end's
  }
  void hear(std::size_t side, ByteSpan bytes) {
    payload[side] += bytes.size();
    if (!spoke[side]) {
      spoke[side] = true;
      if (side == 1 && !spoke[0]) server_first = true;
      if (side == 0) {
        first_entropy = entropy_sixteenths(bytes);
        first_size = static_cast<std::uint8_t>(std::min(bytes.size(), first.size()));
        std::memcpy(first.data(), bytes.data(), first_size);
      }
    }
    if (last_speaker == side) return;
    last_speaker = static_cast<std::uint8_t>(side);
    if (turns < UINT16_MAX) ++turns;
  }
};

namespace {

constexpr std::size_t kEntropyBytes = 256;

// By how much n log2 n grows from n to n + 1, in units of 2^-32 bit.
const std::array<std::uint64_t, kEntropyBytes>& entropy_steps() {
  static const auto steps = [] {
    const auto of = [](std::size_t n) {
      return n == 0 ? 0.0 : std::ldexp(static_cast<double>(n) * std::log2(static_cast<double>(n)), 32);
    };
    std::array<std::uint64_t, kEntropyBytes> out{};
    for (std::size_t n = 0; n < out.size(); ++n) {
      out[n] = static_cast<std::uint64_t>(std::llround(of(n + 1))) - static_cast<std::uint64_t>(std::llround(of(n)));
    }
    return out;
  }();
  return steps;
}

}  // namespace

std::uint8_t entropy_sixteenths(ByteSpan bytes) {
  const std::size_t size = std::min(bytes.size(), kEntropyBytes);
  if (size == 0) return 0;
  const auto& steps = entropy_steps();
  std::array<std::uint8_t, 256> count{};  // the 256th of one value is not counted: nothing comes behind it
  std::uint64_t sum = 0, whole = 0;
  for (std::size_t i = 0; i < size; ++i) {
    sum += steps[count[bytes[i]]++];
    whole += steps[i];
  }
  // log2 size - sum / size, where whole is size * log2 size; a rounding of the table never makes it a sixteenth less.
  return static_cast<std::uint8_t>(((whole - sum) * 16 / size + (std::uint64_t{1} << 16)) >> 32);
}

Observer::FlowState& Observer::state_of(flow::Flow& flow) {
  if (auto* known = flow.extension(flow::ExtensionSlot::kBehaviour)) return *static_cast<FlowState*>(known);
  auto made = std::make_unique<FlowState>();
  FlowState& out = *made;
  out.next_milestone = flow.start + kFirstMilestoneAge;
  flow.set_extension(flow::ExtensionSlot::kBehaviour, std::move(made));
  return out;
}

void Observer::tell() {
  observations_.add();
  sink_->take(record_);
}

Observation& Observer::about(const flow::Flow& flow, const FlowState& state, ObservationKind kind, Timestamp now) {
  Observation& out = record_;
  out.kind = kind;
  out.time = now;
  out.flow = flow.id;
  out.packet = packet_;
  out.client = flow.client;
  out.midstream = flow.is_tcp_midstream;
  out.verified = state.answered && flow.key.protocol == ip_proto::kTcp && !flow.is_tcp_midstream;
  out.interface = state.interface;
  const app::AppFlow* application = app::app_flow(flow);
  out.protocol = application != nullptr ? application->protocol : app::AppProtocol::kUnknown;
  out.number = 0;
  out.text_size = 0;
  out.whole_size = out.operation = 0;
  out.fact = FactKind::kVerb;
  return out;
}

void Observer::milestone(const flow::Flow& flow, const FlowState& state, MilestoneCause cause, Timestamp now) {
  Observation& out = about(flow, state, ObservationKind::kMilestone, now);
  out.cause = cause;
  out.answered = state.answered;
  out.refused = state.refused;
  out.asked = state.spoke[0];
  out.replied = state.spoke[1];
  out.first_entropy = state.first_entropy;
  out.server_first = state.server_first;
  out.turns = state.turns;
  out.payload = state.payload;
  out.set_text({state.first.data(), state.first_size});
  out.age = now - flow.start;
  for (std::size_t d = 0; d < 2; ++d) {
    out.packets[d] = static_cast<std::uint32_t>(std::min<std::uint64_t>(flow.counts[d].packets, UINT32_MAX));
    out.bytes[d] = flow.counts[d].bytes;
  }
  tell();
}

void Observer::see_link(const pipeline::InspectContext& context) {
  const decode::PacketView& view = *context.packet;
  if (view.arp == nullptr) return;
  Observation& out = record_;
  out = {};
  out.kind = ObservationKind::kLink;
  out.time = context.now;
  out.packet = context.packet_number;
  out.operation = view.arp_operation;
  std::copy_n(view.arp + 8, 6, out.sender_mac.bytes.begin());
  out.sender = IpAddress::v4(load_be32(view.arp + 14));
  out.target = IpAddress::v4(load_be32(view.arp + 24));
  tell();
}

void Observer::see_facts(const pipeline::InspectContext& context, FlowState& state, bool at_end) {
  const app::AppFlow* application = context.application;
  if (application == nullptr || application->parser == nullptr) return;
  if (state.parser != application->parser.get()) {
    state.parser = application->parser.get();
    state.next_transaction = 0;
  }
  told_ = 0;
  for (const auto& transaction : application->parser->transactions()) {
    if (transaction->id < state.next_transaction) continue;
    if (!is_ready(*application, *transaction, at_end)) break;
    state.next_transaction = transaction->id + 1;
    if (told_ >= kFactsPerPacket) {
      facts_dropped_.add();
      continue;
    }
    if (told_ == 0) about(*context.flow, state, ObservationKind::kFact, context.now);
    facts_of(*application, *transaction, *this);
  }
}

void Observer::fact(FactKind kind, std::string_view text, const IpAddress& address) {
  ++told_;
  record_.fact = kind;
  record_.address = address;
  record_.set_text(text, kind == FactKind::kName || kind == FactKind::kServerName || kind == FactKind::kNoSuchName);
  tell();
}

void Observer::see_alerts(const pipeline::InspectContext& context, const FlowState& state) {
  if (context.alerts == nullptr) return;
  for (const pipeline::Alert& alert : *context.alerts) {
    if (alert.silent || alert.signature == nullptr || alert.action == pipeline::RuleAction::kPass) continue;
    Observation& out = about(*context.flow, state, ObservationKind::kFact, context.now);
    out.fact = FactKind::kAlert;
    out.verified = out.verified && !(context.stream != nullptr && context.stream->invalid);
    out.set_text(alert.signature->message);
    out.number = alert.signature->sid;
    out.operation = static_cast<std::uint16_t>(std::clamp<int>(static_cast<int>(alert.signature->severity), 0, 255));
    tell();
  }
}

void Observer::inspect(pipeline::InspectContext& context) {
  packet_ = context.packet_number;
  if (context.flow == nullptr) return see_link(context);
  flow::Flow& flow = *context.flow;
  FlowState& state = state_of(flow);
  const decode::PacketView& view = *context.packet;
  if (context.direction == Direction::kToServer && view.raw != nullptr && !view.raw->leaves &&
      view.origin == decode::PacketOrigin::kWire) {
    state.interface = view.raw->interface_index;
  }
  if (context.flow_is_new) {
    about(flow, state, ObservationKind::kOpen, context.now);
    tell();
  }
  const std::size_t side = index_of(context.direction);
  if (!view.payload.empty()) state.hear(side, view.payload);
  if (!state.answered && flow.established()) {
    state.answered = true;
    about(flow, state, ObservationKind::kAnswered, context.now);
    tell();
  }
  if (!state.answered && view.has_tcp && context.direction == Direction::kToClient && (view.tcp.flags & 0x04) != 0) {
    state.refused = true;
  }
  see_facts(context, state, context.flow_ends);
  if (context.alerts != nullptr && !context.alerts->empty()) see_alerts(context, state);
  const std::uint64_t packets = flow.counts[0].packets + flow.counts[1].packets;
  if (!state.first_milestone && packets >= kFirstMilestonePackets) {
    state.first_milestone = true;
    milestone(flow, state, MilestoneCause::kPackets, context.now);
  }
  if (!context.flow_ends && context.now >= state.next_milestone) {
    const bool first = state.next_milestone == flow.start + kFirstMilestoneAge;
    milestone(flow, state, first ? MilestoneCause::kAge : MilestoneCause::kPeriod, context.now);
    state.next_milestone = context.now + kMilestonePeriod;
  }
}

void Observer::on_flow_end(flow::Flow& flow) {
  const auto* known = flow.extension(flow::ExtensionSlot::kBehaviour);
  if (known != nullptr) milestone(flow, static_cast<const FlowState&>(*known), MilestoneCause::kEnd, flow.last);
}

void Observer::add_stats(std::vector<std::pair<std::string, std::uint64_t>>& out) const {
  out.emplace_back("behaviour.observations", observations_.value());
  out.emplace_back("behaviour.facts_dropped", facts_dropped_.value());
}

}  // namespace bulkhead::behaviour
