#include "signatures/behaviour/observer.h"

#include <algorithm>
#include <cmath>

#include "datapath/base/pooled.h"

namespace bulkhead::behaviour {

// How the client began to speak.
struct Observer::Opening final : flow::FlowExtension, Pooled {
  std::uint32_t server_name = 0;  // what the last name that it asked for hashes to
  std::uint8_t entropy = 0, size = 0;
  std::array<char, Observation::kTextBytes> text;

  explicit Opening(ByteSpan bytes)
      : entropy(entropy_sixteenths(bytes)),
        size(static_cast<std::uint8_t>(std::min(bytes.size(), Observation::kTextBytes))) {
    std::memcpy(text.data(), bytes.data(), size);
  }
  void turn() override { size = 0; }  // it was the other end's
};

namespace {

constexpr std::size_t kEntropyBytes = 256;

// By how much n log2 n grows from n to n + 1, in units of 2^-32 bit.
struct EntropySteps {
  std::array<std::uint64_t, kEntropyBytes> step{};
  std::array<std::uint64_t, kEntropyBytes + 1> whole{};  // n log2 n
  EntropySteps() noexcept {
    for (std::size_t n = 1; n < whole.size(); ++n) {
      const auto size = static_cast<double>(n);
      whole[n] = static_cast<std::uint64_t>(std::llround(std::ldexp(size * std::log2(size), 32)));
      step[n - 1] = whole[n] - whole[n - 1];
    }
  }
};
const EntropySteps kEntropySteps;

}  // namespace

std::uint8_t entropy_sixteenths(ByteSpan bytes) {
  const std::size_t size = std::min(bytes.size(), kEntropyBytes);
  if (size == 0) return 0;
  std::array<std::uint8_t, 256> count{};  // the 256th of one value is not counted: nothing comes behind it
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < size; ++i) sum += kEntropySteps.step[count[bytes[i]]++];
  const std::uint64_t whole = kEntropySteps.whole[size];
  // log2 size - sum / size, where whole is size * log2 size; a rounding of the table never makes it a sixteenth less.
  return static_cast<std::uint8_t>(((whole - sum) * 16 / size + (std::uint64_t{1} << 16)) >> 32);
}

void Observer::tell() {
  observations_.add();
  sink_->take(record_);
}

Observation& Observer::about(const flow::Flow& flow, ObservationKind kind, Timestamp now) {
  Observation& out = record_;
  out.kind = kind;
  out.time = now;
  out.flow = flow.id;
  out.packet = packet_;
  out.client = flow.client;
  out.midstream = flow.is_tcp_midstream;
  out.verified = flow.watch.answered && flow.key.protocol == ip_proto::kTcp && !flow.is_tcp_midstream;
  out.interface = flow.watch.interface;
  const app::AppFlow* application = app::app_flow(flow);
  out.protocol = application != nullptr ? application->protocol : app::AppProtocol::kUnknown;
  out.number = 0;
  out.text_size = 0;
  out.whole_size = out.operation = 0;
  out.fact = FactKind::kVerb;
  return out;
}

