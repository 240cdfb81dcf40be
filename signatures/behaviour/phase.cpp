#include "signatures/behaviour/phase.h"

#include <algorithm>
#include <array>

namespace bulkhead::behaviour {

namespace {

constexpr std::array kPhases = {Phase::kLearning, Phase::kMonitoring, Phase::kProtecting};

}  // namespace

const char* to_string(Phase phase) {
  switch (phase) {
    case Phase::kLearning: return "learning";
    case Phase::kMonitoring: return "monitoring";
    case Phase::kProtecting: return "protecting";
  }
  return "learning";
}

std::optional<Phase> find_phase(std::string_view name) {
  for (const Phase phase : kPhases) {
    if (to_string(phase) == name) return phase;
  }
  return std::nullopt;
}

Phase Phases::of(PartyId party) const {
  const auto found = entries_.find(party);
  return found == entries_.end() ? Phase::kLearning : found->second.phase;
}

bool Phases::is_protected(const std::string& name) const {
  return std::any_of(settings_.protect.begin(), settings_.protect.end(), [&](const std::string& pattern) {
    if (!pattern.ends_with('*')) return pattern == name;
    return name.starts_with(std::string_view(pattern).substr(0, pattern.size() - 1));
  });
}

bool Phases::note(PartyId party, const std::string& name, Timestamp now, bool answered, bool suspected) {
  const auto [found, fresh] = entries_.try_emplace(party);
  Entry& entry = found->second;
  if (fresh) entry.since = now;
  if (entry.phase != Phase::kLearning) return false;
  if (answered) ++entry.flows;
  if (suspected || now - entry.since < settings_.learn_for || entry.flows < settings_.learn_flows) return false;
  entry.phase = is_protected(name) ? Phase::kProtecting : Phase::kMonitoring;
  entry.since = now;
  return true;
}

void Phases::put(PartyId party, const std::string& name, Entry entry) {
  // The settings of now decide who is protected, not those of the file.
  if (entry.phase != Phase::kLearning) entry.phase = is_protected(name) ? Phase::kProtecting : Phase::kMonitoring;
  entries_[party] = entry;
}

}  // namespace bulkhead::behaviour
