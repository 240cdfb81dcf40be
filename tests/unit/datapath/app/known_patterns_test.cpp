#include "datapath/app/known_patterns.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>

#include "datapath/app/app_layer.h"
#include "datapath/app/probe_table.h"
#include "datapath/app/protocol_table.h"
#include "tests/support/tcp_conversation.h"

namespace bulkhead::app {
namespace {

using namespace std::string_literals;
using P = AppProtocol;
constexpr Direction kUp = Direction::kToServer;
constexpr Direction kDown = Direction::kToClient;

// First bytes as real clients and servers send them.
struct Sample {
  P id;
  bool tcp;
  Direction direction;
  std::string bytes;
  std::uint16_t port = 4242;
};

FlowTuple tuple_to(bool tcp, std::uint16_t port) {
  FlowTuple out;
  out.protocol = tcp ? ip_proto::kTcp : ip_proto::kUdp;
  out.source_port = 40000;
  out.destination_port = port;
  return out;
}

std::string nul(std::size_t count) {
  return std::string(count, '\0');
}

const std::vector<Sample>& samples() {
  static const std::string kRpcHead = "\x12\x34\x56\x78\0\0\0\0\0\0\0\x02"s;
  static const std::string kIke =
      "\x11\x22\x33\x44\x55\x66\x77\x88"s + nul(8) + "\x21\x20\x22\x08"s + nul(4) + "\0\0\0\x1c"s;
  static const std::string kKrb5 =
      "\x6a\x16\x30\x14\xa1\x03\x02\x01\x05\xa2\x03\x02\x01\x0a\xa4\x08\x30\x06\xa0\x04\x03\x02\0\0"s;
  static const std::vector<Sample> all = {
      {P::smb, true, kUp, "\0\0\0\x40\xfeSMB\x40"s + nul(59)},
      {P::smb, true, kDown, "\0\0\0\x40\xffSMB\x72"s + nul(59)},
      {P::dcerpc, true, kUp, "\x05\0\x0b\x03\x10\0\0\0\x48\0\0\0\x01\0\0\0"s + nul(56)},
      {P::nfs, true, kUp, "\x80\0\0\x28"s + kRpcHead + "\0\x01\x86\xa3\0\0\0\x03\0\0\0\0"s + nul(16)},
      {P::krb5, false, kUp, kKrb5},
      {P::krb5, true, kUp, "\0\0\0\x18"s + kKrb5 + nul(8)},
      {P::ike, false, kUp, kIke},
      {P::ike, false, kUp, nul(4) + kIke, 4500},
      {P::quic, false, kUp, "\xc3\0\0\0\x01\x08"s + "12345678" + nul(1200)},
      {P::sip, false, kUp, "REGISTER sip:example.org SIP/2.0\r\nVia: x\r\n\r\n"},
      {P::sip, true, kDown, "SIP/2.0 200 OK\r\n\r\n"},
      {P::rfb, true, kDown, "RFB 003.008\n"},
      {P::bittorrent_dht, false, kUp, "d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe"},
      {P::telnet, true, kDown, "\xff\xfd\x18\xff\xfd\x20"s},
      {P::rdp, true, kUp, "\x03\0\0\x2a\x25\xe0\0\0\0\0\0Cookie: mstshash=anna\r\n\x01\0\x08\0\0\0\0\0"s},
      {P::rdp, true, kDown, "\x03\0\0\x13\x0e\xd0\0\0\x12\x34\0\x02\0\x08\0\0\0\0\0"s},
      {P::dnp3, true, kUp, "\x05\x64\x05\xc9\x01\0\0\x04\x9c\xd1"s, 20000},
      {P::modbus, true, kUp, "\0\x01\0\0\0\x06\x01\x03\0\0\0\x0a"s, 502},
      {P::enip, true, kUp, "\x65\0\x04\0"s + nul(24), 44818},
      {P::irc, true, kUp, "NICK anna\r\nUSER a 0 * :Anna\r\n"},
      {P::irc, true, kDown, ":irc.example.org NOTICE * :*** Looking up your hostname\r\n"},
      {P::xmpp, true, kUp, "<?xml version='1.0'?><stream:stream to='x' xmlns='jabber:client' version='1.0'>"},
      {P::rtsp, true, kUp, "DESCRIBE rtsp://cam/1 RTSP/1.0\r\nCSeq: 1\r\n\r\n"},
      {P::rtsp, true, kDown, "RTSP/1.0 200 OK\r\n\r\n"},
      {P::nntp, true, kDown, "200 news.example.org InterNetNews NNRP server ready\r\n"},
      {P::syslog, false, kUp, "<34>Oct 11 22:14:15 host su: failed"},
      {P::syslog, true, kUp, "<165>1 2003-08-24T05:14:15Z host app - - - x\n"},
      {P::rsync, true, kDown, "@RSYNCD: 31.0\n"},
      {P::git, true, kUp, "0033git-upload-pack /project.git\0host=h\0"s},
      {P::svn, true, kDown, "( success ( 2 2 ( ) ( edit-pipeline svndiff1 ) ) ) "},
      {P::finger, true, kUp, "anna\r\n", 79},
      {P::gopher, true, kUp, "/docs\r\n", 70},
      {P::gopher, true, kDown, "1Docs\t/docs\tgopher.example.org\t70\r\n"},
      {P::whois, true, kUp, "example.org\r\n", 43},
      {P::bittorrent, true, kUp,
       "\x13"
       "BitTorrent protocol"s +
           nul(48)},
      {P::cassandra, true, kUp,
       "\x04\0\0\0\x01\0\0\0\x16\0\x01\0\x0b"
       "CQL_VERSION\0\x05"
       "3.4.4"s},
      {P::cassandra, true, kUp, "\x05\0\0\0\x05\0\0\0\0"s},
      {P::cassandra, true, kDown, "\x84\0\0\x01\x02\0\0\0\0"s},
      {P::zookeeper, true, kUp, "\0\0\0\x2d"s + nul(12) + "\0\0\x75\x30"s + nul(8) + "\0\0\0\x10"s + nul(17)},
      {P::zookeeper, true, kUp, "ruok"},
      {P::zookeeper, true, kUp, "mntr\n"},
      {P::elasticsearch, true, kUp, "ES\0\0\0\x2a"s + nul(42)},
      {P::mssql, true, kUp, "\x12\x01\0\x2f\0\0\x01\0\0\0\x1a\0\x06\x01\0\x20\0\x01\x02\0\x21\0\x01\xff"s + nul(24)},
      {P::oracle, true, kUp, "\0\x50\0\0\x01\0\0\0"s + nul(26) + "(DESCRIPTION=(CONNECT_DATA=(SID=XE)))"},
      {P::socks4, true, kUp,
       "\x04\x01\0\x50\x0a\x01\x02\x03"
       "anna\0"s},
      {P::socks4, true, kUp, "\x04\x01\0\x50\0\0\0\x01\0example.org\0"s},
      {P::socks5, true, kUp, "\x05\x02\0\x02"s},
      {P::rtmp, true, kUp, "\x03\0\0\x12\x34"s + nul(4) + std::string(1528, 'x')},
      {P::bgp, true, kUp, std::string(16, '\xff') + "\0\x1d\x01\x04\xfd\xe8\0\xb4\x0a\0\0\x01\0"s},
      {P::ajp, true, kUp, "\x12\x34\0\x20\x02\x02\0\x08HTTP/1.1"s + nul(32)},
      {P::fastcgi, true, kUp, "\x01\x01\0\x01\0\x08\0\0\0\x01\0\0\0\0\0\0"s},
      {P::jdwp, true, kUp, "JDWP-Handshake"},
      {P::rmi, true, kUp, "JRMI\0\x02\x4b"s},
      {P::x11, true, kUp, "l\0\x0b\0\0\0\x12\0\x10\0\0\0MIT-MAGIC-COOKIE-1"s + nul(18)},
      {P::rpc, true, kUp, "\x80\0\0\x28"s + kRpcHead + "\0\x01\x86\xa0\0\0\0\x02\0\0\0\x03"s + nul(16)},
      {P::openvpn, false, kUp,
       "\x38"
       "12345678"s +
           nul(5)},
      {P::openvpn, true, kUp,
       "\0\x0e\x38"
       "12345678"s +
           nul(5)},
      {P::mdns, false, kUp, nul(4) + "\0\x01"s + nul(6) + "\x05local\0\0\x0c\0\x01"s, 5353},
      {P::llmnr, false, kUp, "\x12\x34\0\0\0\x01"s + nul(6) + "\x04wpad\0\0\x01\0\x01"s, 5355},
      {P::stun, false, kUp,
       "\0\x01\0\0\x21\x12\xa4\x42"
       "abcdefghijkl"s},
      {P::radius, false, kUp,
       "\x01\x07\0\x1a"s + std::string(16, 'a') +
           "\x01\x06"
           "anna"s},
      {P::wireguard, false, kUp, "\x01\0\0\0"s + std::string(144, 'k')},
      {P::coap, false, kUp, "\x41\x01\x00\x01\x7f\xb6sensor\x04temp"s},
  };
  return all;
}

ByteSpan bytes_of(const std::string& text) {
  return {reinterpret_cast<const Byte*>(text.data()), text.size()};
}

TEST(KnownPatterns, EachNameIsRecognisedByItsFirstBytes) {
  AppSettings settings;  // with its parser, DNS takes multicast and link-local names too
  settings.enabled.reset(index_of(P::dns));
  const ProbeTable table{settings};
  for (const Sample& sample : samples()) {
    const Recognised found =
        table.find(tuple_to(sample.tcp, sample.port), sample.direction, bytes_of(sample.bytes), true);
    EXPECT_EQ(name_of(found.id), name_of(sample.id)) << sample.bytes.substr(0, 40);
  }
}

TEST(KnownPatterns, EveryRowHasASampleAndEveryNameAWayToBeFound) {
  std::set<P> sampled;
  for (const Sample& sample : samples()) sampled.insert(sample.id);
  for (const KnownPattern& row : known_patterns()) EXPECT_TRUE(sampled.contains(row.id)) << name_of(row.id);
  // Found by other means: a change of protocol, a parent connection, the content of HTTP.
  const std::set<P> elsewhere = {P::websocket, P::ftp_data, P::docker, P::kubelet, P::etcd, P::grpc};
  std::size_t recognised = 0;
  for (std::size_t i = kFirstAppProtocol; i < kAppProtocolCount; ++i) {
    const auto p = static_cast<P>(i);
    if (has_known_pattern(p) || find_protocol(p) != nullptr) ++recognised;
  }
  EXPECT_GE(recognised + elsewhere.size(), 60U);
}

TEST(KnownPatterns, NamesWithAParserHaveAProbeInstead) {
  for (const KnownPattern& pattern : known_patterns())
    EXPECT_EQ(find_protocol(pattern.id), nullptr) << name_of(pattern.id);
}

TEST(KnownPatterns, AnUnfinishedStartIsNotTakenForAnotherName) {
  const ProbeTable table{AppSettings()};
  for (const Sample& sample : samples()) {
    if (!sample.tcp) continue;
    for (std::size_t length = 1; length < std::min<std::size_t>(sample.bytes.size(), 64); ++length) {
      const Recognised found =
          table.find(tuple_to(true, sample.port), sample.direction, bytes_of(sample.bytes).first(length), true);
      EXPECT_TRUE(found.id == P::kUnknown || found.id == sample.id)
          << name_of(sample.id) << " looks like " << name_of(found.id) << " after " << length;
    }
  }
}

TEST(KnownPatterns, RandomBytesAreNothing) {
  const ProbeTable table{AppSettings()};
  std::mt19937 random(7);
  std::size_t wrong = 0;
  std::string bytes;
  for (int round = 0; round < 200'000; ++round) {
    bytes.resize(1 + random() % 200);
    for (char& c : bytes) c = static_cast<char>(random());
    for (const bool tcp : {false, true}) {
      for (const Direction d : {kUp, kDown})
        wrong += table.find(tuple_to(tcp, 4242), d, bytes_of(bytes), true).id != P::kUnknown;
    }
  }
  EXPECT_LE(wrong, 8U);  // one in a hundred thousand
}

TEST(KnownPatterns, PlainTextIsNothing) {
  const ProbeTable table{AppSettings()};
  for (const std::string& text :
       {"hello world\r\n"s, "ls -la\n"s, "id\n"s, "uid=0(root) gid=0(root)\n"s, "{\"a\":1}\n"s, "<html><body>"s,
        "+OK\r\n"s, "200 OK\r\n"s, "cat /etc/passwd | nc 10.0.0.1 4444\n"s, "stat x\n"s, "* item\n"s}) {
    for (const Direction d : {kUp, kDown}) {
      EXPECT_EQ(name_of(table.find(tuple_to(true, 4444), d, bytes_of(text), true).id), "") << text;
      EXPECT_EQ(name_of(table.find(tuple_to(false, 4444), d, bytes_of(text), true).id), "") << text;
    }
  }
}

TEST(KnownPatterns, AFirstByteLeadsToFewCalls) {
  const ProbeTable table{AppSettings()};
  for (const bool tcp : {false, true}) {
    for (const Direction d : {kUp, kDown}) {
      std::size_t total = 0;
      for (unsigned first = 0; first < 256; ++first) total += table.entries_of(tcp, d, static_cast<Byte>(first));
      EXPECT_LE(total / 256, all_protocols().size() + 6);
    }
  }
}

TEST(KnownPatterns, OwnNamesCanBeSwitchedOff) {
  AppSettings settings;
  for (std::size_t i = kFirstAppProtocol; i < kAppProtocolCount; ++i) {
    if (is_own_name(static_cast<P>(i))) settings.enabled.reset(i);
  }
  const ProbeTable table(settings);
  const std::string irc = "NICK anna\r\n", imap = "a001 LOGIN anna secret\r\n";
  EXPECT_EQ(table.find(tuple_to(true, 6667), kUp, bytes_of(irc), true).id, P::kUnknown);
  EXPECT_EQ(table.find(tuple_to(true, 143), kUp, bytes_of(imap), true).id, P::imap);
  settings = {};
  settings.enabled.reset(index_of(P::irc));
  EXPECT_EQ(ProbeTable(settings).find(tuple_to(true, 6667), kUp, bytes_of(irc), true).id, P::kUnknown);
}

// --- in a conversation ---

class Talk {
 public:
  Talk() { talk_.handshake(); }
  void send(Direction d, std::string_view bytes) {
    auto& seq = seq_[bulkhead::index_of(d)];
    const std::uint32_t ack = seq_[bulkhead::index_of(opposite(d))];
    pass(d, {.seq = seq, .ack = ack, .data = bytes});
    seq += static_cast<std::uint32_t>(bytes.size());
    pass(opposite(d), {.seq = ack, .ack = seq});
  }
  [[nodiscard]] const AppFlow& state() const { return *app_flow(*talk_.flow); }

 private:
  void pass(Direction d, const test::Segment& segment) {
    const stream::StreamUpdate update = talk_.send(d, segment);
    for (const Direction each : {kUp, kDown}) layer_.stream(*talk_.flow, each, update.session->side(each), false, {});
  }
  test::TcpConversation talk_;
  AppLayer layer_{AppSettings()};
  std::array<std::uint32_t, 2> seq_{1, 1};
};

TEST(KnownPatterns, ANameHoldsForBothSides) {
  Talk talk;
  talk.send(kUp, "NICK anna\r\n");
  EXPECT_EQ(talk.state().protocol, P::irc);
  talk.send(kDown, "welcome\r\n");
  EXPECT_EQ(talk.state().protocol, P::irc);
  EXPECT_EQ(talk.state().sides[1].detected, P::irc);
  EXPECT_TRUE(talk.state().events.empty());
}

TEST(KnownPatterns, TheEcosystemsNameWinsOverAnOwnOne) {
  Talk talk;
  talk.send(kUp, "NICK anna\r\n");
  talk.send(kDown, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(talk.state().protocol, P::http1);
  EXPECT_EQ(talk.state().sides[0].detected, P::kFailed);
}

}  // namespace
}  // namespace bulkhead::app
