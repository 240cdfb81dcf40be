// What the Kubernetes API takes for names, label keys, label values and port names.
//
// Thread   pure functions. Source  RFC 1123; RFC 6335 5.1; kubernetes.io "Labels and Selectors", "Object Names".
// Tests    tests/unit/config/load/manifest_yaml_test.cpp
#pragma once

#include <string_view>

namespace bulkhead::config {

[[nodiscard]] bool is_dns_label(std::string_view text);       // namespaces: at most 63, a-z 0-9 and -
[[nodiscard]] bool is_dns_subdomain(std::string_view text);   // objects: labels joined by dots, at most 253
[[nodiscard]] bool is_label_key(std::string_view text);       // [PREFIX/]NAME
[[nodiscard]] bool is_label_value(std::string_view text);     // may be empty
[[nodiscard]] bool is_port_name(std::string_view text);       // at most 15, with a letter, no two dashes in a row
[[nodiscard]] bool is_domain_pattern(std::string_view text);  // a.b, *.a.b, with or without a final dot

}  // namespace bulkhead::config
