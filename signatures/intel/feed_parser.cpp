#include "signatures/intel/feed_parser.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "datapath/base/rfc3339.h"
#include "datapath/base/text_encoding.h"

namespace bulkhead::intel {

using Json = nlohmann::json;

const char* to_string(IndicatorKind kind) {
  switch (kind) {
    case IndicatorKind::kAddress: return "address";
    case IndicatorKind::kName: return "name";
    case IndicatorKind::kJa3: return "ja3";
    case IndicatorKind::kJa4: return "ja4";
    case IndicatorKind::kFileHash: return "file";
  }
  return "address";
}

namespace {

constexpr std::size_t kMostWhat = 200;  // bytes of a description

bool is_space(char c) {
  return std::isspace(static_cast<unsigned char>(c)) != 0;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
  return out;
}

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; });
}

// "t13d1516h2_8daaf6152771_b186095e22b6"
bool is_ja4(std::string_view text) {
  return text.size() == 36 && (text[0] == 't' || text[0] == 'q' || text[0] == 'd') && text[10] == '_' &&
         text[23] == '_' && is_hex(text.substr(11, 12)) && is_hex(text.substr(24));
}

bool is_name(std::string_view text) {
  if (text.size() < 3 || text.size() > 253 || text.find('.') == std::string_view::npos) return false;
  bool letter = false;
  for (std::size_t i = 0, label = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '.') {
      if (label == 0) return false;
      label = 0;
      continue;
    }
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-' && c != '_') return false;
    if (++label > 63) return false;
    letter = letter || std::isalpha(static_cast<unsigned char>(c)) != 0;
  }
  return letter && text.back() != '.';
}

// How lists write what nobody should click: "hxxp://evil[.]example".
std::string refanged(std::string_view word) {
  std::string out = lower(word);
  for (const auto& [from, to] : {std::pair{"[.]", "."}, {"(.)", "."}, {"[:]", ":"}, {"hxxp", "http"}}) {
    for (std::size_t at = 0; (at = out.find(from, at)) != std::string::npos;) {
      out.replace(at, std::string_view(from).size(), to);
    }
  }
  return out;
}

std::string string_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool flag_of(const Json& object, const char* key, bool otherwise) {
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() ? found->get<bool>() : otherwise;
}

std::optional<Timestamp> time_of(const std::string& text) {
  if (text.empty()) return std::nullopt;
  const auto seconds = parse_rfc3339(text);
  if (!seconds) return std::nullopt;
  return Timestamp{std::chrono::duration_cast<Nanoseconds>(seconds->time_since_epoch()).count()};
}

class Reader {
 public:
  Reader(SourceFilePtr file, const FeedDefaults& defaults, Diagnostics& diagnostics)
      : file_(std::move(file)), defaults_(defaults), diagnostics_(diagnostics) {}

  Feed run() {
    const std::string_view text = file_->text();
    if (text.size() > kMostFeedBytes) {
      diagnostics_.warning({file_, 0, 0, 0}, "intel.feed.size", "the feed is larger than 256 MB", "it is not read");
      return std::move(feed_);
    }
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    const bool json = first != std::string_view::npos && (text[first] == '{' || text[first] == '[');
    if (json) {
      if (const Json whole = Json::parse(text, nullptr, false); !whole.is_discarded()) {
        document(whole);
        return std::move(feed_);
      }
    }
    lines(text);
    if (json && feed_.indicators.empty()) {
      diagnostics_.warning({file_, 1, 1, 1}, "intel.feed.json", "neither JSON nor lines of JSON",
                           "was the download cut short?");
    }
    return std::move(feed_);
  }

 private:
  Indicator fresh() const {
    Indicator out;
    out.confidence = defaults_.confidence;
    out.until = defaults_.until;
    return out;
  }
  void add(Indicator indicator) {
    // Lists of bare MD5 sums say by their name alone what is hashed.
    if (ja3_list_ && indicator.kind == IndicatorKind::kFileHash && indicator.text.size() == 32) {
      indicator.kind = IndicatorKind::kJa3;
    }
    if (indicator.kind == IndicatorKind::kFileHash) {
      ++feed_.counts.hashes;
      return;
    }
    if (indicator.what.size() > kMostWhat) indicator.what.resize(kMostWhat);
    ++feed_.counts.read;
    feed_.indicators.push_back(std::move(indicator));
  }