void Observer::milestone(const flow::Flow& flow, MilestoneCause cause, Timestamp now) {
  Observation& out = about(flow, ObservationKind::kMilestone, now);
  const flow::FlowWatch& watch = flow.watch;
  out.cause = cause;
  out.answered = watch.answered;
  out.refused = watch.refused;
  out.asked = watch.spoke(0);
  out.replied = watch.spoke(1);
  out.server_first = watch.server_first;
  out.turns = watch.turns;
  out.payload = watch.payload;
  out.first_entropy = 0;
  if (const auto* opening = static_cast<const Opening*>(flow.extension(flow::ExtensionSlot::kBehaviour))) {
    out.first_entropy = opening->entropy;
    out.set_text({opening->text.data(), opening->size});
  }
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

namespace {

// Answers of HTTP/2 come in any order.
bool in_order(const app::AppFlow& application) {
  return application.protocol != app::AppProtocol::http2;
}

// Nearly all packets make nothing new known; most others come between a request and its answer.
bool may_tell(const app::AppFlow* application, bool at_end) {
  if (application == nullptr || application->parser == nullptr) return false;
  const auto& all = application->parser->transactions();
  if (all.empty()) return false;
  if (!in_order(*application)) return true;
  const app::Transaction& last = *all.back();
  if (last.told) return false;
  const bool answer_awaited = last.progress[1] == 0 && application->protocol != app::AppProtocol::tls;
  return at_end || !answer_awaited || (all.size() > 1 && !all[all.size() - 2]->told);
}

}  // namespace

void Observer::see_facts(const pipeline::InspectContext& context) {
  const app::AppFlow* application = context.application;
  const auto& all = application->parser->transactions();
  const bool ordered = in_order(*application);
  std::size_t i = 0;
  if (ordered) {
    for (i = all.size(); i > 0 && !all[i - 1]->told; --i) {
    }
  }
  told_ = 0;
  opening_ = static_cast<Opening*>(context.flow->extension(flow::ExtensionSlot::kBehaviour));
  for (; i < all.size(); ++i) {
    app::Transaction& transaction = *all[i];
    if (transaction.told) continue;
    if (!is_ready(*application, transaction, context.flow_ends)) {
      if (ordered) break;
      continue;
    }
    transaction.told = true;
    if (told_ >= kFactsPerPacket) {
      facts_dropped_.add();
      continue;
    }
    if (told_ == 0) about(*context.flow, ObservationKind::kFact, context.now);
    facts_of(*application, transaction, *this);
  }
}

void Observer::fact(FactKind kind, std::string_view text, const IpAddress& address, std::uint16_t type) {
  if (kind == FactKind::kServerName && opening_ != nullptr) {
    // Each request of a connection names it again.
    const auto hash = static_cast<std::uint32_t>(text_hash(text) | 1);
    if (std::exchange(opening_->server_name, hash) == hash) return;
  }
  ++told_;
  record_.fact = kind;
  record_.operation = type;
  record_.address = address;
  record_.set_text(text, kind == FactKind::kName || kind == FactKind::kServerName || kind == FactKind::kNoSuchName);
  tell();
}

void Observer::see_alerts(const pipeline::InspectContext& context) {
  for (const pipeline::Alert& alert : *context.alerts) {
    if (alert.silent || alert.signature == nullptr || alert.action == pipeline::RuleAction::kPass) continue;
    Observation& out = about(*context.flow, ObservationKind::kFact, context.now);
    out.fact = FactKind::kAlert;
    out.verified = out.verified && !(context.stream != nullptr && context.stream->invalid);
    out.set_text(alert.signature->message);
    out.number = alert.signature->sid;
    out.operation = static_cast<std::uint16_t>(std::clamp<int>(static_cast<int>(alert.signature->severity), 0, 255));
    tell();
  }
}

void Observer::open(flow::Flow& flow, const pipeline::InspectContext& context) {
  flow.watch.begun = true;
  flow.watch.next_milestone = flow.start + kFirstMilestoneAge;
  if (!context.flow_is_new) return;  // it was there before the observer
  about(flow, ObservationKind::kOpen, context.now);
  tell();
}

void Observer::await_answer(flow::Flow& flow, const pipeline::InspectContext& context) {
  const decode::PacketView& view = *context.packet;
  if (flow.established()) {
    flow.watch.answered = true;
    about(flow, ObservationKind::kAnswered, context.now);
    tell();
  } else if (view.has_tcp && context.direction == Direction::kToClient && (view.tcp.flags & 0x04) != 0) {
    flow.watch.refused = true;
  }
}

void Observer::first_words(flow::Flow& flow, ByteSpan words) {
  flow.set_extension(flow::ExtensionSlot::kBehaviour, std::make_unique<Opening>(words));
}

void Observer::periodic(flow::Flow& flow, Timestamp now) {
  const bool first = flow.watch.next_milestone == flow.start + kFirstMilestoneAge;
  milestone(flow, first ? MilestoneCause::kAge : MilestoneCause::kPeriod, now);
  flow.watch.next_milestone = now + kMilestonePeriod;
}

// What few packets need stands in functions of its own: all else is a few lines of the instruction cache, which the
// rules have filled with theirs.
void Observer::inspect(pipeline::InspectContext& context) {
  packet_ = context.packet_number;
  if (context.flow == nullptr) return see_link(context);
  flow::Flow& flow = *context.flow;
  flow::FlowWatch& watch = flow.watch;
  const decode::PacketView& view = *context.packet;
  const std::size_t side = index_of(context.direction);
  if (side == 0 && view.raw != nullptr && !view.raw->leaves && view.origin == decode::PacketOrigin::kWire) {
    watch.interface = view.raw->interface_index;
  }
  if (!watch.begun) [[unlikely]]
    open(flow, context);
  if (!view.payload.empty() && watch.hear(side, view.payload.size()) && side == 0) [[unlikely]] {
    first_words(flow, view.payload);
  }
  if (!watch.answered) [[unlikely]]
    await_answer(flow, context);
  if (may_tell(context.application, context.flow_ends)) see_facts(context);
  if (context.alerts != nullptr && !context.alerts->empty()) [[unlikely]]
    see_alerts(context);
  if (!watch.first_milestone && flow.counts[0].packets + flow.counts[1].packets >= kFirstMilestonePackets) {
    watch.first_milestone = true;
    milestone(flow, MilestoneCause::kPackets, context.now);
  }
  if (context.now >= watch.next_milestone && !context.flow_ends) [[unlikely]]
    periodic(flow, context.now);
}

void Observer::on_flow_end(flow::Flow& flow) {
  if (flow.watch.begun) milestone(flow, MilestoneCause::kEnd, flow.last);
}

void Observer::add_stats(std::vector<std::pair<std::string, std::uint64_t>>& out) const {
  out.emplace_back("behaviour.observations", observations_.value());
  out.emplace_back("behaviour.facts_dropped", facts_dropped_.value());
}

}  // namespace bulkhead::behaviour
