#include "config/load/kubernetes_names.h"

#include <algorithm>

namespace bulkhead::config {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_alnum(char c) {
  return is_digit(c) || is_lower(c) || (c >= 'A' && c <= 'Z');
}

// Letters and digits at both ends, and `between` as well in the middle.
template <typename Letter>
bool is_name(std::string_view text, std::size_t at_most, Letter letter, std::string_view between) {
  if (text.empty() || text.size() > at_most || !letter(text.front()) || !letter(text.back())) return false;
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return letter(c) || between.find(c) != std::string_view::npos; });
}

// Calls `good` for each part between dots.
template <typename Good>
bool all_parts(std::string_view text, Good good) {
  for (;;) {
    const std::size_t dot = text.find('.');
    if (!good(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool is_lower_or_digit(char c) {
  return is_lower(c) || is_digit(c);
}

}  // namespace

bool is_dns_label(std::string_view text) {
  return is_name(text, 63, is_lower_or_digit, "-");
}

bool is_dns_subdomain(std::string_view text) {
  return text.size() <= 253 &&
         all_parts(text, [](std::string_view part) { return is_name(part, 253, is_lower_or_digit, "-"); });
}

bool is_label_key(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash != std::string_view::npos) {
    if (!is_dns_subdomain(text.substr(0, slash))) return false;
    text.remove_prefix(slash + 1);
  }
  return is_name(text, 63, is_alnum, "-_.");
}

bool is_label_value(std::string_view text) {
  return text.empty() || is_name(text, 63, is_alnum, "-_.");
}

bool is_port_name(std::string_view text) {
  return is_name(text, 15, is_lower_or_digit, "-") && text.find("--") == std::string_view::npos &&
         std::any_of(text.begin(), text.end(), is_lower);
}

bool is_domain_pattern(std::string_view text) {
  if (text.starts_with("*.")) text.remove_prefix(2);
  if (text.ends_with('.')) text.remove_suffix(1);
  return text.find('.') != std::string_view::npos &&
         all_parts(text, [](std::string_view part) { return is_name(part, 253, is_alnum, "-_"); });
}

}  // namespace bulkhead::config
