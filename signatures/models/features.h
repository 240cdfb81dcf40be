// What a model may know of a flow: its shape and its outcomes, nothing of who, when and where.
//
// Forbidden  addresses, source ports, absolute time, TTL, names: a model would learn the lab by heart. Of the server's
//            port only its class. A test permutes all of them and demands the same numbers.
// Schema     the names in order; a model file carries its hash and is refused by another one.
// Thread     its owner's. Limits  kMostFlows whose facts are counted; the oldest goes first.
// Tests      tests/unit/signatures/models/features_test.cpp
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "signatures/behaviour/bounded_map.h"
#include "signatures/behaviour/observation.h"

namespace bulkhead::models {

inline constexpr std::size_t kFeatures = 28;
using Features = std::array<float, kFeatures>;

[[nodiscard]] std::span<const std::string_view> feature_names();
[[nodiscard]] std::uint64_t schema_hash();

// A flow as far as it has come.
struct Sample {
  std::uint64_t flow = 0;
  FlowTuple client;  // for labels; no feature
  Timestamp begin;   // likewise
  Features features{};
  std::string first;  // the client's first bytes, 64 at most; empty: none, or a cipher
};

// Puts milestones and facts of flows together.
class FlowCollector {
 public:
  static constexpr std::size_t kMostFlows = 65536;
  // At the end of a flow and every 30 s of a long one.
  [[nodiscard]] std::optional<Sample> take(const behaviour::Observation& seen);

 private:
  struct Facts {
    std::uint16_t client_errors = 0, server_errors = 0, refused_logins = 0, missing_names = 0;
  };
  behaviour::BoundedMap<std::uint64_t, Facts> facts_{kMostFlows};
};

// Printable for the most part: what the byte model was made for.
[[nodiscard]] bool is_cleartext(std::string_view bytes);

}  // namespace bulkhead::models
