// FTP (RFC 959, 2428, 4217): commands and replies of a control connection, and the data connections it announces.
//
//   command --> oldest transaction without a final reply <-- reply (1xx: another one follows)
//   PORT, EPRT, PASV, EPSV tell a port; RETR, STOR and APPE then say what the connection to it carries: ExpectedFlows
//
// Thread   the worker owning the flow.
// Limits   FtpSettings: line, live transactions, memory of all connections together; 64 lines of a reply.
// Errors   FtpEvent.
// Tests    tests/unit/datapath/app/ftp/ftp_parser_test.cpp, tests/fuzz/fuzz_ftp.cpp, tests/golden/ftp/
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "datapath/app/app_parser.h"
#include "datapath/app/app_settings.h"
#include "datapath/app/ftp/ftp_transaction.h"
#include "datapath/app/protocol.h"

namespace bulkhead::app::ftp {

class FtpParser final : public AppParser {
 public:
  explicit FtpParser(const AppSettings& settings) : settings_(settings.ftp) {}

  ParseResult parse(Direction d, ByteSpan data, const ParseMoment& moment) override;
  bool gap(Direction d, std::uint64_t length) override;
  void end(Direction, ByteSpan) override {}

 private:
  struct Line {
    std::string_view text;
    bool cut = false;
  };
  bool next_line(Direction d, std::string_view rest, std::size_t& used, Line& out);
  bool command(const Line& line, const ParseMoment& moment);
  bool reply(const Line& line);
  void follow_reply(FtpTransaction& tx, std::string_view text, int code);
  FtpTransaction* open_transaction();

  const FtpSettings& settings_;
  std::uint16_t data_port_ = 0;       // announced and not used yet
  bool discard_[2] = {false, false};  // by Direction: up to the next line end
  std::string multiline_;             // the code of a reply of several lines that has not ended
  std::uint64_t answered_ = 0;        // transactions before this one have their final reply
  bool change_ = false;               // TLS has been agreed on
};

Probe probe_ftp(Direction d, ByteSpan data, std::uint16_t server_port);

// Ports and addresses in commands and replies; 0: there is none.
[[nodiscard]] std::uint16_t port_of_port(std::string_view argument);  // "h,h,h,h,p,p"
[[nodiscard]] std::uint16_t port_of_eprt(std::string_view argument);  // "|1|address|port|"
[[nodiscard]] std::uint16_t port_of_pasv(std::string_view reply);     // "... (h,h,h,h,p,p)"
[[nodiscard]] std::uint16_t port_of_epsv(std::string_view reply);     // "... (|||port|)"
[[nodiscard]] std::optional<IpAddress> address_of_port(std::string_view argument);

}  // namespace bulkhead::app::ftp
