#include "datapath/app/tls/tls_parser.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "datapath/app/protocol_table.h"
#include "tests/support/tls_builder.h"

namespace bulkhead::app::tls {
namespace {

using namespace bulkhead::test;

constexpr Direction kClient = Direction::kToServer, kServer = Direction::kToClient;

// One connection: bytes in any pieces, what is left over comes again.
class Talk {
 public:
  explicit Talk(std::size_t step = SIZE_MAX, const AppSettings& settings = {}) : step_(step), parser_(settings) {}

  void send(Direction d, std::string_view text) {
    for (std::size_t at = 0; at < text.size() && last_.status == ParseResult::Status::kOk;
         at += std::min(step_, text.size() - at)) {
      std::string& rest = rest_[bulkhead::index_of(d)];
      rest.append(text.substr(at, step_));
      last_ = parser_.parse(d, {reinterpret_cast<const Byte*>(rest.data()), rest.size()}, moment_);
      rest.erase(0, last_.consumed);
    }
  }
  TlsTransaction& tx() { return static_cast<TlsTransaction&>(*parser_.transactions().at(0)); }
  bool has(TlsEvent e) { return std::count(tx().events.begin(), tx().events.end(), static_cast<std::uint8_t>(e)) == 1; }
  TlsParser& parser() { return parser_; }
  ParseResult last_;
  ParseMoment moment_;

