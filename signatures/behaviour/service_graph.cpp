#include "signatures/behaviour/service_graph.h"

#include <algorithm>

#include "signatures/behaviour/observation.h"

namespace bulkhead::behaviour {

namespace {

constexpr std::int64_t kWindowNs = 10'000'000'000;

template <typename Map, typename Key>
const Novelty* find(const Map& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

template <typename Map, typename Key>
Novelty* make(Map& map, const Key& key) {
  const auto found = map.find(key);
  if (found != map.end()) return &found->second;
  return map.size() >= ServiceGraph::kMaxContexts ? nullptr : &map[key];
}

}  // namespace

std::uint64_t ServiceGraph::token(const Service& service) {
  return (std::uint64_t{service.server} << 32) | (std::uint64_t{service.protocol} << 16) | service.port;
}

void ServiceGraph::learn_edge(PartyId client, const Service& service) {
  if (Novelty* out = make(out_, client)) out->learn(token(service));
  ++in_[service.server];
}

void ServiceGraph::learn_verb(const Service& service, std::string_view verb) {
  if (Novelty* verbs = make(verbs_, service)) verbs->learn(text_hash(verb));
}

void ServiceGraph::learn_question(PartyId client, std::string_view type) {
  if (Novelty* types = make(questions_, client)) types->learn(text_hash(type));
}

std::uint64_t ServiceGraph::history(PartyId party) const {
  const Novelty* out = find(out_, party);
  const auto in = in_.find(party);
  return (out == nullptr ? 0 : out->total()) + (in == in_.end() ? 0 : in->second);
}

bool ServiceGraph::knows_edge(PartyId client, const Service& service) const {
  const Novelty* out = find(out_, client);
  return out != nullptr && out->knows(token(service));
}

bool ServiceGraph::uses_port(PartyId client, const Service& service) const {
  const Novelty* out = find(out_, client);
  if (out == nullptr) return false;
  const auto port = static_cast<std::uint32_t>(token(service));  // protocol and port
  return std::any_of(out->counts().begin(), out->counts().end(),
                     [&](const auto& entry) { return static_cast<std::uint32_t>(entry.first) == port; });
}

// A party that only ever served is surprised by its own first flow as well: its whole history is exposure.
double ServiceGraph::edge_surprise(PartyId client, const Service& service) const {
  const auto in = in_.find(client);
  const std::uint64_t served = in == in_.end() ? 0 : in->second;
  static const Novelty kNothing;
  const Novelty* out = find(out_, client);
  return (out == nullptr ? kNothing : *out).surprise(token(service), served);
}

double ServiceGraph::verb_surprise(const Service& service, std::string_view verb) const {
  const Novelty* verbs = find(verbs_, service);
  return verbs == nullptr ? 0 : verbs->surprise(text_hash(verb));
}

double ServiceGraph::question_surprise(PartyId client, std::string_view type) const {
  const Novelty* types = find(questions_, client);
  return types == nullptr ? 0 : types->surprise(text_hash(type));
}

bool ServiceGraph::seen_again(PartyId client, const Service& service, Timestamp now, bool suspected) {
  const auto key = std::pair(client, service);
  auto found = pending_.find(key);
  if (found == pending_.end()) {
    if (pending_.size() >= kMaxPending) return false;
    found = pending_.emplace(key, Pending{now, -1, 0}).first;
  }
  Pending& pending = found->second;
  if (suspected) {  // it begins anew once nobody suspects the client any more
    pending = {now, -1, 0};
    return false;
  }
  const std::int64_t window = now.ns / kWindowNs;
  if (window != pending.window) {
    pending.window = window;
    ++pending.windows;
  }
  if (pending.windows < settings_.promote_windows || now - pending.first < settings_.promote_age) return false;
  learn_edge(client, service);
  pending_.erase(found);
  return true;
}

std::size_t ServiceGraph::edges() const {
  std::size_t out = 0;
  for (const auto& [client, services] : out_) out += services.distinct();
  return out;
}

}  // namespace bulkhead::behaviour
