#include "datapath/app/http/http_parser.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "datapath/app/app_settings.h"
#include "datapath/app/http/http_text.h"
#include "datapath/app/protocol_table.h"

namespace bulkhead::app::http {
namespace {

// One connection: bytes in any pieces, what is left over comes again.
class Talk {
 public:
  explicit Talk(std::size_t step = SIZE_MAX) : step_(step), parser_(settings_) {}

  void client(std::string_view text) { send(Direction::kToServer, text); }
  void server(std::string_view text) { send(Direction::kToClient, text); }
  void send(Direction d, std::string_view text) {
    for (std::size_t at = 0; at < text.size(); at += std::min(step_, text.size() - at)) {
      std::string& rest = rest_[bulkhead::index_of(d)];
      rest.append(text.substr(at, step_));
      last_ = parser_.parse(d, {reinterpret_cast<const Byte*>(rest.data()), rest.size()}, {});
      rest.erase(0, last_.consumed);
    }
  }
  HttpTransaction& tx(std::size_t i) { return static_cast<HttpTransaction&>(*parser_.transactions().at(i)); }
  std::size_t count() { return parser_.transactions().size(); }
  std::string body(std::size_t i, Direction d) {
    const ByteSpan bytes = tx(i).message(d).body.bytes();
    return {bytes.begin(), bytes.end()};
  }
  bool has(std::size_t i, HttpEvent e) {
    return std::count(tx(i).events.begin(), tx(i).events.end(), static_cast<std::uint8_t>(e)) == 1;
  }
  HttpParser& parser() { return parser_; }
  ParseResult last_;