 private:
  std::size_t step_;
  TlsParser parser_;
  std::string rest_[2];
};

std::string client_hello(std::string_view sni = "example.org", const std::string& session = "") {
  HelloParts parts;
  parts.session_id = session;
  parts.extensions = tls_sni(sni);
  return tls_message(1, client_hello_body(parts));
}
std::string server_hello(const std::string& session = "", const std::string& extensions = "") {
  HelloParts parts;
  parts.session_id = session;
  parts.extensions = extensions;
  return tls_message(2, server_hello_body(parts));
}
std::string all_but_key_exchange() {
  return server_hello() + tls_message(11, certificates_body({"no DER at all", "second"})) + tls_message(14, "");
}

TEST(TlsParser, MessagesMayLieInAnyRecordsAndPieces) {
  const std::string flight = all_but_key_exchange();
  for (const std::size_t step : {std::size_t{1}, std::size_t{3}, std::size_t{50}, SIZE_MAX}) {
    for (const std::size_t record : {std::size_t{1}, std::size_t{5}, std::size_t{64}, flight.size()}) {
      Talk talk(step);
      talk.send(kClient, tls_record(22, client_hello(), 0x0301));
      for (std::size_t at = 0; at < flight.size(); at += record)
        talk.send(kServer, tls_record(22, flight.substr(at, record)));
      ASSERT_EQ(talk.last_.status, ParseResult::Status::kOk);
      EXPECT_EQ(talk.tx().client().hello->sni, "example.org");
      EXPECT_EQ(talk.tx().client().version, 0x0303);
      EXPECT_EQ(talk.tx().server().version, 0x0303);
      EXPECT_EQ(talk.tx().server().certificates, (std::vector<std::string>{"no DER at all", "second"}));
      EXPECT_TRUE(talk.has(TlsEvent::invalid_certificate));
      EXPECT_EQ(talk.tx().progress[bulkhead::index_of(kServer)], stage::kCertificate);
    }
  }
}

TEST(TlsParser, EncryptedFromApplicationDataOn) {
  Talk talk;
  talk.send(kClient, tls_record(22, client_hello()));
  talk.send(kServer, tls_record(22, server_hello()));
  EXPECT_FALSE(talk.tx().ready_to_log());
  EXPECT_FALSE(talk.last_.opaque);
  talk.send(kServer, tls_record(23, "secret"));
  EXPECT_TRUE(talk.tx().ready_to_log());
  EXPECT_TRUE(talk.last_.opaque);
  EXPECT_EQ(talk.tx().progress[0], stage::kDone);
}

TEST(TlsParser, WhatHappensThenIsASetting) {
  AppSettings settings;
  settings.tls.encryption = EncryptionHandling::kBypass;
  Talk bypass(SIZE_MAX, settings);
  bypass.send(kClient, tls_record(22, client_hello()) + tls_record(23, "x"));
  EXPECT_EQ(bypass.last_.status, ParseResult::Status::kBypass);
  settings.tls.encryption = EncryptionHandling::kFull;
  Talk full(SIZE_MAX, settings);
  full.send(kClient, tls_record(22, client_hello()) + tls_record(23, "x"));
  EXPECT_EQ(full.last_.status, ParseResult::Status::kOk);
  EXPECT_FALSE(full.last_.opaque);
}

TEST(TlsParser, EarlyDataIsNotTheEndOfTheHandshake) {
  HelloParts parts;
  parts.extensions = tls_extension(42, "") + tls_extension(43, counted(numbers({0x0304}), 1));
  Talk talk;
  talk.send(kClient,
            tls_record(22, tls_message(1, client_hello_body(parts))) + tls_record(20, "\1") + tls_record(23, "early"));
  EXPECT_FALSE(talk.tx().handshake_done);
  talk.send(kServer, tls_record(22, server_hello("", tls_extension(43, be(0x0304, 2)))) + tls_record(20, "\1"));
  EXPECT_EQ(talk.tx().server().version, 0x0304);
  EXPECT_FALSE(talk.tx().session_resumed);
  talk.send(kServer, tls_record(23, "late"));
  EXPECT_TRUE(talk.tx().handshake_done);
}

TEST(TlsParser, ASessionThatIsTakenUpAgain) {
  Talk talk;
  talk.send(kClient, tls_record(22, client_hello("a", "12345678")));
  talk.send(kServer,
            tls_record(22, server_hello("12345678")) + tls_record(20, "\1") + tls_record(22, std::string(40, '\xee')));
  EXPECT_TRUE(talk.tx().session_resumed);
  EXPECT_FALSE(talk.tx().ready_to_log());
  talk.send(kClient, tls_record(20, "\1") + tls_record(22, std::string(40, '\xee')) + tls_record(23, "x"));
  EXPECT_TRUE(talk.tx().ready_to_log());
  Talk fresh;
  fresh.send(kClient, tls_record(22, client_hello("a", "12345678")));
  fresh.send(kServer, tls_record(22, server_hello("87654321")) + tls_record(20, "\1"));
  EXPECT_FALSE(fresh.tx().session_resumed);
}

TEST(TlsParser, ClientCertificateIsWaitedFor) {
  Talk talk;
  talk.send(kClient, tls_record(22, client_hello()));
  talk.send(kServer, tls_record(22, server_hello() + tls_message(13, "types")));
  EXPECT_TRUE(talk.tx().certificate_requested);
  EXPECT_FALSE(talk.tx().client_certificate_seen);
  talk.send(kClient, tls_record(22, tls_message(11, certificates_body({"c"}))));
  EXPECT_TRUE(talk.tx().client_certificate_seen);
  EXPECT_EQ(talk.tx().client().certificates, std::vector<std::string>{"c"});
}

TEST(TlsParser, StateIsThatOfTheLastBytes) {
  Talk talk;
  talk.send(kClient, tls_record(22, client_hello()));
  EXPECT_EQ(talk.tx().last_messages, state::kClientHello);
  talk.send(kServer, tls_record(22, server_hello()) + tls_record(22, tls_message(12, "keys") + tls_message(14, "")));
  EXPECT_EQ(talk.tx().last_messages, state::kServerKeyExchange);
  talk.send(kClient, tls_record(22, tls_message(16, "keys")));
  EXPECT_EQ(talk.tx().last_messages, state::kClientKeyExchange);
  talk.send(kServer, tls_record(21, "\1\1"));
  EXPECT_EQ(talk.tx().last_messages, 0);
}

TEST(TlsParser, Heartbeats) {
  const auto events = [](const std::string& body, bool encrypted) {
    Talk talk;
    talk.send(kClient, tls_record(22, client_hello()));
    if (encrypted) talk.send(kClient, tls_record(20, "\1"));
    talk.send(kServer, tls_record(22, server_hello()));
    if (encrypted) talk.send(kServer, tls_record(20, "\1"));
    talk.send(kClient, tls_record(24, body));
    talk.send(kServer, tls_record(24, std::string(200, 'x')));
    return talk.tx().events;
  };
  const auto only = [](TlsEvent e) { return std::vector<std::uint8_t>{static_cast<std::uint8_t>(e)}; };
  const std::string pad(16, 'p');
  // The answer, of type 'x', is no heartbeat when it can be read.
  EXPECT_EQ(events(std::string("\1\0\4", 3) + "data" + pad, false), only(TlsEvent::invalid_heartbeat_message));
  EXPECT_EQ(events(std::string("\1\x40\0", 3), false).front(),
            static_cast<std::uint8_t>(TlsEvent::overflow_heartbeat_message));
  EXPECT_EQ(events(std::string("\1\0\4", 3) + "data" + pad, true), only(TlsEvent::dataleak_heartbeat_mismatch));
  EXPECT_TRUE(events(std::string(300, 'y'), true).empty());
}

TEST(TlsParser, RecordsThatAreNone) {
  const auto parse = [](const std::string& text) {
    Talk talk;
    talk.send(kClient, tls_record(22, client_hello()) + text);
    EXPECT_EQ(talk.last_.status, ParseResult::Status::kError);
    return talk.tx().events.at(0);
  };
  EXPECT_EQ(parse(tls_record(99, "x")), static_cast<std::uint8_t>(TlsEvent::invalid_record_type));
  Talk version;  // of the first record of a side
  version.send(kClient, tls_record(22, client_hello()));
  version.send(kServer, tls_record(22, server_hello(), 0x1234));
  EXPECT_EQ(version.last_.status, ParseResult::Status::kError);
  EXPECT_TRUE(version.has(TlsEvent::invalid_record_version));
  EXPECT_EQ(parse(std::string("\x17\3\3\xff\xff", 5)), static_cast<std::uint8_t>(TlsEvent::invalid_record_length));
  EXPECT_EQ(parse(tls_record(22, tls_message(1, "short"))),
            static_cast<std::uint8_t>(TlsEvent::handshake_invalid_length));
  EXPECT_EQ(parse(tls_record(22, tls_message(1, std::string(40, '\xff')))),
            static_cast<std::uint8_t>(TlsEvent::invalid_handshake_message));
  Talk unknown;  // a type that does not exist is stepped over
  unknown.send(kClient, tls_record(22, client_hello() + tls_message(99, "what?")));
  EXPECT_EQ(unknown.last_.status, ParseResult::Status::kOk);
  EXPECT_TRUE(unknown.has(TlsEvent::invalid_handshake_message));
  std::string many;
  for (int i = 0; i < 300; ++i) many += tls_record(21, "");
  EXPECT_EQ(parse(many), static_cast<std::uint8_t>(TlsEvent::too_many_records_in_packet));
}

TEST(TlsParser, LongMessagesAreSteppedOver) {
  Talk talk(1000);
  talk.send(kClient, tls_record(22, client_hello()));
  const std::string giant = tls_message(11, std::string(100'000, 'z'));
  for (std::size_t at = 0; at < giant.size(); at += 16'000)
    talk.send(kServer, tls_record(22, giant.substr(at, 16'000)));
  EXPECT_TRUE(talk.has(TlsEvent::handshake_invalid_length));
  talk.send(kServer, tls_record(22, server_hello()));
  EXPECT_TRUE(talk.tx().server().hello.has_value());
}

TEST(TlsParser, TheOldHelloOfSsl2) {
  const std::string body =
      std::string("\1") + be(0x0301, 2) + be(3, 2) + be(0, 2) + be(16, 2) + be(4, 3) + std::string(16, 'c');
  for (const std::size_t step : {std::size_t{1}, SIZE_MAX}) {
    Talk talk(step);
    talk.send(kClient, be(0x8000 | body.size(), 2) + body);
    ASSERT_EQ(talk.last_.status, ParseResult::Status::kOk);
    EXPECT_EQ(talk.tx().client().version, 0x0200);
    talk.send(kServer, tls_record(22, server_hello(), 0x0301));
    EXPECT_EQ(talk.tx().server().version, 0x0303);
  }
  Talk bad;
  bad.send(kClient, std::string("\x80\x10\2\0\0", 5));
  EXPECT_TRUE(bad.has(TlsEvent::invalid_sslv2_header));
}

TEST(TlsParser, GapsInWhatIsEncryptedDoNotHurt) {
  Talk talk;
  talk.send(kClient, tls_record(22, client_hello()));
  const std::string data = tls_record(23, std::string(1000, 'x'));
  talk.send(kServer, tls_record(22, server_hello()) + data.substr(0, 100));
  EXPECT_TRUE(talk.parser().gap(kServer, 200));
  talk.send(kServer, data.substr(300));
  EXPECT_TRUE(talk.tx().handshake_done);
  EXPECT_FALSE(talk.parser().gap(kServer, 10));
}

TEST(TlsParser, NothingAfterTheEnd) {
  Talk talk;
  talk.send(kClient, tls_record(22, client_hello()));
  talk.parser().end(kClient, {});
  talk.parser().end(kServer, {});
  EXPECT_EQ(talk.tx().progress[0], stage::kFinished);
  talk.parser().give_up_oldest();  // as the pipeline may do now
  talk.send(kServer, tls_record(22, server_hello()));
  EXPECT_EQ(talk.last_.status, ParseResult::Status::kDone);
}

TEST(TlsParser, FingerprintsAreMadeWhenAsked) {
  AppSettings settings;
  Talk without(SIZE_MAX, settings);
  without.send(kClient, tls_record(22, client_hello()));
  EXPECT_TRUE(without.tx().ja3.hash.empty());
  settings.tls.rules_use_ja3 = true;
  settings.tls.ja4 = Fingerprints::kYes;
  Talk with(SIZE_MAX, settings);
  with.send(kClient, tls_record(22, client_hello()));
  EXPECT_EQ(with.tx().ja3.text, "771,49195-49199,0,,");
  EXPECT_EQ(with.tx().ja4.substr(0, 10), "t12d020100");
}

TEST(TlsParser, RecordsNameWhatCameBefore) {
  Talk talk;
  talk.moment_.before = AppProtocol::smtp;
  talk.send(kClient, tls_record(22, client_hello()));
  std::vector<EveRecord> records;
  talk.tx().write_records(records, {});
  ASSERT_EQ(records.size(), 1U);
  EXPECT_FALSE(records[0].with_tx_id);
  EXPECT_EQ(records[0].fields.at(0).second, R"({"sni":"example.org","version":"UNDETERMINED","from_proto":"smtp"})");
  EveOptions some;
  some.tls_custom = {"version"};
  records.clear();
  talk.tx().write_records(records, some);
  EXPECT_EQ(records[0].fields.at(0).second, R"({"version":"UNDETERMINED","from_proto":"smtp"})");
}

TEST(TlsParser, IsRecognised) {
  const auto probe = [](Direction d, std::string_view text) {
    return probe_tls(d, {reinterpret_cast<const Byte*>(text.data()), text.size()}, 443);
  };
  EXPECT_EQ(probe(kClient, "\x16"), Probe::kMore);
  EXPECT_EQ(probe(kClient, "\x16\3\1"), Probe::kYes);
  EXPECT_EQ(probe(kServer, "\x16\3\3\2"), Probe::kYes);
  EXPECT_EQ(probe(kServer, "\x16\3\x09"), Probe::kNo);
  EXPECT_EQ(probe(kServer, "\x17\3\3"), Probe::kNo);
  EXPECT_EQ(probe(kClient, "\x80\x2e\1\3\1"), Probe::kYes);
  EXPECT_EQ(probe(kServer, "\x80\x2e\1\3\1"), Probe::kNo);
  EXPECT_EQ(probe(kClient, "\x80\x2e\2\3\1"), Probe::kNo);
}

}  // namespace
}  // namespace bulkhead::app::tls
