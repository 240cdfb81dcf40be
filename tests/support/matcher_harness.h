// A worker in miniature for tests of the matcher: flow table, stream engine and one SignatureInspector.
//
//     MatcherHarness h("alert tcp any any -> any 80 (content:\"evil\"; sid:1;)");
//     h.handshake();
//     h.send(kToServer, "evil");        // -> alerts of that packet
//     EXPECT_EQ(h.sids(), ...);
//
// Inspection moment is kArrival unless said otherwise, so that data is judged with the packet that brings it.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "datapath/flow/flow_table.h"
#include "signatures/compile/compiler.h"
#include "signatures/compile/resolve.h"
#include "signatures/language/parser.h"
#include "signatures/match/signature_inspector.h"
#include "tests/support/packet_views.h"

namespace bulkhead::test {

using Sids = std::vector<std::uint32_t>;

struct HarnessFields {
  signatures::MatchSettings match = {};
  signatures::CompilerSettings compiler = {};
  stream::StreamSettings stream = {.inspect_moment = stream::InspectMoment::kArrival};
  signatures::SharedLimits shared = {};
};

[[nodiscard]] inline signatures::SignatureDbPtr compile_list(signatures::SignatureList list,
                                                             signatures::VariableNames names = {},
                                                             const signatures::CompilerSettings& settings = {}) {
  Diagnostics diagnostics;
  auto db = signatures::compile_signatures(std::move(list), std::move(names), settings, diagnostics);
  BULKHEAD_CHECK(db.has_value() && !diagnostics.has_errors());
  return *db;
}

[[nodiscard]] inline signatures::SignatureDbPtr compile_text(std::string_view text,
                                                             const signatures::CompilerSettings& settings = {}) {
  Diagnostics diagnostics;
  const signatures::RuleFile file = signatures::parse_rules("test.rules", std::string(text), diagnostics);
  signatures::ResolvedRules resolved = signatures::resolve_rules(file, {}, diagnostics);
  for (const Diagnostic& d : diagnostics.all()) {
    if (d.severity == Severity::kError) std::fprintf(stderr, "%s: %s\n", d.code.c_str(), d.message.c_str());
  }
  BULKHEAD_CHECK(!diagnostics.has_errors());
  return compile_list(std::move(resolved.signatures), std::move(resolved.names), settings);
}

class MatcherHarness {
 public:
  explicit MatcherHarness(std::string_view rules, const HarnessFields& fields = {})
      : MatcherHarness(compile_text(rules, fields.compiler), fields) {}
  explicit MatcherHarness(signatures::SignatureDbPtr db, const HarnessFields& fields = {})
      : fields_(fields),
        shared(std::make_shared<signatures::SharedState>(fields.shared)),
        inspector(std::make_unique<signatures::SignatureInspector>(std::move(db), fields.match, shared)),
        relay_(*this),
        tracker_(fields.stream, relay_),
        table_({}, [this](flow::Flow& f, flow::FlowEndReason) { end(f); }) {}

  // A new generation of rules under running flows.
  void reload(std::string_view rules) {
    inspector = std::make_unique<signatures::SignatureInspector>(compile_text(rules), fields_.match, shared);
  }

  Sids judge(decode::PacketView& packet) {
    pipeline::InspectContext context;
    const bool may_have_flow = !packet.invalid && packet.is_ip();
    flow::FlowLookup found = may_have_flow ? table_.lookup(packet) : flow::FlowLookup{};
    stream::StreamUpdate update;
    if (packet.has_tcp && found.flow != nullptr) {
      update = tracker_.handle(packet, *found.flow, found.direction);
      context.tcp = update.session;
      context.stream = &update;
      context.payload_in_stream = update.in_stream;
    }
    flow = found.flow;
    context.packet = &packet;
    context.flow = found.flow;
    context.direction = found.direction;
    context.established = found.flow != nullptr && found.flow->established();
    context.packet_number = packet.raw->number;
    context.now = packet.raw->time;
    return run(context);
  }

  Sids udp(std::string_view payload, const ViewFields& f = {}) { return judge(maker_.udp(f, payload)); }
  Sids icmp(std::uint8_t type, std::uint8_t code, const ViewFields& f = {}) {
    return judge(maker_.icmp(f, type, code, 7));
  }

