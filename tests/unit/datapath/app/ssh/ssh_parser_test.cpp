#include "datapath/app/ssh/ssh_parser.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/tls_builder.h"

namespace bulkhead::app::ssh {
namespace {

using namespace bulkhead::test;

constexpr Direction kClient = Direction::kToServer, kServer = Direction::kToClient;

class Talk {
 public:
  explicit Talk(std::size_t step = SIZE_MAX, Fingerprints hassh = Fingerprints::kYes)
      : step_(step), parser_(with(hassh)) {}

  void send(Direction d, std::string_view text) {
    for (std::size_t at = 0; at < text.size() && last_.status == ParseResult::Status::kOk;
         at += std::min(step_, text.size() - at)) {
      std::string& rest = rest_[bulkhead::index_of(d)];
      rest.append(text.substr(at, step_));
      last_ = parser_.parse(d, {reinterpret_cast<const Byte*>(rest.data()), rest.size()}, {});
      rest.erase(0, last_.consumed);
    }
  }
  SshTransaction& tx() { return static_cast<SshTransaction&>(*parser_.transactions().at(0)); }
  bool has(SshEvent e) { return std::count(tx().events.begin(), tx().events.end(), static_cast<std::uint8_t>(e)) == 1; }
  std::string record() {
    std::vector<EveRecord> records;
    tx().write_records(records, {});
    return records.empty() ? "" : records[0].fields.at(0).second;
  }
  SshParser& parser() { return parser_; }
  ParseResult last_;

 private:
  static AppSettings with(Fingerprints hassh) {
    AppSettings settings;
    settings.ssh.hassh = hassh;
    return settings;
  }
  std::size_t step_;
  SshParser parser_;
  std::string rest_[2];
};

std::string offer() {
  return ssh_offer({"curve25519-sha256,ext-info-c", "ssh-ed25519", "aes128-ctr", "aes256-ctr", "hmac-sha2-256",
                    "hmac-sha1", "none", "zlib", "", ""});
}
const std::string kNewKeys = ssh_packet("\x15");

TEST(SshParser, BannersOffersAndKeysInPiecesOfAnySize) {
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, SIZE_MAX}) {
    Talk talk(step);
    talk.send(kClient, "SSH-2.0-OpenSSH_9.2 with a comment\r\n");
    talk.send(kServer, "SSH-1.99-Cisco-1.25\n");
    talk.send(kClient, offer());
    talk.send(kServer, offer());
    SshTransaction& tx = talk.tx();
    EXPECT_EQ(tx.side(kClient).protocol, "2.0");
    EXPECT_EQ(tx.side(kClient).software, "OpenSSH_9.2");
    EXPECT_EQ(tx.side(kServer).protocol, "1.99");
    EXPECT_EQ(tx.side(kServer).software, "Cisco-1.25");
    EXPECT_EQ(tx.side(kClient).hassh_text, "curve25519-sha256,ext-info-c;aes128-ctr;hmac-sha2-256;none");
    EXPECT_EQ(tx.side(kClient).hassh, "cafb69eb1dbb2a4a505b5b25342a4940");
    EXPECT_EQ(tx.side(kServer).hassh_text, "curve25519-sha256,ext-info-c;aes256-ctr;hmac-sha1;zlib");
    EXPECT_EQ(tx.side(kServer).hassh, "1ae6b63630ebe80ee3b673a9848a69d5");
    talk.send(kClient, kNewKeys + std::string(100, '\xee'));
    EXPECT_EQ(talk.last_.status, ParseResult::Status::kOk);
    talk.send(kServer, kNewKeys);
    EXPECT_EQ(talk.last_.status, ParseResult::Status::kBypass);
    EXPECT_EQ(tx.progress[0], stage::kFinished);
    EXPECT_EQ(tx.progress[1], stage::kFinished);
  }
}

TEST(SshParser, HasshOnlyWhenAsked) {
  Talk talk(SIZE_MAX, Fingerprints::kAuto);
  talk.send(kClient, "SSH-2.0-c\r\n" + offer());
  EXPECT_TRUE(talk.tx().side(kClient).hassh.empty());
  EXPECT_EQ(talk.record(), R"({"client":{"proto_version":"2.0","software_version":"c"}})");
}

TEST(SshParser, LinesThatAreNoBanner) {
  for (const char* line : {"hello\r\n", "SSH-2.0\r\n", "SSH-2.0-\r\n", "SSH--x\r\n", "SSH-2.0- comment\r\n", "\n"}) {
    Talk talk;
    talk.send(kServer, line);
    EXPECT_EQ(talk.last_.status, ParseResult::Status::kError) << line;
    EXPECT_TRUE(talk.has(SshEvent::invalid_banner));
    EXPECT_EQ(talk.record(), "");
    EXPECT_EQ(talk.tx().progress[0], stage::kFinished);
  }
}

TEST(SshParser, LongBannersAreCut) {
  for (const std::size_t step : {std::size_t{1}, SIZE_MAX}) {
    Talk talk(step);
    talk.send(kClient, "SSH-2.0-" + std::string(300, 'x') + "\r\n" + offer());
    EXPECT_TRUE(talk.has(SshEvent::long_banner));
    EXPECT_EQ(talk.tx().side(kClient).software, std::string(kMaxBanner - 8, 'x'));
    EXPECT_FALSE(talk.tx().side(kClient).hassh.empty());
  }
}

TEST(SshParser, PacketsThatAreNone) {
  Talk padding;
  padding.send(kClient, "SSH-2.0-c\n" + be(10, 4) + be(9, 1) + be(20, 1));
  EXPECT_TRUE(padding.has(SshEvent::invalid_record));
  EXPECT_EQ(padding.last_.status, ParseResult::Status::kError);
  Talk giant(100);
  giant.send(kClient, "SSH-2.0-c\n" + ssh_packet("\x14" + std::string(40'000, 'x')) + kNewKeys);
  EXPECT_TRUE(giant.has(SshEvent::long_kex_record));
  EXPECT_EQ(giant.last_.status, ParseResult::Status::kOk);
}

TEST(SshParser, GapsOnlyWhereNothingIsRead) {
  Talk talk;
  talk.send(kClient, "SSH-2.0-c\n");
  EXPECT_FALSE(talk.parser().gap(kClient, 1));
  const std::string other = ssh_packet("\x1e" + std::string(100, 'k'));
  talk.send(kClient, other.substr(0, 50));
  EXPECT_TRUE(talk.parser().gap(kClient, other.size() - 50));
  talk.send(kClient, kNewKeys);
  EXPECT_TRUE(talk.parser().gap(kClient, 12345));
  talk.parser().end(kClient, {});
  talk.parser().end(kServer, {});
  talk.parser().give_up_oldest();
  talk.send(kServer, "SSH-2.0-s\n");
  EXPECT_EQ(talk.last_.status, ParseResult::Status::kDone);
}

TEST(SshParser, IsRecognised) {
  const auto probe = [](std::string_view text) {
    return probe_ssh(kClient, {reinterpret_cast<const Byte*>(text.data()), text.size()}, 22);
  };
  EXPECT_EQ(probe("SS"), Probe::kMore);
  EXPECT_EQ(probe("SSH-"), Probe::kYes);
  EXPECT_EQ(probe("SSL"), Probe::kNo);
}

}  // namespace
}  // namespace bulkhead::app::ssh
