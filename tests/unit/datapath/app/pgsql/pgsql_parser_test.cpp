#include "datapath/app/pgsql/pgsql_parser.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>

#include "datapath/app/app_settings.h"

namespace bulkhead::app::pgsql {
namespace {

using namespace std::string_literals;

constexpr Direction kClient = Direction::kToServer, kServer = Direction::kToClient;

std::string be32(std::uint32_t v) {
  std::string out(4, '\0');
  store_be32(reinterpret_cast<Byte*>(out.data()), v);
  return out;
}
std::string message(char type, const std::string& content = "") {
  return type + be32(static_cast<std::uint32_t>(content.size() + 4)) + content;
}
std::string startup(const std::string& content) {
  return be32(static_cast<std::uint32_t>(content.size() + 8)) + be32(3 << 16) + content;
}
const std::string kReady = message('Z', "I");
const std::string kSslRequest = be32(8) + be32(80877103);

class Talk {
 public:
  explicit Talk(std::size_t step = SIZE_MAX, PgsqlSettings settings = {}) : step_(step) {
    settings_.pgsql = settings;
    parser_ = std::make_unique<PgsqlParser>(settings_);
  }
  void send(Direction d, std::string_view text) {
    for (std::size_t at = 0; at < text.size(); at += std::min(step_, text.size() - at)) {
      std::string& rest = rest_[bulkhead::index_of(d)];
      rest.append(text.substr(at, step_));
      last = parser_->parse(d, {reinterpret_cast<const Byte*>(rest.data()), rest.size()}, {});
      rest.erase(0, last.consumed);
    }
  }
  void log_in() {
    send(kClient, startup("user\0me\0database\0db\0\0"s));
    send(kServer,
         message('R', be32(0)) + message('S', "DateStyle\0ISO, MDY\0"s) + message('K', be32(7) + be32(9)) + kReady);
  }
  PgsqlTransaction& tx(std::size_t i) { return static_cast<PgsqlTransaction&>(*parser_->transactions().at(i)); }
  std::size_t count() { return parser_->transactions().size(); }
  bool done(std::size_t i) { return tx(i).finished(kClient) && tx(i).finished(kServer); }
  bool has(std::size_t i, PgsqlEvent e) {
    return std::count(tx(i).events.begin(), tx(i).events.end(), static_cast<std::uint8_t>(e)) == 1;
  }
  std::string record(std::size_t i, const EveOptions& options = {}) {
    std::vector<EveRecord> records;
    tx(i).write_records(records, options);
    return records.at(0).fields.at(0).second;
  }
  PgsqlParser& parser() { return *parser_; }
  ParseResult last;