  void document(const Json& json) {
    if (json.is_array()) {
      for (const Json& each : json) document(each);
      return;
    }
    if (!json.is_object()) {
      ++feed_.counts.malformed;
    } else if (string_of(json, "type") == "bundle") {
      if (const auto objects = json.find("objects"); objects != json.end() && objects->is_array()) {
        for (const Json& object : *objects) stix(object);
      }
    } else if (const auto response = json.find("response"); response != json.end()) {
      document(*response);
    } else if (const auto event = json.find("Event"); event != json.end() && event->is_object()) {
      misp_event(*event);
    } else {
      spamhaus(json);
    }
  }

  void stix(const Json& object) {
    if (!object.is_object() || string_of(object, "type") != "indicator") return;
    if (flag_of(object, "revoked", false)) {
      ++feed_.counts.revoked;
      return;
    }
    const std::string pattern_type = string_of(object, "pattern_type");
    Indicator out = fresh();
    if ((!pattern_type.empty() && pattern_type != "stix") || !comparison(string_of(object, "pattern"), out)) {
      ++feed_.counts.unsupported;
      return;
    }
    out.what = string_of(object, "name");
    if (const auto c = object.find("confidence"); c != object.end() && c->is_number_integer()) {
      out.confidence = static_cast<std::uint8_t>(std::clamp<std::int64_t>(c->get<std::int64_t>(), 0, 100));
    }
    if (const auto until = time_of(string_of(object, "valid_until"))) out.until = *until;
    add(std::move(out));
  }

  // [domain-name:value = 'evil.example']: one comparison, nothing joined to it.
  static bool comparison(std::string_view pattern, Indicator& out) {
    pattern = trimmed(pattern);
    if (pattern.size() < 2 || pattern.front() != '[' || pattern.back() != ']') return false;
    pattern = trimmed(pattern.substr(1, pattern.size() - 2));
    const std::size_t equals = pattern.find('=');
    if (equals == std::string_view::npos || equals == 0 || pattern[equals - 1] == '!') return false;
    const std::string path = lower(trimmed(pattern.substr(0, equals)));
    std::string_view value = trimmed(pattern.substr(equals + 1));
    if (value.size() < 2 || value.front() != '\'' || value.back() != '\'') return false;
    value = value.substr(1, value.size() - 2);
    if (value.find('\'') != std::string_view::npos || value.find('\\') != std::string_view::npos) return false;
    if (!read_indicator(value, out)) return false;
    if (path == "ipv4-addr:value" || path == "ipv6-addr:value") return out.kind == IndicatorKind::kAddress;
    if (path == "domain-name:value") return out.kind == IndicatorKind::kName;
    if (path == "url:value") return out.kind == IndicatorKind::kName || out.kind == IndicatorKind::kAddress;
    if (path.starts_with("file:hashes")) {
      out.kind = IndicatorKind::kFileHash;
      return is_hex(out.text);
    }
    return false;
  }

  void misp_event(const Json& event) {
    const std::string info = string_of(event, "info");
    if (const auto list = event.find("Attribute"); list != event.end() && list->is_array()) {
      for (const Json& attribute : *list) misp_attribute(attribute, info);
    }
    const auto objects = event.find("Object");
    if (objects == event.end() || !objects->is_array()) return;
    for (const Json& object : *objects) {
      if (!object.is_object()) continue;
      const auto list = object.find("Attribute");
      if (list == object.end() || !list->is_array()) continue;
      for (const Json& attribute : *list) misp_attribute(attribute, info);
    }
  }

  void misp_attribute(const Json& attribute, const std::string& info) {
    if (!attribute.is_object()) return;
    if (!flag_of(attribute, "to_ids", false) || flag_of(attribute, "deleted", false)) {
      ++feed_.counts.revoked;
      return;
    }
    static constexpr auto kTypes =
        std::to_array<std::string_view>({"domain", "domain|ip", "filename|md5", "filename|sha1", "filename|sha256",
                                         "hostname", "hostname|port", "ip-dst", "ip-dst|port", "ip-src", "ip-src|port",
                                         "ja3-fingerprint-md5", "ja4-fingerprint", "md5", "sha1", "sha256", "url"});
    static_assert(std::is_sorted(kTypes.begin(), kTypes.end()));
    const std::string type = string_of(attribute, "type");
    if (!std::binary_search(kTypes.begin(), kTypes.end(), std::string_view(type))) {
      ++feed_.counts.unsupported;
      return;
    }
    // "a|b": the first is the indicator but for names of files.
    std::string value = string_of(attribute, "value");
    if (const std::size_t bar = value.find('|'); bar != std::string::npos) {
      value = type.starts_with("filename") ? value.substr(bar + 1) : value.substr(0, bar);
    }
    Indicator out = fresh();
    if (!read_indicator(value, out)) {
      ++feed_.counts.malformed;
      return;
    }
    if (type.starts_with("ja3")) out.kind = IndicatorKind::kJa3;
    out.what = info;
    add(std::move(out));
  }

