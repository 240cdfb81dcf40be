// A trained model as a file, and what it says of a flow.
//
//   {"format": 1, "schema": "hash of the features", "name": ..., "trees": base64, "tree_limit": 0.9,
//    "bytes": base64, "byte_limit": 0.9, "trained_on": {...}}
//
// Limits are the scores that a thousandth of the normal flows it was tried on reach.
//
// Thread   read on the control thread; say() by one thread. Errors   model.file.* diagnostics; a model of another
// schema is refused. Limits   kMostModelBytes a file. Tests   tests/unit/signatures/models/model_test.cpp,
// tests/fuzz/fuzz_model_file.cpp
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "datapath/base/diagnostic.h"
#include "signatures/models/booster.h"
#include "signatures/models/byte_model.h"

namespace bulkhead::models {

inline constexpr std::size_t kMostModelBytes = std::size_t{32} << 20;

struct Opinion {
  double trees = -1, bytes = -1;  // scores; -1: none
  bool says_attack = false;       // one of them is beyond its limit
  std::string why;                // "bytes sent, turns" of the trees, "its first words" of the bytes
};

struct Model {
  std::string name;
  std::optional<Booster> trees;
  double tree_limit = 1;
  std::optional<ByteModel> bytes;
  double byte_limit = 1;
  std::uint64_t flows = 0, attacks = 0;  // that it was trained on

  [[nodiscard]] Opinion say(const Sample& sample) const;
  [[nodiscard]] std::string to_text() const;
};

[[nodiscard]] std::optional<Model> parse_model(const SourceFilePtr& file, Diagnostics& diagnostics);

}  // namespace bulkhead::models
