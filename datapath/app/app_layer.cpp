#include "datapath/app/app_layer.h"

#include <algorithm>

#include "datapath/app/protocol_table.h"
#include "datapath/app/successor.h"

namespace bulkhead::app {
namespace {

constexpr Direction kBoth[] = {Direction::kToServer, Direction::kToClient};

std::vector<const Protocol*> enabled(const AppSettings& settings, bool Protocol::*transport,
                                     const AppProtocolSet& without) {
  std::vector<const Protocol*> out;
  for (const Protocol* protocol : all_protocols()) {
    const std::size_t i = index_of(protocol->id);
    if (protocol->*transport && settings.enabled[i] && !without[i]) out.push_back(protocol);
  }
  return out;
}

AppSide& side_of(AppFlow& state, Direction d) {
  return state.sides[bulkhead::index_of(d)];
}

Probe probe(const Protocol& protocol, const flow::Flow& flow, Direction d, ByteSpan data) {
  if (flow.client.protocol != ip_proto::kTcp && protocol.probe_datagram != nullptr) {
    return protocol.probe_datagram({d, data, flow.client.source_port, flow.client.destination_port});
  }
  return protocol.probe != nullptr ? protocol.probe(d, data, flow.client.destination_port) : Probe::kNo;
}

// A TCP connection whose beginning was seen has the client that began it.
bool may_turn(const flow::Flow& flow) {
  if (flow.client.protocol != ip_proto::kTcp) return true;
  const auto* session = static_cast<const stream::TcpSession*>(flow.extension(flow::ExtensionSlot::kStream));
  return session != nullptr && session->midstream();
}

}  // namespace

AppLayer::AppLayer(const AppSettings& settings)
    : settings_(settings),
      over_tcp_(enabled(settings, &Protocol::over_tcp, settings.not_over_tcp)),
      over_udp_(enabled(settings, &Protocol::over_udp, settings.not_over_udp)) {}

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
  if (ends && !side.ended) end(flow, state, d, now);
}

void AppLayer::datagram(flow::Flow& flow, Direction d, ByteSpan payload, Timestamp now) {
  if (payload.empty()) return;
  AppFlow& state = state_of(flow);
  AppSide& side = side_of(state, d);
  if (side.stopped) return;
  side.pending.clear();  // a datagram stands alone
  take(flow, state, d, payload, now);
}

void AppLayer::gap(flow::Flow& flow, Direction d, std::uint64_t length, Timestamp now) {
  AppFlow& state = state_of(flow);
  AppSide& side = side_of(state, d);
  side.taken += length;
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
  counters_.gaps[index_of(state.protocol)].add();
  if (!state.parser->gap(d, length)) {
    counters_.parser_errors[index_of(state.protocol)].add();
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
  side.pending.clear();
}

// --- which protocol ---

// Shows the first bytes of a side to every protocol. `last`: there will be no more.
void AppLayer::detect(flow::Flow& flow, AppFlow& state, Direction d, bool last, Timestamp now) {
  AppSide& side = side_of(state, d);
  const bool tcp = flow.client.protocol == ip_proto::kTcp;
  const AppProtocol other = side_of(state, opposite(d)).detected;
  AppProtocol found = AppProtocol::kUnknown;
  bool more = false, from_other_side = false;
  for (const Protocol* protocol : tcp ? over_tcp_ : over_udp_) {
    const Probe answer = probe(*protocol, flow, d, side.pending);
    more |= answer == Probe::kMore;
    if (answer != Probe::kYes) continue;
    found = protocol->id;
    from_other_side =
        protocol->comes_from_other_side != nullptr && protocol->comes_from_other_side(d, side.pending, !tcp);
    break;
  }
  if (found == AppProtocol::kUnknown) {
    // What the other side is recognised as holds for this one too.
    const bool wait = more && !last && tcp && !is_known(other) && side.pending.size() < settings_.detect_bytes;
    if (wait) return;
    found = is_known(other) ? other : AppProtocol::kFailed;
  }
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
      stop(state);
    } else if (!tcp) {
      state.protocol = AppProtocol::kFailed;  // unless the answer says otherwise
      side.pending.clear();
    }
    return;
  }
  if (is_known(state.protocol)) {
    if (state.protocol != found) state.events.push_back(AppEvent::mismatch_both_directions);
    return;
  }
  if (other.detected == AppProtocol::kFailed && tcp) state.events.push_back(AppEvent::detect_only_one_direction);
  const Protocol* definition = find_protocol(found);
  if (definition != nullptr && !definition->may_begin[bulkhead::index_of(state.first_data)] &&
      state.original == AppProtocol::kUnknown) {
    state.events.push_back(AppEvent::wrong_direction_first_data);
    state.protocol = AppProtocol::kFailed;
    stop(state);
    return;
  }
  if (state.expected != AppProtocol::kUnknown && state.expected != found) {
    state.events.push_back(state.expected == AppProtocol::tls ? AppEvent::no_tls_after_starttls
                                                              : AppEvent::unexpected_protocol);
  }
  state.protocol = found;
  counters_.flows[index_of(found)].add();
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
      side.stopped = true;
      side.pending.clear();
    }
  }
}

