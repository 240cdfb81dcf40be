// reference.config: the systems behind `reference:cve,2021-44228`.
//
//   config reference: cve http://cve.mitre.org/cgi-bin/cvename.cgi?name=
//          system (case ignored), prefix that the reference's own text completes to a URL
//
// Thread   control thread only; immutable after reading.
// Errors   signature.reference_config.syntax; warning .duplicate (the first one counts, as in Suricata).
// Source   Suricata 7 user guide, "reference.config"
// Tests    tests/unit/signatures/language/reference_config_test.cpp
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "datapath/base/diagnostic.h"

namespace bulkhead::signatures {

struct ReferenceSystem {
  std::string name;  // lower case
  std::string url_prefix;
  SourceSpan span;
};

class ReferenceTable {
 public:
  [[nodiscard]] const ReferenceSystem* find(std::string_view name) const;
  [[nodiscard]] std::size_t size() const { return by_name_.size(); }
  // False when the name is taken; the table is then unchanged.
  bool add(ReferenceSystem entry);
  [[nodiscard]] auto begin() const { return by_name_.begin(); }
  [[nodiscard]] auto end() const { return by_name_.end(); }

 private:
  std::map<std::string, ReferenceSystem, std::less<>> by_name_;
};

[[nodiscard]] ReferenceTable parse_references(SourceFilePtr file, Diagnostics& out);

}  // namespace bulkhead::signatures
