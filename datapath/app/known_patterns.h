// Names for protocols that have no parser here: what the first bytes of a direction look like. Enough for app_proto,
// `app-layer-protocol:NAME` and rules `alert NAME`.
//
// A row is a prefix and, where that alone could be chance, a check of the structure behind it. Rows whose first byte
// is not fixed name the bytes that it may be, so that a conversation meets only the few rows of its first byte
// (probe_table.h).
//
// Thread   constant data; checks are pure functions.
// In       all bytes of a direction so far; one datagram for UDP.
// Limits   a check reads at most 4 KB.
// Errors   none: what does not fit is not this protocol.
// Tests    tests/unit/datapath/app/known_patterns_test.cpp
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "datapath/app/protocol.h"

namespace bulkhead::app {

struct KnownPattern {
  AppProtocol id = AppProtocol::kUnknown;
  bool tcp = false;
  Direction direction = Direction::kToServer;
  std::string_view prefix;  // at the start; "" with `firsts`
  std::string_view firsts;  // without a prefix: what the first byte may be; "": any
  Probe (*check)(ByteSpan data, std::uint16_t server_port) = nullptr;  // null: the prefix is enough
  [[nodiscard]] bool starts_with(Byte first) const {
    if (!prefix.empty()) return static_cast<Byte>(prefix[0]) == first;
    return firsts.empty() || firsts.find(static_cast<char>(first)) != std::string_view::npos;
  }
  [[nodiscard]] Probe probe(ByteSpan data, std::uint16_t server_port) const;
};

[[nodiscard]] std::span<const KnownPattern> known_patterns();
// Is there a row for it?
[[nodiscard]] bool has_known_pattern(AppProtocol id);
// A name that the ecosystem (Suricata 7) does not have.
[[nodiscard]] bool is_own_name(AppProtocol p);

}  // namespace bulkhead::app