// A decision about one side may release what the other one has collected.
void AppLayer::feed_both(flow::Flow& flow, AppFlow& state, Direction first, Timestamp now) {
  if (state.parser == nullptr) return;
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
  const ParseMoment moment{now, flow.client};
  ParseResult result = state.parser->parse(d, input, moment);
  counters_.transactions[index_of(state.protocol)].add(state.parser->transactions_made() - before);
  result.consumed = std::min(result.consumed, input.size());
  if (joined) {
    side.pending.erase(side.pending.begin(), side.pending.begin() + static_cast<std::ptrdiff_t>(result.consumed));
  } else {
    const ByteSpan rest = input.subspan(result.consumed);
    side.pending.assign(rest.begin(), rest.end());
  }
  switch (result.status) {
    case ParseResult::Status::kOk: break;
    case ParseResult::Status::kDone: stop(state); return;
    case ParseResult::Status::kError:
      counters_.parser_errors[index_of(state.protocol)].add();
      state.parser_failed = true;
      stop(state);
      return;
    case ParseResult::Status::kChange:
      change(state, result.next);
      if (start_announced(state)) {
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
bool AppLayer::start_announced(AppFlow& state) {
  const Protocol* definition = find_protocol(state.expected);
  if (definition == nullptr || definition->probe != nullptr || !settings_.enabled[index_of(definition->id)])
    return false;
  state.protocol = definition->id;
  for (AppSide& side : state.sides) {
    side.detected = definition->id;
    side.fresh = true;
  }
  counters_.flows[index_of(definition->id)].add();
  start_parser(state);
  return true;
}

void AppLayer::stop(AppFlow& state) {
  for (const Direction d : kBoth) {
    side_of(state, d).stopped = true;
    side_of(state, d).pending = {};
  }
}

void AppLayer::add_stats(std::vector<std::pair<std::string, std::uint64_t>>& out) const {
  for (std::size_t i = 1; i < kAppProtocolCount; ++i) {
    const auto p = static_cast<AppProtocol>(i);
    const std::string name(name_of(p));
    const Protocol* definition = find_protocol(p);
    if (definition == nullptr) {
      if (counters_.flows[i].value() != 0) out.emplace_back("app_layer.flow." + name, counters_.flows[i].value());
      continue;
    }
    out.emplace_back("app_layer.flow." + name, counters_.flows[i].value());
    out.emplace_back("app_layer.tx." + name, counters_.transactions[i].value());
    out.emplace_back("app_layer.error." + name + ".parser", counters_.parser_errors[i].value());
    out.emplace_back("app_layer.error." + name + ".gap", counters_.gaps[i].value());
  }
  out.emplace_back("app_layer.too_many_transactions", counters_.too_many_transactions.value());
  out.emplace_back("app_layer.pending_overflow", counters_.pending_overflow.value());
}

}  // namespace bulkhead::app
