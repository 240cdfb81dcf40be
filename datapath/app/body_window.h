// The part of a body or file that rules look at: everything until a minimum is there, then what is new with a window
// of what came before.
//
// Thread   the worker owning the flow.
// Limits   BodySettings::limit bytes are taken, the rest is counted by the caller alone.
// Tests    tests/unit/datapath/app/body_window_test.cpp
#pragma once

#include <cstdint>
#include <vector>

#include "datapath/base/byte_reader.h"

namespace bulkhead::app {

// How much of a body is looked at, and in which pieces.
struct BodySettings {
  std::uint64_t limit = 100 * 1024;       // bytes that rules see; 0: all
  std::uint32_t min_inspect = 32 * 1024;  // rules look once so much is there, or all
  std::uint32_t window = 4 * 1024;        // that is looked at again before what is new
};

class BodyWindow {
 public:
  // Keeps what is within the limit.
  void append(ByteSpan bytes, const BodySettings& settings);
  // How much of `length` further bytes is within the limit.
  [[nodiscard]] std::uint64_t room(std::uint64_t length, const BodySettings& settings) const;
  // Everything up to now has been looked at: what lies before the window may go.
  void looked_at(const BodySettings& settings);
  void drop();                                                   // all of it: nothing will be looked at again
  [[nodiscard]] std::uint64_t size() const { return tracked_; }  // bytes within the limit
  [[nodiscard]] std::uint64_t kept_end() const { return begin_ + bytes_.size(); }
  [[nodiscard]] std::uint64_t begin() const { return begin_; }
  [[nodiscard]] ByteSpan bytes() const { return bytes_; }
  [[nodiscard]] bool over_limit(const BodySettings& s) const { return s.limit != 0 && tracked_ >= s.limit; }
  [[nodiscard]] bool ready(const BodySettings& settings, bool inline_mode, bool complete) const;

 private:
  std::vector<Byte> bytes_;
  std::uint64_t begin_ = 0, tracked_ = 0, looked_at_ = 0;
};

}  // namespace bulkhead::app
