// Names of the Suricata 7 rule language that are not built in (yet), so that a rule that uses one is told
// apart from a spelling mistake.
//
// Thread   control thread only.
// Source   the keyword list and documentation of Suricata 7.0.10
// Tests    tests/unit/signatures/keywords/keyword_table_test.cpp
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bulkhead::signatures {

enum class UnbuiltKeyword : std::uint8_t {
  kNo,        // built in, or no keyword at all
  kProtocol,  // reads a buffer or field of an application protocol, a file, or transforms such a buffer
  kOther,     // something else of the language
};
[[nodiscard]] UnbuiltKeyword unbuilt_keyword(std::string_view name);

// Protocol names that stand in a header or behind app-layer-protocol and need a protocol parser.
[[nodiscard]] bool is_application_protocol(std::string_view name);

// Every keyword name, built in or not, for suggestions.
[[nodiscard]] const std::vector<std::string>& all_keyword_names();

}  // namespace bulkhead::signatures
