// HTTP/1 as our parser and as libhtp read it: method, target, status, number of headers and length of bodies of every
// transaction, over generated conversations and those of capture files.
//
//   http_second_opinion [--generated N] [--verbose] FILE...
//
// Exit status 1: fewer than 98 % of transactions are the same, or none was compared.
#include <htp/htp.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "datapath/app/http/http_parser.h"
#include "tests/support/conversations.h"

namespace bulkhead::test {
namespace {

struct Seen {
  std::string method, target;
  int status = 0;
  std::size_t request_headers = 0, response_headers = 0;
  std::uint64_t request_body = 0, response_body = 0;
  bool operator==(const Seen&) const = default;
  [[nodiscard]] std::string text() const {
    return method + " " + target.substr(0, 60) + " " + std::to_string(status) + " headers " +
           std::to_string(request_headers) + "/" + std::to_string(response_headers) + " bodies " +
           std::to_string(request_body) + "/" + std::to_string(response_body);
  }
};
// `changed`: the connection went over to another protocol (CONNECT, upgrade), or the reader gave up.
struct Reading {
  std::vector<Seen> transactions;
  bool changed = false;
};

ByteSpan span_of(const std::vector<Byte>& bytes) {
  return bytes;
}

Reading ours(const Conversation& talk) {
  app::AppSettings settings;
  settings.http.request.limit = settings.http.response.limit = 0;
  app::http::HttpParser parser(settings);
  std::vector<Byte> left[2];
  Reading out;
  for (const Piece& piece : talk.pieces) {
    std::vector<Byte>& rest = left[index_of(piece.direction)];
    rest.insert(rest.end(), piece.bytes.begin(), piece.bytes.end());
    const auto result = parser.parse(piece.direction, span_of(rest), {});
    rest.erase(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(result.consumed));
    if (result.status != app::ParseResult::Status::kOk) {
      out.changed = true;
      break;
    }
  }
  if (!out.changed) {
    for (const Direction d : {Direction::kToServer, Direction::kToClient}) parser.end(d, span_of(left[index_of(d)]));
  }
  for (const auto& each : parser.transactions()) {
    const auto& tx = static_cast<const app::http::HttpTransaction&>(*each);
    Seen seen;
    if (tx.request_seen) {
      seen.method = tx.method;
      seen.target = tx.target;
    }
    seen.status = tx.status;
    seen.request_headers = tx.message(Direction::kToServer).headers.size();
    seen.response_headers = tx.message(Direction::kToClient).headers.size();
    seen.request_body = tx.message(Direction::kToServer).body.size();
    seen.response_body = tx.message(Direction::kToClient).body.size();
    out.transactions.push_back(std::move(seen));
  }
  return out;
}

std::string text_of(const bstr* text) {
  return text == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(bstr_ptr(text)), bstr_len(text));
}

Reading theirs(const Conversation& talk) {
  htp_cfg_t* config = htp_config_create();
  htp_config_set_server_personality(config, HTP_SERVER_IDS);
  htp_config_set_tx_auto_destroy(config, 0);
  htp_config_set_request_decompression(config, 1);  // as the ecosystem's engine has it
  htp_connp_t* parser = htp_connp_create(config);
  htp_connp_open(parser, "127.0.0.1", 1, "127.0.0.2", 80, nullptr);
  Reading out;
  for (const Piece& piece : talk.pieces) {
    const int status = piece.direction == Direction::kToServer
                           ? htp_connp_req_data(parser, nullptr, piece.bytes.data(), piece.bytes.size())
                           : htp_connp_res_data(parser, nullptr, piece.bytes.data(), piece.bytes.size());
    if (status == HTP_STREAM_ERROR || status == HTP_STREAM_STOP || status == HTP_STREAM_DATA_OTHER ||
        status == HTP_STREAM_TUNNEL) {
      out.changed = true;
      break;
    }
  }
  if (!out.changed) htp_connp_close(parser, nullptr);
  const htp_conn_t* connection = htp_connp_get_connection(parser);
  for (std::size_t i = 0; connection != nullptr && i < htp_list_size(connection->transactions); ++i) {
    const auto* tx = static_cast<const htp_tx_t*>(htp_list_get(connection->transactions, i));
    if (tx == nullptr) continue;
    Seen seen;
    seen.method = text_of(tx->request_method);
    seen.target = text_of(tx->request_uri);
    if (seen.target == "/libhtp::request_uri_not_seen") seen.target.clear();
    seen.status = std::max(tx->response_status_number, 0);
    seen.request_headers = htp_table_size(tx->request_headers);
    seen.response_headers = htp_table_size(tx->response_headers);
    seen.request_body = static_cast<std::uint64_t>(tx->request_entity_len);
    seen.response_body = static_cast<std::uint64_t>(tx->response_entity_len);
    out.transactions.push_back(std::move(seen));
  }
  htp_connp_destroy_all(parser);
  htp_config_destroy(config);
  return out;
}

// Conversations as well-behaved and careless senders make them: same seed, same bytes.
class Generator {
 public:
  Conversation next() {
    Conversation out;
    const unsigned exchanges = 1 + pick(4);
    for (unsigned i = 0; i < exchanges; ++i) {
      std::string request = one_of({"GET", "POST", "PUT", "HEAD", "OPTIONS", "DELETE", "PROPFIND"});
      const bool head = request == "HEAD", sends = request == "POST" || request == "PUT";
      request += " " + one_of({"/", "/a/b?c=d&e=f", "/%41%2fb", "http://h.example:8080/x", "/a/../b//c", "*"}) +
                 one_of({" HTTP/1.1", " HTTP/1.0", " HTTP/1.1"}) + line_end();
      request += "Host: h.example" + line_end() + some_headers();
      request += sends ? body() : line_end();
      say(out, Direction::kToServer, request);
      std::string response = one_of({"HTTP/1.1 200 OK", "HTTP/1.1 404 Not Found", "HTTP/1.0 302 Found",
                                     "HTTP/1.1 204 No", "HTTP/1.1 304 Not Modified", "HTTP/1.1 500"});
      const bool none =
          head || response.find(" 204") != std::string::npos || response.find(" 304") != std::string::npos;
      response += line_end() + some_headers();
      response += none ? line_end() : body();
      say(out, Direction::kToClient, response);
    }
    return out;
  }

