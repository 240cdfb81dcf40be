// classification.config: the categories and priorities behind `classtype`.
//
//   config classification: trojan-activity,A Network Trojan was detected,1
//          name (case ignored), description, priority from 1 (most severe)
//
// Thread   control thread only; immutable after reading.
// Errors   signature.classification.syntax, .priority; warning .duplicate (the first one counts, as in Suricata).
// Source   Suricata 7 user guide, "classification.config"
// Tests    tests/unit/signatures/language/classification_test.cpp
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "datapath/base/diagnostic.h"

namespace bulkhead::signatures {

struct Classification {
  std::string name;         // lower case
  std::string description;  // "A Network Trojan was detected", EVE's alert.category
  std::uint8_t priority = 3;
  SourceSpan span;
};

class ClassificationTable {
 public:
  [[nodiscard]] const Classification* find(std::string_view name) const;
  [[nodiscard]] std::size_t size() const { return by_name_.size(); }
  // False when the name is taken; the table is then unchanged.
  bool add(Classification entry);
  [[nodiscard]] auto begin() const { return by_name_.begin(); }
  [[nodiscard]] auto end() const { return by_name_.end(); }

 private:
  std::map<std::string, Classification, std::less<>> by_name_;
};

[[nodiscard]] ClassificationTable parse_classifications(SourceFilePtr file, Diagnostics& out);

}  // namespace bulkhead::signatures
