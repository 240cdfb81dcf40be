// Reads one feed of indicators, whatever of the usual forms it has.
//
//   STIX 2.1      bundle; patterns of a single comparison: [ipv4-addr:value = '203.0.113.5']
//   MISP          event, or a list of events: attributes, also within objects
//   Spamhaus      lines of JSON {"cidr": ...}, or text "203.0.113.0/24 ; SBL1"
//   CSV           columns by their header (also one behind '#'), else the first cell that is an indicator
//   Suricata      "address,category,value" of iprep; datasets: base64 strings, hex hashes
//   lists         an address, network, name, URL, JA3/JA4 or hash a line; '#' and ';' begin comments
//
// Of a URL the host counts. What a feed has and this cannot use is counted, by reason.
//
// Thread   pure. Limits  kMostFeedBytes a feed, kMostLine bytes a line; what is beyond is counted.
// Errors   never throws; intel.feed.json (a file that is no JSON) as a diagnostic with its place.
// Tests    tests/unit/signatures/intel/feed_parser_test.cpp, tests/fuzz/fuzz_intel_feed.cpp
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "datapath/base/diagnostic.h"
#include "signatures/intel/indicator.h"

namespace bulkhead::intel {

inline constexpr std::size_t kMostFeedBytes = std::size_t{256} << 20;
inline constexpr std::size_t kMostLine = 65536;

struct FeedDefaults {
  std::uint8_t confidence = 75;  // where the feed says nothing
  Timestamp until;               // where the feed says nothing
};

struct FeedCounts {
  std::uint64_t read = 0;         // indicators
  std::uint64_t unsupported = 0;  // of a kind, or a pattern, that is not used here
  std::uint64_t hashes = 0;       // of files: not looked up here, rules do it (filesha256, filemd5 with such a list)
  std::uint64_t revoked = 0;      // withdrawn by the feed, or not meant for detection
  std::uint64_t malformed = 0;    // lines and values that are nothing
};

struct Feed {
  std::vector<Indicator> indicators;
  FeedCounts counts;
};

[[nodiscard]] Feed parse_feed(const SourceFilePtr& file, const FeedDefaults& defaults, Diagnostics& diagnostics);

// A word as an indicator: "203.0.113.5", "evil.example", "hxxp://evil[.]example/x", 32 or more hex digits. False: none.
[[nodiscard]] bool read_indicator(std::string_view word, Indicator& out);
// MISP's warning lists: {"list": [...]} or lines. What they name is no indicator, whoever says so.
[[nodiscard]] std::vector<Indicator> parse_warning_list(const SourceFilePtr& file, Diagnostics& diagnostics);

}  // namespace bulkhead::intel
