// A named set of values that rules look things up in and may change: `dataset` and `datarep`.
//
// Values   string: any bytes; md5, sha256: 16 and 32 bytes; ipv4: 4 bytes; ip: 4 or 16 bytes.
// Files    one value a line: string in base64, md5 and sha256 in hexadecimal, addresses as text; datarep lines
//          go on with ",NUMBER". Empty lines and lines that begin with '#' count for nothing.
// Thread   a set that no rule changes is read by all workers without a lock; any other only with the SharedGate's
//          lock held. Loading and saving: control thread, no worker running on the set.
// Limits   memcap_bytes, 0: none. A value that does not fit any more is not added (full()).
// Errors   load(): signature.dataset.value at the line; the other lines count.
// Tests    tests/unit/signatures/data/dataset_test.cpp
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "datapath/base/diagnostic.h"

namespace bulkhead::signatures {

enum class DatasetType : std::uint8_t { kString, kMd5, kSha256, kIpv4, kIp };
[[nodiscard]] std::optional<DatasetType> dataset_type(std::string_view word);
[[nodiscard]] std::string_view name_of(DatasetType type);

class Dataset {
 public:
  Dataset(std::string name, DatasetType type) : name_(std::move(name)), type_(type) {}

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] DatasetType type() const { return type_; }
  [[nodiscard]] std::size_t size() const { return values_.size(); }

  [[nodiscard]] bool contains(std::string_view value) const { return find(value) != nullptr; }
  // Nullopt: not a member.
  [[nodiscard]] std::optional<std::uint16_t> reputation(std::string_view value) const;
  // True when the value was not there before; false also when it does not fit the type or the memory.
  bool add(std::string_view value, std::uint16_t reputation = 0);
  // True when it was there.
  bool remove(std::string_view value);

  // Adds what the file lists.
  void load(const SourceFilePtr& file, bool with_reputation, Diagnostics& out);
  // All values as a file, sorted.
  [[nodiscard]] std::string text(bool with_reputation) const;

  // Some rule sets or unsets values: readers need the lock too.
  [[nodiscard]] bool changes() const { return changes_; }
  void set_changes() { changes_ = true; }
  void set_memcap(std::uint64_t bytes) { memcap_bytes_ = bytes; }
  [[nodiscard]] std::uint64_t full() const { return full_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
  };
  [[nodiscard]] const std::uint16_t* find(std::string_view value) const;
  [[nodiscard]] bool fits(std::string_view value) const;

  std::string name_;
  DatasetType type_;
  std::unordered_map<std::string, std::uint16_t, Hash, std::equal_to<>> values_;
  std::uint64_t memcap_bytes_ = 0;
  std::uint64_t used_bytes_ = 0;
  std::uint64_t full_ = 0;
  bool changes_ = false;
};
using DatasetPtr = std::shared_ptr<Dataset>;

}  // namespace bulkhead::signatures
