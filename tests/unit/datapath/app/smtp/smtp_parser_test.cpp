#include "datapath/app/smtp/smtp_parser.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "datapath/app/protocol_table.h"
#include "datapath/app/text.h"

namespace bulkhead::app::smtp {
namespace {

using Status = ParseResult::Status;

// One connection: bytes in any pieces, what is left over comes again.
class Talk {
 public:
  explicit Talk(std::size_t step = SIZE_MAX, const AppSettings& settings = {})
      : step_(step), settings_(settings), parser_(settings_) {}

  Talk& client(std::string_view text) { return send(Direction::kToServer, text); }
  Talk& server(std::string_view text) { return send(Direction::kToClient, text); }
  Talk& send(Direction d, std::string_view text) {
    for (std::size_t at = 0; at < text.size(); at += std::min(step_, text.size() - at)) {
      std::string& rest = rest_[bulkhead::index_of(d)];
      rest.append(text.substr(at, step_));
      last_ = parser_.parse(d, bytes_of(rest), {});
      rest.erase(0, last_.consumed);
    }
    return *this;
  }
  Talk& hello() { return server("220 mx\r\n").client("EHLO me\r\n").server("250-mx\r\n250 8BITMIME\r\n"); }
  Talk& envelope() {
    client("MAIL FROM:<a@x> SIZE=1\r\n").server("250 k\r\n").client("rcpt to: <b@y>\r\n").server("250 k\r\n");
    return client("DATA\r\n").server("354 go\r\n");
  }
  SmtpTransaction& tx(std::size_t i) { return static_cast<SmtpTransaction&>(*parser_.transactions().at(i)); }
  std::size_t count() { return parser_.transactions().size(); }
  bool has(std::size_t i, SmtpEvent e) {
    return std::count(tx(i).events.begin(), tx(i).events.end(), static_cast<std::uint8_t>(e)) == 1;
  }
  SmtpParser& parser() { return parser_; }
  ParseResult last_;

