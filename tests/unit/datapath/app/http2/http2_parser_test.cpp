#include "datapath/app/http2/http2_parser.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>

#include "datapath/app/app_settings.h"
#include "datapath/app/http/http_parser.h"
#include "datapath/app/protocol_table.h"

namespace bulkhead::app::http2 {
namespace {

using namespace std::string_literals;

constexpr Direction kClient = Direction::kToServer, kServer = Direction::kToClient;
const std::string kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

std::string be32(std::uint32_t v) {
  std::string out(4, '\0');
  store_be32(reinterpret_cast<Byte*>(out.data()), v);
  return out;
}
std::string frame(int type, int flags, std::uint32_t stream, const std::string& content) {
  return be32(static_cast<std::uint32_t>(content.size())).substr(1) + static_cast<char>(type) +
         static_cast<char>(flags) + be32(stream) + content;
}
// A literal without a table entry.
std::string field(const std::string& name, const std::string& value) {
  return "\0"s + static_cast<char>(name.size()) + name + static_cast<char>(value.size()) + value;
}
std::string request(const std::string& path, const std::string& more = "") {
  return "\x82\x86"s + field(":path", path) + field(":authority", "Host.example:81") + more;
}
constexpr int kData = 0, kHeaders = 1, kRst = 3, kSettings = 4, kPushPromise = 5, kGoaway = 7, kWindow = 8,
              kContinuation = 9;
constexpr int kEndStream = 1, kEndHeaders = 4, kPadded = 8, kPriority = 0x20;

class Talk {
 public:
  explicit Talk(std::size_t step = SIZE_MAX, Http2Settings settings = {}) : step_(step) {
    settings_.http2 = settings;
    parser_ = std::make_unique<Http2Parser>(settings_);
  }
  void send(Direction d, std::string_view text) {
    for (std::size_t at = 0; at < text.size(); at += std::min(step_, text.size() - at)) {
      std::string& rest = rest_[bulkhead::index_of(d)];
      rest.append(text.substr(at, step_));
      const ParseResult result = parser_->parse(d, {reinterpret_cast<const Byte*>(rest.data()), rest.size()}, {});
      rest.erase(0, result.consumed);
    }
  }
  Http2Transaction& tx(std::size_t i) { return static_cast<Http2Transaction&>(*parser_->transactions().at(i)); }
  std::size_t count() { return parser_->transactions().size(); }
  bool has(std::size_t i, Http2Event e) {
    return std::count(tx(i).events.begin(), tx(i).events.end(), static_cast<std::uint8_t>(e)) == 1;
  }
  std::string body(std::size_t i, Direction d) {
    const ByteSpan bytes = tx(i).message(d).body.bytes();
    return {bytes.begin(), bytes.end()};
  }
  std::string record(std::size_t i) {
    std::vector<EveRecord> records;
    tx(i).write_records(records, {});
    return records.empty() ? "" : records[0].fields.at(0).second;
  }
  Http2Parser& parser() { return *parser_; }

