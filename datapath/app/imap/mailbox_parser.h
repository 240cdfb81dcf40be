// IMAP (RFC 9051) and POP3 (RFC 1939): recognised, and followed up to the change to TLS (RFC 2595).
//
//   IMAP   "a1 STARTTLS"  "a1 OK ..."       POP3   "STLS"  "+OK ..."
//
// Thread   the worker owning the flow.
// Out      no transactions; ParseResult::kChange when TLS has been agreed on.
// Limits   looks at the beginnings of lines; after kLookedAt lines of the client without STARTTLS it looks no more.
// Tests    tests/unit/datapath/app/imap/mailbox_parser_test.cpp
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "datapath/app/app_parser.h"
#include "datapath/app/protocol.h"

namespace bulkhead::app::imap {

class MailboxParser final : public AppParser {
 public:
  static constexpr std::uint32_t kLookedAt = 64;

  explicit MailboxParser(AppProtocol protocol) : protocol_(protocol) {}

  ParseResult parse(Direction d, ByteSpan data, const ParseMoment& moment) override;
  bool gap(Direction, std::uint64_t) override { return true; }
  void end(Direction, ByteSpan) override {}

 private:
  bool asks_for_tls(std::string_view line);
  [[nodiscard]] bool answers(std::string_view line, bool& agreed) const;

  AppProtocol protocol_;
  bool discard_[2] = {false, false};  // by Direction: the rest of a long line
  bool asked_ = false;
  std::string tag_;  // of STARTTLS
  std::uint32_t lines_ = 0;
};

Probe probe_imap(Direction d, ByteSpan data, std::uint16_t server_port);
Probe probe_pop3(Direction d, ByteSpan data, std::uint16_t server_port);

}  // namespace bulkhead::app::imap
