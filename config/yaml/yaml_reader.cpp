#include "config/yaml/yaml_reader.h"

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <map>
#include <sstream>
#include <unordered_map>
#include <utility>

namespace bulkhead::config {

namespace {

const YamlNode kNullNode;

bool valid_utf8(std::string_view text, std::size_t& bad) {
  for (std::size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    const std::size_t more = c < 0x80 ? 0 : (c >> 5) == 6 ? 1 : (c >> 4) == 14 ? 2 : (c >> 3) == 30 ? 3 : 4;
    bad = i;
    if (more == 4 || c == 0 || i + more >= text.size() + (more == 0)) return false;
    for (std::size_t k = 1; k <= more; ++k) {
      if (i + k >= text.size() || (static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80) return false;
    }
    i += more + 1;
  }
  return true;
}

// Leaves the library's parser from inside an event; caught in read_yaml().
struct Stop {
  SourceSpan span;
  std::string code;
  std::string message;
};

// Bytes that a scalar takes on its line, for the caret run.
std::uint32_t scalar_length(std::string_view line, std::size_t column0, std::string_view value) {
  if (column0 >= line.size()) return 0;
  const std::string_view rest = line.substr(column0);
  const char quote = rest[0];
  if (quote == '"' || quote == '\'') {
    for (std::size_t i = 1; i < rest.size(); ++i) {
      if (quote == '"' && rest[i] == '\\') {
        ++i;
      } else if (rest[i] == quote) {
        if (quote == '\'' && i + 1 < rest.size() && rest[i + 1] == '\'') {
          ++i;
        } else {
          return static_cast<std::uint32_t>(i + 1);
        }
      }
    }
    return static_cast<std::uint32_t>(rest.size());
  }
  if (rest.substr(0, value.size()) == value) return static_cast<std::uint32_t>(value.size());
  return 1;
}

// Builds the tree from the parser's events, without recursion.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(SourceFilePtr file, Diagnostics& diagnostics, const YamlLimits& limits)
      : file_(std::move(file)), diagnostics_(diagnostics), limits_(limits) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    // The library answers some stray tokens (a comma at the start) with empty documents for ever.
    if (mark.pos <= last_start_) throw Stop{span_at(mark, 1), "yaml.syntax", "this cannot begin a document"};
    last_start_ = mark.pos;
    count(1, mark);
    open_.clear();
    anchors_.clear();
    root_ = YamlNode{};
    has_root_ = false;
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    YamlNode node;
    node.span = span_at(mark, 0);
    place(std::move(node), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      throw Stop{span_at(mark, 1), "yaml.unknown_alias", "this alias stands inside the node it names, or names none"};
    }
    count(found->second.nodes, mark);
    if (open_.size() + found->second.depth > limits_.max_depth) stop_deep(mark);
    YamlNode copy = found->second.node;
    place(std::move(copy), 0, found->second.nodes, found->second.depth);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    count(1, mark);
    YamlNode node;
    node.kind = YamlKind::kScalar;
    node.quoted = tag == "!";
    node.text = value;
    node.span = span_at(mark, 0);
    node.span.length = scalar_length(file_->line(node.span.line), node.span.column - 1, value);
    if (!node.quoted && (value == "~" || value == "null" || value == "Null" || value == "NULL" || value.empty())) {
      node.kind = YamlKind::kNull;
    }
    place(std::move(node), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(YamlKind::kSequence, mark, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(YamlKind::kMap, mark, anchor);
  }
  void OnMapEnd() override { close(); }

  YamlNode take_root() { return std::move(root_); }

 private:
  struct Open {
    YamlNode node;
    YAML::anchor_t anchor = 0;
    std::size_t nodes_before = 0;
    std::size_t depth = 1;  // of the tree below, itself included
    bool has_key = false;
    bool drop_value = false;  // the key was a duplicate
    std::string key;
    SourceSpan key_span;
    std::unordered_map<std::string, std::uint32_t> lines;  // of the keys so far
  };
  struct Anchored {
    YamlNode node;
    std::size_t nodes = 1;
    std::size_t depth = 1;
  };

  SourceSpan span_at(const YAML::Mark& mark, std::uint32_t length) const {
    return span_from_mark(file_, mark.line, mark.column, length);
  }
  void count(std::size_t nodes, const YAML::Mark& mark) {
    nodes_ += nodes;
    if (nodes_ > limits_.max_nodes) {
      throw Stop{span_at(mark, 1), "yaml.too_many_nodes",
                 "more than " + std::to_string(limits_.max_nodes) + " nodes, aliases expanded"};
    }
  }
  [[noreturn]] void stop_deep(const YAML::Mark& mark) const {
    throw Stop{span_at(mark, 1), "yaml.too_deep",
               "nested deeper than " + std::to_string(limits_.max_depth) + " levels"};
  }
  void open(YamlKind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (open_.size() >= limits_.max_depth) stop_deep(mark);
    Open o;
    o.nodes_before = nodes_;
    count(1, mark);
    o.node.kind = kind;
    o.node.span = span_at(mark, 1);
    o.anchor = anchor;
    open_.push_back(std::move(o));
  }
  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    place(std::move(done.node), done.anchor, nodes_ - done.nodes_before, done.depth);
  }

  void place(YamlNode&& node, YAML::anchor_t anchor, std::size_t nodes = 1, std::size_t depth = 1) {
    if (anchor != 0) {
      nodes_ += nodes;  // the kept copy costs memory as well
      anchors_[anchor] = Anchored{node, nodes, depth};
    }
    if (open_.empty()) {
      if (!has_root_) root_ = std::move(node);
      has_root_ = true;
      return;
    }
    Open& parent = open_.back();
    parent.depth = std::max(parent.depth, depth + 1);
    if (parent.node.kind == YamlKind::kSequence) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.has_key) {
      take_key(parent, node);
    } else {
      take_value(parent, std::move(node));
    }
  }
  void take_key(Open& parent, const YamlNode& node) {
    parent.has_key = true;
    parent.key = node.text;
    parent.key_span = node.span;
    if (!node.is_scalar()) {
      diagnostics_.error(node.span, "yaml.bad_key",
                         std::string("a key must be a plain word, this is a ") + to_string(node.kind));
      parent.drop_value = true;
    }
  }
  void take_value(Open& parent, YamlNode&& node) {
    parent.has_key = false;
    if (std::exchange(parent.drop_value, false)) return;
    if (!keys_unique(parent)) return;
    // The library marks an absent value at the next token: point at its key instead.
    if (node.is_null() && node.span.length == 0) node.span = parent.key_span;
    parent.node.entries.push_back({std::move(parent.key), std::move(parent.key_span), std::move(node)});
  }
  bool keys_unique(Open& parent) {
    const auto [first, fresh] = parent.lines.emplace(parent.key, parent.key_span.line);
    if (fresh) return true;
    diagnostics_.error(parent.key_span, "yaml.duplicate_key", "key \"" + parent.key + "\" stands twice in this map",
                       "the first one is in line " + std::to_string(first->second));
    return false;
  }

