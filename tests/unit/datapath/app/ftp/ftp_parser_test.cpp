#include "datapath/app/ftp/ftp_parser.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "datapath/app/expected_flows.h"
#include "datapath/app/text.h"

namespace bulkhead::app::ftp {
namespace {

class Talk {
 public:
  explicit Talk(std::size_t step = SIZE_MAX, const AppSettings& settings = {})
      : step_(step), settings_(settings), parser_(settings_) {
    moment_.client.source = *IpAddress::parse("10.0.0.1");
    moment_.client.destination = *IpAddress::parse("10.0.0.2");
    moment_.client.destination_port = 21;
    moment_.flow = 77;
    moment_.expected = &expected_;
  }
  Talk& client(std::string_view text) { return send(Direction::kToServer, text); }
  Talk& server(std::string_view text) { return send(Direction::kToClient, text); }
  Talk& send(Direction d, std::string_view text) {
    for (std::size_t at = 0; at < text.size(); at += std::min(step_, text.size() - at)) {
      std::string& rest = rest_[bulkhead::index_of(d)];
      rest.append(text.substr(at, step_));
      last_ = parser_.parse(d, bytes_of(rest), moment_);
      rest.erase(0, last_.consumed);
    }
    return *this;
  }
  FtpTransaction& tx(std::size_t i) { return static_cast<FtpTransaction&>(*parser_.transactions().at(i)); }
  std::size_t count() { return parser_.transactions().size(); }
  bool has(std::size_t i, FtpEvent e) {
    return std::count(tx(i).events.begin(), tx(i).events.end(), static_cast<std::uint8_t>(e)) == 1;
  }
  std::optional<ExpectedFlow> data(std::uint16_t port) {
    FlowTuple tuple = moment_.client;
    tuple.destination_port = port;
    return expected_.take(tuple, {});
  }
  ParseResult last_;