  void spamhaus(const Json& object) {
    const std::string cidr = string_of(object, "cidr");
    if (cidr.empty()) {  // {"type": "metadata"}
      if (string_of(object, "type") != "metadata") ++feed_.counts.unsupported;
      return;
    }
    Indicator out = fresh();
    if (!read_indicator(cidr, out)) {
      ++feed_.counts.malformed;
      return;
    }
    out.what = string_of(object, "sblid");
    add(std::move(out));
  }

  void lines(std::string_view text) {
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      const std::string_view line = trimmed(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
      if (line.empty()) continue;
      if (line.size() > kMostLine) {
        ++feed_.counts.malformed;
      } else if (line[0] == '{') {
        const Json json = Json::parse(line, nullptr, false);
        if (json.is_discarded()) {
          ++feed_.counts.malformed;
        } else {
          document(json);
        }
      } else {
        one_line(line);
      }
    }
  }

  static std::vector<std::string> cells(std::string_view line) {
    std::vector<std::string> out(1);
    bool quoted = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (line[i] == '"') {
        quoted = !quoted;
      } else if (line[i] == ',' && !quoted) {
        out.emplace_back();
      } else {
        out.back() += line[i];
      }
    }
    for (std::string& cell : out) cell = std::string(trimmed(cell));
    return out;
  }

  // Names of columns, if it is a header; then the column of indicators is known.
  bool header(const std::vector<std::string>& names) {
    static constexpr std::array kColumns = {"dst_ip",      "ip_address", "ip",        "ioc_value", "domain",
                                            "hostname",    "host",       "url",       "ja3_md5",   "ja4",
                                            "sha256_hash", "md5_hash",   "sha1_hash", "cidr",      "indicator"};
    for (const char* wanted : kColumns) {
      for (std::size_t i = 0; i < names.size(); ++i) {
        if (lower(names[i]) != wanted) continue;
        column_ = i;
        ja3_ = std::string_view(wanted) == "ja3_md5";
        for (std::size_t k = 0; k < names.size(); ++k) {
          const std::string name = lower(names[k]);
          if (name == "malware" || name == "threat" || name == "listingreason" || name == "malware_printable")
            what_ = k;
          if (name == "confidence_level" || name == "confidence") confidence_ = k;
        }
        return true;
      }
    }
    return false;
  }

  void one_line(std::string_view line) {
    if (line[0] == '#' || line[0] == ';') {
      const auto names = cells(trimmed(line.substr(1)));
      if (names.size() > 1) static_cast<void>(header(names));
      return;
    }
    const auto row = cells(line);
    if (row.size() > 1) {
      if (!column_ && header(row)) return;
      if (table_row(row)) return;
    }
    std::string_view word = trimmed(line.substr(0, line.find_first_of(";#")));
    word = word.substr(0, word.find_first_of(" \t,"));
    Indicator out = fresh();
    if (read_indicator(word, out) || encoded(word, out)) {
      const std::size_t comment = line.find_first_of(";#");
      if (comment != std::string_view::npos) out.what = std::string(trimmed(line.substr(comment + 1)));
      add(std::move(out));
    } else {
      ++feed_.counts.malformed;
    }
  }

  // A string of a dataset, in base64.
  static bool encoded(std::string_view word, Indicator& out) {
    std::string decoded;
    if (word.size() < 8 || word.size() % 4 != 0 || !decode_base64(word, decoded)) return false;
    return read_indicator(decoded, out);
  }

  static bool decode_base64(std::string_view word, std::string& out) {
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const char c : word) {
      if (c == '=') break;
      const std::size_t value =
          std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/").find(c);
      if (value == std::string_view::npos) return false;
      bits = (bits << 6 | static_cast<std::uint32_t>(value)) & 0xffffff;
      count += 6;
      if (count >= 8) {
        count -= 8;
        out += static_cast<char>(bits >> count & 0xff);
      }
    }
    return true;
  }

  bool table_row(const std::vector<std::string>& row) {
    Indicator out = fresh();
    if (column_) {
      if (*column_ >= row.size() || !read_indicator(row[*column_], out)) return false;
      if (ja3_) out.kind = IndicatorKind::kJa3;
      if (what_ && *what_ < row.size()) out.what = row[*what_];
      if (confidence_ && *confidence_ < row.size()) read_confidence(row[*confidence_], 100, out);
      add(std::move(out));
      return true;
    }
    // "address,category,value" of a reputation list
    const auto digits = [](const std::string& s) { return !s.empty() && s.size() <= 3 && is_hex(s); };
    if (row.size() == 3 && digits(row[1]) && digits(row[2]) && read_indicator(row[0], out) &&
        out.kind == IndicatorKind::kAddress) {
      read_confidence(row[2], 127, out);
      add(std::move(out));
      return true;
    }
    for (const std::string& cell : row) {
      if (!read_indicator(cell, out)) continue;
      add(std::move(out));
      return true;
    }
    return false;
  }

  static void read_confidence(const std::string& text, unsigned most, Indicator& out) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc() && end == text.data() + text.size()) {
      out.confidence = static_cast<std::uint8_t>(std::min(value, most) * 100 / most);
    }
  }

  SourceFilePtr file_;
  FeedDefaults defaults_;
  Diagnostics& diagnostics_;
  Feed feed_;
  std::optional<std::size_t> column_, what_, confidence_;
  bool ja3_ = false;
  const bool ja3_list_ = lower(file_->name()).find("ja3") != std::string::npos;
};

}  // namespace

