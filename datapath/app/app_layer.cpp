#include "datapath/app/app_layer.h"

#include <algorithm>

#include "datapath/app/protocol_table.h"
#include "datapath/app/successor.h"

namespace bulkhead::app {
namespace {

constexpr Direction kBoth[] = {Direction::kToServer, Direction::kToClient};

AppSide& side_of(AppFlow& state, Direction d) {
  return state.sides[bulkhead::index_of(d)];
}

// A TCP connection whose beginning was seen has the client that began it.
bool may_turn(const flow::Flow& flow) {
  if (flow.client.protocol != ip_proto::kTcp) return true;
  const auto* session = static_cast<const stream::TcpSession*>(flow.extension(flow::ExtensionSlot::kStream));
  return session != nullptr && session->midstream();
}

}  // namespace

AppLayer::AppLayer(const AppSettings& settings, AppShared* shared)
    : settings_(settings), shared_(shared != nullptr ? *shared : own_), probes_(settings) {
  for (const Protocol* protocol : all_protocols()) {
    recorded_[index_of(protocol->id)] =
        std::any_of(protocol->records.begin(), protocol->records.end(), [&](std::string_view type) {
          return std::find(settings_.records.begin(), settings_.records.end(), type) != settings_.records.end();
        });
  }
}

AppFlow& AppLayer::state_of(flow::Flow& flow) {
  if (AppFlow* state = app_flow(flow)) return *state;
  auto fresh = std::make_unique<AppFlow>();
  AppFlow& state = *fresh;
  flow.set_extension(flow::ExtensionSlot::kApplication, std::move(fresh));
  return state;
}

// --- what comes in ---

void AppLayer::stream(flow::Flow& flow, Direction d, const stream::StreamSide& from, bool ends, Timestamp now) {
  const std::uint64_t readable = from.inspect_end();
  AppFlow* known = app_flow(flow);
  if (known == nullptr && readable == 0 && !ends) return;
  AppFlow& state = known != nullptr ? *known : state_of(flow);
  AppSide& side = side_of(state, d);
  if (readable > side.taken) {
    state.news = true;
    const std::uint64_t begin = std::clamp(side.taken, from.window_begin(), readable);
    if (begin > side.taken) gap(flow, d, begin - side.taken, now);
    const ByteSpan window = from.window();
    const std::uint64_t first = begin - from.window_begin();
    side.taken = readable;
    if (!side.stopped && first < window.size()) {
      take(flow, state, d, window.subspan(first, std::min<std::uint64_t>(readable - begin, window.size() - first)),
           now);
      if (state.turned) return;  // `from` is the other side's now
    }
  }
  if (ends && !side.ended) {
    state.news = true;
    end(flow, state, d, now);
  }
}

void AppLayer::datagram(flow::Flow& flow, Direction d, ByteSpan payload, Timestamp now) {
  if (payload.empty()) return;
  AppFlow& state = state_of(flow);
  AppSide& side = side_of(state, d);
  if (side.stopped) return;
  side.pending.clear();  // a datagram stands alone
  state.news = true;
  take(flow, state, d, payload, now);
}

void AppLayer::gap(flow::Flow& flow, Direction d, std::uint64_t length, Timestamp now) {
  AppFlow& state = state_of(flow);
  AppSide& side = side_of(state, d);
  side.taken += length;
  state.news = true;
  if (side.stopped) return;
  if (!state.decided(d) || state.parser == nullptr) {
    // The start of this side is lost: it is what the other side is, or nothing.
    side.pending.clear();
    if (state.protocol == AppProtocol::kUnknown) {
      state.events.push_back(AppEvent::detection_skipped);
      side.stopped = true;
      side.detected = AppProtocol::kFailed;
      return;
    }
    side.detected = state.protocol;
    if (state.parser == nullptr) return;
  }
  side.pending.clear();
  counters_of(flow, state.protocol).gaps.add();
  if (!state.parser->gap(d, length)) {
    counters_of(flow, state.protocol).parser_errors.add();
    stop(state);
  }
  static_cast<void>(now);
}

void AppLayer::take(flow::Flow& flow, AppFlow& state, Direction d, ByteSpan bytes, Timestamp now) {
  if (!state.first_data_seen) {
    state.first_data_seen = true;
    state.first_data = d;
  }
  if (state.decided(d)) {
    parse(flow, state, d, bytes, now);
    return;
  }
  AppSide& side = side_of(state, d);
  side.pending.insert(side.pending.end(), bytes.begin(), bytes.end());
  detect(flow, state, d, false, now);
}

void AppLayer::end(flow::Flow& flow, AppFlow& state, Direction d, Timestamp now) {
  AppSide& side = side_of(state, d);
  side.ended = true;
  if (!side.stopped && !state.decided(d) && !side.pending.empty()) detect(flow, state, d, true, now);
  if (state.parser != nullptr && !side.stopped) state.parser->end(d, side.pending);
  if (state.previous != nullptr) state.previous->end(d, {});
  std::vector<Byte>().swap(side.pending);  // the flow waits for its timeout without its memory
}

// --- which protocol ---

// Shows the first bytes of a side to every protocol. `last`: there will be no more.
void AppLayer::detect(flow::Flow& flow, AppFlow& state, Direction d, bool last, Timestamp now) {
  AppSide& side = side_of(state, d);
  const bool tcp = flow.client.protocol == ip_proto::kTcp;
  const AppProtocol other = side_of(state, opposite(d)).detected;
  if (!is_known(state.protocol) && state.original == AppProtocol::kUnknown) {
    if (const auto announced = shared_.expected.take(flow.client, now)) {
      settle(flow, state, d, announced->protocol);
      state.parent = announced->parent;
      side_of(state, opposite(d)).detected = announced->protocol;
      if (state.parser != nullptr) state.parser->announced(*announced);
      feed_both(flow, state, d, now);
      return;
    }
  }
  // The protocol of the other side comes first: "USER" is said by several.
  const Protocol* const likely = is_known(other) ? find_protocol(other) : nullptr;
  Recognised answer;
  if (tcp && likely != nullptr && ProbeTable::ask(*likely, flow.client, d, side.pending) == Probe::kYes) {
    answer.id = other;
  } else {
    // An own name is asked for only where nothing else is known; it waits for whoever else may still say yes.
    const bool own_too = !is_known(other) || is_own_name(other);
    answer = probes_.find(flow.client, d, side.pending, own_too);
  }
  AppProtocol found = answer.id;
  const bool may_wait = !last && tcp && !is_known(other) && side.pending.size() < settings_.detect_bytes;
  if (answer.more && may_wait && (found == AppProtocol::kUnknown || is_own_name(found))) return;
  bool from_other_side = answer.protocol != nullptr && answer.protocol->comes_from_other_side != nullptr &&
                         answer.protocol->comes_from_other_side(d, side.pending, !tcp);
  // Of a connection whose beginning was not seen the first packet may be the server's.
  if (found == AppProtocol::kUnknown && tcp && other == AppProtocol::kUnknown && may_turn(flow)) {
    const Recognised turned = probes_.find(flow.client, opposite(d), side.pending, false);
    if (turned.protocol != nullptr) {
      found = turned.id;
      from_other_side = true;
    }
  }
  // What the other side is recognised as holds for this one too.
  if (found == AppProtocol::kUnknown) found = is_known(other) ? other : AppProtocol::kFailed;
  if (from_other_side && may_turn(flow)) {
    turn(flow, state);
    d = opposite(d);
  }
  settle(flow, state, d, found);
  feed_both(flow, state, d, now);
}

// The client is the server: everything that goes by direction changes places.
void AppLayer::turn(flow::Flow& flow, AppFlow& state) {
  flow.turn();
  std::swap(state.sides[0], state.sides[1]);
  state.first_data = opposite(state.first_data);
  state.turned = true;
}

void AppLayer::settle(flow::Flow& flow, AppFlow& state, Direction d, AppProtocol found) {
  AppSide& side = side_of(state, d);
  AppSide& other = side_of(state, opposite(d));
  side.detected = found;
  side.fresh = true;
  const bool tcp = flow.client.protocol == ip_proto::kTcp;
  if (found == AppProtocol::kFailed) {
    if (other.detected == AppProtocol::kFailed) {
      state.protocol = AppProtocol::kFailed;
      counters_of(flow, AppProtocol::kFailed).flows.add();
      stop(state);
    } else if (!tcp) {
      if (state.protocol == AppProtocol::kUnknown) counters_of(flow, AppProtocol::kFailed).flows.add();
      state.protocol = AppProtocol::kFailed;  // unless the answer says otherwise
      side.pending.clear();
    }
    return;
  }
  if (is_own_name(state.protocol) && !is_own_name(found) && state.parser == nullptr) {
    // The ecosystem's name wins over a mere name: as if the other side had been recognised as nothing.
    other.detected = AppProtocol::kFailed;
    state.protocol = AppProtocol::kUnknown;
    state.parser = nullptr;
    state.definition = nullptr;
  }
  if (is_known(state.protocol)) {
    if (is_own_name(state.protocol)) {
      side.detected = state.protocol;  // the first own name stays
      if (state.parser == nullptr) {
        side.stopped = true;
        side.pending.clear();
      }
      return;
    }
    if (state.protocol != found) state.events.push_back(AppEvent::mismatch_both_directions);
    return;
  }
  if (other.detected == AppProtocol::kFailed && tcp && !is_own_name(found)) {
    state.events.push_back(AppEvent::detect_only_one_direction);
  }
  const Protocol* definition = find_protocol(found);
  if (definition != nullptr && !is_own_name(found) && !definition->may_begin[bulkhead::index_of(state.first_data)] &&
      state.original == AppProtocol::kUnknown) {
    state.events.push_back(AppEvent::wrong_direction_first_data);
    state.protocol = AppProtocol::kFailed;
    counters_of(flow, AppProtocol::kFailed).flows.add();
    stop(state);
    return;
  }
  if (state.expected != AppProtocol::kUnknown && state.expected != found) {
    state.events.push_back(state.expected == AppProtocol::tls ? AppEvent::no_tls_after_starttls
                                                              : AppEvent::unexpected_protocol);
  }
  state.protocol = found;
  counters_of(flow, found).flows.add();
  start_parser(state);
}

void AppLayer::start_parser(AppFlow& state) {
  state.definition = find_protocol(state.protocol);
  state.parser =
      state.definition != nullptr && state.definition->make != nullptr ? state.definition->make(settings_) : nullptr;
  if (auto* successor = dynamic_cast<Successor*>(state.parser.get());
      successor != nullptr && state.previous != nullptr) {
    successor->follow(*state.previous, state.original);
  }
  if (state.parser == nullptr) {
    for (AppSide& side : state.sides) {
      // A side that has not been looked at may still say another name than an own one.
      if (is_own_name(state.protocol) && side.detected == AppProtocol::kUnknown) continue;
      side.stopped = true;
      side.pending.clear();
    }
  }
}

// A decision about one side may release what the other one has collected.
void AppLayer::feed_both(flow::Flow& flow, AppFlow& state, Direction first, Timestamp now) {
  if (state.parser == nullptr && !is_own_name(state.protocol)) return;
  // In the order in which the sides spoke: a greeting comes before the command that told the protocol.
  if (state.original == AppProtocol::kUnknown && state.first_data == opposite(first)) first = opposite(first);
  for (const Direction d : {first, opposite(first)}) {
    AppSide& side = side_of(state, d);
    if (side.stopped || side.pending.empty()) continue;
    if (side.detected == AppProtocol::kUnknown) {
      detect(flow, state, d, false, now);
    } else {
      parse(flow, state, d, {}, now);
    }
    if (state.parser == nullptr) return;
  }
}

// --- parsing ---

// Gives the parser what was left over, then `bytes`.
void AppLayer::parse(flow::Flow& flow, AppFlow& state, Direction d, ByteSpan bytes, Timestamp now) {
  AppSide& side = side_of(state, d);
  if (state.parser == nullptr || side.stopped) return;
  const bool joined = !side.pending.empty();
  if (joined) side.pending.insert(side.pending.end(), bytes.begin(), bytes.end());
  const ByteSpan input = joined ? ByteSpan(side.pending) : bytes;
  const std::uint64_t before = state.parser->transactions_made();
  const ParseMoment moment{now, flow.client, flow.id, state.original, &shared_.expected, &shared_.ranges};
  ParseResult result = state.parser->parse(d, input, moment);
  counters_of(flow, state.protocol).transactions.add(state.parser->transactions_made() - before);
  result.consumed = std::min(result.consumed, input.size());
  if (joined) {
    side.pending.erase(side.pending.begin(), side.pending.begin() + static_cast<std::ptrdiff_t>(result.consumed));
  } else {
    const ByteSpan rest = input.subspan(result.consumed);
    side.pending.assign(rest.begin(), rest.end());
  }
  if (result.opaque) flow.payload_inspection = false;
  switch (result.status) {
    case ParseResult::Status::kOk: break;
    case ParseResult::Status::kBypass:
      state.may_bypass = true;
      stop(state);
      return;
    case ParseResult::Status::kDone: stop(state); return;
    case ParseResult::Status::kError:
      counters_of(flow, state.protocol).parser_errors.add();
      state.parser_failed = true;
      stop(state);
      return;
    case ParseResult::Status::kChange:
      change(state, result.next);
      if (start_announced(flow, state)) {
        feed_both(flow, state, d, now);
        return;
      }
      for (const Direction each : {d, opposite(d)}) {
        if (!side_of(state, each).pending.empty() && state.protocol == AppProtocol::kUnknown) {
          detect(flow, state, each, false, now);
        }
      }
      return;
  }
  // The other side may have waited for this (CONNECT was refused).
  if (d == Direction::kToClient && !side_of(state, opposite(d)).pending.empty()) {
    parse(flow, state, opposite(d), {}, now);
    if (state.parser == nullptr) return;
  }
  if (side.pending.size() > settings_.max_pending_bytes) {
    counters_.pending_overflow.add();
    stop(state);
  } else if (state.parser->transactions().size() > settings_.max_transactions) {
    counters_.too_many_transactions.add();
    stop(state);
  }
}

// What follows is another protocol: both sides are looked at afresh.
void AppLayer::change(AppFlow& state, AppProtocol next) {
  state.original = state.protocol;
  state.protocol = AppProtocol::kUnknown;
  state.expected = next;
  state.previous = std::move(state.parser);
  state.previous_definition = state.definition;
  state.definition = nullptr;
  for (AppSide& side : state.sides) side.detected = AppProtocol::kUnknown;
}

// What was announced and cannot be told by its bytes (WebSocket) begins at once.
bool AppLayer::start_announced(const flow::Flow& flow, AppFlow& state) {
  const Protocol* definition = find_protocol(state.expected);
  if (definition == nullptr || definition->probe != nullptr || !settings_.enabled[index_of(definition->id)])
    return false;
  state.protocol = definition->id;
  for (AppSide& side : state.sides) {
    side.detected = definition->id;
    side.fresh = true;
  }
  counters_of(flow, definition->id).flows.add();
  start_parser(state);
  return true;
}

void AppLayer::stop(AppFlow& state) {
  for (const Direction d : kBoth) {
    side_of(state, d).stopped = true;
    side_of(state, d).pending = {};
  }
}

AppProtocolCounters& AppLayer::counters_of(const flow::Flow& flow, AppProtocol protocol) {
  const bool tcp = flow.client.protocol == ip_proto::kTcp;
  return counters_.protocols[tcp ? 0 : 1][index_of(protocol)];
}

void AppLayer::add_stats(std::vector<std::pair<std::string, std::uint64_t>>& out) const {
  for (std::size_t i = 1; i < kAppProtocolCount; ++i) {
    const auto p = static_cast<AppProtocol>(i);
    const Protocol* definition = find_protocol(p);
    const bool failed = p == AppProtocol::kFailed;
    const bool both = failed || (definition != nullptr && definition->over_tcp && definition->over_udp);
    for (std::size_t transport = 0; transport < counters_.protocols.size(); ++transport) {
      const AppProtocolCounters& c = counters_.protocols[transport][i];
      const std::string name = std::string(name_of(p)) + (!both ? "" : transport == 0 ? "_tcp" : "_udp");
      const bool parsed = definition != nullptr && (transport == 0 ? definition->over_tcp : definition->over_udp);
      if (parsed || failed || c.flows.value() != 0) out.emplace_back("app_layer.flow." + name, c.flows.value());
      if (!parsed) continue;
      out.emplace_back("app_layer.tx." + name, c.transactions.value());
      out.emplace_back("app_layer.error." + name + ".parser", c.parser_errors.value());
      out.emplace_back("app_layer.error." + name + ".gap", c.gaps.value());
    }
  }
  out.emplace_back("app_layer.too_many_transactions", counters_.too_many_transactions.value());
  out.emplace_back("app_layer.pending_overflow", counters_.pending_overflow.value());
}

}  // namespace bulkhead::app