  SourceFilePtr file_;
  Diagnostics& diagnostics_;
  const YamlLimits& limits_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Anchored> anchors_;
  YamlNode root_;
  bool has_root_ = false;
  std::size_t nodes_ = 0;
  int last_start_ = -1;
};

std::string kind_with_article(YamlKind kind) {
  return kind == YamlKind::kNull ? "empty" : std::string("a ") + to_string(kind);
}

void wrong_type(const YamlNode& node, Diagnostics& diagnostics, const std::string& expected) {
  diagnostics.error(node.span, "yaml.wrong_type", "expected " + expected + ", this is " + kind_with_article(node.kind));
}

// A number followed by a unit: "1.5s" -> 1.5, "s".
std::optional<std::pair<double, std::string>> split_unit(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc{} || !std::isfinite(value) || value < 0) return std::nullopt;
  std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  while (!unit.empty() && unit.front() == ' ') unit.remove_prefix(1);
  return std::pair{value, std::string(unit)};
}

}  // namespace

const char* to_string(YamlKind kind) {
  switch (kind) {
    case YamlKind::kNull: return "null";
    case YamlKind::kScalar: return "scalar";
    case YamlKind::kSequence: return "sequence";
    case YamlKind::kMap: return "map";
  }
  return "null";
}

const YamlNode* YamlNode::find(std::string_view key) const {
  for (const YamlEntry& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

SourceSpan YamlNode::text_span(std::size_t offset, std::size_t length) const {
  const std::size_t quotes = quoted ? 2 : 0;
  if (kind != YamlKind::kScalar || span.length != text.size() + quotes || offset + length > text.size()) return span;
  return sub_span(span, offset + quotes / 2, std::max<std::size_t>(length, 1));
}

std::vector<YamlNode> read_yaml(const SourceFilePtr& file, Diagnostics& diagnostics, const YamlLimits& limits) {
  std::vector<YamlNode> documents;
  if (file->text().size() > limits.max_bytes) {
    diagnostics.error({file, 0, 0, 0}, "yaml.too_large",
                      std::to_string(file->text().size()) + " bytes, at most " + std::to_string(limits.max_bytes));
    return documents;
  }
  std::size_t bad = 0;
  if (!valid_utf8(file->text(), bad)) {
    const auto at = file->position(bad);
    diagnostics.error({file, at.line, at.column, 1}, "yaml.encoding", "this byte is not UTF-8 text");
    return documents;
  }
  try {
    std::istringstream stream{std::string(file->text())};
    YAML::Parser parser(stream);
    TreeBuilder builder(file, diagnostics, limits);
    while (parser.HandleNextDocument(builder)) documents.push_back(builder.take_root());
  } catch (const Stop& stop) {
    diagnostics.error(stop.span, stop.code, stop.message);
  } catch (const YAML::DeepRecursion& error) {
    diagnostics.error(span_from_mark(file, error.mark.line, error.mark.column, 1), "yaml.too_deep", error.msg);
  } catch (const YAML::Exception& error) {
    diagnostics.error(span_from_mark(file, error.mark.line, error.mark.column, 1), "yaml.syntax", error.msg);
  } catch (const std::exception& error) {
    diagnostics.error({file, 0, 0, 0}, "yaml.syntax", error.what());
  }
  return documents;
}

std::vector<YamlNode> read_yaml_file(const std::string& path, Diagnostics& diagnostics, const YamlLimits& limits) {
  std::ifstream stream(path, std::ios::binary);
  std::string text;
  if (stream) {
    // One byte more than allowed is enough to know that the file is too large.
    text.resize(limits.max_bytes + 1 < (std::size_t{1} << 16) ? limits.max_bytes + 1 : std::size_t{1} << 16);
    std::size_t size = 0;
    while (stream.read(text.data() + size, static_cast<std::streamsize>(text.size() - size)), stream.gcount() > 0) {
      size += static_cast<std::size_t>(stream.gcount());
      if (size > limits.max_bytes) break;
      if (size == text.size()) text.resize(size * 2);
    }
    text.resize(size);
  }
  if (!stream.is_open() || stream.bad()) {
    const int code = errno;
    diagnostics.error({std::make_shared<SourceFile>(path, ""), 0, 0, 0}, "yaml.unreadable",
                      std::string("cannot read the file: ") + std::strerror(code));
    return {};
  }
  return read_yaml(std::make_shared<SourceFile>(path, std::move(text)), diagnostics, limits);
}

std::optional<std::string> yaml_text(const YamlNode& node, Diagnostics& diagnostics) {
  if (node.is_scalar()) return node.text;
  wrong_type(node, diagnostics, "text");
  return std::nullopt;
}

std::optional<std::int64_t> yaml_integer(const YamlNode& node, Diagnostics& diagnostics, std::int64_t min,
                                         std::int64_t max) {
  if (!node.is_scalar()) {
    wrong_type(node, diagnostics, "a number");
    return std::nullopt;
  }
  std::string_view text = node.text;
  const bool negative = !text.empty() && text[0] == '-';
  if (negative) text.remove_prefix(1);
  int base = 10;
  if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'o')) {
    base = text[1] == 'x' ? 16 : 8;
    text.remove_prefix(2);
  }
  std::uint64_t magnitude = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), magnitude, base);
  const bool overflow = error == std::errc::result_out_of_range || magnitude > std::uint64_t{INT64_MAX};
  if (node.quoted || text.empty() || end != text.data() + text.size() || error == std::errc::invalid_argument) {
    diagnostics.error(node.span, "yaml.bad_number", "\"" + node.text + "\" is no whole number");
    return std::nullopt;
  }
  const auto value = static_cast<std::int64_t>(negative ? 0 - magnitude : magnitude);
  if (overflow || value < min || value > max) {
    diagnostics.error(node.span, "yaml.out_of_range",
                      node.text + " is not in " + std::to_string(min) + " to " + std::to_string(max));
    return std::nullopt;
  }
  return value;
}

