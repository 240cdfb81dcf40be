// What parsers of requests and answers have in common: transactions that wait for their answer, and binary messages
// that begin with their length.
//
// Progress of an exchange: 1 in a direction when its message is complete.
//
// Thread   the worker owning the flow.
// Limits   a message is shown up to `shown_bytes`, the rest of it is skipped uncopied; pending answers as many as live
//          transactions.
// Errors   a length that cannot be read ends the parser (kError).
// Tests    through the protocols that use it
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>

#include "datapath/app/app_parser.h"

namespace bulkhead::app {

namespace exchange {
inline constexpr std::uint8_t kComplete = 1;
inline constexpr std::array<std::uint8_t, 2> kRequest{kComplete, 255};
inline constexpr std::array<std::uint8_t, 2> kAnswer{255, kComplete};
inline constexpr std::array<std::uint8_t, 2> kBoth{kComplete, kComplete};
}  // namespace exchange

// Bytes as text, cut at `limit`.
[[nodiscard]] inline std::string copy_text(ByteSpan bytes, std::size_t limit) {
  const std::size_t length = std::min(bytes.size(), limit);
  return {reinterpret_cast<const char*>(bytes.data()), length};
}
[[nodiscard]] inline std::string_view view_text(ByteSpan bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Messages with a length in front. A subclass measures and reads them.
class FramedParser : public AppParser {
 public:
  explicit FramedParser(std::size_t shown_bytes) : shown_bytes_(shown_bytes) {}

  ParseResult parse(Direction d, ByteSpan data, const ParseMoment& moment) override {
    using Status = ParseResult::Status;
    std::uint64_t& skip = skip_[bulkhead::index_of(d)];
    std::size_t at = 0;
    while (at < data.size()) {
      if (skip > 0) {
        const std::size_t step = static_cast<std::size_t>(std::min<std::uint64_t>(skip, data.size() - at));
        at += step;
        skip -= step;
        continue;
      }
      const ByteSpan rest = data.subspan(at);
      std::uint64_t length = 0;
      switch (measure(d, rest, length)) {
        case Measure::kMore: return {Status::kOk, at, {}};
        case Measure::kBad: return {Status::kError, at, {}};
        case Measure::kKnown: break;
      }
      const std::size_t shown = static_cast<std::size_t>(std::min<std::uint64_t>(length, shown_bytes_));
      if (shown == 0) return {Status::kDone, at, {}};  // measured as nothing: no more can be read
      if (rest.size() < shown) return {Status::kOk, at, {}};
      const ParseResult::Status status = message(d, rest.first(shown), length, moment);
      at += shown;
      skip = length - shown;
      if (status != Status::kOk) return {status, at, next_};
    }
    return {Status::kOk, at, {}};
  }
  // A gap inside of what is skipped anyway does no harm.
  bool gap(Direction d, std::uint64_t length) override {
    std::uint64_t& skip = skip_[bulkhead::index_of(d)];
    if (length > skip) return false;
    skip -= length;
    return true;
  }
  void end(Direction d, ByteSpan /*left*/) override {
    for (const auto& tx : transactions()) tx->advance(d, exchange::kComplete);
  }

 protected:
  enum class Measure : std::uint8_t { kMore, kKnown, kBad };
  // The whole length of the message at the start of `data`, its head included.
  virtual Measure measure(Direction d, ByteSpan data, std::uint64_t& length) = 0;
  // One message, cut at `shown_bytes`; `length` is its whole length.
  virtual ParseResult::Status message(Direction d, ByteSpan shown, std::uint64_t length, const ParseMoment& moment) = 0;
  void change_to(AppProtocol next) { next_ = next; }

 private:
  std::size_t shown_bytes_;
  std::array<std::uint64_t, 2> skip_{};
  AppProtocol next_ = AppProtocol::kUnknown;
};

}  // namespace bulkhead::app
