// What rules ask for and what becomes of a packet.
#pragma once

#include <cstdint>

namespace bulkhead::pipeline {

enum class RuleAction : std::uint8_t { kAlert, kPass, kDrop, kReject };
enum class RejectTarget : std::uint8_t { kNone, kSource, kDestination, kBoth };

}  // namespace bulkhead::pipeline