std::optional<double> yaml_number(const YamlNode& node, Diagnostics& diagnostics, double min, double max) {
  if (!node.is_scalar()) {
    wrong_type(node, diagnostics, "a number");
    return std::nullopt;
  }
  double value = 0;
  const char* last = node.text.data() + node.text.size();
  const auto [end, error] = std::from_chars(node.text.data(), last, value);
  if (node.quoted || end != last || error != std::errc{} || !std::isfinite(value)) {
    diagnostics.error(node.span, "yaml.bad_number", "\"" + node.text + "\" is no number");
    return std::nullopt;
  }
  if (value < min || value > max) {
    std::ostringstream message;
    message << node.text << " is not in " << min << " to " << max;
    diagnostics.error(node.span, "yaml.out_of_range", message.str());
    return std::nullopt;
  }
  return value;
}

std::optional<bool> yaml_boolean(const YamlNode& node, Diagnostics& diagnostics) {
  if (node.is_scalar() && !node.quoted) {
    const std::string& t = node.text;
    if (t == "true" || t == "True" || t == "yes" || t == "on") return true;
    if (t == "false" || t == "False" || t == "no" || t == "off") return false;
    diagnostics.error(node.span, "yaml.bad_value", "\"" + t + "\" is neither yes nor no", "write yes or no");
    return std::nullopt;
  }
  wrong_type(node, diagnostics, "yes or no");
  return std::nullopt;
}

