// threshold.config: thresholds, rate filters and suppressions of rules by gid and sid, as written.
//
//   threshold    gen_id 1, sig_id 2010935, type limit, track by_src, count 1, seconds 60
//   event_filter (another word for threshold)
//   suppress     gen_id 1, sig_id 2010935 [, track by_src|by_dst|by_either, ip [10.0.0.0/8,!10.1.1.1]]
//   rate_filter  gen_id 1, sig_id 2010935, track by_rule, count 5, seconds 60, new_action drop, timeout 30
//
// gen_id 0 with sig_id 0 is every rule; sig_id 0 is every rule of that gid. Parts stand in this order.
//
// Thread   control thread only.
// Lifetime addresses hold views into the file's lines: keep the ThresholdFile while using them.
// Errors   signature.threshold_file.*, signature.address.*; a bad line never hides the next one.
// Source   Suricata 7 user guide, "Global-Thresholds"; accepted forms compared with 7.0.10.
// Tests    tests/unit/signatures/language/threshold_file_test.cpp
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "datapath/base/diagnostic.h"
#include "signatures/language/ast.h"

namespace bulkhead::signatures {

struct ThresholdLine {
  enum class Kind : std::uint8_t { kThreshold, kSuppress, kRateFilter };
  enum class Type : std::uint8_t { kLimit, kThreshold, kBoth };
  enum class Track : std::uint8_t { kNone, kSource, kDestination, kBoth, kRule, kEither };
  enum class NewAction : std::uint8_t { kAlert, kDrop, kPass, kLog, kReject };  // sdrop reads as kDrop

  Kind kind = Kind::kThreshold;
  std::uint32_t gid = 0;
  std::uint32_t sid = 0;
  Type type = Type::kLimit;    // kThreshold
  Track track = Track::kNone;  // kNone: suppress without track
  std::uint32_t count = 0;     // kThreshold, kRateFilter: at least 1
  std::uint32_t seconds = 0;
  NewAction new_action = NewAction::kAlert;  // kRateFilter
  std::uint32_t timeout_seconds = 0;
  std::optional<AddressNode> addresses;  // kSuppress with track
  std::string_view text;
};

struct ThresholdFile {
  SourceLinesPtr lines;
  std::vector<ThresholdLine> entries;
  [[nodiscard]] SourceSpan span(std::string_view part) const { return lines->span(part); }
};

[[nodiscard]] ThresholdFile parse_thresholds(SourceFilePtr file, Diagnostics& out);

}  // namespace bulkhead::signatures
