// SSH of one flow: the banners, the offers of the key exchange, and the moment when the keys come into use.
//
//   SSH-2.0-software comment CR LF   then   length(4) padding(1) type(1) ... padding
//
// Thread   the worker owning the flow.
// In       stream bytes of both directions; any cut. Out  one SshTransaction.
// Limits   kMaxBanner; kMaxPacket of a KEXINIT packet, beyond it the packet is stepped over with an event.
// Errors   SshEvent (ssh_events.def). A first line that is no banner ends the parser.
// Source   RFC 4253 4.2, 6, 7.1, 7.3; github.com/salesforce/hassh
// Tests    tests/unit/datapath/app/ssh/ssh_parser_test.cpp, tests/fuzz/fuzz_tls.cpp, tests/golden/ssh/
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "datapath/app/app_parser.h"
#include "datapath/app/protocol.h"
#include "datapath/app/ssh/ssh_transaction.h"

namespace bulkhead::app::ssh {

inline constexpr std::size_t kMaxBanner = 255;       // RFC 4253 4.2
inline constexpr std::uint32_t kMaxPacket = 35'000;  // RFC 4253 6.1

[[nodiscard]] Probe probe_ssh(Direction d, ByteSpan data, std::uint16_t server_port);

class SshParser final : public AppParser {
 public:
  explicit SshParser(const AppSettings& settings) : settings_(settings.ssh) {}

  ParseResult parse(Direction d, ByteSpan data, const ParseMoment& moment) override;
  bool gap(Direction d, std::uint64_t length) override;
  void end(Direction d, ByteSpan left) override;

 private:
  struct Side {
    bool banner_done = false;
    bool skip_line = false;  // the rest of a banner that is too long
    bool in_packet = false;
    bool encrypted = false;
    bool ended = false;
    std::uint8_t type = 0;
    std::uint32_t body_left = 0;  // of the packet in hand, behind its type
    std::vector<Byte> pieces;     // of a KEXINIT that is not whole yet
  };
  enum class Step : std::uint8_t { kOn, kWait, kStop };

  [[nodiscard]] Side& side(Direction d) { return sides_[bulkhead::index_of(d)]; }
  Step banner(Direction d, ByteReader& in);
  bool take_banner(Direction d, ByteSpan line, bool cut);
  Step packet(Direction d, ByteReader& in);
  void body(Direction d, ByteReader& in);
  void key_exchange(Direction d, ByteSpan message);
  void finish();

  const SshSettings settings_;
  Held<SshTransaction> tx_;
  std::array<Side, 2> sides_;  // by Direction
  bool finished_ = false;
};

}  // namespace bulkhead::app::ssh