 private:
  std::size_t step_;
  AppSettings settings_;
  SmtpParser parser_;
  std::string rest_[2];
};

TEST(SmtpParser, AMailWithAnAttachmentInPiecesOfAnySize) {
  for (const std::size_t step : {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{5000}}) {
    Talk talk(step);
    talk.hello().envelope();
    EXPECT_EQ(talk.tx(0).progress[0], stage::kOpen);
    talk.client(
        "From: q\r\nContent-Type: x/y; name=f.bin\r\nContent-Transfer-Encoding: base64\r\n\r\naGVs\r\nbG8=\r\n.\r\n");
    talk.server("250 queued\r\n").client("QUIT\r\n").server("221 bye\r\n");
    ASSERT_EQ(talk.count(), 2U) << "QUIT begins a new one";
    SmtpTransaction& tx = talk.tx(0);
    EXPECT_EQ(tx.helo, "me");
    EXPECT_EQ(tx.mail_from, "<a@x>");
    EXPECT_EQ(tx.recipients, std::vector<std::string>{"<b@y>"});
    EXPECT_EQ(tx.progress[0], stage::kComplete);
    EXPECT_EQ(tx.progress[1], stage::kComplete);
    ASSERT_EQ(tx.files[0].size(), 1U);
    EXPECT_EQ(tx.files[0][0]->size, 5U);
    EXPECT_EQ(tx.files[0][0]->state, FileState::kClosed);
    BufferView view;
    ASSERT_TRUE(get_file_content(tx, Direction::kToServer, 0, view));
    EXPECT_EQ(text_of(view.bytes), "hello");
    EXPECT_TRUE(tx.events.empty());
    EXPECT_EQ(talk.tx(1).helo, "me");
    EXPECT_FALSE(talk.tx(1).mail_from);
  }
}

TEST(SmtpParser, Records) {
  Talk talk;
  AppSettings settings;
  settings.eve.smtp_extended = true;
  settings.eve.smtp_subject_md5 = true;
  talk.hello().envelope();
  talk.client("From: q\r\nTo: a, b\r\nSubject: s\r\nX-Mailer: m\r\n\r\nhttp://a/x.exe http://b/\r\n.\r\n");
  std::vector<EveRecord> records;
  talk.tx(0).write_records(records, settings.eve);
  ASSERT_EQ(records.size(), 1U);
  ASSERT_EQ(records[0].fields.size(), 2U);
  EXPECT_EQ(records[0].fields[0].second, R"({"helo":"me","mail_from":"<a@x>","rcpt_to":["<b@y>"]})");
  EXPECT_EQ(records[0].fields[1].second,
            R"({"status":"PARSE_DONE","from":"q","to":["a","b"],"subject":"s","x_mailer":"m","has_ipv6_url":false,)"
            R"("has_ipv4_url":false,"has_exe_url":true,"url":["b/","a/x.exe"],)"
            R"("subject_md5":"03c7c0ace395d80182db07ae2c30f034"})");
}

TEST(SmtpParser, AServerThatDoesNotGreetAndRepliesThatAreNone) {
  Talk talk;
  talk.client("EHLO a\r\n");
  EXPECT_TRUE(talk.has(0, SmtpEvent::no_server_welcome_message));
  talk.server("what\r\n");
  EXPECT_TRUE(talk.has(0, SmtpEvent::invalid_reply));
  EXPECT_EQ(talk.last_.status, Status::kError);
}

TEST(SmtpParser, PipeliningKnowsWhatHasToBeLast) {
  Talk talk;
  talk.hello().client("MAIL FROM:<a>\r\nDATA\r\nNOOP\r\n");
  EXPECT_TRUE(talk.has(0, SmtpEvent::invalid_pipelined_sequence));
  Talk early;
  early.server("220 x\r\n").client("EHLO a\r\n").server("250-PIPELINING\r\n250 X\r\n");
  early.client("MAIL FROM:<a>\r\nDATA\r\nFrom: q\r\n\r\nx\r\n.\r\nQUIT\r\n")
      .server("250 a\r\n354 go\r\n250 k\r\n221 b\r\n");
  ASSERT_EQ(early.count(), 2U);
  EXPECT_EQ(early.tx(0).progress[0], stage::kComplete);
}

TEST(SmtpParser, DataTwiceAndDataRefused) {
  Talk talk;
  talk.hello().client("MAIL FROM:<a>\r\n").server("250 k\r\n").client("DATA\r\n").client("DATA\r\n");
  EXPECT_TRUE(talk.has(0, SmtpEvent::unparsable_content));
  Talk refused;
  refused.hello().client("DATA\r\n").server("503 no\r\n");
  EXPECT_TRUE(refused.has(0, SmtpEvent::data_command_rejected));
  refused.client("DATA\r\n").server("354 go\r\n").client("From: q\r\n\r\nx\r\n.\r\n");
  EXPECT_FALSE(refused.has(0, SmtpEvent::unparsable_content));
  EXPECT_EQ(refused.tx(0).progress[0], stage::kComplete) << "the second one counts";
}

TEST(SmtpParser, Rset) {
  Talk talk;
  talk.hello().client("MAIL FROM:<a>\r\n").server("250 k\r\n").client("RSET\r\n").server("250 k\r\n");
  EXPECT_EQ(talk.tx(0).progress[0], stage::kComplete);
  talk.client("RSET\r\n").server("250 k\r\n");
  EXPECT_EQ(talk.count(), 1U) << "a second one belongs to the first";
  talk.client("MAIL FROM:<b>\r\n");
  EXPECT_EQ(talk.count(), 2U);
}

TEST(SmtpParser, StartTls) {
  Talk talk;
  talk.hello().client("STARTTLS\r\n").server("220 go\r\n");
  EXPECT_EQ(talk.last_.status, Status::kChange);
  EXPECT_EQ(talk.last_.next, AppProtocol::tls);
  EXPECT_EQ(talk.tx(0).progress[0], stage::kComplete);
  Talk refused;
  refused.hello().client("STARTTLS\r\n").server("454 no\r\n");
  EXPECT_TRUE(refused.has(0, SmtpEvent::tls_rejected));
  EXPECT_EQ(refused.last_.status, Status::kOk);
}

TEST(SmtpParser, ChunksAreCounted) {
  Talk talk;
  talk.hello()
      .client("BDAT 8\r\nabcdef\r\n")
      .server("250 k\r\n")
      .client("BDAT 8 LAST\r\nabcdef\r\n")
      .server("250 k\r\n");
  EXPECT_TRUE(talk.tx(0).events.empty());
  talk.client("MAIL FROM:<z>\r\n");
  EXPECT_EQ(talk.tx(0).mail_from, "<z>") << "a command again";
  talk.client("BDAT 4 LAST\r\nabcdef\r\n");
  EXPECT_TRUE(talk.has(0, SmtpEvent::bdat_chunk_len_exceeded));
  EXPECT_EQ(talk.last_.status, Status::kError);
  Talk bad;
  bad.hello().client("BDAT\r\n");
  EXPECT_EQ(bad.last_.status, Status::kError);
}

TEST(SmtpParser, LongCommandsAreCutAndLongMailLinesAreNot) {
  Talk talk;
  talk.hello().client("NOOP " + std::string(4088, 'a') + "\r\n").server("250 k\r\n");
  EXPECT_FALSE(talk.has(0, SmtpEvent::truncated_line)) << "4095 bytes with the line end";
  talk.client("MAIL FROM:<" + std::string(9000, 'a') + ">\r\nRCPT TO:<b>\r\n");
  EXPECT_TRUE(talk.has(0, SmtpEvent::truncated_line));
  EXPECT_EQ(talk.tx(0).mail_from->size(), 4096U - 10U);
  EXPECT_EQ(talk.tx(0).recipients.size(), 1U) << "what follows the line counts";
  for (const std::size_t step : {std::size_t{1}, std::size_t{1000}, SIZE_MAX}) {
    Talk mail(step);
    mail.hello().envelope().client("Content-Disposition: attachment; filename=f\r\n\r\n" + std::string(20000, 'x') +
                                   "\r\ny\r\n.\r\n");
    ASSERT_EQ(mail.tx(0).files[0].size(), 1U);
    EXPECT_EQ(mail.tx(0).files[0][0]->size, 20003U) << step;
  }
}

TEST(SmtpParser, TheRawMailAsAFile) {
  AppSettings settings;
  settings.smtp.mime.decode = false;
  settings.smtp.raw_extraction = true;
  Talk talk(SIZE_MAX, settings);
  talk.hello().envelope().client("From: q\r\n\r\nx\r\n.\r\n");
  ASSERT_EQ(talk.tx(0).files[0].size(), 1U);
  EXPECT_EQ(talk.tx(0).files[0][0]->name, "rawmsg");
  EXPECT_EQ(talk.tx(0).files[0][0]->size, 14U);
}

TEST(SmtpParser, AGapCostsALineAndMarksTheFile) {
  Talk talk;
  talk.hello().envelope().client("Content-Disposition: attachment; filename=f\r\n\r\nab\r\n");
  EXPECT_TRUE(talk.parser().gap(Direction::kToServer, 100));
  talk.client("rest of a line\r\nc\r\n.\r\n");
  ASSERT_EQ(talk.tx(0).files[0].size(), 1U);
  EXPECT_TRUE(talk.tx(0).files[0][0]->has_gaps);
  EXPECT_EQ(talk.tx(0).files[0][0]->state, FileState::kTruncated);
}

TEST(SmtpParser, AGapInAChunkIsCounted) {
  Talk talk;
  talk.hello().client("BDAT 20 LAST\r\nab\r\n");
  EXPECT_TRUE(talk.parser().gap(Direction::kToServer, 10));
  talk.client("efgh\r\nMAIL FROM:<a>\r\n");
  EXPECT_TRUE(talk.tx(0).events.empty());
  EXPECT_EQ(talk.tx(0).mail_from, "<a>") << "behind the chunk";
}

TEST(SmtpParser, ProbeKnowsFirstCommands) {
  const auto probe = [](std::string_view text) { return probe_smtp(Direction::kToServer, bytes_of(text), 25); };
  EXPECT_EQ(probe("ehlo a"), Probe::kYes);
  EXPECT_EQ(probe("HE"), Probe::kMore);
  EXPECT_EQ(probe("NOOP"), Probe::kNo);
  EXPECT_EQ(probe_smtp(Direction::kToClient, bytes_of("220 x"), 25), Probe::kNo);
}

}  // namespace
}  // namespace bulkhead::app::smtp
