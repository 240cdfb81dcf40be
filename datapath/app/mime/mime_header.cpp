#include "datapath/app/mime/mime_header.h"

#include <algorithm>

#include "datapath/app/text.h"

namespace bulkhead::app::mime {
namespace {

constexpr std::size_t kMaxContinuations = 64;

struct RawParameter {
  std::string_view name, value;
};

// Takes the next "; name=value" off the front; false: there is none.
bool next_parameter(std::string_view& rest, RawParameter& out) {
  for (;;) {
    const std::size_t semicolon = rest.find(';');
    if (semicolon == std::string_view::npos) return false;
    rest.remove_prefix(semicolon + 1);
    while (!rest.empty() && is_space(rest.front())) rest.remove_prefix(1);
    const std::size_t stop = std::min(rest.find_first_of("=;"), rest.size());
    if (stop == rest.size() || rest[stop] == ';') continue;
    out.name = trim(rest.substr(0, stop));
    rest.remove_prefix(stop + 1);
    while (!rest.empty() && is_space(rest.front())) rest.remove_prefix(1);
    if (rest.starts_with('"')) {
      rest.remove_prefix(1);
      const std::size_t quote = std::min(rest.find('"'), rest.size());
      out.value = rest.substr(0, quote);
      rest.remove_prefix(std::min(quote + 1, rest.size()));
    } else {
      const std::size_t end = std::min(rest.find(';'), rest.size());
      out.value = trim(rest.substr(0, end));
      rest.remove_prefix(end);
    }
    return true;
  }
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool coded =
        text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0;
    if (!coded) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
    i += 2;
  }
  return out;
}

// charset'language'text
std::string_view behind_language(std::string_view text) {
  const std::size_t first = text.find('\'');
  if (first == std::string_view::npos) return text;
  const std::size_t second = text.find('\'', first + 1);
  return second == std::string_view::npos ? text : text.substr(second + 1);
}

}  // namespace

std::string leading_word(std::string_view value) {
  return lower_case(trim(value.substr(0, value.find(';'))));
}

Parameter parameter(std::string_view value, std::string_view name) {
  Parameter plain, extended;
  std::vector<std::pair<bool, std::string>> pieces;  // by number: is there, text
  RawParameter raw;
  while (next_parameter(value, raw)) {
    if (raw.name.size() < name.size() || !same_word(raw.name.substr(0, name.size()), name)) continue;
    std::string_view rest = raw.name.substr(name.size());
    if (rest.empty()) {
      if (!plain.found) plain = {true, std::string(raw.value)};
      continue;
    }
    if (rest == "*") {
      if (!extended.found) extended = {true, percent_decoded(behind_language(raw.value))};
      continue;
    }
    if (rest.front() != '*') continue;
    rest.remove_prefix(1);
    std::size_t number = 0, digits = 0;
    for (; digits < rest.size() && digits < 3 && rest[digits] >= '0' && rest[digits] <= '9'; ++digits)
      number = number * 10 + static_cast<std::size_t>(rest[digits] - '0');
    const bool coded = rest.substr(digits) == "*";
    if (digits == 0 || number >= kMaxContinuations || (!coded && digits != rest.size())) continue;
    if (pieces.size() <= number) pieces.resize(number + 1);
    if (pieces[number].first) continue;
    pieces[number] = {
        true, coded ? percent_decoded(number == 0 ? behind_language(raw.value) : raw.value) : std::string(raw.value)};
  }
  if (plain.found) return plain;
  if (extended.found) return extended;
  Parameter joined;
  for (const auto& [there, text] : pieces) {
    if (!there) break;
    joined.found = true;
    joined.value += text;
  }
  return joined;
}

std::vector<std::string_view> addresses(std::string_view value) {
  std::vector<std::string_view> out;
  std::size_t begin = 0;
  bool quoted = false;
  const auto take = [&](std::size_t end) {
    std::string_view one = value.substr(begin, end - begin);
    while (!one.empty() && is_space(one.front())) one.remove_prefix(1);
    if (!one.empty()) out.push_back(one);
    begin = end + 1;
  };
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '"') quoted = !quoted;
    if (value[i] == ',' && !quoted) take(i);
  }
  if (begin <= value.size()) take(value.size());
  return out;
}

}  // namespace bulkhead::app::mime
