#include "datapath/pipeline/forwarded_for.h"

#include <algorithm>

namespace bulkhead::pipeline {

namespace {

constexpr std::size_t kMostCharacters = 256;

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// One colon ends an IPv4 address; IPv6 needs brackets to carry a port.
std::string_view without_port(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    return end == std::string_view::npos ? std::string_view{} : text.substr(1, end - 1);
  }
  return std::count(text.begin(), text.end(), ':') == 1 ? text.substr(0, text.find(':')) : text;
}

}  // namespace

std::optional<ForwardedFor> forwarded_for(std::string_view value, bool forward) {
  if (value.size() > kMostCharacters) return std::nullopt;
  const std::size_t comma = forward ? value.find(',') : value.rfind(',');
  if (comma != std::string_view::npos) value = forward ? value.substr(0, comma) : value.substr(comma + 1);
  const std::string_view text = without_port(trimmed(value));
  const auto address = IpAddress::parse(text);
  if (!address) return std::nullopt;
  return ForwardedFor{text, *address};
}

}  // namespace bulkhead::pipeline