 private:
  std::size_t step_;
  AppSettings settings_;
  std::unique_ptr<PgsqlParser> parser_;
  std::string rest_[2];
};

TEST(PgsqlParser, StartupAndQueryInPiecesOfAnySize) {
  for (const std::size_t step : {std::size_t{1}, std::size_t{4}, SIZE_MAX}) {
    Talk talk(step);
    talk.log_in();
    talk.send(kClient, message('Q', "select 1\0"s));
    talk.send(kServer,
              message('T', "\0\2"s + std::string(40, 'x')) + message('D', "\0\2"s + be32(1) + "1" + be32(0xffffffff)) +
                  message('D', "\0\2"s + be32(2) + "22" + be32(1) + "x") + message('C', "SELECT 2\0"s) + kReady);
    talk.send(kClient, message('X'));
    ASSERT_EQ(talk.count(), 3U);
    EXPECT_TRUE(talk.done(0) && talk.done(1) && talk.done(2));
    EXPECT_EQ(talk.record(0),
              R"({"tx_id":1,"request":{"protocol_version":"3.0","startup_parameters":{"user":"me",)"
              R"("optional_parameters":[{"database":"db"}]}},"response":{"message":"authentication_ok",)"
              R"("parameter_status":[{"date_style":"ISO, MDY"}],"process_id":7,"secret_key":9}})");
    EXPECT_EQ(talk.record(1),
              R"({"tx_id":2,"request":{"simple_query":"select 1"},"response":{"field_count":2,"data_rows":2,)"
              R"("data_size":4,"command_completed":"SELECT 2"}})");
    EXPECT_EQ(talk.record(2), R"({"tx_id":3,"request":{"message":"termination_message"}})");
    EXPECT_TRUE(talk.tx(1).events.empty());
  }
}

TEST(PgsqlParser, SslRefusedOrAccepted) {
  Talk refused;
  refused.send(kClient, kSslRequest);
  refused.send(kServer, "N");
  EXPECT_EQ(refused.record(0), R"({"tx_id":1,"request":{"message":"SSL Request"},"response":{"ssl_accepted":false}})");
  refused.log_in();
  EXPECT_TRUE(refused.done(1));
  Talk accepted;
  accepted.send(kClient, kSslRequest);
  accepted.send(kServer, "S");
  EXPECT_EQ(accepted.last.status, ParseResult::Status::kChange);
  EXPECT_EQ(accepted.last.next, AppProtocol::tls);
  EXPECT_TRUE(accepted.done(0));
}

TEST(PgsqlParser, Authentication) {
  Talk talk;
  talk.send(kClient, startup("user\0u\0\0"s));
  talk.send(kServer, message('R', be32(10) + "SCRAM-SHA-256\0\0"s));
  talk.send(kClient, message('p', "SCRAM-SHA-256\0"s + be32(6) + "n,,n=,"));
  talk.send(kServer, message('R', be32(11) + "r=a"));
  talk.send(kClient, message('p', "c=b"));
  talk.send(kServer, message('R', be32(12) + "v=d") + message('R', be32(0)) + kReady);
  ASSERT_EQ(talk.count(), 3U);
  EXPECT_EQ(talk.tx(0).request.database, "u");  // the user's name when none is given
  EXPECT_EQ(talk.record(1),
            R"({"tx_id":2,"request":{"sasl_authentication_mechanism":"scram_SHA256","sasl_param":"n,,n=,"},)"
            R"("response":{"message":"authentication_sasl_continue"}})");
  EXPECT_EQ(talk.record(2),
            R"({"tx_id":3,"request":{"sasl_response":"c=b"},"response":{"authentication_sasl_final":"v=d",)"
            R"("message":"authentication_ok"}})");

  Talk md5;
  md5.send(kClient, startup("user\0u\0\0"s));
  md5.send(kServer, message('R', be32(5) + "salt"));
  md5.send(kClient, message('p', "md5secret\0"s));
  EveOptions options;
  EXPECT_EQ(md5.record(1, options), R"({"tx_id":2,"request":{"password_redacted":true}})");
  options.pgsql_passwords = true;
  EXPECT_EQ(md5.record(1, options), R"({"tx_id":2,"request":{"password":"md5secret"}})");
  EXPECT_NE(md5.record(0).find(R"("authentication_md5_password":"salt")"), std::string::npos);
}

TEST(PgsqlParser, ErrorsAndNotices) {
  Talk talk;
  talk.log_in();
  talk.send(kClient, message('Q', "bad\0"s));
  talk.send(kServer, message('N', "SNOTICE\0Mhey\0\0"s) + message('E', "SERROR\0VERROR\0C42601\0Msyntax\0L5\0\0"s));
  EXPECT_FALSE(talk.done(1));
  talk.send(kServer, kReady);
  EXPECT_TRUE(talk.done(1));
  EXPECT_EQ(talk.record(1), R"({"tx_id":2,"request":{"simple_query":"bad"},"response":{"severity_localizable":"ERROR",)"
                            R"("severity_non_localizable":"ERROR","code":"42601","message":"syntax","line":"5",)"
                            R"("notices":[{"severity_localizable":"NOTICE","message":"hey"}]}})");
  Talk refused;
  refused.send(kClient, startup("user\0u\0\0"s));
  refused.send(kServer, message('E', "SFATAL\0Mno\0\0"s));
  EXPECT_TRUE(refused.done(0));
  Talk known;  // who it is was believed, the role is not there: the server ends the connection
  known.send(kClient, startup("user\0u\0\0"s));
  known.send(kServer, message('R', be32(0)) + message('E', "SFATAL\0Mno role\0\0"s));
  EXPECT_FALSE(known.done(0));
}

TEST(PgsqlParser, ExtendedQueriesAreOneUpToSync) {
  Talk talk;
  talk.log_in();
  talk.send(kClient, message('P', "s\0select $1\0\0\0"s) + message('B', "\0s\0\0\0\0\0\0\0"s) +
                         message('E', "\0"s + be32(0)) + message('P', "\0select 2\0\0\0"s) + message('S') +
                         message('Q', "after\0"s));
  ASSERT_EQ(talk.count(), 3U);
  EXPECT_EQ(talk.tx(1).request.queries, (std::vector<std::string>{"select $1", "select 2"}));
  talk.send(kServer, message('1') + message('2') + message('C', "SELECT 1\0"s) + kReady);
  EXPECT_TRUE(talk.done(1));
  EXPECT_FALSE(talk.done(2));
  talk.send(kServer, kReady);
  EXPECT_TRUE(talk.done(2));
}

TEST(PgsqlParser, CopyIsCounted) {
  Talk talk;
  talk.log_in();
  talk.send(kClient, message('Q', "copy t from stdin\0"s));
  talk.send(kServer, message('G', "\0\0\1\0\0"s));
  talk.send(kClient, message('d', "1\n") + message('d', "22\n") + message('c'));
  talk.send(kServer, message('C', "COPY 2\0"s) + kReady);
  EXPECT_EQ(talk.count(), 2U);
  EXPECT_EQ(talk.record(1),
            R"({"tx_id":2,"request":{"simple_query":"copy t from stdin","copy_data_in":{"msg_count":2,"data_size":5}},)"
            R"("response":{"copy_columns":1,"command_completed":"COPY 2"}})");
}

TEST(PgsqlParser, LongMessagesAndGaps) {
  Talk talk(SIZE_MAX, {.max_message = 16});
  talk.log_in();
  talk.send(kClient, message('Q', std::string(100, 'a') + "\0"s) + message('Q', "b\0"s));
  ASSERT_EQ(talk.count(), 3U);
  EXPECT_EQ(talk.tx(1).request.queries.front(), std::string(16, 'a'));
  EXPECT_TRUE(talk.has(1, PgsqlEvent::message_truncated));
  talk.send(kServer, message('D', "\0\1"s + be32(100) + std::string(100, 'x')).substr(0, 20));
  EXPECT_TRUE(talk.parser().gap(kServer, 50));
  talk.send(kServer, std::string(41, 'x') + kReady);
  EXPECT_TRUE(talk.done(1));
  EXPECT_TRUE(talk.parser().gap(kServer, 1));
  const std::size_t before = talk.count();
  talk.send(kServer, "what follows a hole is not read");
  EXPECT_EQ(talk.count(), before);
}

TEST(PgsqlParser, BadLengthsEndIt) {
  Talk talk;
  talk.log_in();
  talk.send(kClient, "Q\0\0\0\1"s);
  EXPECT_EQ(talk.last.status, ParseResult::Status::kError);
  EXPECT_TRUE(talk.has(1, PgsqlEvent::malformed_request));
  EXPECT_TRUE(talk.done(1));
}

TEST(PgsqlParser, Detection) {
  const auto probe = [](Direction d, const std::string& text, std::uint16_t port) {
    return probe_pgsql(d, {reinterpret_cast<const Byte*>(text.data()), text.size()}, port);
  };
  EXPECT_EQ(probe(kClient, kSslRequest, 4711), Probe::kYes);
  EXPECT_EQ(probe(kClient, kSslRequest.substr(0, 4), 4711), Probe::kMore);
  EXPECT_EQ(probe(kClient, startup("user\0u\0\0"s), 4711), Probe::kYes);
  EXPECT_EQ(probe(kClient, startup("\x01ser\0u\0\0"s), 4711), Probe::kNo);
  EXPECT_EQ(probe(kClient, message('Q', "x\0"s), 4711), Probe::kNo);
  EXPECT_EQ(probe(kClient, message('Q', "x\0"s), 5432), Probe::kYes);
  EXPECT_EQ(probe(kServer, kReady, 5432), Probe::kYes);
  EXPECT_EQ(probe(kClient, "GET / HTTP/1.1\r\n", 5432), Probe::kNo);
  EXPECT_EQ(probe(kServer, message('N', "SERROR\0\0"s) + kReady, 5432), Probe::kYes);
  EXPECT_EQ(probe(kServer, "N\0\0\0\n8.0.36-0ubuntu0.22.04.1\0"s, 5432), Probe::kNo) << "MySQL greets";
}

}  // namespace
}  // namespace bulkhead::app::pgsql