std::optional<std::chrono::nanoseconds> yaml_duration(const YamlNode& node, Diagnostics& diagnostics) {
  static const std::map<std::string, double, std::less<>> kUnits = {
      {"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}, {"d", 86400e9}};
  if (!node.is_scalar()) {
    wrong_type(node, diagnostics, "a duration such as 30s");
    return std::nullopt;
  }
  const auto parts = split_unit(node.text);
  const auto unit = parts ? kUnits.find(parts->second) : kUnits.end();
  if (unit == kUnits.end()) {
    if (parts && parts->first == 0 && parts->second.empty()) return std::chrono::nanoseconds{0};
    diagnostics.error(node.span, "yaml.bad_value", "\"" + node.text + "\" is no duration",
                      "a number and a unit (ns us ms s m h d): 500ms, 30s, 2h");
    return std::nullopt;
  }
  const double ns = parts->first * unit->second;
  if (ns > 9.2e18) {
    diagnostics.error(node.span, "yaml.out_of_range", node.text + " is longer than 292 years");
    return std::nullopt;
  }
  return std::chrono::nanoseconds(static_cast<std::int64_t>(std::llround(ns)));
}

std::optional<std::uint64_t> yaml_size(const YamlNode& node, Diagnostics& diagnostics) {
  static const std::map<std::string, unsigned, std::less<>> kShifts = {
      {"", 0},    {"B", 0},    {"k", 10}, {"K", 10},  {"KB", 10},  {"KiB", 10}, {"M", 20},
      {"MB", 20}, {"MiB", 20}, {"G", 30}, {"GB", 30}, {"GiB", 30}, {"T", 40},   {"TiB", 40}};
  if (!node.is_scalar()) {
    wrong_type(node, diagnostics, "a size such as 64MiB");
    return std::nullopt;
  }
  const auto parts = split_unit(node.text);
  const auto shift = parts ? kShifts.find(parts->second) : kShifts.end();
  if (shift == kShifts.end()) {
    diagnostics.error(node.span, "yaml.bad_value", "\"" + node.text + "\" is no size",
                      "a number and a unit (B KiB MiB GiB TiB): 64MiB");
    return std::nullopt;
  }
  const double bytes = std::ldexp(parts->first, static_cast<int>(shift->second));
  if (bytes > 9e18) {
    diagnostics.error(node.span, "yaml.out_of_range", node.text + " is too large");
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(std::llround(bytes));
}

std::optional<std::string> yaml_choice(const YamlNode& node, Diagnostics& diagnostics,
                                       const std::vector<std::string>& words) {
  auto text = yaml_text(node, diagnostics);
  if (!text) return std::nullopt;
  if (std::find(words.begin(), words.end(), *text) != words.end()) return text;
  std::string list;
  for (const auto& word : words) list += (list.empty() ? "" : ", ") + word;
  const std::string near = nearest_word(*text, words);
  diagnostics.error(node.span, "yaml.bad_value", "\"" + *text + "\" is not one of " + list,
                    near.empty() ? "" : "did you mean \"" + near + "\"?");
  return std::nullopt;
}

std::vector<std::string> yaml_texts(const YamlNode& node, Diagnostics& diagnostics) {
  std::vector<std::string> out;
  if (node.is_null()) return out;
  if (node.is_scalar()) return {node.text};
  if (!node.is_sequence()) {
    wrong_type(node, diagnostics, "a list of texts");
    return out;
  }
  for (const YamlNode& item : node.items) {
    if (auto text = yaml_text(item, diagnostics)) out.push_back(std::move(*text));
  }
  return out;
}

YamlMap::YamlMap(const YamlNode& node, Diagnostics& diagnostics) : node_(&node), diagnostics_(&diagnostics) {
  if (node.is_map() || node.is_null()) return;
  wrong_type(node, diagnostics, "a map");
  valid_ = false;
  node_ = &kNullNode;
}

const YamlNode* YamlMap::get(std::string_view key) {
  known_.emplace(key);
  return node_->find(key);
}

const YamlNode* YamlMap::present(std::string_view key) {
  const YamlNode* node = get(key);
  return node != nullptr && node->is_null() ? nullptr : node;
}

const YamlNode* YamlMap::require(std::string_view key) {
  const YamlNode* node = present(key);
  if (node == nullptr && valid_) {
    diagnostics_->error(node_->span, "yaml.missing_key", "this map needs the key \"" + std::string(key) + "\"");
  }
  return node;
}

std::optional<std::string> YamlMap::text(std::string_view key) {
  const YamlNode* node = present(key);
  return node != nullptr ? yaml_text(*node, *diagnostics_) : std::nullopt;
}
std::optional<std::string> YamlMap::required_text(std::string_view key) {
  const YamlNode* node = require(key);
  return node != nullptr ? yaml_text(*node, *diagnostics_) : std::nullopt;
}
std::optional<std::int64_t> YamlMap::integer(std::string_view key, std::int64_t min, std::int64_t max) {
  const YamlNode* node = present(key);
  return node != nullptr ? yaml_integer(*node, *diagnostics_, min, max) : std::nullopt;
}
std::optional<double> YamlMap::number(std::string_view key, double min, double max) {
  const YamlNode* node = present(key);
  return node != nullptr ? yaml_number(*node, *diagnostics_, min, max) : std::nullopt;
}
std::optional<bool> YamlMap::boolean(std::string_view key) {
  const YamlNode* node = present(key);
  return node != nullptr ? yaml_boolean(*node, *diagnostics_) : std::nullopt;
}
std::optional<std::chrono::nanoseconds> YamlMap::duration(std::string_view key) {
  const YamlNode* node = present(key);
  return node != nullptr ? yaml_duration(*node, *diagnostics_) : std::nullopt;
}
std::optional<std::uint64_t> YamlMap::size(std::string_view key) {
  const YamlNode* node = present(key);
  return node != nullptr ? yaml_size(*node, *diagnostics_) : std::nullopt;
}
std::optional<std::string> YamlMap::choice(std::string_view key, const std::vector<std::string>& words) {
  const YamlNode* node = present(key);
  return node != nullptr ? yaml_choice(*node, *diagnostics_, words) : std::nullopt;
}
std::vector<std::string> YamlMap::texts(std::string_view key) {
  const YamlNode* node = present(key);
  return node != nullptr ? yaml_texts(*node, *diagnostics_) : std::vector<std::string>{};
}
const std::vector<YamlNode>& YamlMap::sequence(std::string_view key) {
  const YamlNode* node = present(key);
  if (node == nullptr) return kNullNode.items;
  if (!node->is_sequence()) wrong_type(*node, *diagnostics_, "a list");
  return node->items;
}

void YamlMap::also_known(std::initializer_list<std::string_view> keys) {
  for (const auto key : keys) known_.emplace(key);
}

void YamlMap::finish() {
  const std::vector<std::string> words(known_.begin(), known_.end());
  for (const YamlEntry& entry : node_->entries) {
    if (known_.contains(entry.key)) continue;
    const std::string near = nearest_word(entry.key, words);
    std::string list;
    for (const auto& word : words) list += (list.empty() ? "" : ", ") + word;
    diagnostics_->error(entry.key_span, "yaml.unknown_key", "unknown key \"" + entry.key + "\"",
                        near.empty() ? "known keys are " + list : "did you mean \"" + near + "\"?");
  }
}

}  // namespace bulkhead::config
