// SMTP (RFC 5321): commands, replies and mails of one connection.
//
//   commands --> queue --> replies, one each        DATA ... "."    lines of a mail, to MimeParser
//                                                   BDAT n          n bytes of a mail, to MimeParser
//                                                   STARTTLS + 220  another protocol
//
// Thread   the worker owning the flow.
// In       lines that end with LF; of longer ones than SmtpSettings::max_line only the beginning counts.
// Out      SmtpTransaction: begins with the first command behind the one before.
// Limits   65535 commands that wait for a reply; 256 recipients of a mail.
// Errors   SmtpEvent; a reply without a code and BDAT without a length end the parser.
// Tests    tests/unit/datapath/app/smtp/smtp_parser_test.cpp, tests/fuzz/fuzz_smtp.cpp, tests/golden/smtp/
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string_view>

#include "datapath/app/app_parser.h"
#include "datapath/app/app_settings.h"
#include "datapath/app/protocol.h"
#include "datapath/app/smtp/smtp_transaction.h"

namespace bulkhead::app::smtp {

class SmtpParser final : public AppParser {
 public:
  explicit SmtpParser(const AppSettings& settings);

  ParseResult parse(Direction d, ByteSpan data, const ParseMoment& moment) override;
  bool gap(Direction d, std::uint64_t length) override;
  void end(Direction d, ByteSpan left) override;

 private:
  enum class Command : std::uint8_t { kOther, kStartTls, kData, kBdat, kRset, kMail };
  enum class Outcome : std::uint8_t { kGoOn, kError, kChange };
  struct Line {
    std::string_view text, delimiter;
    bool cut = false;
  };

  Outcome command_lines(ByteSpan data, std::size_t& used);
  bool mail_line(ByteSpan data, std::size_t& used);
  Outcome command(const Line& line);
  bool queue(Command command);
  bool begin_bdat(std::string_view line);
  Outcome bdat_line(const Line& line);
  Outcome reply(const Line& line);
  void answered(int code, std::string_view text, bool last, Outcome& outcome);
  void begin_mail(SmtpTransaction& tx);
  void end_mail();
  void complete();
  SmtpTransaction& open_transaction(std::string_view line);
  void note(SmtpEvent e);
  void note_mail_anomalies();

  const AppSettings& settings_;
  const SmtpSettings& smtp_;
  Held<SmtpTransaction> tx_;                  // the latest; may be done
  bool opened_ = false;                       // there is, or was, one: a done one may be given up between two calls
  std::unique_ptr<SmtpTransaction> no_mail_;  // takes what RSET behind a mail that was given up says
  void forget_given_up();
  std::string helo_;
  bool has_helo_ = false;
  Command current_ = Command::kOther;  // the latest command
  std::deque<Command> waiting_;        // for replies
  bool in_data_ = false;               // lines belong to the mail or to a chunk
  bool greeted_ = false, pipelining_ = false, in_multiline_ = false;
  std::array<bool, 2> discard_{};  // by Direction: up to the next line end
  bool line_begins_ = true;        // in a mail
  std::uint64_t chunk_left_ = 0;
  std::size_t left_ = 0;  // bytes of the client that the last call did not take
};

Probe probe_smtp(Direction d, ByteSpan data, std::uint16_t server_port);

}  // namespace bulkhead::app::smtp
