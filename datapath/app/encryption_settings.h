// What protocols that encrypt have in common: TLS, SSH.
#pragma once

#include <cstdint>

namespace bulkhead::app {

// A fingerprint is made when the operator wants it, or (auto) when a rule looks at it.
enum class Fingerprints : std::uint8_t { kAuto, kYes, kNo };

[[nodiscard]] constexpr bool wanted(Fingerprints setting, bool rules_use_it) {
  return setting == Fingerprints::kYes || (setting == Fingerprints::kAuto && rules_use_it);
}

// What happens once a conversation is encrypted.
enum class EncryptionHandling : std::uint8_t {
  kDefault,  // what can be followed is followed, rules do not see the payload any more
  kBypass,   // nothing is followed any more
  kFull      // as before
};

}  // namespace bulkhead::app
