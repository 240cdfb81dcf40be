// Every indicator of a directory of feeds, for look-ups.
//
// Rules    the longest network, and the longest suffix of a name ("a.evil.example" is below "evil.example"), with the
//          highest confidence; nothing that a warning list covers or that has expired.
// Thread   built on the control thread or the behaviour thread, immutable afterwards.
// Limits   kMostIndicators; later ones are counted.
// Files    every regular file of the directory is a feed but those below warninglists/; hidden ones are not read.
// Tests    tests/unit/signatures/intel/indicator_table_test.cpp
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "signatures/intel/feed_parser.h"

namespace bulkhead::intel {

struct IntelSettings {
  std::string directory;  // empty: no feeds
  unsigned confidence = 75;
  std::chrono::hours expire{24 * 30};  // of a feed that says nothing, from the time of its file
};

struct TableCounts {
  FeedCounts feeds;
  std::uint64_t warned = 0;   // covered by a warning list
  std::uint64_t expired = 0;  // when the table was made
  std::uint64_t double_named = 0;
  std::uint64_t beyond = 0;
};

class IndicatorTable {
 public:
  static constexpr std::size_t kMostIndicators = 1'000'000;

  void add(Indicator indicator);
  void add_warning(const Indicator& indicator);
  std::uint32_t add_feed(const std::string& name);

  [[nodiscard]] const Indicator* address(const IpAddress& address, Timestamp now) const;
  [[nodiscard]] const Indicator* name(std::string_view name, Timestamp now) const;
  [[nodiscard]] const Indicator* text(IndicatorKind kind, std::string_view text, Timestamp now) const;

  [[nodiscard]] const std::string& feed(const Indicator& indicator) const { return feeds_[indicator.feed]; }
  [[nodiscard]] std::size_t size() const { return indicators_.size(); }
  [[nodiscard]] std::size_t feeds() const { return feeds_.size(); }
  [[nodiscard]] TableCounts& counts() { return counts_; }
  [[nodiscard]] const TableCounts& counts() const { return counts_; }

 private:
  [[nodiscard]] bool is_warned(const Indicator& indicator) const;
  [[nodiscard]] const Indicator* valid(std::uint32_t index, Timestamp now) const;

  std::vector<std::string> feeds_;
  std::vector<Indicator> indicators_;
  std::map<IpPrefix, std::uint32_t> networks_;
  std::set<unsigned> lengths4_, lengths6_;
  std::unordered_map<std::string, std::uint32_t> texts_;  // kind and text
  std::vector<IpPrefix> warned_networks_;
  std::set<std::string, std::less<>> warned_names_;
  TableCounts counts_;
};
using IndicatorTablePtr = std::shared_ptr<const IndicatorTable>;

// Reads the directory; what is wrong with single feeds is a warning, and the others count.
[[nodiscard]] IndicatorTablePtr load_indicators(const IntelSettings& settings, Timestamp now, Diagnostics& diagnostics);
// Changes when a file of the directory does.
[[nodiscard]] std::uint64_t directory_stamp(const std::string& directory);

}  // namespace bulkhead::intel
