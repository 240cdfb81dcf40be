#include "datapath/app/http/http_text.h"

#include <algorithm>
#include <charconv>

namespace bulkhead::app::http {

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

bool same_word_but_nul(std::string_view a, std::string_view b) {
  if (a.size() == b.size()) return same_word(a, b);
  if (a.size() < b.size()) return false;
  std::size_t at = 0;
  for (const char c : a) {
    if (c == '\0') continue;
    if (at == b.size() || to_lower(c) != to_lower(b[at])) return false;
    ++at;
  }
  return at == b.size();
}

bool contains_word(std::string_view text, std::string_view word, bool skip_nul) {
  for (std::size_t start = 0; start < text.size(); ++start) {
    std::size_t at = start, matched = 0;
    while (at < text.size() && matched < word.size()) {
      if (skip_nul && text[at] == '\0' && matched > 0) {
        ++at;
        continue;
      }
      if (to_lower(text[at]) != to_lower(word[matched])) break;
      ++at;
      ++matched;
    }
    if (matched == word.size()) return true;
  }
  return false;
}

std::optional<std::uint64_t> first_number(std::string_view text) {
  const std::size_t digit = text.find_first_of("0123456789");
  if (digit == std::string_view::npos) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data() + digit, text.data() + text.size(), value);
  if (error != std::errc() || end == text.data() + digit || value > (std::uint64_t{1} << 62)) return std::nullopt;
  return value;
}

namespace {

// Letters, digits, '-', '_', in labels of at most 63 between single dots (RFC 1123 2.1, and what is seen).
bool is_host_name(std::string_view host) {
  if (host.empty() || host.size() > 255) return false;
  std::size_t label = 0;
  for (const char c : host) {
    if (c == '.') {
      if (label == 0) return false;
      label = 0;
      continue;
    }
    const bool fine =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
    if (!fine || ++label > 63) return false;
  }
  return true;
}

bool is_v6_literal(std::string_view text) {
  return text.size() >= 2 && text.find_first_not_of("0123456789abcdefABCDEF:.%") == std::string_view::npos;
}

}  // namespace

HostPort parse_host(std::string_view text) {
  HostPort out;
  text = trim(text);
  std::string_view host = text, port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    host = close == std::string_view::npos ? text : text.substr(0, close + 1);
    const std::string_view rest = close == std::string_view::npos ? std::string_view() : text.substr(close + 1);
    has_port = rest.starts_with(':');
    if (has_port) port = rest.substr(1);
    out.valid =
        close != std::string_view::npos && is_v6_literal(host.substr(1, host.size() - 2)) && (rest.empty() || has_port);
  } else {
    const std::size_t colon = text.find(':');
    has_port = colon != std::string_view::npos;
    host = trim(text.substr(0, colon));
    if (has_port) port = trim(text.substr(colon + 1));
    while (host.ends_with('.')) host.remove_suffix(1);
    out.valid = is_host_name(host);
  }
  out.host = lower_case(host);
  out.port_text = port;
  if (has_port) {
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    out.port_valid = error == std::errc() && end == port.data() + port.size() && out.port != 0;
    if (!out.port_valid) out.port = 0;
  }
  return out;
}

ContentRange parse_content_range(std::string_view text) {
  ContentRange out;
  const std::size_t blank = text.find(' ');
  if (blank == std::string_view::npos) return out;
  text = trim(text.substr(blank));
  const auto number = [](std::string_view digits) -> std::optional<std::uint64_t> {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    return value;
  };
  const std::size_t dash = text.find('-'), slash = text.find('/');
  if (dash != std::string_view::npos && slash != std::string_view::npos && dash < slash) {
    out.start = number(text.substr(0, dash));
    out.end = number(text.substr(dash + 1, slash - dash - 1));
  }
  if (slash != std::string_view::npos) out.size = number(text.substr(slash + 1));
  return out;
}

}  // namespace bulkhead::app::http
