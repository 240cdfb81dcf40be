// What the operator sets about the output thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace bulkhead::output {

enum class OutputMode : std::uint8_t {
  kLive,    // events are written as they come; a full ring drops and counts
  kReplay,  // events are merged by EventOrder; a full ring makes the worker wait, nothing is lost
};

struct OutputSettings {
  OutputMode mode = OutputMode::kLive;
  std::size_t ring_capacity = 8192;  // events per worker; an event is about half a kilobyte plus its strings
  std::chrono::milliseconds flush_interval{
      1000};  // sinks are flushed at least this often, and when idle at most this late
};

}  // namespace bulkhead::output
