// Packet time: nanoseconds since 1970-01-01 UTC. Packet time, never the wall clock, drives every
// timer of the data path, so that a replay is deterministic.
//
// Out      to_iso8601() as EVE writes it: 2025-08-25T12:00:00.123456+0000 (microseconds, UTC).
// Tests    tests/unit/datapath/base/timestamp_test.cpp
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>

namespace bulkhead {

using Nanoseconds = std::chrono::nanoseconds;

struct Timestamp {
  std::int64_t ns = 0;

  auto operator<=>(const Timestamp&) const = default;
  [[nodiscard]] Timestamp operator+(Nanoseconds d) const { return {ns + d.count()}; }
  [[nodiscard]] Nanoseconds operator-(Timestamp other) const { return Nanoseconds(ns - other.ns); }
  // Rounded down, also before 1970.
  [[nodiscard]] std::int64_t seconds() const { return ns / 1'000'000'000 - (ns % 1'000'000'000 < 0 ? 1 : 0); }
  [[nodiscard]] std::int64_t microseconds_part() const {
    const std::int64_t part = ns % 1'000'000'000;
    return (part < 0 ? part + 1'000'000'000 : part) / 1000;
  }
};

// For live runs and what they write; never for a decision about packets.
[[nodiscard]] Timestamp wall_clock();

inline constexpr std::size_t kIso8601Length = 31;
// Writes exactly kIso8601Length characters (no terminator); years 0 to 9999, else clamped.
void write_iso8601(Timestamp time, char* out);
[[nodiscard]] std::string to_iso8601(Timestamp time);

}  // namespace bulkhead
