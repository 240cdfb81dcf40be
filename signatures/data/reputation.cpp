#include "signatures/data/reputation.h"

#include <array>
#include <charconv>

namespace bulkhead::signatures {
namespace {

// In place of a prefix length: an address that is written without one. Comes before every network.
constexpr unsigned kHost = 255;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\r' || text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  return text;
}

// Three fields; the last takes what is left.
std::optional<std::array<std::string_view, 3>> fields_of(std::string_view line) {
  const std::size_t first = line.find(',');
  const std::size_t second = first == line.npos ? line.npos : line.find(',', first + 1);
  if (second == line.npos) return std::nullopt;
  return std::array{trimmed(line.substr(0, first)), trimmed(line.substr(first + 1, second - first - 1)),
                    trimmed(line.substr(second + 1))};
}

std::optional<std::uint8_t> number_of(std::string_view text, std::uint8_t most) {
  std::uint8_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || number > most) return std::nullopt;
  return number;
}

template <typename Take>
void for_each_line(const SourceFile& file, Take take) {
  for (std::uint32_t number = 1; number <= file.line_count(); ++number) {
    const std::string_view line = trimmed(file.line(number));
    if (!line.empty() && line.front() != '#') take(number, line);
  }
}

SourceSpan span_of(const SourceFilePtr& file, std::uint32_t number, std::string_view line) {
  return {file, number, 1, static_cast<std::uint32_t>(line.size())};
}

}  // namespace

void ReputationTable::load_categories(const SourceFilePtr& file, Diagnostics& out) {
  for_each_line(*file, [&](std::uint32_t number, std::string_view line) {
    const auto fields = fields_of(line);
    const auto id = fields ? number_of((*fields)[0], kMostCategories) : std::nullopt;
    if (id && *id != 0 && !(*fields)[1].empty()) {
      categories_.insert_or_assign(std::string((*fields)[1]), *id);
    } else {
      out.error(span_of(file, number, line), "signature.reputation.category",
                "expected a number from 1 to 63, a name and what it means", "1,BadHosts,Known bad hosts");
    }
  });
}

bool ReputationTable::take_list_line(std::string_view line) {
  const auto fields = fields_of(line);
  if (!fields) return false;
  const bool host = (*fields)[0].find('/') == std::string_view::npos;
  const auto prefix = IpPrefix::parse((*fields)[0]);
  const auto category = number_of((*fields)[1], kMostCategories);
  const auto value = number_of((*fields)[2], kMostValue);
  if (!prefix || !category || *category == 0 || !value) return false;
  auto& levels = prefix->address.is_v4() ? v4_ : v6_;
  auto& values = levels[host ? kHost : prefix->length][prefix->address];
  for (Value& known : values) {
    if (known.category != *category) continue;
    known.value = *value;
    return true;
  }
  values.push_back({*category, *value});
  return true;
}

void ReputationTable::load_list(const SourceFilePtr& file, Diagnostics& out) {
  for_each_line(*file, [&](std::uint32_t number, std::string_view line) {
    if (take_list_line(line)) return;
    out.warning(span_of(file, number, line), "signature.reputation.line",
                "expected an address or network, a category and a value up to 127");
  });
}

std::optional<std::uint8_t> ReputationTable::category(std::string_view name) const {
  const auto at = categories_.find(name);
  return at == categories_.end() ? std::nullopt : std::optional(at->second);
}

std::optional<std::uint8_t> ReputationTable::value(const IpAddress& address, std::uint8_t category) const {
  const auto value_in = [category](const std::vector<Value>& values) -> std::optional<std::uint8_t> {
    for (const Value& known : values) {
      if (known.category == category) return known.value;
    }
    return std::nullopt;
  };
  for (const auto& [length, level] : address.is_v4() ? v4_ : v6_) {
    const auto at = level.find(length == kHost ? address : address.network(length));
    if (at == level.end()) continue;
    const auto value = value_in(at->second);
    // A host is known in every category, and hides the networks it lies in.
    if (value || length == kHost) return value.value_or(0);
  }
  return std::nullopt;
}

std::size_t ReputationTable::size() const {
  std::size_t count = 0;
  for (const auto* levels : {&v4_, &v6_}) {
    for (const auto& [length, level] : *levels) count += level.size();
  }
  return count;
}

}  // namespace bulkhead::signatures
