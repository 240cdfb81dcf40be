#include "signatures/behaviour/observer.h"

#include <algorithm>
#include <cmath>

#include "datapath/base/pooled.h"

namespace bulkhead::behaviour {

// How the client began to speak.
struct Observer::Opening final : flow::FlowExtension, Pooled {
  std::uint8_t size = 0;
  std::array<char, Observation::kTextBytes> text;

  explicit Opening(ByteSpan bytes) : size(static_cast<std::uint8_t>(std::min(bytes.size(), Observation::kTextBytes))) {
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
  out.form = TextForm::kDone;
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
  out.first_entropy = watch.first_entropy;
  if (const auto* opening = static_cast<const Opening*>(flow.extension(flow::ExtensionSlot::kBehaviour))) {
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

// Most often nothing has been said since the last answer.
bool may_have_news(const app::AppFlow& application, bool flow_ends) {
  if (!application.news && !flow_ends) return false;
  const app::AppParser* parser = application.parser.get();
  return parser != nullptr && parser->told() != parser->transactions_made();
}

}  // namespace

// What has become known of transactions.
void Observer::see_news(const pipeline::InspectContext& context) {
  const app::AppFlow& application = *context.application;
  app::AppParser& parser = *application.parser;
  const auto& all = parser.transactions();
  told_ = 0;
  context_ = &context;
  if (application.protocol == app::AppProtocol::http2) {  // answers come in any order
    for (const auto& transaction : all) {
      if (transaction->told || !is_ready(application, *transaction, context.flow_ends)) continue;
      transaction->told = true;
      tell_facts(application, *transaction);
    }
    return;
  }
  const std::uint64_t end = parser.transactions_made(), oldest = end - all.size();
  for (std::uint64_t id = std::max(parser.told(), oldest); id < end; ++id) {
    const app::Transaction& transaction = *all[id - oldest];
    if (!is_ready(application, transaction, context.flow_ends)) return;
    parser.told_before(id + 1);
    tell_facts(application, transaction);
  }
}

void Observer::tell_facts(const app::AppFlow& application, const app::Transaction& transaction) {
  if (told_ < kFactsPerPacket) return facts_of(application, transaction, *this);
  facts_dropped_.add();
}

// Facts of one packet share what their records begin with.
void Observer::begin_fact() {
  if (told_++ != 0) return;
  note_interface(*context_);
  about(*context_->flow, ObservationKind::kFact, context_->now);
}

bool Observer::asked(TextForm form, std::string_view first, std::string_view second) {
  if (!raw_texts_ || first.size() + second.size() > Observation::kRawBytes) return false;
  begin_fact();
  record_.fact = FactKind::kVerb;
  record_.set_raw(form, first, second);
  tell();
  return true;
}

void Observer::fact(FactKind kind, std::string_view text, const IpAddress& address, std::uint16_t type) {
  flow::Flow& flow = *context_->flow;
  if (kind == FactKind::kServerName) {
    // Each request of a connection names it again.
    const auto hash = static_cast<std::uint32_t>(text_hash(text) | 1);
    if (std::exchange(flow.watch.server_name, hash) == hash) return;
  }
  begin_fact();
  record_.fact = kind;
  record_.operation = type;
  record_.address = address;
  record_.set_text(text, kind == FactKind::kName || kind == FactKind::kServerName || kind == FactKind::kNoSuchName);
  tell();
}

void Observer::see_alerts(const pipeline::InspectContext& context) {
  for (const pipeline::Alert& alert : *context.alerts) {
    if (alert.silent || alert.signature == nullptr || alert.action == pipeline::RuleAction::kPass) continue;
    note_interface(context);
    Observation& out = about(*context.flow, ObservationKind::kFact, context.now);
    out.fact = FactKind::kAlert;
    out.verified = out.verified && !(context.stream != nullptr && context.stream->invalid);
    out.set_text(alert.signature->message);
    out.number = alert.signature->sid;
    out.operation = static_cast<std::uint16_t>(std::clamp<int>(static_cast<int>(alert.signature->severity), 0, 255));
    tell();
  }
}

// The place of the client's packet; asked where something is told of it, since few packets have that in the cache.
void Observer::note_interface(const pipeline::InspectContext& context) {
  const decode::PacketView& view = *context.packet;
  if (context.direction == Direction::kToServer && view.raw != nullptr && !view.raw->leaves &&
      view.origin == decode::PacketOrigin::kWire) {
    context.flow->watch.interface = view.raw->interface_index;
  }
}

// Until both ends have been heard.
void Observer::beginning(const pipeline::InspectContext& context) {
  flow::Flow& flow = *context.flow;
  note_interface(context);
  if (!flow.watch.begun) {
    flow.watch.begun = true;
    flow.watch.next_milestone = flow.start + kFirstMilestoneAge;
    if (context.flow_is_new) {  // else it was there before the observer
      about(flow, ObservationKind::kOpen, context.now);
      tell();
    }
  }
  const decode::PacketView& view = *context.packet;
  if (flow.established()) {
    if (flow.watch.answered) return;
    flow.watch.answered = true;
    about(flow, ObservationKind::kAnswered, context.now);
    tell();
  } else if (view.has_tcp && context.direction == Direction::kToClient && (view.tcp.flags & 0x04) != 0) {
    flow.watch.refused = true;
  }
}

void Observer::hear_first(const pipeline::InspectContext& context) {
  note_interface(context);
  flow::Flow& flow = *context.flow;
  const ByteSpan words = context.packet->payload;
  const bool known = context.application != nullptr && app::is_known(context.application->protocol);
  if (for_models_ || (context.tcp != nullptr && !known)) flow.watch.first_entropy = entropy_sixteenths(words);
  if (for_models_) flow.set_extension(flow::ExtensionSlot::kBehaviour, std::make_unique<Opening>(words));
}

namespace {

bool has_first_packets(const flow::Flow& flow) {
  return !flow.watch.first_milestone && flow.counts[0].packets + flow.counts[1].packets >= kFirstMilestonePackets;
}

}  // namespace

void Observer::milestones(const pipeline::InspectContext& context) {
  flow::Flow& flow = *context.flow;
  if (has_first_packets(flow)) {
    flow.watch.first_milestone = true;
    milestone(flow, MilestoneCause::kPackets, context.now);
  }
  if (context.now < flow.watch.next_milestone || context.flow_ends) return;
  const bool first = flow.watch.next_milestone == flow.start + kFirstMilestoneAge;
  milestone(flow, first ? MilestoneCause::kAge : MilestoneCause::kPeriod, context.now);
  flow.watch.next_milestone = context.now + kMilestonePeriod;
}

// What few packets need stands in functions of its own: all else is a few lines of the instruction cache, which the
// rules have filled with theirs.
void Observer::inspect(pipeline::InspectContext& context) {
  packet_ = context.packet_number;
  if (context.flow == nullptr) return see_link(context);
  flow::FlowWatch& watch = context.flow->watch;
  const std::size_t side = index_of(context.direction), said = context.packet->payload.size();
  if (!watch.begun || !watch.answered) [[unlikely]]
    beginning(context);
  if (said != 0 && watch.hear(side, said) && side == 0) [[unlikely]]
    hear_first(context);
  if (context.application != nullptr && may_have_news(*context.application, context.flow_ends)) see_news(context);
  if (context.alerts != nullptr && !context.alerts->empty()) [[unlikely]]
    see_alerts(context);
  if (context.now >= watch.next_milestone || has_first_packets(*context.flow)) [[unlikely]]
    milestones(context);
}

void Observer::on_flow_end(flow::Flow& flow) {
  if (flow.watch.begun) milestone(flow, MilestoneCause::kEnd, flow.last);
}

void Observer::add_stats(std::vector<std::pair<std::string, std::uint64_t>>& out) const {
  out.emplace_back("behaviour.observations", observations_.value());
  out.emplace_back("behaviour.facts_dropped", facts_dropped_.value());
}

}  // namespace bulkhead::behaviour
