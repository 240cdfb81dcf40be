#include "signatures/behaviour/behaviour_engine.h"

#include <algorithm>
#include <utility>

#include "datapath/app/dns/dns_names.h"

namespace bulkhead::behaviour {

namespace {

constexpr Nanoseconds kBackStep = std::chrono::seconds(2);     // workers are apart by less
constexpr Nanoseconds kForwardStep = std::chrono::seconds(5);  // what a busy thread may be late
constexpr Nanoseconds kWithdrawn = std::chrono::minutes(30);   // of teaching before an incident
constexpr Nanoseconds kExpiryRound = std::chrono::hours(1);
constexpr std::size_t kManyCandidates = 64;  // edges of one client that wait: a slow sweep

}  // namespace

BehaviourEngine::BehaviourEngine(const BehaviourSettings& settings, OwnerOf owner_of)
    : settings_(settings),
      parties_(settings.inside, std::move(owner_of)),
      graph_(settings.graph),
      book_(settings.incidents),
      phases_(settings.phases),
      detectors_(make_detectors()) {
  std::erase_if(detectors_, [&](const auto& detector) {
    return std::find(settings_.without.begin(), settings_.without.end(), detector->family()) != settings_.without.end();
  });
}

Service BehaviourEngine::service_of(const Observation& seen) {
  Service out;
  out.protocol = seen.client.protocol;
  out.port = seen.client.destination_port;
  out.server = parties_.server(seen.client.destination);
  return out;
}

void BehaviourEngine::packets_were_lost() {
  ++stats_.losses;
  quiet_since_ = last_;
}

void BehaviourEngine::real_time_passed(Nanoseconds time) {
  has_real_clock_ = true;
  may_pass_ += time;
}

Timestamp BehaviourEngine::even_time(Timestamp packet_time) {
  Timestamp at = packet_time + shift_;
  if (last_.ns == 0) {
    last_ = at;
    may_pass_ = Nanoseconds(0);
    return at;
  }
  Nanoseconds step{0};
  if (last_ - at > kBackStep) step = at - last_;
  if (has_real_clock_ && at - last_ > may_pass_ + kForwardStep) step = at - last_ - may_pass_;
  if (step.count() != 0) {
    shift_ -= step;
    at = packet_time + shift_;
    ++stats_.clock_steps;
    quiet_since_ = at;
  }
  if (at > last_) {
    may_pass_ = std::max(Nanoseconds(0), may_pass_ - (at - last_));
    last_ = at;
  }
  return at;
}

void BehaviourEngine::take(const Observation& told) {
  take_one(told);
  if (told.kind != ObservationKind::kFact || told.fact != FactKind::kName || told.operation == 0) return;
  Observation question = told;
  question.fact = FactKind::kQuestion;
  question.operation = 0;
  question.set_text(app::dns::rrtype_text(told.operation));
  take_one(question);
}

void BehaviourEngine::take_one(const Observation& told) {
  ++stats_.observations;
  if (told.kind == ObservationKind::kFact && told.fact == FactKind::kAddressName) {
    parties_.call(told.address, told.text());
    return;
  }
  const bool link = told.kind == ObservationKind::kLink;
  // Groups are nobody's service: neighbour discovery, routers, names of the local link.
  if (!link && (told.client.destination.is_multicast() || told.client.destination.is_last())) return;
  const Observation* seen = &told;
  if (mode_ == BehaviourMode::kLive) {
    const Timestamp at = even_time(told.time);
    if (at.ns != told.time.ns) {
      evened_ = told;
      evened_.time = at;
      seen = &evened_;
    }
  } else {
    last_ = told.time;
  }
  Scene scene{*seen, kNobody, {}, parties_, graph_, indicators_.get(), told.time};
  if (!link) {
    scene.client = parties_.client(seen->client.source);
    scene.suspected = mode_ != BehaviourMode::kLearn && book_.suspects(scene.client, seen->time);
    scene.service = service_of(*seen);
  }
  if (mode_ == BehaviourMode::kLearn) {
    for (const auto& detector : detectors_) detector->learn(scene);
    return;
  }
  if (mode_ == BehaviourMode::kLive) return take_live(scene);
  evidence_.clear();
  const bool quiet = lossy(seen->time);
  for (const auto& detector : detectors_) {
    if (quiet && detector->needs_every_packet()) continue;
    detector->watch(scene, evidence_);
  }
  conclude();
  if (!link) offer_news(scene, false, book_.suspects(scene.client, seen->time));
}

// Whose baseline it is about: what a service is asked for is the service's, else the client's, where it is one of ours.
PartyId BehaviourEngine::subject_of(const Scene& scene) const {
  const bool of_service = scene.seen.kind == ObservationKind::kFact && scene.seen.fact == FactKind::kVerb;
  if (of_service || scene.client == kOutside) return scene.service.server;
  return scene.client;
}

void BehaviourEngine::take_live(const Scene& scene) {
  const Timestamp now = scene.seen.time;
  const bool link = scene.seen.kind == ObservationKind::kLink;
  const PartyId subject = link ? kNobody : subject_of(scene);
  const bool learning = link || phases_.of(subject) == Phase::kLearning;
  const bool quiet = lossy(now);
  evidence_.clear();
  for (const auto& detector : detectors_) {
    if (quiet && detector->needs_every_packet()) continue;
    if (learning) {
      detector->learn_live(scene, evidence_);
    } else {
      detector->watch(scene, evidence_);
    }
  }
  conclude();
  if (link) return;
  const bool suspected = book_.suspects(scene.client, now);
  offer_news(scene, learning, suspected);
  const bool answered = scene.seen.kind == ObservationKind::kAnswered;
  for (const PartyId party : {scene.client, scene.service.server}) {
    if (party <= kOthers || (party == scene.service.server && !parties_.is_inside(scene.seen.client.destination))) {
      continue;
    }
    const bool left = phases_.note(party, parties_.name(party), now, answered, book_.suspects(party, now));
    if (left && on_phase) on_phase(party, phases_.of(party));
  }
  if (now < next_expiry_) return;
  stats_.expired += graph_.expire(now);
  next_expiry_ = now + kExpiryRound;
}

void BehaviourEngine::offer_news(const Scene& scene, bool learning, bool suspected) {
  const Observation& seen = scene.seen;
  if (seen.midstream) return;
  Candidate candidate;
  candidate.client = scene.client;
  if (seen.kind == ObservationKind::kAnswered) {
    candidate.service = scene.service;
    // Against captures of normal traffic the measure stays what it was at their end.
    if (mode_ != BehaviourMode::kLive && graph_.knows_edge(scene.client, scene.service)) return;
    // Who collects new edges without end is not taught by them.
    suspected = suspected || (!learning && graph_.candidates_of(scene.client) > kManyCandidates);
  } else if (mode_ == BehaviourMode::kLive && seen.kind == ObservationKind::kFact && seen.fact == FactKind::kVerb) {
    candidate = {NewKind::kVerb, kNobody, scene.service, text_hash(seen.text())};
  } else if (mode_ == BehaviourMode::kLive && seen.kind == ObservationKind::kFact && seen.fact == FactKind::kQuestion) {
    candidate.kind = NewKind::kQuestion;
    candidate.token = text_hash(seen.text());
  } else {
    return;
  }
  if (graph_.offer(candidate, scene.client, seen.time, learning, suspected)) ++stats_.learned;
}

void BehaviourEngine::conclude() {
  for (Evidence& evidence : evidence_) {
    ++stats_.evidence;
    if (on_evidence) on_evidence(evidence);
    for (const auto& detector : detectors_) detector->heard(evidence);
    const Incident* incident = book_.add(std::move(evidence));
    if (incident == nullptr) continue;
    // What it taught just before the first sign is as doubtful as what it does now.
    if (mode_ == BehaviourMode::kLive && incident->actor > kOthers && phases_.of(incident->actor) == Phase::kLearning) {
      stats_.withdrawn += graph_.withdraw(incident->actor, incident->first + (-kWithdrawn));
    }
    if (on_incident) on_incident(*incident);
  }
}

}  // namespace bulkhead::behaviour
