#include "signatures/behaviour/service_graph.h"

#include <algorithm>
#include <charconv>
#include <system_error>

#include "signatures/behaviour/observation.h"

namespace bulkhead::behaviour {

namespace {

constexpr std::int64_t kWindowNs = 10'000'000'000;
constexpr std::int64_t kDayNs = 86400 * std::int64_t{1'000'000'000};

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

void ServiceGraph::learn_edge(PartyId client, const Service& service, Timestamp now, std::uint32_t times) {
  if (Novelty* out = make(out_, client)) out->learn(token(service), times);
  in_[service.server] += times;
  const auto key = std::pair(client, service);
  auto record = records_.find(key);
  if (record == records_.end()) {
    if (records_.size() >= kMaxEdges) return;
    record = records_.emplace(key, EdgeRecord{now, now, 0, 1, false}).first;
  }
  record->second.last = std::max(record->second.last, now);
  record->second.flows += times;
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

bool ServiceGraph::knows(const Candidate& candidate) const {
  switch (candidate.kind) {
    case NewKind::kEdge: return knows_edge(candidate.client, candidate.service);
    case NewKind::kVerb: {
      const Novelty* verbs = find(verbs_, candidate.service);
      return verbs != nullptr && verbs->knows(candidate.token);
    }
    case NewKind::kQuestion: {
      const Novelty* types = find(questions_, candidate.client);
      return types != nullptr && types->knows(candidate.token);
    }
  }
  return true;
}

void ServiceGraph::learn(const Candidate& candidate, const Pending& pending, Timestamp now, bool promoted) {
  if (candidate.kind == NewKind::kVerb) {
    if (Novelty* verbs = make(verbs_, candidate.service)) verbs->learn(candidate.token, pending.times);
  } else if (candidate.kind == NewKind::kQuestion) {
    if (Novelty* types = make(questions_, candidate.client)) types->learn(candidate.token, pending.times);
  } else {
    learn_edge(candidate.client, candidate.service, now, pending.times);
    const auto record = records_.find({candidate.client, candidate.service});
    if (record == records_.end()) return;
    record->second.first = pending.first;
    record->second.windows = pending.windows;
    record->second.promoted = promoted;
  }
}

void ServiceGraph::add_exposure(const Candidate& candidate, Timestamp now) {
  switch (candidate.kind) {
    case NewKind::kEdge: return learn_edge(candidate.client, candidate.service, now);
    case NewKind::kVerb: return verbs_[candidate.service].learn(candidate.token);
    case NewKind::kQuestion: return questions_[candidate.client].learn(candidate.token);
  }
}

bool ServiceGraph::offer(const Candidate& candidate, PartyId client, Timestamp now, bool learning, bool suspected) {
  if (knows(candidate)) {
    // How often the known comes is exposure: the more of it, the more what is new says.
    if (!suspected) add_exposure(candidate, now);
    return false;
  }
  auto found = pending_.find(candidate);
  if (found == pending_.end()) {
    if (suspected || pending_.size() >= kMaxPending) return false;
    found = pending_.emplace(candidate, Pending{now}).first;
  }
  Pending& pending = found->second;
  if (suspected) {  // it begins anew once nobody suspects the client any more
    pending = Pending{now};
    return false;
  }
  ++pending.times;
  const std::int64_t window = now.ns / kWindowNs;
  if (window != pending.window) {
    pending.window = window;
    ++pending.windows;
  }
  if (pending.windows < (learning ? settings_.learn_windows : settings_.promote_windows)) return false;
  if (now - pending.first < (learning ? settings_.learn_age : settings_.promote_age)) return false;
  if (!learning && candidate.kind == NewKind::kEdge) {
    Day& day = days_[client];
    const std::int64_t number = now.ns / kDayNs;
    if (number != day.number) day = {number, 0};
    if (day.promoted >= settings_.promote_daily) {
      ++held_back_;
      return false;
    }
    ++day.promoted;
  }
  learn(candidate, pending, now, !learning);
  pending_.erase(found);
  return true;
}

std::size_t ServiceGraph::withdraw(PartyId client, Timestamp since) {
  std::size_t out = 0;
  for (auto i = records_.lower_bound({client, Service{}}); i != records_.end() && i->first.first == client;) {
    if (i->second.first < since) {
      ++i;
      continue;
    }
    out_[client].forget(token(i->first.second));
    i = records_.erase(i);
    ++out;
  }
  std::erase_if(pending_, [&](const auto& entry) { return entry.first.client == client; });
  return out;
}

std::size_t ServiceGraph::expire(Timestamp now) {
  const std::size_t before = records_.size();
  std::erase_if(records_, [&](const auto& entry) {
    if (now - entry.second.last < settings_.expire) return false;
    const auto out = out_.find(entry.first.first);
    if (out != out_.end()) out->second.forget(token(entry.first.second));
    return true;
  });
  // Candidates that do not come again make room.
  std::erase_if(pending_, [&](const auto& entry) { return now - entry.second.first > settings_.expire; });
  return before - records_.size();
}

std::size_t ServiceGraph::candidates_of(PartyId client) const {
  std::size_t out = 0;
  const Candidate from{NewKind::kEdge, client, {}, 0};
  for (auto i = pending_.lower_bound(from); i != pending_.end() && i->first.client == client; ++i) {
    if (i->first.kind != NewKind::kEdge) break;
    ++out;
  }
  return out;
}

std::size_t ServiceGraph::edges() const {
  std::size_t out = 0;
  for (const auto& [client, services] : out_) out += services.distinct();
  return out;
}

void ServiceGraph::save(const std::function<void(const std::string&)>& write) const {
  const auto text = [](auto... numbers) { return ((std::string(1, '\t') + std::to_string(numbers)) + ...); };
  const auto place = [&](const Service& s) { return text(s.server, s.protocol, s.port); };
  for (const auto& [key, r] : records_) {
    const auto& [client, service] = key;
    const Novelty* out = find(out_, client);
    std::uint32_t times = 0;
    if (out != nullptr) {
      const auto count = out->counts().find(token(service));
      if (count != out->counts().end()) times = count->second;
    }
    write("edge" + text(client) + place(service) +
          text(r.flows, r.windows, r.promoted ? 1 : 0, r.first.ns, r.last.ns, times));
  }
  for (const auto& [service, verbs] : verbs_) {
    for (const auto& [verb, times] : verbs.counts()) write("verb" + place(service) + text(verb, times));
  }
  for (const auto& [client, types] : questions_) {
    for (const auto& [type, times] : types.counts()) write("question" + text(client, type, times));
  }
}

bool ServiceGraph::restore(const std::vector<std::string_view>& words,
                           const std::function<PartyId(std::uint64_t)>& party) {
  std::vector<std::uint64_t> n;
  for (std::size_t i = 1; i < words.size(); ++i) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(words[i].data(), words[i].data() + words[i].size(), value);
    if (error != std::errc() || end != words[i].data() + words[i].size()) return false;
    n.push_back(value);
  }
  const auto service = [&](std::size_t at) {
    return Service{party(n[at]), static_cast<std::uint8_t>(n[at + 1]), static_cast<std::uint16_t>(n[at + 2])};
  };
  if (words[0] == "edge" && n.size() == 10) {
    const PartyId client = party(n[0]);
    const Service to = service(1);
    const auto times = static_cast<std::uint32_t>(std::min<std::uint64_t>(n[9], UINT32_MAX));
    learn_edge(client, to, {}, times);
    const auto record = records_.find({client, to});
    if (record == records_.end()) return true;  // beyond the limit
    record->second = {{static_cast<std::int64_t>(n[7])},
                      {static_cast<std::int64_t>(n[8])},
                      n[4],
                      static_cast<unsigned>(n[5]),
                      n[6] != 0};
    return true;
  }
  if (words[0] == "verb" && n.size() == 5) {
    if (Novelty* verbs = make(verbs_, service(0))) verbs->learn(n[3], static_cast<std::uint32_t>(n[4]));
    return true;
  }
  if (words[0] == "question" && n.size() == 3) {
    if (Novelty* types = make(questions_, party(n[0]))) types->learn(n[1], static_cast<std::uint32_t>(n[2]));
    return true;
  }
  return false;
}

}  // namespace bulkhead::behaviour