 private:
  std::size_t step_;
  AppSettings settings_;
  FtpParser parser_;
  ExpectedFlows expected_;
  ParseMoment moment_;
  std::string rest_[2];
};

TEST(FtpParser, CommandsAndTheirRepliesInPiecesOfAnySize) {
  for (const std::size_t step : {std::size_t{1}, std::size_t{3}, SIZE_MAX}) {
    Talk talk(step);
    talk.server("220-hi\r\n220 there\r\n").client("user bob \r\n").server("331 pw\r\n").client("NLST\r\n");
    talk.server("150 here\r\n226 done\r\n").client("FROB x\r\n").server("500 no\r\n");
    ASSERT_EQ(talk.count(), 4U);
    EXPECT_EQ(talk.tx(0).command, "");
    EXPECT_EQ(talk.tx(0).replies, (std::vector<std::string>{"hi", "there"}));
    EXPECT_EQ(talk.tx(1).command, "USER");
    EXPECT_EQ(talk.tx(1).data, "bob");
    EXPECT_EQ(talk.tx(2).codes, (std::vector<std::string>{"150", "226"})) << "1xx is followed by another";
    EXPECT_EQ(talk.tx(2).progress[0], stage::kComplete);
    EXPECT_EQ(talk.tx(3).command, "") << "not known";
  }
}

TEST(FtpParser, RepliesOfSeveralLinesAndPipelinedCommands) {
  Talk talk;
  talk.server("220 x\r\n").client("FEAT\r\nPWD\r\n").server("211-Features\r\n EPRT \t\r\n  \r\n211 End\r\n257 /\r\n");
  ASSERT_EQ(talk.count(), 3U);
  EXPECT_EQ(talk.tx(1).replies, (std::vector<std::string>{"Features", " EPRT", "End"}));
  EXPECT_EQ(talk.tx(2).replies, std::vector<std::string>{"/"});
}

TEST(FtpParser, PassiveAndActiveConnectionsAreAnnounced) {
  Talk talk;
  talk.server("220 x\r\n").client("PASV\r\n").server("227 k (10,0,0,2,1,2).\r\n").client("RETR dir/a b\r\n");
  const auto passive = talk.data(258);
  ASSERT_TRUE(passive);
  EXPECT_EQ(passive->protocol, AppProtocol::ftp_data);
  EXPECT_EQ(passive->command, "RETR");
  EXPECT_EQ(passive->file_name, "dir/a b");
  EXPECT_EQ(passive->parent, 77U);
  talk.server("150 k\r\n226 k\r\n").client("EPSV\r\n").server("229 k (|||300|)\r\n").client("STOR f\r\n");
  EXPECT_TRUE(talk.data(300));
  talk.server("150 k\r\n226 k\r\n").client("PORT 10,0,0,1,1,3\r\n").server("200 k\r\n").client("RETR f\r\n");
  EXPECT_TRUE(talk.data(259));
  EXPECT_TRUE(talk.tx(5).active);
  talk.server("150 k\r\n226 k\r\n").client("EPRT |2|::1|301|\r\n").server("200 k\r\n").client("LIST\r\n");
  EXPECT_FALSE(talk.data(301)) << "a listing is no file";
  talk.client("RETR late\r\n");
  EXPECT_TRUE(talk.data(301));
}

TEST(FtpParser, AddressesOfOthersAreABounce) {
  Talk talk;
  talk.client("PORT 10,0,0,1,1,3\r\n").client("PORT 10,0,0,9,1,3\r\n");
  EXPECT_FALSE(talk.tx(0).names_other_host);
  EXPECT_TRUE(talk.tx(1).names_other_host);
}

TEST(FtpParser, Ports) {
  EXPECT_EQ(port_of_port("1,2,3,4,255,255"), 65535);
  EXPECT_EQ(port_of_port("1,2,3,4,256,1"), 0);
  EXPECT_EQ(port_of_port("1,2,3"), 0);
  EXPECT_EQ(port_of_eprt("|1|10.0.0.1|5000|"), 5000);
  EXPECT_EQ(port_of_eprt("|1|10.0.0.1|5000"), 0);
  EXPECT_EQ(port_of_eprt("x"), 0);
  EXPECT_EQ(port_of_pasv("227 Passive (1,2,3,4,1,0)"), 256);
  EXPECT_EQ(port_of_pasv("227 Passive 1,2,3,4,1,0"), 256);
  EXPECT_EQ(port_of_epsv("229 (|||70000|)"), 0);
}

TEST(FtpParser, LongLinesAreCut) {
  Talk talk;
  talk.client("RETR " + std::string(4088, 'a') + "\r\n").server("550 no\r\n");
  EXPECT_FALSE(talk.tx(0).command_cut) << "4095 bytes with the line end";
  talk.client("RETR " + std::string(5000, 'a') + "\r\n").server("257 " + std::string(5000, 'b') + "\r\n");
  EXPECT_TRUE(talk.has(1, FtpEvent::request_command_too_long));
  EXPECT_TRUE(talk.has(1, FtpEvent::response_command_too_long));
  EXPECT_EQ(talk.tx(1).data.size(), 4091U);
  EXPECT_EQ(talk.tx(1).replies[0].size(), 4092U);
}

TEST(FtpParser, LimitsOfTransactionsAndMemory) {
  AppSettings settings;
  settings.ftp.max_transactions = 10;
  Talk talk(SIZE_MAX, settings);
  for (int i = 0; i < 10; ++i) talk.client("NOOP\r\n");
  EXPECT_EQ(talk.last_.status, ParseResult::Status::kOk);
  talk.client("NOOP\r\n");
  EXPECT_EQ(talk.last_.status, ParseResult::Status::kError);
  EXPECT_TRUE(talk.has(9, FtpEvent::too_many_transactions));
  const std::uint64_t before = FtpTransaction::kept_in_all();
  {
    settings.ftp.memcap = before + 4;
    Talk small(SIZE_MAX, settings);
    small.client("RETR abc\r\n").client("RETR abc\r\n");
    EXPECT_EQ(small.tx(0).data, "abc");
    EXPECT_EQ(small.tx(1).data, "");
  }
  EXPECT_EQ(FtpTransaction::kept_in_all(), before) << "given back";
}

TEST(FtpParser, TlsTakesOver) {
  Talk talk;
  talk.client("AUTH TLS\r\n").server("234 go\r\n");
  EXPECT_EQ(talk.last_.status, ParseResult::Status::kChange);
  EXPECT_EQ(talk.last_.next, AppProtocol::tls);
}

TEST(FtpParser, Record) {
  Talk talk;
  talk.client("PASV\r\n").server("227 k 10,0,0,2,1,2\r\n");
  std::vector<EveRecord> records;
  talk.tx(0).write_records(records, {});
  EXPECT_EQ(records.at(0).fields.at(0).second,
            R"({"command":"PASV","completion_code":["227"],"reply":["k 10,0,0,2,1,2"],"dynamic_port":258,)"
            R"("reply_received":"yes","reply_truncated":false})");
}

}  // namespace
}  // namespace bulkhead::app::ftp