  // TCP with sequence numbers kept; `ports` are those of the client's packets.
  Sids segment(Direction d, std::uint32_t seq, std::uint32_t ack, std::uint8_t flags, std::string_view data = {}) {
    ViewFields f = client;
    if (d == Direction::kToClient) {
      std::swap(f.from, f.to);
      std::swap(f.source_port, f.destination_port);
    }
    decode::TcpFields tcp;
    tcp.seq = seq;
    tcp.ack = ack;
    tcp.flags = flags;
    tcp.window = 65535;
    return judge(maker_.tcp(f, tcp, data));
  }
  void handshake() {
    using namespace decode::tcp_flag;
    next_[0] = 1001;
    next_[1] = 5001;
    segment(Direction::kToServer, 1000, 0, kSyn);
    segment(Direction::kToClient, 5000, 1001, kSyn | kAck);
    segment(Direction::kToServer, 1001, 5001, kAck);
  }
  Sids send(Direction d, std::string_view data) {
    const Sids out = send_at(d, next_[index_of(d)], data);
    next_[index_of(d)] += static_cast<std::uint32_t>(data.size());
    return out;
  }
  Sids send_at(Direction d, std::uint32_t seq, std::string_view data) {
    return segment(d, seq, next_[1 - index_of(d)], decode::tcp_flag::kAck | decode::tcp_flag::kPsh, data);
  }
  // An empty acknowledgment.
  Sids ack(Direction d) { return segment(d, next_[index_of(d)], next_[1 - index_of(d)], decode::tcp_flag::kAck); }
  [[nodiscard]] std::uint32_t next(Direction d) const { return next_[index_of(d)]; }
  void end_all() { table_.end_all(flow::FlowEndReason::kShutdown); }

  ViewFields client;                    // of the client's packets
  std::vector<pipeline::Alert> alerts;  // of the last packet, silent ones too
  Sids all;                             // reported, of all packets
  std::uint32_t overflow = 0;           // of the last packet
  std::size_t tagged_packets = 0;       // logged because of `tag`, all in all
  flow::Flow* flow = nullptr;           // of the last packet
  bool apply_flow_actions = true;

 private:
  // The stream engine keeps one listener; a reload replaces the inspector.
  struct Relay final : stream::StreamListener {
    explicit Relay(MatcherHarness& h) : harness(h) {}
    void on_data(flow::Flow& f, Direction d, std::uint64_t o, ByteSpan b) override {
      harness.inspector->on_data(f, d, o, b);
    }
    void on_gap(flow::Flow& f, Direction d, std::uint64_t o, std::uint64_t n) override {
      harness.inspector->on_gap(f, d, o, n);
    }
    void on_rewind(flow::Flow& f, Direction d, std::uint64_t o) override { harness.inspector->on_rewind(f, d, o); }
    MatcherHarness& harness;
  };

  Sids run(pipeline::InspectContext& context) {
    alerts.clear();
    overflow = 0;
    std::vector<event::Event> events;
    context.alerts = &alerts;
    context.events = &events;
    context.alert_queue_overflow = &overflow;
    context.gate = &gate_;
    context.stream_readable = context.tcp != nullptr && context.tcp->side(context.direction).inspect_end() > 0;
    inspector->inspect(context);
    for (const event::Event& e : events) tagged_packets += std::holds_alternative<event::PacketEvent>(e) ? 1 : 0;
    Sids out;
    for (const pipeline::Alert& a : alerts) {
      if (apply_flow_actions && a.applies_to_flow && context.flow != nullptr) {
        context.flow->action =
            a.action == pipeline::RuleAction::kPass ? flow::FlowAction::kPass : flow::FlowAction::kDrop;
      }
      if (!a.silent) out.push_back(a.signature->sid);
    }
    all.insert(all.end(), out.begin(), out.end());
    return out;
  }

  void end(flow::Flow& f) {
    auto* session = static_cast<stream::TcpSession*>(f.extension(flow::ExtensionSlot::kStream));
    if (session != nullptr) {
      tracker_.flush(f);
      for (const Direction d : {Direction::kToServer, Direction::kToClient}) {
        decode::PacketView view;
        view.origin = decode::PacketOrigin::kFlowTimeout;
        const FlowTuple& t = f.client;
        const bool to_server = d == Direction::kToServer;
        view.family = t.source.family();
        view.source = to_server ? t.source : t.destination;
        view.destination = to_server ? t.destination : t.source;
        view.source_port = to_server ? t.source_port : t.destination_port;
        view.destination_port = to_server ? t.destination_port : t.source_port;
        view.protocol = ip_proto::kTcp;
        pipeline::InspectContext context;
        context.packet = &view;
        context.flow = &f;
        context.direction = d;
        context.tcp = session;
        context.payload_in_stream = true;
        context.established = f.established();
        context.flow_ends = true;
        context.now = f.last;
        run(context);
      }
    }
    inspector->on_flow_end(f);
  }

  HarnessFields fields_;

 public:
  std::shared_ptr<signatures::SharedState> shared;
  std::unique_ptr<signatures::SignatureInspector> inspector;

 private:
  pipeline::UnorderedGate gate_;
  Relay relay_;
  ViewMaker maker_;
  stream::TcpTracker tracker_;
  flow::FlowTable table_;
  std::uint32_t next_[2] = {0, 0};
};

}  // namespace bulkhead::test
