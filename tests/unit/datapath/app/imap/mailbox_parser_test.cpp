#include "datapath/app/imap/mailbox_parser.h"

#include <gtest/gtest.h>

#include "datapath/app/text.h"

namespace bulkhead::app::imap {
namespace {

using Status = ParseResult::Status;
constexpr Direction kClient = Direction::kToServer, kServer = Direction::kToClient;

Status say(MailboxParser& parser, Direction d, std::string_view text) {
  return parser.parse(d, bytes_of(text), {}).status;
}

TEST(MailboxParser, ImapChangesToTls) {
  MailboxParser parser(AppProtocol::imap);
  EXPECT_EQ(say(parser, kServer, "* OK hi\r\n"), Status::kOk);
  EXPECT_EQ(say(parser, kClient, "a1 starttls\r\n"), Status::kOk);
  EXPECT_EQ(say(parser, kServer, "* CAPABILITY x\r\na11 OK no\r\n"), Status::kOk) << "another tag";
  const ParseResult result = parser.parse(kServer, bytes_of("a1 OK go\r\n"), {});
  EXPECT_EQ(result.status, Status::kChange);
  EXPECT_EQ(result.next, AppProtocol::tls);
}

TEST(MailboxParser, ARefusalChangesNothing) {
  MailboxParser parser(AppProtocol::imap);
  say(parser, kClient, "a1 STARTTLS\r\n");
  EXPECT_EQ(say(parser, kServer, "a1 NO\r\na1 OK\r\n"), Status::kOk);
}

TEST(MailboxParser, Pop3ChangesToTls) {
  MailboxParser parser(AppProtocol::pop3);
  EXPECT_EQ(say(parser, kServer, "+OK hi\r\n"), Status::kOk);
  EXPECT_EQ(say(parser, kClient, "STLS\r\n"), Status::kOk);
  EXPECT_EQ(say(parser, kServer, "+OK go\r\n"), Status::kChange);
}

TEST(MailboxParser, LooksNoMoreAfterSomeLines) {
  MailboxParser parser(AppProtocol::pop3);
  Status last = Status::kOk;
  for (std::uint32_t i = 0; i <= MailboxParser::kLookedAt && last == Status::kOk; ++i)
    last = say(parser, kClient, "NOOP\r\n");
  EXPECT_EQ(last, Status::kDone);
}

TEST(MailboxParser, LongLinesAreNotKept) {
  MailboxParser parser(AppProtocol::imap);
  const ParseResult result = parser.parse(kServer, bytes_of(std::string(1000, 'x')), {});
  EXPECT_EQ(result.consumed, 1000U);
  EXPECT_EQ(say(parser, kClient, "a STARTTLS\r\n"), Status::kOk);
  EXPECT_EQ(say(parser, kServer, "a OK\r\n"), Status::kOk) << "the rest of the long line";
  EXPECT_EQ(say(parser, kServer, "a OK\r\n"), Status::kChange);
}

TEST(MailboxParser, Probes) {
  EXPECT_EQ(probe_imap(kServer, bytes_of("* OK ready"), 143), Probe::kYes);
  EXPECT_EQ(probe_imap(kServer, bytes_of("* "), 143), Probe::kMore);
  EXPECT_EQ(probe_imap(kClient, bytes_of("1 capability\r\n"), 143), Probe::kYes);
  EXPECT_EQ(probe_imap(kClient, bytes_of("GET / HTTP/1.1\r\n"), 143), Probe::kNo);
  EXPECT_EQ(probe_pop3(kServer, bytes_of("+OK x"), 110), Probe::kYes);
  EXPECT_EQ(probe_pop3(kClient, bytes_of("USER x\r\n"), 110), Probe::kYes);
  EXPECT_EQ(probe_pop3(kClient, bytes_of("EHLO x\r\n"), 110), Probe::kNo);
}

}  // namespace
}  // namespace bulkhead::app::imap
