// Names of flowbits, flowints, host bits and captured variables, each with a small number that
// the matcher uses instead. One set of tables serves all rules of a load.
//
// Thread   filled on the control thread while rules are resolved, read-only afterwards.
// Out      numbers from 0, dense, in order of first use; a reload goes on with the numbers of the load before.
// Tests    tests/unit/signatures/keywords/state_keywords_test.cpp
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace bulkhead::signatures {

class NameTable {
 public:
  std::uint32_t id(std::string_view name) {
    const auto found = ids_.find(name);
    if (found != ids_.end()) return found->second;
    const auto next = static_cast<std::uint32_t>(names_.size());
    names_.emplace_back(name);
    ids_.emplace(name, next);
    return next;
  }
  [[nodiscard]] const std::string& name(std::uint32_t id) const { return names_.at(id); }
  [[nodiscard]] std::size_t size() const { return names_.size(); }

 private:
  std::map<std::string, std::uint32_t, std::less<>> ids_;
  std::vector<std::string> names_;
};

struct VariableNames {
  NameTable flowbits;
  NameTable flowints;
  NameTable host_bits;  // xbits and hostbits; those of a host and of a pair share names, not state
  NameTable captures;
  std::size_t at_first = 0;  // names when the numbering began
};

}  // namespace bulkhead::signatures
