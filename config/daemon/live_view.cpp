#include "config/daemon/live_view.h"

#include <algorithm>
#include <iterator>

#include "datapath/base/address_ranges.h"
#include "datapath/base/text_encoding.h"
#include "datapath/flow/flow_names.h"
#include "datapath/output/protocol_names.h"

namespace bulkhead::config {

using Json = nlohmann::json;

namespace {

constexpr std::string_view kWorld = "world";
constexpr std::string_view kOthers = "(others)";
constexpr std::string_view kMulticast = "multicast";
constexpr std::string_view kLinkLocal = "link-local";  // IPv6, and no workload's
constexpr std::string_view kNobody = "(no address)";   // :: and 0.0.0.0, of hosts that have none yet
constexpr std::size_t kMostEnded = 8192;               // flows that are remembered for what-if
constexpr std::size_t kExcerpt = 512;                  // bytes of payload with an event

output::EveSettings full_eve(std::vector<std::string> port_names) {
  output::EveSettings out;
  out.port_names = std::move(port_names);
  out.alert.payload_printable = true;
  out.alert.payload_buffer_size = 4096;
  out.drop.enabled = true;
  return out;
}

bool is_link_local(const IpAddress& v6) {
  return v6.bytes()[0] == 0xfe && (v6.bytes()[1] & 0xc0) == 0x80;
}

bool is_unspecified(const IpAddress& address) {
  return std::all_of(address.bytes().begin(), address.bytes().begin() + static_cast<std::ptrdiff_t>(address.size()),
                     [](Byte byte) { return byte == 0; });
}

bool is_private(const IpAddress& address) {
  static const std::vector<IpPrefix> kRanges = [] {
    std::vector<IpPrefix> out = private_ranges();
    for (const char* loopback : {"127.0.0.0/8", "::1/128"}) out.push_back(*IpPrefix::parse(loopback));
    return out;
  }();
  return std::any_of(kRanges.begin(), kRanges.end(), [&](const IpPrefix& range) { return range.contains(address); });
}

std::string protocol_text(std::uint8_t protocol) {
  output::NumberText buffer{};
  return std::string(output::protocol_name(protocol, buffer));
}

void add_tuple(Json& out, const FlowTuple& tuple) {
  if (tuple.source.is_set()) out["src_ip"] = tuple.source.to_string();
  if (tuple.destination.is_set()) out["dest_ip"] = tuple.destination.to_string();
  if (has_ports(tuple.protocol)) {
    out["src_port"] = tuple.source_port;
    out["dest_port"] = tuple.destination_port;
  }
  if (tuple.protocol != 0) out["proto"] = protocol_text(tuple.protocol);
}

Json labels_json(const rules::Labels& labels) {
  Json out = Json::object();
  for (const auto& [key, value] : labels) out[key] = value;
  return out;
}

FlowTuple reversed(const FlowTuple& t) {
  return {t.destination, t.source, t.destination_port, t.source_port, t.protocol};
}

}  // namespace

void LiveView::Totals::add(const Totals& other) {
  flows += other.flows;
  bytes_to_server += other.bytes_to_server;
  bytes_to_client += other.bytes_to_client;
  packets_to_server += other.packets_to_server;
  packets_to_client += other.packets_to_client;
  alerts += other.alerts;
  denied += other.denied;
  blocks += other.blocks;
  active += other.active;
  last_ns = std::max(last_ns, other.last_ns);
  if (!other.app_protocol.empty()) app_protocol = other.app_protocol;
}

LiveView::LiveView(std::vector<std::string> port_names) : eve_(full_eve(std::move(port_names))) {}

void LiveView::use(rules::InventoryPtr inventory) {
  std::unordered_map<std::string, std::string> link_locals;
  if (inventory != nullptr) {
    for (const rules::Workload& workload : inventory->workloads()) {
      for (const rules::Attachment& port : workload.all_attachments()) {
        if (port.mac) link_locals.try_emplace(IpAddress::link_local(*port.mac).to_string(), workload.full_name());
      }
    }
  }
  const std::lock_guard lock(mutex_);
  inventory_ = std::move(inventory);
  link_locals_ = std::move(link_locals);
}

void LiveView::subscribe(Subscriber subscriber) {
  const std::lock_guard lock(mutex_);
  subscribers_.push_back(std::move(subscriber));
}

std::string LiveView::name_of(const IpAddress& address) const {
  const std::lock_guard lock(mutex_);
  return name_locked(address);
}

std::string LiveView::name_locked(const IpAddress& address) const {
  if (!address.is_set()) return "any";
  std::string name = inventory_ != nullptr ? inventory_->name_of(address) : address.to_string();
  if (name != address.to_string()) return name;
  if (address.is_multicast()) return std::string(kMulticast);
  if (address.is_v6() && is_link_local(address)) {
    const auto owner = link_locals_.find(name);
    return owner != link_locals_.end() ? owner->second : std::string(kLinkLocal);
  }
  if (is_unspecified(address)) return std::string(kNobody);
  return is_private(address) ? name : std::string(kWorld);
}

std::uint32_t LiveView::end_of(const IpAddress& address) const {
  std::string name = name_locked(address);
  const auto found = end_ids_.find(name);
  if (found != end_ids_.end()) return found->second;
  if (ends_.size() >= kMostEnds) name = kOthers;
  const auto [entry, fresh] = end_ids_.try_emplace(name, static_cast<std::uint32_t>(ends_.size()));
  if (fresh) ends_.push_back(name);
  return entry->second;
}

LiveView::EdgeKey LiveView::key_of(const FlowTuple& client) const {
  const std::uint16_t port = has_ports(client.protocol) ? client.destination_port : std::uint16_t{0};
  return {end_of(client.source), end_of(client.destination), client.protocol, port};
}

LiveView::Totals* LiveView::edge(const EdgeKey& key) {
  const auto found = edges_.find(key);
  if (found != edges_.end()) return &found->second;
  if (edges_.size() < kMostEdges) return &edges_[key];
  // Port scans make many: what is beyond the limit is one edge of its ends, or of nobody.
  const EdgeKey whole{std::get<0>(key), std::get<1>(key), 0, 0};
  if (edges_.contains(whole) || edges_.size() < 2 * kMostEdges) return &edges_[whole];
  return nullptr;
}

void LiveView::keep(const event::Event& event, std::string type, const FlowTuple& client, Json json) {
  const event::EventHeader& header = *event::header_of(event);
  Kept kept;
  kept.sequence = next_sequence_++;
  kept.from = end_of(client.source);
  kept.to = end_of(client.destination);
  kept.flow_id = header.flow_id;
  json["sequence"] = kept.sequence;
  json["timestamp"] = to_iso8601(header.time);
  json["event_type"] = type;
  json["source"] = ends_[kept.from];
  json["destination"] = ends_[kept.to];
  if (header.flow_id != 0) json["flow_id"] = header.flow_id;
  if (!header.app_protocol.empty()) json["app_proto"] = header.app_protocol;
  add_tuple(json, client);
  kept.type = std::move(type);
  kept.json = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  kept.eve = eve_.format(event).substr(0, kMostEventBytes);
  std::erase_if(subscribers_, [&](const Subscriber& subscriber) { return !subscriber(kept.json); });
  events_.push_back(std::move(kept));
  if (events_.size() > kMostEvents) events_.pop_front();
}

void LiveView::take_alert(const event::AlertEvent& e, const event::Event& event) {
  const FlowTuple client = e.has_flow ? e.flow.client : e.header.tuple;
  ++sums_.alerts;
  if (Totals* totals = edge(key_of(client))) {
    ++totals->alerts;
    totals->last_ns = std::max(totals->last_ns, e.header.time.ns);
  }
  Json json;
  json["blocked"] = e.blocked;
  json["direction"] = e.direction == Direction::kToServer ? "to_server" : "to_client";
  if (e.signature != nullptr) {
    json["gid"] = e.signature->gid;
    json["sid"] = e.signature->sid;
    json["rev"] = e.signature->rev;
    json["severity"] = e.signature->severity;
    json["signature"] = e.signature->message;
    json["category"] = e.signature->category.str();
    json["file"] = e.signature->source_file.str();
    json["line"] = e.signature->source_line;
  }
  if (!e.payload.empty()) {
    std::string text;
    append_printable(text, std::string_view(e.payload).substr(0, kExcerpt));
    json["payload"] = std::move(text);
  }
  keep(event, "alert", client, std::move(json));
}

void LiveView::take_drop(const event::DropEvent& e, const event::Event& event) {
  const FlowTuple client = e.direction == Direction::kToServer ? e.header.tuple : reversed(e.header.tuple);
  const bool denied = !e.audit;
  if (denied) ++sums_.denied;
  if (Totals* totals = edge(key_of(client))) {
    if (denied) ++totals->denied;
    totals->last_ns = std::max(totals->last_ns, e.header.time.ns);
  }
  Json json;
  json["reason"] = e.reason;
  if (e.audit) json["audit"] = true;
  if (!e.policy_rule.empty()) {
    json["rule"] = e.policy_rule;
    json["file"] = e.policy_file;
    json["line"] = e.policy_line;
  }
  if (e.signature != nullptr) {
    json["sid"] = e.signature->sid;
    json["signature"] = e.signature->message;
    json["file"] = e.signature->source_file.str();
    json["line"] = e.signature->source_line;
  }
  keep(event, "drop", client, std::move(json));
}

void LiveView::take_block(const event::BlockEvent& e, const event::Event& event) {
  if (e.action == "add") ++sums_.blocks;
  if (e.header.tuple.destination.is_set()) {
    if (Totals* totals = edge(key_of(e.header.tuple)); totals != nullptr && e.action == "add") ++totals->blocks;
  }
  Json json;
  json["action"] = e.action;
  json["kind"] = e.kind;
  json["reason"] = e.reason;
  json["ttl"] = e.ttl.count();
  if (e.sid != 0) json["sid"] = e.sid;
  if (!e.error.empty()) json["error"] = e.error;
  keep(event, "block", e.header.tuple, std::move(json));
}

void LiveView::take_incident(const event::AppEvent& e, const event::Event& event) {
  ++sums_.incidents;
  Json json = Json::object();
  for (const auto& [name, text] : e.fields) {
    Json incident = Json::parse(text, nullptr, false);
    if (name != "incident" || !incident.is_object()) continue;
    for (const char* key : {"id", "severity", "confidence", "actor", "victim", "text", "families"}) {
      if (incident.contains(key)) json[key] = std::move(incident[key]);
    }
  }
  keep(event, "incident", e.header.tuple, std::move(json));
}

void LiveView::take_flow(const event::FlowEvent& e) {
  ++sums_.flows_ended;
  Totals ended;
  ended.flows = 1;
  ended.bytes_to_server = e.summary.bytes_to_server;
  ended.bytes_to_client = e.summary.bytes_to_client;
  ended.packets_to_server = e.summary.packets_to_server;
  ended.packets_to_client = e.summary.packets_to_client;
  ended.last_ns = e.last.ns;
  // Names of protocols are static, "failed" aside.
  if (e.header.app_protocol != "failed") ended.app_protocol = e.header.app_protocol;
  if (Totals* totals = edge(key_of(e.summary.client))) totals->add(ended);
  ended_.push_back(e.summary.client);
  if (ended_.size() > kMostEnded) ended_.pop_front();
}

void LiveView::take(const event::Event& event) {
  const std::lock_guard lock(mutex_);
  if (const auto* alert = std::get_if<event::AlertEvent>(&event)) {
    take_alert(*alert, event);
  } else if (const auto* drop = std::get_if<event::DropEvent>(&event)) {
    take_drop(*drop, event);
  } else if (const auto* block = std::get_if<event::BlockEvent>(&event)) {
    take_block(*block, event);
  } else if (const auto* flow = std::get_if<event::FlowEvent>(&event)) {
    take_flow(*flow);
  } else if (const auto* app = std::get_if<event::AppEvent>(&event); app != nullptr && app->type == "incident") {
    take_incident(*app, event);
  }
}

Json LiveView::events(const EventFilter& filter) const {
  const std::lock_guard lock(mutex_);
  const auto end = end_ids_.find(filter.end);
  std::vector<const Kept*> chosen;
  for (auto kept = events_.rbegin(); kept != events_.rend() && chosen.size() < filter.limit; ++kept) {
    if (kept->sequence <= filter.after) break;
    if (!filter.type.empty() && kept->type != filter.type) continue;
    if (filter.flow_id != 0 && kept->flow_id != filter.flow_id) continue;
    if (!filter.end.empty() && (end == end_ids_.end() || (kept->from != end->second && kept->to != end->second))) {
      continue;
    }
    chosen.push_back(&*kept);
  }
  Json list = Json::array();
  for (auto kept = chosen.rbegin(); kept != chosen.rend(); ++kept) {
    list.push_back(Json::parse((*kept)->json, nullptr, false));
  }
  return {{"events", std::move(list)}, {"last", next_sequence_ - 1}};
}

Json LiveView::event(std::uint64_t sequence) const {
  const std::lock_guard lock(mutex_);
  const auto kept = std::lower_bound(events_.begin(), events_.end(), sequence,
                                     [](const Kept& k, std::uint64_t wanted) { return k.sequence < wanted; });
  if (kept == events_.end() || kept->sequence != sequence) return nullptr;
  Json out = Json::parse(kept->json, nullptr, false);
  Json eve = Json::parse(kept->eve, nullptr, false);
  if (!eve.is_discarded()) out["eve"] = std::move(eve);
  return out;
}

Json LiveView::flows(const std::vector<pipeline::FlowRecord>& live, const FlowFilter& filter) const {
  std::vector<const pipeline::FlowRecord*> sorted;
  sorted.reserve(live.size());
  for (const auto& flow : live) sorted.push_back(&flow);
  std::sort(sorted.begin(), sorted.end(),
            [](const auto* a, const auto* b) { return std::tie(a->last.ns, a->id) > std::tie(b->last.ns, b->id); });
  const std::lock_guard lock(mutex_);
  Json list = Json::array();
  std::size_t matched = 0;
  for (const auto* flow : sorted) {
    if (filter.alerted && !flow->alerted) continue;
    if (!filter.app_protocol.empty() && flow->app_protocol != filter.app_protocol) continue;
    std::string source = name_locked(flow->client.source), destination = name_locked(flow->client.destination);
    if (!filter.end.empty() && source != filter.end && destination != filter.end &&
        flow->client.source.to_string() != filter.end && flow->client.destination.to_string() != filter.end) {
      continue;
    }
    if (++matched > filter.limit) continue;
    Json json{{"flow_id", flow->id},
              {"source", std::move(source)},
              {"destination", std::move(destination)},
              {"state", flow::name_of(flow->state)},
              {"start", to_iso8601(flow->start)},
              {"last", to_iso8601(flow->last)},
              {"packets_to_server", flow->packets_to_server},
              {"packets_to_client", flow->packets_to_client},
              {"bytes_to_server", flow->bytes_to_server},
              {"bytes_to_client", flow->bytes_to_client},
              {"alerted", flow->alerted}};
    if (flow->action != flow::FlowAction::kNone) json["action"] = flow::name_of(flow->action);
    if (!flow->app_protocol.empty()) json["app_proto"] = flow->app_protocol;
    add_tuple(json, flow->client);
    list.push_back(std::move(json));
  }
  return {{"flows", std::move(list)}, {"matched", matched}, {"active", live.size()}};
}

LiveView::Edges LiveView::edges_with(const std::vector<pipeline::FlowRecord>& live) const {
  Edges out = edges_;
  for (const auto& flow : live) {
    Totals now;
    now.flows = 1;
    now.active = 1;
    now.bytes_to_server = flow.bytes_to_server;
    now.bytes_to_client = flow.bytes_to_client;
    now.packets_to_server = flow.packets_to_server;
    now.packets_to_client = flow.packets_to_client;
    now.last_ns = flow.last.ns;
    if (flow.app_protocol != "failed") now.app_protocol = flow.app_protocol;
    out[key_of(flow.client)].add(now);
  }
  return out;
}

Json LiveView::edges(const std::vector<pipeline::FlowRecord>& live) const {
  // Written without the lock: the output thread shall not wait for it.
  Edges all;
  std::vector<std::string> ends;
  {
    const std::lock_guard lock(mutex_);
    all = edges_with(live);
    ends = ends_;
  }
  Json list = Json::array();
  for (const auto& [key, t] : all) {
    const auto& [from, to, protocol, port] = key;
    Json json{{"source", ends[from]},
              {"destination", ends[to]},
              {"flows", t.flows},
              {"active", t.active},
              {"bytes_to_server", t.bytes_to_server},
              {"bytes_to_client", t.bytes_to_client},
              {"packets_to_server", t.packets_to_server},
              {"packets_to_client", t.packets_to_client},
              {"alerts", t.alerts},
              {"denied", t.denied},
              {"blocks", t.blocks},
              {"last", to_iso8601({t.last_ns})}};
    if (protocol != 0) json["proto"] = protocol_text(protocol);
    if (port != 0) json["port"] = port;
    if (!t.app_protocol.empty()) json["app_proto"] = t.app_protocol;
    list.push_back(std::move(json));
  }
  return {{"edges", std::move(list)}};
}

Json LiveView::workloads(const std::vector<pipeline::FlowRecord>& live) const {
  struct Sum {
    std::uint64_t in_bytes = 0, out_bytes = 0, in_packets = 0, out_packets = 0, active = 0, flows = 0, alerts = 0,
                  denied = 0, blocks = 0;
  };
  const std::lock_guard lock(mutex_);
  std::map<std::string, Sum> sums;
  const auto count = [](Sum& sum, const Totals& t, bool client) {
    sum.in_bytes += client ? t.bytes_to_client : t.bytes_to_server;
    sum.out_bytes += client ? t.bytes_to_server : t.bytes_to_client;
    sum.in_packets += client ? t.packets_to_client : t.packets_to_server;
    sum.out_packets += client ? t.packets_to_server : t.packets_to_client;
    sum.active += t.active;
    sum.flows += t.flows;
    sum.alerts += t.alerts;
    sum.denied += t.denied;
    sum.blocks += t.blocks;
  };
  for (const auto& [key, t] : edges_with(live)) {
    count(sums[ends_[std::get<0>(key)]], t, true);
    if (std::get<0>(key) != std::get<1>(key)) count(sums[ends_[std::get<1>(key)]], t, false);
  }
  Json list = Json::array();
  const auto show = [](Json json, const Sum& s) {
    json["bytes_in"] = s.in_bytes;
    json["bytes_out"] = s.out_bytes;
    json["packets_in"] = s.in_packets;
    json["packets_out"] = s.out_packets;
    json["flows_active"] = s.active;
    json["flows"] = s.flows;
    json["alerts"] = s.alerts;
    json["denied"] = s.denied;
    json["blocks"] = s.blocks;
    return json;
  };
  if (inventory_ != nullptr) {
    for (const rules::Workload& workload : inventory_->workloads()) {
      Json addresses = Json::array();
      for (const IpAddress& address : workload.addresses) addresses.push_back(address.to_string());
      Json networks = Json::array();
      for (const auto& port : workload.attachments) {
        if (!port.network.empty()) networks.push_back(port.network);
      }
      Json json{{"name", workload.full_name()},
                {"kind", "workload"},
                {"namespace", workload.name_space},
                {"labels", labels_json(workload.labels)},
                {"addresses", std::move(addresses)}};
      if (!networks.empty()) json["networks"] = std::move(networks);
      if (!workload.interface.empty()) json["interface"] = workload.interface;
      if (!workload.node.empty()) json["node"] = workload.node;
      const auto sum = sums.extract(workload.full_name());
      list.push_back(show(std::move(json), sum ? sum.mapped() : Sum{}));
    }
  }
  for (const auto& [name, sum] : sums) {
    const char* kind = name.starts_with("node:") ? "node" : name == kWorld ? "world" : "other";
    list.push_back(show(Json{{"name", name}, {"kind", kind}}, sum));
  }
  return {{"workloads", std::move(list)}, {"time_ns", wall_clock().ns}};
}

std::vector<FlowTuple> LiveView::recent_tuples(const std::vector<pipeline::FlowRecord>& live) const {
  const std::lock_guard lock(mutex_);
  std::vector<FlowTuple> out(ended_.begin(), ended_.end());
  for (const auto& flow : live) out.push_back(flow.client);
  return out;
}

LiveView::Sums LiveView::sums() const {
  const std::lock_guard lock(mutex_);
  return sums_;
}

}  // namespace bulkhead::config