 private:
  unsigned pick(unsigned below) { return static_cast<unsigned>(random_() % below); }
  std::string one_of(std::initializer_list<const char*> texts) {
    return *(texts.begin() + pick(static_cast<unsigned>(texts.size())));
  }
  std::string line_end() { return pick(12) == 0 ? "\n" : "\r\n"; }
  std::string some_headers() {
    std::string out;
    for (unsigned i = pick(6); i > 0; --i) {
      out += one_of({"Accept", "X-A", "X-B", "Cookie", "User-Agent", "x-a"}) + one_of({": ", ":", ":  \t", " : "}) +
             one_of({"v", "", "a, b", "\"q;r\"", "long value with words"});
      if (pick(8) == 0) out += line_end() + " folded";
      out += line_end();
    }
    return out;
  }
  std::string body() {
    std::string content(pick(3) == 0 ? 0 : 1 + pick(3000), 'x');
    if (pick(3) != 0) return "Content-Length: " + std::to_string(content.size()) + line_end() + line_end() + content;
    std::string out = "Transfer-Encoding: chunked\r\n\r\n";
    for (std::size_t at = 0; at < content.size();) {
      const std::size_t part = std::min<std::size_t>(1 + pick(900), content.size() - at);
      char size[16];
      std::snprintf(size, sizeof(size), "%zx", part);
      out += size + std::string("\r\n") + content.substr(at, part) + "\r\n";
      at += part;
    }
    return out + "0\r\n\r\n";
  }
  void say(Conversation& out, Direction d, const std::string& text) {
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t part = std::min<std::size_t>(1 + pick(1400), text.size() - at);
      out.pieces.push_back(
          {d, {text.begin() + static_cast<std::ptrdiff_t>(at), text.begin() + static_cast<std::ptrdiff_t>(at + part)}});
      at += part;
    }
  }

  std::mt19937 random_{20260701};  // NOLINT: the same conversations on every run
};

struct Tally {
  std::size_t same = 0, all = 0;
  bool verbose = false;

  void compare(const Conversation& talk, const std::string& name) {
    const Reading mine = ours(talk), other = theirs(talk);
    // Where one has left HTTP, what follows is not compared.
    const std::size_t count = mine.changed || other.changed
                                  ? std::min(mine.transactions.size(), other.transactions.size())
                                  : std::max(mine.transactions.size(), other.transactions.size());
    for (std::size_t i = 0; i < count; ++i) {
      const Seen none, &a = i < mine.transactions.size() ? mine.transactions[i] : none,
                       &b = i < other.transactions.size() ? other.transactions[i] : none;
      const bool last = i + 1 == count && (mine.changed || other.changed);
      ++all;
      if (a == b || (last && a.method == b.method && a.target == b.target)) {
        ++same;
      } else if (verbose || all - same <= 20) {
        std::printf("  %s %zu\n    ours    %s\n    libhtp  %s\n", name.c_str(), i, a.text().c_str(), b.text().c_str());
      }
    }
  }
  [[nodiscard]] double percent() const {
    return all == 0 ? 0 : 100.0 * static_cast<double>(same) / static_cast<double>(all);
  }
};

bool is_http(const Conversation& talk) {
  return talk.client.protocol == ip_proto::kTcp &&
         std::any_of(talk.pieces.begin(), talk.pieces.end(),
                     [](const Piece& piece) {
                       return piece.direction == Direction::kToServer &&
                              app::http::probe_http(Direction::kToServer, piece.bytes, 80) == app::Probe::kYes;
                     }) &&
         talk.pieces.front().direction == Direction::kToServer;
}

int run(int argc, char** argv) {
  Tally generated, captured;
  unsigned number = 2000;
  std::vector<std::string> files;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--verbose") {
      generated.verbose = captured.verbose = true;
    } else if (word == "--generated" && i + 1 < argc) {
      number = static_cast<unsigned>(std::strtoul(argv[++i], nullptr, 10));
    } else {
      files.push_back(word);
    }
  }
  Generator make;
  for (unsigned i = 0; i < number; ++i) generated.compare(make.next(), "generated " + std::to_string(i));
  std::size_t talks = 0;
  for (const std::string& file : files) {
    for (const Conversation& talk : conversations_of(file)) {
      if (!is_http(talk)) continue;
      ++talks;
      captured.compare(talk, file.substr(file.rfind('/') + 1));
    }
  }
  std::printf("generated: %zu transactions, %.2f %% the same\n", generated.all, generated.percent());
  std::printf("captured: %zu transactions of %zu conversations in %zu files, %.2f %% the same\n", captured.all, talks,
              files.size(), captured.percent());
  const bool fine = (number == 0 || generated.percent() >= 98) && (files.empty() || captured.percent() >= 98);
  return fine ? 0 : 1;
}

}  // namespace
}  // namespace bulkhead::test

int main(int argc, char** argv) {
  return bulkhead::test::run(argc, argv);
}
