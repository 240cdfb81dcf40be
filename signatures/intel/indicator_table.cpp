#include "signatures/intel/indicator_table.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "datapath/base/text_hash.h"

namespace bulkhead::intel {

namespace {

namespace fs = std::filesystem;

constexpr const char* kWarningLists = "warninglists";

std::string key_of(IndicatorKind kind, std::string_view text) {
  return std::string(1, static_cast<char>('a' + static_cast<int>(kind))) + std::string(text);
}

IpPrefix masked(const IpAddress& address, unsigned length) {
  return {address.network(length), length};
}

bool covers_name(std::string_view parent, std::string_view name) {
  return name == parent ||
         (name.size() > parent.size() && name.ends_with(parent) && name[name.size() - parent.size() - 1] == '.');
}

std::vector<fs::path> files_of(const fs::path& directory) {
  std::vector<fs::path> out;
  std::error_code error;
  for (fs::directory_iterator i(directory, error), end; !error && i != end; i.increment(error)) {
    std::error_code of_entry;
    if (i->path().filename().string().starts_with('.') || !i->is_regular_file(of_entry)) continue;
    out.push_back(i->path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

SourceFilePtr read_file(const fs::path& path, Diagnostics& diagnostics) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  std::ifstream in(path, std::ios::binary);
  if (error || !in || size > kMostFeedBytes) {
    const auto named = std::make_shared<SourceFile>(path.string(), "");
    diagnostics.warning({named, 0, 0, 0}, "intel.feed.read", "the feed cannot be read, or is larger than 256 MB");
    return nullptr;
  }
  std::ostringstream text;
  text << in.rdbuf();
  return std::make_shared<SourceFile>(path.string(), text.str());
}

Timestamp time_of_file(const fs::path& path, Timestamp now) {
  std::error_code error;
  const auto written = fs::last_write_time(path, error);
  if (error) return now;
  const auto age = fs::file_time_type::clock::now() - written;
  return now + (-std::chrono::duration_cast<Nanoseconds>(age));
}

}  // namespace

std::uint32_t IndicatorTable::add_feed(const std::string& name) {
  feeds_.push_back(name);
  return static_cast<std::uint32_t>(feeds_.size() - 1);
}

void IndicatorTable::add_warning(const Indicator& indicator) {
  if (indicator.kind == IndicatorKind::kAddress) {
    warned_networks_.push_back(indicator.network);
  } else if (indicator.kind == IndicatorKind::kName) {
    warned_names_.insert(indicator.text);
  }
}

bool IndicatorTable::is_warned(const Indicator& indicator) const {
  if (indicator.kind == IndicatorKind::kAddress) {
    const unsigned length = indicator.network.length;
    return std::any_of(warned_networks_.begin(), warned_networks_.end(), [&](const IpPrefix& warned) {
      return warned.length <= length && warned.contains(indicator.network.address);
    });
  }
  if (indicator.kind != IndicatorKind::kName) return false;
  return std::any_of(warned_names_.begin(), warned_names_.end(),
                     [&](const std::string& warned) { return covers_name(warned, indicator.text); });
}

void IndicatorTable::add(Indicator indicator) {
  if (is_warned(indicator)) {
    ++counts_.warned;
    return;
  }
  if (indicators_.size() >= kMostIndicators) {
    ++counts_.beyond;
    return;
  }
  const auto index = static_cast<std::uint32_t>(indicators_.size());
  std::uint32_t* known = nullptr;
  if (indicator.kind == IndicatorKind::kAddress) {
    const IpPrefix network = masked(indicator.network.address, indicator.network.length);
    const auto [entry, fresh] = networks_.try_emplace(network, index);
    (network.address.is_v6() ? lengths6_ : lengths4_).insert(network.length);
    if (!fresh) known = &entry->second;
  } else {
    const auto [entry, fresh] = texts_.try_emplace(key_of(indicator.kind, indicator.text), index);
    if (!fresh) known = &entry->second;
  }
  if (known != nullptr) {
    ++counts_.double_named;
    if (indicators_[*known].confidence < indicator.confidence) indicators_[*known] = std::move(indicator);
    return;
  }
  indicators_.push_back(std::move(indicator));
}

const Indicator* IndicatorTable::valid(std::uint32_t index, Timestamp now) const {
  const Indicator& out = indicators_[index];
  return out.until.ns != 0 && out.until < now ? nullptr : &out;
}

const Indicator* IndicatorTable::address(const IpAddress& address, Timestamp now) const {
  const std::set<unsigned>& lengths = address.is_v6() ? lengths6_ : lengths4_;
  for (auto length = lengths.rbegin(); length != lengths.rend(); ++length) {
    const auto found = networks_.find(masked(address, *length));
    if (found == networks_.end()) continue;
    if (const Indicator* out = valid(found->second, now)) return out;
  }
  return nullptr;
}

const Indicator* IndicatorTable::name(std::string_view name, Timestamp now) const {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  for (std::string_view rest = lower; !rest.empty();) {
    if (const Indicator* out = text(IndicatorKind::kName, rest, now)) return out;
    const std::size_t dot = rest.find('.');
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  return nullptr;
}

const Indicator* IndicatorTable::text(IndicatorKind kind, std::string_view text, Timestamp now) const {
  const auto found = texts_.find(key_of(kind, text));
  return found == texts_.end() ? nullptr : valid(found->second, now);
}

IndicatorTablePtr load_indicators(const IntelSettings& settings, Timestamp now, Diagnostics& diagnostics) {
  auto out = std::make_shared<IndicatorTable>();
  const fs::path directory(settings.directory);
  for (const fs::path& path : files_of(directory / kWarningLists)) {
    const SourceFilePtr file = read_file(path, diagnostics);
    if (file == nullptr) continue;
    for (const Indicator& indicator : parse_warning_list(file, diagnostics)) out->add_warning(indicator);
  }
  for (const fs::path& path : files_of(directory)) {
    const SourceFilePtr file = read_file(path, diagnostics);
    if (file == nullptr) continue;
    FeedDefaults defaults;
    defaults.confidence = static_cast<std::uint8_t>(std::min(settings.confidence, 100U));
    defaults.until = time_of_file(path, now) + std::chrono::duration_cast<Nanoseconds>(settings.expire);
    Feed feed = parse_feed(file, defaults, diagnostics);
    const std::uint32_t number = out->add_feed(path.filename().string());
    TableCounts& counts = out->counts();
    counts.feeds.read += feed.counts.read;
    counts.feeds.unsupported += feed.counts.unsupported;
    counts.feeds.hashes += feed.counts.hashes;
    counts.feeds.revoked += feed.counts.revoked;
    counts.feeds.malformed += feed.counts.malformed;
    for (Indicator& indicator : feed.indicators) {
      if (indicator.until.ns != 0 && indicator.until < now) {
        ++counts.expired;
        continue;
      }
      indicator.feed = number;
      out->add(std::move(indicator));
    }
  }
  return out;
}

std::uint64_t directory_stamp(const std::string& directory) {
  std::uint64_t out = 1;
  for (const fs::path& base : {fs::path(directory), fs::path(directory) / kWarningLists}) {
    for (const fs::path& path : files_of(base)) {
      std::error_code error;
      const auto written = fs::last_write_time(path, error).time_since_epoch().count();
      out = out * 31 +
            text_hash(path.string() + ":" + std::to_string(written) + ":" + std::to_string(fs::file_size(path, error)));
    }
  }
  return out;
}

}  // namespace bulkhead::intel
