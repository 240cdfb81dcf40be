#include "signatures/data/dataset.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "datapath/base/ip_address.h"
#include "signatures/data/text_codec.h"

namespace bulkhead::signatures {
namespace {

constexpr std::array<std::string_view, 5> kTypeNames = {"string", "md5", "sha256", "ipv4", "ip"};
// What one value costs beside its bytes: node, bucket, length.
constexpr std::uint64_t kEntryBytes = 64;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\r' || text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  return text;
}

std::string bytes_of(const IpAddress& a) {
  return {reinterpret_cast<const char*>(a.bytes().data()), a.size()};
}

// IPv4 addresses written as ::ffff:a.b.c.d are the IPv4 address.
std::string unmapped(const std::string& bytes) {
  static constexpr std::string_view kMapped("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
  return bytes.size() == 16 && bytes.starts_with(kMapped) ? bytes.substr(12) : bytes;
}

std::optional<std::string> parse_value(DatasetType type, std::string_view text) {
  switch (type) {
    case DatasetType::kString: return from_base64(text);
    case DatasetType::kMd5:
    case DatasetType::kSha256: return from_hex(text);
    case DatasetType::kIpv4:
    case DatasetType::kIp: break;
  }
  const auto address = IpAddress::parse(text);
  if (!address) return std::nullopt;
  return type == DatasetType::kIp ? unmapped(bytes_of(*address)) : bytes_of(*address);
}

std::string print_value(DatasetType type, std::string_view value) {
  switch (type) {
    case DatasetType::kString: return to_base64(value);
    case DatasetType::kMd5:
    case DatasetType::kSha256: return to_hex(value);
    case DatasetType::kIpv4:
    case DatasetType::kIp: break;
  }
  const auto* bytes = reinterpret_cast<const Byte*>(value.data());
  return (value.size() == 4 ? IpAddress::v4(bytes) : IpAddress::v6(bytes)).to_string();
}

}  // namespace

std::optional<DatasetType> dataset_type(std::string_view word) {
  const auto* const at = std::find(kTypeNames.begin(), kTypeNames.end(), word);
  if (at != kTypeNames.end()) return static_cast<DatasetType>(at - kTypeNames.begin());
  return word == "ipv6" ? std::optional(DatasetType::kIp) : std::nullopt;
}

std::string_view name_of(DatasetType type) {
  return kTypeNames[static_cast<std::size_t>(type)];
}

bool Dataset::fits(std::string_view value) const {
  switch (type_) {
    case DatasetType::kString: return true;
    case DatasetType::kMd5: return value.size() == 16;
    case DatasetType::kSha256: return value.size() == 32;
    case DatasetType::kIpv4: return value.size() == 4;
    case DatasetType::kIp: return value.size() == 4 || value.size() == 16;
  }
  return false;
}

const std::uint16_t* Dataset::find(std::string_view value) const {
  const auto at = values_.find(value);
  return at == values_.end() ? nullptr : &at->second;
}

std::optional<std::uint16_t> Dataset::reputation(std::string_view value) const {
  const std::uint16_t* found = find(value);
  return found != nullptr ? std::optional(*found) : std::nullopt;
}

bool Dataset::add(std::string_view value, std::uint16_t reputation) {
  if (!fits(value) || contains(value)) return false;
  const std::uint64_t cost = kEntryBytes + value.size();
  if (memcap_bytes_ != 0 && used_bytes_ + cost > memcap_bytes_) {
    ++full_;
    return false;
  }
  used_bytes_ += cost;
  values_.emplace(value, reputation);
  return true;
}

bool Dataset::remove(std::string_view value) {
  const auto at = values_.find(value);
  if (at == values_.end()) return false;
  used_bytes_ -= kEntryBytes + value.size();
  values_.erase(at);
  return true;
}

void Dataset::load(const SourceFilePtr& file, bool with_reputation, Diagnostics& out) {
  for (std::uint32_t number = 1; number <= file->line_count(); ++number) {
    const std::string_view line = trimmed(file->line(number));
    if (line.empty() || line.front() == '#') continue;
    const std::size_t comma = line.find(',');
    const SourceSpan span{file, number, 1, static_cast<std::uint32_t>(line.size())};
    std::uint16_t reputation = 0;
    if (with_reputation) {
      const std::string_view text = comma == std::string_view::npos ? "" : trimmed(line.substr(comma + 1));
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), reputation);
      if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
        out.error(span, "signature.dataset.reputation", "expected a value, a comma and a number up to 65535");
        continue;
      }
    }
    const auto value = parse_value(type_, trimmed(line.substr(0, comma)));
    if (value && fits(*value)) {
      add(*value, reputation);
      continue;
    }
    out.error(span, "signature.dataset.value", "this is not a value of type " + std::string(name_of(type_)),
              type_ == DatasetType::kString ? "strings stand in base64" : "");
  }
}

std::string Dataset::text(bool with_reputation) const {
  std::vector<std::string> lines;
  lines.reserve(values_.size());
  for (const auto& [value, reputation] : values_) {
    lines.push_back(print_value(type_, value) + (with_reputation ? "," + std::to_string(reputation) : ""));
  }
  std::sort(lines.begin(), lines.end());
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

}  // namespace bulkhead::signatures