 private:
  std::size_t step_;
  AppSettings settings_;
  HttpParser parser_;
  std::string rest_[2];
};

constexpr Direction kRequest = Direction::kToServer, kResponse = Direction::kToClient;

TEST(HttpParser, ARequestAndItsAnswerInPiecesOfAnySize) {
  for (const std::size_t step : {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{5000}}) {
    Talk talk(step);
    talk.client("POST /a%20b?c HTTP/1.1\r\nHost: Ex.com:81\r\nX: a\r\n b\r\nContent-Length: 3\r\n\r\nabc");
    talk.server("HTTP/1.1 200 Fine\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x\r\nlo\r\n0\r\nT: 1\r\n\r\n");
    ASSERT_EQ(talk.count(), 1U);
    HttpTransaction& tx = talk.tx(0);
    EXPECT_EQ(tx.method, "POST");
    EXPECT_EQ(tx.uri, "/a b?c");
    EXPECT_EQ(tx.host, "ex.com");
    EXPECT_EQ(tx.port, 81);
    EXPECT_EQ(tx.message(kRequest).headers.value("x"), "a b");
    EXPECT_EQ(talk.body(0, kRequest), "abc");
    EXPECT_EQ(tx.status, 200);
    EXPECT_EQ(tx.status_message, "Fine");
    EXPECT_EQ(talk.body(0, kResponse), "hello");
    EXPECT_EQ(tx.message(kRequest).sent, 3U);
    EXPECT_EQ(tx.message(kResponse).sent, 5U + 3 + 2 + 5 + 2 + 3) << "data, and the lines of chunks";
    EXPECT_EQ(tx.progress[0], stage::kComplete);
    EXPECT_EQ(tx.progress[1], stage::kComplete);
    EXPECT_TRUE(tx.events.empty());
  }
}

TEST(HttpParser, RecordsHaveTheHostAsWrittenAndTheLengthAsSent) {
  Talk talk;
  talk.client("GET / HTTP/1.1\r\nHost: Shop.Example:81\r\n\r\n");
  talk.server("HTTP/1.1 200 ok\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n");
  EveOptions options;
  options.http_extended = true;
  std::vector<EveRecord> records;
  talk.tx(0).write_records(records, options);
  ASSERT_EQ(records.size(), 1U);
  const std::string& http = records[0].fields.at(0).second;
  EXPECT_NE(http.find(R"("hostname":"Shop.Example")"), std::string::npos) << http;
  EXPECT_NE(http.find(R"("length":10)"), std::string::npos) << http;
  EXPECT_EQ(talk.tx(0).host, "shop.example") << "as rules see it";
}

TEST(HttpParser, WhatWasLostOfABodyCounts) {
  Talk talk;
  talk.client("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  talk.server("HTTP/1.1 200 ok\r\nContent-Length: 9\r\n\r\nabc");
  EXPECT_TRUE(talk.parser().gap(kResponse, 4));
  talk.server("hi");
  EXPECT_EQ(talk.tx(0).message(kResponse).sent, 9U);
}

TEST(HttpParser, PipelinedRequestsMeetTheirAnswersInOrder) {
  Talk talk;
  talk.client("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
  talk.server("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 204 Ok\r\n\r\n");
  ASSERT_EQ(talk.count(), 2U);
  EXPECT_EQ(talk.tx(0).status, 404);
  EXPECT_EQ(talk.tx(1).status, 204);
  EXPECT_EQ(talk.tx(1).progress[1], stage::kComplete);
}

TEST(HttpParser, BrowsersTakeManyLineEnds) {
  for (const std::string_view end : {"\r\n", "\n", "\n\r"}) {
    Talk talk;
    talk.client("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    std::string answer = "HTTP/1.1 200 ok~Content-Length: 2~~hi";
    for (std::size_t at = 0; (at = answer.find('~')) != std::string::npos;) answer.replace(at, 1, end);
    talk.server(answer);
    EXPECT_EQ(talk.body(0, kResponse), "hi") << testing::PrintToString(end);
  }
}

TEST(HttpParser, AnAnswerWithoutAStatusLineIsABody) {
  Talk talk;
  talk.client("GET /old\r\n");
  EXPECT_TRUE(talk.tx(0).is_09);
  talk.server("just bytes\nof a file");
  EXPECT_EQ(talk.body(0, kResponse), "just bytes\nof a file");
}

TEST(HttpParser, ABrokenChunkSizeMakesTheRestTheBody) {
  Talk talk;
  talk.client("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  talk.server("HTTP/1.1 200 ok\r\nTransfer-Encoding: chunked\r\n\r\nnot a size\r\nand more");
  EXPECT_EQ(talk.body(0, kResponse), "not a size\r\nand more");
  EXPECT_TRUE(talk.has(0, HttpEvent::invalid_response_chunk_len));
}

std::string answer_body(std::string_view answer) {
  Talk talk;
  talk.client("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  talk.server(answer);
  EXPECT_EQ(talk.count(), 1U) << answer;
  return talk.body(0, kResponse);
}

// Answers that browsers show although they break the rules.
TEST(HttpParser, AnswersThatReachTheirReceiver) {
  EXPECT_EQ(answer_body("garbage\r\nHTTP/1.1 200 ok\r\nContent-Length: 2\r\n\r\nhi"), "hi");
  EXPECT_EQ(answer_body("HTTP/1.1 200 ok\r\nTransfer-Encoding\r :chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"), "hi");
  EXPECT_EQ(answer_body("HTTP/1.1 200 ok\r\nTransfer-Encoding\v:chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"), "hi");
  EXPECT_EQ(answer_body("HTTP/1.1 200 ok\r\nX: a\r\n Content-Length: 2\r\n\r\nhi"), "hi");
  EXPECT_EQ(answer_body("HTTP/1.1 200 ok\r\nContent-Length: 2\n \nhi"), "hi");
  EXPECT_EQ(answer_body("HTTP/1.1 200 ok\r\nContent-Length: 2\n\r\r\n\r\nhi"), "hi");
  EXPECT_EQ(answer_body("HTTP/1.1 200 ok\r\nContent-Length: 2(4)\r\n\r\nhi, and more"), "hi, and more");
  EXPECT_EQ(answer_body("HTTP/1.1 204 ok\r\nContent-Length: 2\r\n\r\nhi"), "hi");
  EXPECT_EQ(answer_body("HTTP/1.1 101 ok\r\nContent-Length: 2\r\n\r\nhi"), "hi");
}

TEST(HttpParser, ConnectChangesTheProtocol) {
  Talk talk;
  talk.client("CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n\n\x16\x03");
  EXPECT_EQ(talk.last_.status, ParseResult::Status::kOk);
  talk.server("HTTP/1.1 200 ok\r\n\r\n\n");
  EXPECT_EQ(talk.last_.status, ParseResult::Status::kChange);
  EXPECT_EQ(talk.last_.consumed, 20U);
}

TEST(HttpParser, UpgradeToWebSocket) {
  Talk talk;
  talk.client("GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n\r\n");
  talk.server("HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n");
  EXPECT_EQ(talk.last_.next, AppProtocol::websocket);
}

TEST(HttpParser, WhatIsOddIsTold) {
  Talk talk;
  talk.client("  GET /%2541 HTTP/1.1\r\nHost: a b\r\nno colon\r\nAuthorization: Weird x\r\n\r\n");
  for (const HttpEvent e : {HttpEvent::request_line_leading_whitespace, HttpEvent::double_encoded_uri,
                            HttpEvent::request_header_host_invalid, HttpEvent::request_field_missing_colon,
                            HttpEvent::request_auth_unrecognized}) {
    EXPECT_TRUE(talk.has(0, e)) << static_cast<int>(e);
  }
  Talk body;
  body.client("GET / HTTP/1.1\r\nHost: h\r\n\r\nlogin=foo");
  EXPECT_TRUE(body.has(0, HttpEvent::request_body_unexpected));
  EXPECT_EQ(body.body(0, kRequest), "login=foo");
}

TEST(HttpParser, AGapInABodyLeavesAFileWithAHole) {
  Talk talk;
  talk.client("GET /f HTTP/1.1\r\nHost: h\r\n\r\n");
  talk.server("HTTP/1.1 200 ok\r\nContent-Length: 10\r\n\r\nab");
  EXPECT_TRUE(talk.parser().gap(kResponse, 3));
  talk.server("fghij");
  ASSERT_EQ(talk.tx(0).files[1].size(), 1U);
  const File& file = *talk.tx(0).files[1][0];
  EXPECT_EQ(file.name, "/f");
  EXPECT_EQ(file.size, 10U);
  EXPECT_EQ(file.state, FileState::kTruncated);
  EXPECT_EQ(talk.tx(0).progress[1], stage::kComplete);
}

TEST(HttpParser, ALineWithoutEndIsGivenUp) {
  Talk talk;
  talk.client("GET /" + std::string(20000, 'a'));
  EXPECT_EQ(talk.last_.status, ParseResult::Status::kError);
  EXPECT_TRUE(talk.has(0, HttpEvent::request_field_too_long));
}

TEST(HttpParser, Probe) {
  const auto probe = [](Direction d, std::string_view text) {
    return probe_http(d, {reinterpret_cast<const Byte*>(text.data()), text.size()}, 0);
  };
  EXPECT_EQ(probe(kRequest, "GE"), http::probe_http(kRequest, {reinterpret_cast<const Byte*>("PO"), 2}, 0));
  EXPECT_EQ(probe(kRequest, "GE"), app::Probe::kMore);
  EXPECT_EQ(probe(kRequest, "GET /"), app::Probe::kYes);
  EXPECT_EQ(probe(kRequest, "GETX"), app::Probe::kNo);
  EXPECT_EQ(probe(kResponse, "HTTP/1.1"), app::Probe::kYes);
  EXPECT_EQ(probe(kResponse, "SSH-2.0"), app::Probe::kNo);
}

// The slow, obvious reading of a request's headers: line by line, folded ones joined, then name and value.
struct PlainReading {
  std::vector<std::pair<std::string, std::string>> headers;  // in order of first occurrence
  bool missing_colon = false, invalid = false, bad_folding = false;
};

PlainReading read_plainly(const std::string& block) {
  PlainReading out;
  std::vector<std::string> lines;
  std::istringstream in(block);
  for (std::string line; std::getline(in, line);) {
    while (line.ends_with('\r')) line.pop_back();
    const bool folds = line.starts_with(' ') || line.starts_with('\t') || line.starts_with('\0');
    if (folds && !lines.empty()) {
      lines.back() += line;
    } else {
      out.bad_folding |= folds;
      lines.push_back(line);
    }
  }
  for (const std::string& line : lines) {
    std::string name, value = line;
    const std::size_t colon = line.find_first_of(std::string_view(":\0", 2));
    if (colon == std::string::npos || line[colon] == '\0') {
      out.missing_colon = true;
    } else {
      name = trim(line.substr(0, colon));
      value = line.substr(colon + 1);
      out.invalid |= !is_token(name);
    }
    while (value.starts_with(' ') || value.starts_with('\t')) value.erase(0, 1);
    while (value.ends_with(' ') || value.ends_with('\t')) value.pop_back();
    const auto known = std::find_if(out.headers.begin(), out.headers.end(),
                                    [&](const auto& header) { return lower_case(header.first) == lower_case(name); });
    if (known == out.headers.end()) {
      out.headers.emplace_back(name, value);
    } else {
      known->second += ", " + value;
    }
  }
  return out;
}

TEST(HttpParser, HeadersAreReadAsTheObviousReadingHasThem) {
  const std::string_view names[] = {"Host", "X-A", "x-a", "Accept-Language", "b d", "", "(odd)", " lead"};
  const std::string_view between[] = {":", ": ", ":\t ", " : ", "", std::string_view("\0:", 2), "::"};
  const std::string_view values[] = {
      "", "v", "a value of some length", "tail ", "c:d", std::string_view("n\0l", 3), "in\rside"};
  const std::string_view ends[] = {"\r\n", "\r\n", "\r\n", "\n", "\r\r\n", "\r\n folded\r\n", "\n\tx: y\r\n"};
  std::mt19937 random(7);
  const auto any = [&](const auto& list) { return list[random() % std::size(list)]; };
  for (int round = 0; round < 5000; ++round) {
    std::string block;
    for (std::size_t lines = 1 + random() % 6; lines > 0; --lines) {
      std::string line;
      // Most are plain, so that a header of another kind stands between such.
      if (random() % 2 == 0) {
        line.append(any(names).substr(0, 3)).append(": plain").append("\r\n");
      } else {
        line.append(any(names)).append(any(between)).append(any(values)).append(any(ends));
      }
      if (line.starts_with('\r') || line.starts_with('\n') || line.starts_with(" \n")) continue;  // ends the headers
      block += line;
    }
    const PlainReading wanted = read_plainly(block);
    for (const std::size_t step : {SIZE_MAX, std::size_t{1}, std::size_t{9}}) {
      Talk talk(step);
      talk.client("GET / HTTP/1.1\r\n" + block + "\r\n");
      ASSERT_EQ(talk.count(), 1U);
      const Headers& read = talk.tx(0).message(kRequest).headers;
      std::vector<std::pair<std::string, std::string>> headers;
      for (const Header header : read) headers.emplace_back(header.name, header.value);
      ASSERT_EQ(headers, wanted.headers) << testing::PrintToString(block);
      ASSERT_EQ(read.raw(), block + "\r\n");
      ASSERT_EQ(talk.has(0, HttpEvent::request_field_missing_colon), wanted.missing_colon) << block;
      ASSERT_EQ(talk.has(0, HttpEvent::request_header_invalid), wanted.invalid) << block;
      ASSERT_EQ(talk.has(0, HttpEvent::invalid_request_field_folding), wanted.bad_folding) << block;
      ASSERT_EQ(talk.tx(0).progress[0], stage::kComplete);
    }
  }
}

TEST(HttpParser, HeadersBeyondTheLimitAreNotKept) {
  Talk talk;
  const std::size_t limit = AppSettings().http.max_headers;
  std::string request = "GET / HTTP/1.1\r\n";
  for (std::size_t i = 0; i < limit + 50; ++i) request += "X-" + std::to_string(i) + ": a\r\n";
  talk.client(request);
  const Headers& headers = talk.tx(0).message(kRequest).headers;
  EXPECT_EQ(headers.size(), limit);
  EXPECT_EQ(headers[limit - 1].name, "X-" + std::to_string(limit - 1));
  const std::size_t kept = headers.raw().size();
  EXPECT_LT(kept, request.size());
  EXPECT_TRUE(talk.has(0, HttpEvent::request_too_many_headers));
  for (int i = 0; i < 1000; ++i) talk.client("Y: b\r\n z\r\n");
  EXPECT_EQ(headers.raw().size(), kept) << "however many follow";
  talk.client("\r\n");
  EXPECT_EQ(talk.tx(0).progress[0], stage::kComplete);
}

}  // namespace
}  // namespace bulkhead::app::http
