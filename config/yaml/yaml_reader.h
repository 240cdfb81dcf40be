// YAML files as a tree of our own, every node with its place in the file, and typed getters that
// report what is wrong instead of throwing. The only includer of yaml-cpp is yaml_reader.cpp.
//
// Thread   control thread only.
// In       one file or text, UTF-8, one or more documents; aliases are expanded (copied).
// Out      std::vector<YamlNode>, one per document; problems as Diagnostics with codes yaml.*:
//          unreadable, too_large, encoding, syntax, too_deep, too_many_nodes, unknown_alias, bad_key,
//          duplicate_key, unknown_key, missing_key, wrong_type, bad_number, out_of_range, bad_value.
// Limits   YamlLimits; aliases count every copied node, so "billion laughs" ends at max_nodes.
// Errors   after a syntax error the documents before it are returned; nothing is ever thrown.
// Use      YamlMap m(node, diagnostics);
//          auto port = m.integer("port", 1, 65535);      // optional; wrong values are reported
//          auto mode = m.choice("mode", {"enforce", "audit"}).value_or("enforce");
//          m.finish();                                     // keys nobody asked for, with the nearest known one
// Tests    tests/unit/config/yaml/yaml_reader_test.cpp, tests/fuzz/fuzz_yaml.cpp
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/yaml/source_span.h"
#include "datapath/base/diagnostic.h"

namespace bulkhead::config {

enum class YamlKind : std::uint8_t { kNull, kScalar, kSequence, kMap };
[[nodiscard]] const char* to_string(YamlKind kind);

struct YamlEntry;

struct YamlNode {
  YamlKind kind = YamlKind::kNull;
  bool quoted = false;  // scalar in quotes: text, never null, number or boolean
  SourceSpan span;
  std::string text;                // scalar
  std::vector<YamlNode> items;     // sequence
  std::vector<YamlEntry> entries;  // map, in file order, keys unique

  [[nodiscard]] bool is_null() const { return kind == YamlKind::kNull; }
  [[nodiscard]] bool is_scalar() const { return kind == YamlKind::kScalar; }
  [[nodiscard]] bool is_sequence() const { return kind == YamlKind::kSequence; }
  [[nodiscard]] bool is_map() const { return kind == YamlKind::kMap; }
  // Value of a map key; null when this is no map or has no such key.
  [[nodiscard]] const YamlNode* find(std::string_view key) const;
  // Span of `length` bytes of a scalar's text from `offset`: exact for one-line scalars, else the node.
  [[nodiscard]] SourceSpan text_span(std::size_t offset, std::size_t length) const;
};

struct YamlEntry {
  std::string key;
  SourceSpan key_span;
  YamlNode value;
};

struct YamlLimits {
  std::size_t max_bytes = std::size_t{64} << 20;
  std::size_t max_depth = 64;
  std::size_t max_nodes = 4'000'000;
};

[[nodiscard]] std::vector<YamlNode> read_yaml(const SourceFilePtr& file, Diagnostics& diagnostics,
                                              const YamlLimits& limits = {});
[[nodiscard]] std::vector<YamlNode> read_yaml_file(const std::string& path, Diagnostics& diagnostics,
                                                   const YamlLimits& limits = {});

// One node as a typed value; nullopt after reporting. Units of durations: ns us ms s m h d, of sizes:
// B KiB MiB GiB TiB (powers of 1024; k M G T mean the same).
[[nodiscard]] std::optional<std::string> yaml_text(const YamlNode& node, Diagnostics& diagnostics);
[[nodiscard]] std::optional<std::int64_t> yaml_integer(const YamlNode& node, Diagnostics& diagnostics,
                                                       std::int64_t min = INT64_MIN, std::int64_t max = INT64_MAX);
[[nodiscard]] std::optional<double> yaml_number(const YamlNode& node, Diagnostics& diagnostics, double min, double max);
[[nodiscard]] std::optional<bool> yaml_boolean(const YamlNode& node, Diagnostics& diagnostics);
[[nodiscard]] std::optional<std::chrono::nanoseconds> yaml_duration(const YamlNode& node, Diagnostics& diagnostics);
[[nodiscard]] std::optional<std::uint64_t> yaml_size(const YamlNode& node, Diagnostics& diagnostics);
[[nodiscard]] std::optional<std::string> yaml_choice(const YamlNode& node, Diagnostics& diagnostics,
                                                     const std::vector<std::string>& words);
// A sequence of texts, or one text as a sequence of one. Null: empty.
[[nodiscard]] std::vector<std::string> yaml_texts(const YamlNode& node, Diagnostics& diagnostics);

// A map read key by key. A key that is absent or null gives nullopt; a wrong value is reported and
// gives nullopt too. finish() reports the keys that were never asked for.
class YamlMap {
 public:
  // Reports and acts as an empty map when `node` is no map (null counts as an empty map).
  YamlMap(const YamlNode& node, Diagnostics& diagnostics);

  [[nodiscard]] bool valid() const { return valid_; }
  [[nodiscard]] bool has(std::string_view key) const { return node_->find(key) != nullptr; }
  [[nodiscard]] const SourceSpan& span() const { return node_->span; }

  // The value itself, null values included; null when absent.
  const YamlNode* get(std::string_view key);
  // As get(), but an absent or null value is reported as yaml.missing_key.
  const YamlNode* require(std::string_view key);

  std::optional<std::string> text(std::string_view key);
  std::optional<std::string> required_text(std::string_view key);
  std::optional<std::int64_t> integer(std::string_view key, std::int64_t min = INT64_MIN, std::int64_t max = INT64_MAX);
  std::optional<double> number(std::string_view key, double min, double max);
  std::optional<bool> boolean(std::string_view key);
  std::optional<std::chrono::nanoseconds> duration(std::string_view key);
  std::optional<std::uint64_t> size(std::string_view key);
  std::optional<std::string> choice(std::string_view key, const std::vector<std::string>& words);
  std::vector<std::string> texts(std::string_view key);
  // The items of a sequence; empty when absent or null; anything else is reported.
  const std::vector<YamlNode>& sequence(std::string_view key);

  // Names keys that finish() may suggest and must not report.
  void also_known(std::initializer_list<std::string_view> keys);
  void finish();

 private:
  const YamlNode* present(std::string_view key);

  const YamlNode* node_;
  Diagnostics* diagnostics_;
  bool valid_ = true;
  std::set<std::string, std::less<>> known_;
};

}  // namespace bulkhead::config