bool read_indicator(std::string_view word, Indicator& out) {
  std::string text = refanged(trimmed(word));
  if (text.empty() || text.size() > 4096) return false;
  if (const auto prefix = IpPrefix::parse(text)) {
    out.kind = IndicatorKind::kAddress;
    out.network = *prefix;
    return true;
  }
  if (const auto address = IpAddress::parse(text)) {
    out.kind = IndicatorKind::kAddress;
    out.network = {*address, address->bit_count()};
    return true;
  }
  if (const std::size_t scheme = text.find("://"); scheme != std::string::npos) {
    text = text.substr(scheme + 3);
    text = text.substr(0, text.find_first_of("/?#"));
    if (const std::size_t user = text.rfind('@'); user != std::string::npos) text = text.substr(user + 1);
    if (!text.empty() && text[0] == '[') {
      text = text.substr(1, text.find(']') == std::string::npos ? 0 : text.find(']') - 1);
    } else {
      text = text.substr(0, text.find(':'));
    }
    return text.find("://") == std::string::npos && read_indicator(text, out);
  }
  if ((text.size() == 32 || text.size() == 40 || text.size() == 64) && is_hex(text)) {
    out.kind = IndicatorKind::kFileHash;
  } else if (is_ja4(text)) {
    out.kind = IndicatorKind::kJa4;
  } else {
    if (text.starts_with("*.")) text.erase(0, 2);
    if (const std::size_t colon = text.find(':'); colon != std::string::npos) {  // "address:port"
      const std::string host = text.substr(0, colon);
      return host.find(':') == std::string::npos && text.find(':', colon + 1) == std::string::npos &&
             is_hex(text.substr(colon + 1)) && read_indicator(host, out);
    }
    if (!text.empty() && text.back() == '.') text.pop_back();
    if (!is_name(text)) return false;
    out.kind = IndicatorKind::kName;
  }
  out.text = std::move(text);
  return true;
}

std::vector<Indicator> parse_warning_list(const SourceFilePtr& file, Diagnostics& diagnostics) {
  const Json json = Json::parse(file->text(), nullptr, false);
  if (!json.is_discarded() && json.is_object()) {
    std::vector<Indicator> out;
    const auto list = json.find("list");
    if (list == json.end() || !list->is_array()) {
      diagnostics.warning({file, 1, 1, 1}, "intel.warning_list", "a warning list in JSON has a \"list\"");
      return out;
    }
    for (const Json& each : *list) {
      Indicator indicator;
      if (!each.is_string()) continue;
      std::string text = each.get<std::string>();
      if (text.starts_with('.')) text.erase(0, 1);
      if (read_indicator(text, indicator)) out.push_back(std::move(indicator));
    }
    return out;
  }
  return parse_feed(file, {}, diagnostics).indicators;
}

Feed parse_feed(const SourceFilePtr& file, const FeedDefaults& defaults, Diagnostics& diagnostics) {
  return Reader(file, defaults, diagnostics).run();
}

}  // namespace bulkhead::intel