 private:
  std::size_t step_;
  AppSettings settings_;
  std::unique_ptr<Http2Parser> parser_;
  std::string rest_[2];
};

TEST(Http2Parser, ARequestAndItsAnswerInPiecesOfAnySize) {
  for (const std::size_t step : {std::size_t{1}, std::size_t{5}, SIZE_MAX}) {
    Talk talk(step);
    talk.send(kClient, kPreface + frame(kSettings, 0, 0, "\0\4\0\0\xff\xff"s) +
                           frame(kHeaders, kEndHeaders, 1, request("/a%20b?q", field("user-agent", "ua"))) +
                           frame(kData, kEndStream, 1, "ping"));
    talk.send(kServer, frame(kSettings, 0, 0, "") +
                           frame(kHeaders, kEndHeaders, 1, "\x88"s + field("content-length", "4")) +
                           frame(kData, kPadded | kEndStream, 1, "\2pong\0\0"s));
    ASSERT_EQ(talk.count(), 2U) << "settings that say nothing are none";
    Http2Transaction& tx = talk.tx(1);
    EXPECT_EQ(tx.stream_id, 1U);
    EXPECT_EQ(tx.method, "GET");
    EXPECT_EQ(tx.uri, "/a b?q");
    EXPECT_EQ(tx.target, "/a%20b?q");
    EXPECT_EQ(tx.host, "host.example");
    EXPECT_EQ(tx.status, 200);
    EXPECT_EQ(talk.body(1, kClient), "ping");
    EXPECT_EQ(talk.body(1, kServer), "pong");
    EXPECT_EQ(tx.progress[0], http::stage::kComplete);
    EXPECT_EQ(tx.progress[1], http::stage::kComplete);
    EXPECT_TRUE(tx.events.empty());
    EXPECT_EQ(tx.files[1].size(), 1U);
    EXPECT_EQ(
        talk.record(0),
        R"({"version":"2","http2":{"stream_id":0,"request":{"settings":[{"settings_id":"SETTINGSINITIALWINDOWSIZE",)"
        R"("settings_value":65535}]},"response":{}}})");
    EXPECT_NE(talk.record(1).find(R"("http_method":"GET","url":"/a%20b?q","status":200)"), std::string::npos);
  }
}

TEST(Http2Parser, HeadersOverContinuation) {
  const std::string block = request("/long");
  Talk talk;
  talk.send(kClient, kPreface + frame(kHeaders, kEndStream, 3, block.substr(0, 5)) +
                         frame(kContinuation, 0, 3, block.substr(5, 5)) +
                         frame(kContinuation, kEndHeaders, 3, block.substr(10)));
  ASSERT_EQ(talk.count(), 1U);
  EXPECT_EQ(talk.tx(0).uri, "/long");
  EXPECT_EQ(talk.tx(0).progress[0], http::stage::kComplete);
  talk.send(kClient, frame(kContinuation, kEndHeaders, 3, block));
  EXPECT_TRUE(talk.has(0, Http2Event::extra_header_data));
}

TEST(Http2Parser, APromiseIsARequestOfItsOwnStream) {
  const std::string block = request("/pushed");
  Talk talk;
  talk.send(kClient, kPreface + frame(kHeaders, kEndHeaders | kEndStream, 1, request("/page")));
  talk.send(kServer, frame(kPushPromise, 0, 1, be32(2) + block.substr(0, 4)) +
                         frame(kContinuation, kEndHeaders, 1, block.substr(4)) +
                         frame(kHeaders, kEndHeaders, 2, "\x88"));
  ASSERT_EQ(talk.count(), 2U);
  EXPECT_EQ(talk.tx(1).stream_id, 2U);
  EXPECT_EQ(talk.tx(1).uri, "/pushed");
  EXPECT_EQ(talk.tx(1).status, 200);
  EXPECT_TRUE(talk.tx(1).events.empty());
  EXPECT_EQ(talk.tx(0).status, 0);
}

TEST(Http2Parser, FramesOfTypesUnknownAreSeenAndSkipped) {
  Talk talk;
  talk.send(kClient, kPreface + frame(77, 0, 0, "what") + frame(kHeaders, kEndHeaders, 1, request("/p")));
  ASSERT_EQ(talk.count(), 2U);
  EXPECT_EQ(talk.tx(0).part(kClient).frames, std::vector<std::uint8_t>{77});
  EXPECT_EQ(talk.tx(0).progress[1], http::stage::kComplete);
  EXPECT_EQ(talk.tx(1).uri, "/p");
}

TEST(Http2Parser, NumbersOfFramesWithAWrongLengthAreNotTaken) {
  Talk talk;
  talk.send(kClient, kPreface + frame(kHeaders, kEndHeaders, 1, request("/p")) + frame(2, 0, 1, "abc") +
                         frame(kWindow, 0, 1, "abcdefgh"));
  EXPECT_TRUE(talk.tx(0).part(kClient).priorities.empty());
  EXPECT_TRUE(talk.tx(0).part(kClient).windows.empty());
  EXPECT_TRUE(talk.has(0, Http2Event::invalid_frame_length));
}

TEST(Http2Parser, PriorityPaddingWindowsAndErrors) {
  Talk talk;
  talk.send(kClient, kPreface + frame(kHeaders, kEndHeaders | kPadded | kPriority, 1,
                                      "\3\0\0\0\0\x0f"s + request("/p") + "xxx"));
  EXPECT_EQ(talk.tx(0).uri, "/p");
  EXPECT_EQ(talk.tx(0).part(kClient).priorities, std::vector<std::uint32_t>{15});
  talk.send(kServer,
            frame(kWindow, 0, 1, be32(1000)) + frame(kRst, 0, 1, be32(8)) + frame(kGoaway, 0, 0, be32(1) + be32(0)));
  EXPECT_EQ(talk.tx(0).part(kServer).windows, std::vector<std::uint32_t>{1000});
  EXPECT_EQ(talk.tx(0).part(kServer).errors, std::vector<std::uint32_t>{8});
  EXPECT_EQ(talk.tx(0).progress[0], http::stage::kComplete);
  EXPECT_NE(talk.record(0).find(R"("request":{"priority":15},"response":{"error_code":"Cancel"})"), std::string::npos);
  EXPECT_NE(talk.record(1).find(R"("response":{"error_code":"NOERROR"})"), std::string::npos);
}

TEST(Http2Parser, Events) {
  Talk talk;
  talk.send(kClient, kPreface + frame(kHeaders, kEndHeaders | kEndStream, 1,
                                      request("/", field("host", "other") + field("x", "y"))));
  EXPECT_TRUE(talk.has(0, Http2Event::authority_host_mismatch));
  talk.send(kClient, frame(kHeaders, kEndHeaders | kEndStream, 3, "\x82\x86\x84"s + field(":authority", "u:p@h")));
  EXPECT_TRUE(talk.has(1, Http2Event::userinfo_in_uri));
  talk.send(kClient, frame(kSettings, 0, 0, "\0\1"s));
  EXPECT_TRUE(talk.has(2, Http2Event::invalid_frame_length));
  talk.send(kClient, frame(kHeaders, kEndHeaders | kPadded, 5, "\xff"s));
  EXPECT_TRUE(talk.has(3, Http2Event::invalid_frame_data));
  talk.send(kServer, frame(kHeaders, kEndHeaders | kEndStream, 1, "\xbe"s));
  EXPECT_TRUE(talk.has(0, Http2Event::invalid_header));
  talk.send(kServer, frame(kHeaders, kEndHeaders | kEndStream, 3, "\xff\xff\xff\xff\xff\x7f"s));
  EXPECT_FALSE(talk.has(1, Http2Event::header_integer_overflow)) << "the table was lost before";

  Talk overflow;
  overflow.send(kServer, frame(kHeaders, kEndHeaders | kEndStream, 3, "\xff\xff\xff\xff\xff\x7f"s));
  EXPECT_TRUE(overflow.has(0, Http2Event::header_integer_overflow));
  Talk reuse;
  const std::string again = frame(kHeaders, kEndHeaders | kEndStream, 1, request("/"));
  reuse.send(kClient, kPreface + again);
  reuse.send(kServer, frame(kHeaders, kEndHeaders | kEndStream, 1, "\x88"));
  reuse.send(kClient, again);
  EXPECT_TRUE(reuse.has(0, Http2Event::stream_id_reuse));
  EXPECT_EQ(reuse.count(), 2U);
  Talk magic;
  magic.send(kClient, "GET / HTTP/1.1\r\n");
  EXPECT_TRUE(magic.has(0, Http2Event::invalid_client_magic));
}

TEST(Http2Parser, Limits) {
  Talk talk(SIZE_MAX, {.max_streams = 3, .max_reassembly = 64, .max_frame = 128});
  talk.send(kClient, kPreface + frame(kHeaders, 0, 1, std::string(60, 'x')) +
                         frame(kContinuation, kEndHeaders, 1, std::string(60, 'x')));
  EXPECT_TRUE(talk.has(0, Http2Event::reassembly_limit_reached));
  talk.send(kClient, frame(kGoaway, 0, 0, std::string(200, 'x')));
  EXPECT_TRUE(talk.has(1, Http2Event::long_frame_data));
  talk.send(kClient, frame(kWindow, 0, 0, be32(1)) + frame(kWindow, 0, 0, be32(1)));
  EXPECT_EQ(talk.count(), 3U);
  EXPECT_TRUE(talk.has(2, Http2Event::too_many_streams));
}

// Many open streams have an index: frames find theirs, those that were given up are none, an id that comes again is
// another stream.
TEST(Http2Parser, FramesOfManyOpenStreamsFindTheirs) {
  Talk talk;
  talk.send(kClient, kPreface);
  const std::size_t before = talk.count();
  constexpr std::uint32_t kStreams = 300;
  for (std::uint32_t i = 0; i < kStreams; ++i) {
    talk.send(kClient, frame(kHeaders, kEndHeaders | kEndStream, 1 + 2 * i, request("/" + std::to_string(i))));
  }
  ASSERT_EQ(talk.count(), before + kStreams);
  for (const std::uint32_t i : {0U, 7U, kStreams - 1}) {
    talk.send(kServer, frame(kHeaders, kEndHeaders, 1 + 2 * i, "\x88"));
    EXPECT_NE(talk.record(before + i).find("\"status\":200"), std::string::npos) << talk.record(before + i);
  }
  EXPECT_EQ(talk.count(), before + kStreams) << "no frame began a stream of its own";
  for (std::size_t i = 0; i < before + 8; ++i) talk.parser().give_up_oldest();
  talk.send(kServer, frame(kHeaders, kEndHeaders, 1 + 2 * 7, "\x88"));
  EXPECT_EQ(talk.count(), kStreams - 8 + 1) << "what was given up is not known any more";
  // Ended, and opened anew.
  talk.send(kServer, frame(kData, kEndStream, 1 + 2 * (kStreams - 1), "x"));
  talk.send(kClient, frame(kHeaders, kEndHeaders | kEndStream, 1 + 2 * (kStreams - 1), request("/again")));
  EXPECT_EQ(talk.count(), kStreams - 8 + 2);
  EXPECT_TRUE(talk.has(talk.count() - 3, Http2Event::stream_id_reuse));
  talk.send(kServer, frame(kHeaders, kEndHeaders, 1 + 2 * (kStreams - 1), "\x88"));
  EXPECT_NE(talk.record(talk.count() - 1).find("\"status\":200"), std::string::npos) << "the newer one is meant";
}

TEST(Http2Parser, TrailersAndInterimAnswers) {
  Talk talk;
  talk.send(kClient, kPreface + frame(kHeaders, kEndHeaders | kEndStream, 1, request("/")));
  talk.send(kServer, frame(kHeaders, kEndHeaders, 1, field(":status", "103") + field("link", "x")) +
                         frame(kHeaders, kEndHeaders, 1, "\x88"s) + frame(kData, 0, 1, "body") +
                         frame(kHeaders, kEndHeaders | kEndStream, 1, field("grpc-status", "0")));
  EXPECT_EQ(talk.tx(0).status, 200);
  EXPECT_EQ(talk.tx(0).message(kServer).headers.value("grpc-status"), "0");
  EXPECT_EQ(talk.tx(0).message(kServer).headers.find("link"), std::nullopt);
  EXPECT_EQ(talk.body(0, kServer), "body");
}

TEST(Http2Parser, Grpc) {
  Talk talk;
  talk.send(kClient,
            kPreface +
                frame(kHeaders, kEndHeaders, 1,
                      "\x83\x86"s + field(":path", "/pkg.Svc/Do") + field("content-type", "application/grpc+proto")) +
                frame(kData, kEndStream, 1, "\0\0\0\0\2hi"s));
  talk.send(kServer, frame(kHeaders, kEndHeaders, 1, "\x88"s + field("content-type", "application/grpc")) +
                         frame(kHeaders, kEndHeaders | kEndStream, 1, field("grpc-status", "5")));
  EXPECT_EQ(talk.tx(0).grpc_service, "pkg.Svc");
  EXPECT_EQ(talk.tx(0).grpc_method, "Do");
  EXPECT_NE(talk.record(0).find(R"("grpc":{"service":"pkg.Svc","method":"Do","status":"5",)"
                                R"("request":{"messages":1,"bytes":2,"lengths":[2]}})"),
            std::string::npos)
      << talk.record(0);
}

TEST(Http2Parser, TheUpgradedRequestIsStreamOne) {
  AppSettings settings;
  http::HttpParser before(settings);
  const std::string text =
      "GET /up HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
      "HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n";
  static_cast<void>(before.parse(kClient, {reinterpret_cast<const Byte*>(text.data()), text.size()}, {}));
  Talk talk;
  talk.parser().follow(before, AppProtocol::http1);
  ASSERT_EQ(talk.count(), 2U);
  EXPECT_EQ(talk.tx(0).part(kClient).settings.size(), 2U);
  EXPECT_EQ(talk.tx(0).part(kClient).settings[1].value, 65535U);
  EXPECT_EQ(talk.tx(1).stream_id, 1U);
  EXPECT_EQ(talk.tx(1).uri, "/up");
  EXPECT_EQ(talk.tx(1).host, "h");
}

TEST(Http2Parser, GapsInsideOfData) {
  Talk talk;
  talk.send(kClient, kPreface + frame(kHeaders, kEndHeaders | kEndStream, 1, request("/")));
  talk.send(kServer,
            frame(kHeaders, kEndHeaders, 1, "\x88") + frame(kData, kEndStream, 1, std::string(100, 'x')).substr(0, 30));
  EXPECT_TRUE(talk.parser().gap(kServer, 79));
  EXPECT_EQ(talk.tx(0).progress[1], http::stage::kComplete);
  EXPECT_TRUE(talk.tx(0).files[1].at(0)->has_gaps);
  EXPECT_TRUE(talk.parser().gap(kServer, 1));
  const std::size_t before = talk.count();
  talk.send(kServer, "what follows a hole is not read");
  EXPECT_EQ(talk.count(), before);
}

TEST(Http2Parser, SettingsTests) {
  Talk talk;
  talk.send(kClient, kPreface + frame(kSettings, 0, 0, "\0\2\0\0\0\0\0\1\0\0\x10\0"s));
  const TestDef& def = *find_own_test("http2.settings")->def;
  const auto holds = [&](std::string_view text) {
    std::string error;
    const TestDef::Test test = def.compile(text, error);
    EXPECT_TRUE(test) << text << ": " << error;
    return test && test(talk.tx(0), kClient);
  };
  EXPECT_TRUE(holds("SETTINGS_ENABLE_PUSH=0"));
  EXPECT_TRUE(holds("settings_enable_push"));
  EXPECT_FALSE(holds("SETTINGS_ENABLE_PUSH>0"));
  EXPECT_TRUE(holds("SETTINGS_HEADER_TABLE_SIZE>1000"));
  EXPECT_TRUE(holds("SETTINGS_HEADER_TABLE_SIZE 4095-4097"));
  EXPECT_TRUE(holds("SETTINGS_HEADER_TABLE_SIZE=!5"));
  EXPECT_FALSE(holds("SETTINGS_MAX_FRAME_SIZE"));
  std::string error;
  for (const char* bad : {"", "SETTINGS_NONE", "SETTINGS_ENABLE_PUSH>x", "SETTINGS_ENABLE_PUSH 5-1"}) {
    EXPECT_FALSE(def.compile(bad, error)) << bad;
    EXPECT_FALSE(error.empty());
  }
}

TEST(Http2Parser, Detection) {
  const auto probe = [](Direction d, const std::string& text) {
    return probe_http2(d, {reinterpret_cast<const Byte*>(text.data()), text.size()}, 80);
  };
  EXPECT_EQ(probe(kClient, kPreface), Probe::kYes);
  EXPECT_EQ(probe(kClient, "PRI * H"), Probe::kMore);
  EXPECT_EQ(probe(kClient, "PRINT"), Probe::kNo);
  EXPECT_EQ(probe(kServer, frame(kSettings, 0, 0, "\0\3\0\0\0\x64"s)), Probe::kMore);
  EXPECT_EQ(probe(kServer, frame(kSettings, 0, 1, "")), Probe::kNo);
  EXPECT_EQ(probe(kServer, "HTTP/1.1 200"), Probe::kNo);
}

}  // namespace
}  // namespace bulkhead::app::http2
