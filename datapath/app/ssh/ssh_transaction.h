// One SSH conversation: both banners and what both sides offered for the key exchange. A flow has one of it.
//
// Limits   kMaxBanner bytes of a banner; a HASSH text is as long as one packet at most.
// Tests    tests/unit/datapath/app/ssh/ssh_parser_test.cpp
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "datapath/app/transaction.h"

namespace bulkhead::app::ssh {

namespace stage {
// kFinished: the keys are in use, or nothing can be read any more.
inline constexpr std::uint8_t kBanner = 1, kKeyExchange = 2, kFinished = 3;
}  // namespace stage

enum class SshEvent : std::uint8_t {
#define X(symbol, name, record, text) symbol,
#include "datapath/app/ssh/ssh_events.def"
#undef X
  kCount
};

struct SshSide {
  std::string protocol, software;  // of "SSH-2.0-OpenSSH_9.2 comment": 2.0 and OpenSSH_9.2
  std::string hassh_text, hassh;   // empty: not asked for, or not seen
};

class SshTransaction final : public Transaction {
 public:
  [[nodiscard]] SshSide& side(Direction d) { return sides_[bulkhead::index_of(d)]; }
  [[nodiscard]] const SshSide& side(Direction d) const { return sides_[bulkhead::index_of(d)]; }
  void note(SshEvent e) { add_event(static_cast<std::uint8_t>(e)); }

  void write_records(std::vector<EveRecord>& out, const EveOptions& options) const override;

 private:
  std::array<SshSide, 2> sides_;  // by Direction
};

}  // namespace bulkhead::app::ssh
