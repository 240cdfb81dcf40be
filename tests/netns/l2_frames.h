// Frames that a container must not send, each with the reason that must stop it, and their legal twins.
//
//   sender   02:77:00:00:00:02  10.77.0.2  fd77::2  fe80::77:ff:fe00:2
//   victim   02:77:00:00:00:03  10.77.0.3  fd77::3      gateway 10.77.0.1, fd77::1
#pragma once

#include <string>
#include <vector>

#include "rules/nft/l2_guard_renderer.h"
#include "tests/support/packet_builder.h"

namespace bulkhead::testing {

struct AttackFrame {
  std::string name;
  rules::GuardReason reason;
  test::Bytes frame;
  bool reaches_victim = true;  // where nobody guards; false: the bridge refuses it anyway
};
struct LegalFrame {
  std::string name;
  test::Bytes frame;
};

inline constexpr const char* kSenderMac = "02:77:00:00:00:02";
inline constexpr const char* kVictimMac = "02:77:00:00:00:03";
inline constexpr const char* kOtherMac = "02:77:00:00:00:99";
inline constexpr const char* kSenderLinkLocal = "fe80::77:ff:fe00:2";

[[nodiscard]] std::vector<AttackFrame> attack_frames();
[[nodiscard]] std::vector<LegalFrame> legal_frames();

}  // namespace bulkhead::testing
