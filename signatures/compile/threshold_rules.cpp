#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "signatures/compile/resolve.h"

namespace bulkhead::signatures {

namespace {

ThresholdSpec::Kind kind_of(const ThresholdLine& line) {
  if (line.kind == ThresholdLine::Kind::kSuppress) return ThresholdSpec::Kind::kSuppress;
  if (line.kind == ThresholdLine::Kind::kRateFilter) return ThresholdSpec::Kind::kRate;
  switch (line.type) {
    case ThresholdLine::Type::kLimit: return ThresholdSpec::Kind::kLimit;
    case ThresholdLine::Type::kThreshold: return ThresholdSpec::Kind::kThreshold;
    case ThresholdLine::Type::kBoth: return ThresholdSpec::Kind::kBoth;
  }
  return ThresholdSpec::Kind::kLimit;
}

ThresholdTrack track_of(ThresholdLine::Track track) {
  switch (track) {
    case ThresholdLine::Track::kDestination: return ThresholdTrack::kDestination;
    case ThresholdLine::Track::kBoth: return ThresholdTrack::kBoth;
    case ThresholdLine::Track::kRule: return ThresholdTrack::kRule;
    default: return ThresholdTrack::kSource;
  }
}

pipeline::RuleAction action_of(ThresholdLine::NewAction action) {
  switch (action) {
    case ThresholdLine::NewAction::kDrop: return pipeline::RuleAction::kDrop;
    case ThresholdLine::NewAction::kPass: return pipeline::RuleAction::kPass;
    case ThresholdLine::NewAction::kReject: return pipeline::RuleAction::kReject;
    default: return pipeline::RuleAction::kAlert;
  }
}

std::optional<ThresholdSpec> spec_of(const ThresholdLine& line, const SourceLines& lines, VariableResolver& variables) {
  ThresholdSpec spec;
  spec.kind = kind_of(line);
  spec.track = track_of(line.track);
  spec.count = line.count;
  spec.seconds = line.seconds;
  spec.timeout_seconds = line.timeout_seconds;
  spec.new_action = action_of(line.new_action);
  spec.suppress_either = line.track == ThresholdLine::Track::kEither;
  if (!line.addresses) return spec;
  bool excludes = false;
  auto addresses = variables.addresses(lines, *line.addresses, excludes);
  if (!addresses) return std::nullopt;
  spec.suppress_addresses = std::move(*addresses);
  return spec;
}

bool is_named(const ThresholdLine& line, const event::SignatureInfo& info) {
  if (line.gid == 0 && line.sid == 0) return true;
  return line.gid == info.gid && (line.sid == 0 || line.sid == info.sid);
}

bool is_limit(const ThresholdSpec& spec) {
  return spec.kind != ThresholdSpec::Kind::kSuppress;
}

// A rule has one limit: its own threshold or detection_filter, an event_filter or a rate_filter. An event_filter for
// this very rule replaces what is there; a rate_filter, and lines for all rules, only fill the empty place.
bool take_limit(Signature& s, const ThresholdSpec& spec, bool names_rule) {
  if (spec.kind != ThresholdSpec::Kind::kRate && names_rule) {
    s.threshold.reset();
    s.detection_filter.reset();
    s.external_thresholds.remove_if(is_limit);
  } else if (s.threshold || s.detection_filter ||
             std::any_of(s.external_thresholds.begin(), s.external_thresholds.end(), is_limit)) {
    return false;
  }
  s.external_thresholds.push_back(spec);
  return true;
}

}  // namespace

bool is_named(const ThresholdFile& file, const event::SignatureInfo& info) {
  return std::any_of(file.entries.begin(), file.entries.end(),
                     [&](const ThresholdLine& line) { return is_named(line, info); });
}

void apply_threshold_file(const ThresholdFile& file, const ResolveSettings& settings, SignatureList& signatures,
                          Diagnostics& out) {
  VariableResolver variables(settings.variables, out);
  for (const ThresholdLine& line : file.entries) {
    const auto spec = spec_of(line, *file.lines, variables);
    if (!spec) continue;
    bool found = false;
    for (Signature& s : signatures) {
      if (!is_named(line, *s.info)) continue;
      found = true;
      s.origin = {};
      if (!is_limit(*spec)) {
        s.external_thresholds.push_back(*spec);
      } else if (!take_limit(s, *spec, line.sid != 0) && line.sid != 0) {
        out.warning(file.span(line.text), "signature.threshold_file.taken",
                    "sid " + std::to_string(line.sid) + " has a threshold already: this line does nothing");
      }
    }
    if (!found) {
      out.warning(
          file.span(line.text), "signature.threshold_file.no_rule",
          "no rule with gid " + std::to_string(line.gid) + " and sid " + std::to_string(line.sid) + " is loaded");
    }
  }
}

}  // namespace bulkhead::signatures
