// What lists of addresses say about hosts: a value from 0 to 127 in each category. For `iprep`.
//
// Files    categories: "1,BadHosts,what it is" with numbers from 1 to 63; lists: "10.0.0.1,1,100" or
//          "10.0.0.0/8,1,100". Empty lines and those that begin with '#' count for nothing.
// Thread   filled on the control thread, immutable afterwards, shared by all workers.
// Out      a host by itself before networks, and the longest network that has the category.
// Errors   signature.reputation.category (error), signature.reputation.line (warning: lists come from others).
// Tests    tests/unit/signatures/data/reputation_test.cpp
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datapath/base/diagnostic.h"
#include "datapath/base/ip_address.h"

namespace bulkhead::signatures {

class ReputationTable {
 public:
  static constexpr std::uint8_t kMostCategories = 63;
  static constexpr std::uint8_t kMostValue = 127;

  void load_categories(const SourceFilePtr& file, Diagnostics& out);
  void load_list(const SourceFilePtr& file, Diagnostics& out);

  [[nodiscard]] std::optional<std::uint8_t> category(std::string_view name) const;
  // Nullopt: no list names the address in this category.
  [[nodiscard]] std::optional<std::uint8_t> value(const IpAddress& address, std::uint8_t category) const;
  [[nodiscard]] std::size_t size() const;

 private:
  struct Value {
    std::uint8_t category = 0, value = 0;
  };
  // Networks of one length, sorted by address.
  using Level = std::map<IpAddress, std::vector<Value>>;

  bool take_list_line(std::string_view line);

  std::map<std::string, std::uint8_t, std::less<>> categories_;
  std::map<unsigned, Level, std::greater<>> v4_, v6_;  // by prefix length, longest first
};
using ReputationTablePtr = std::shared_ptr<const ReputationTable>;

}  // namespace bulkhead::signatures
