// HTTP/1 as the rest of the engine sees it: how it is found, its buffers, its events.
#include <array>
#include <string>

#include "datapath/app/http/http_buffers.h"
#include "datapath/app/http/http_parser.h"
#include "datapath/app/http/http_text.h"
#include "datapath/app/http/http_transaction.h"
#include "datapath/app/protocol.h"

namespace bulkhead::app {

namespace http {
namespace {

using Kind = BufferDef::Kind;
constexpr std::uint8_t kNever = BufferDef::kNever;
constexpr std::array<std::uint8_t, 2> kRequestLine{stage::kHeaders, kNever};
constexpr std::array<std::uint8_t, 2> kResponseLine{kNever, stage::kHeaders};
constexpr std::array<std::uint8_t, 2> kBothLines{stage::kHeaders, stage::kHeaders};
constexpr std::array<std::uint8_t, 2> kRequestHeaders{stage::kBody, kNever};
constexpr std::array<std::uint8_t, 2> kResponseHeaders{kNever, stage::kBody};
constexpr std::array<std::uint8_t, 2> kBothHeaders{stage::kBody, stage::kBody};

HttpTransaction& http_of(Transaction& tx) {
  return static_cast<HttpTransaction&>(tx);
}

bool give(std::string_view text, BufferView& out) {
  out.bytes = {reinterpret_cast<const Byte*>(text.data()), text.size()};
  return true;
}
bool give_if(std::string_view text, BufferView& out) {
  return !text.empty() && give(text, out);
}

bool get_method(Transaction& tx, Direction, std::uint32_t, BufferView& out) {
  return give_if(http_of(tx).method, out);
}
bool get_uri(Transaction& tx, Direction, std::uint32_t, BufferView& out) {
  return give_if(http_of(tx).uri, out);
}
bool get_raw_uri(Transaction& tx, Direction, std::uint32_t, BufferView& out) {
  return give_if(http_of(tx).target, out);
}
bool get_line(Transaction& tx, Direction d, std::uint32_t, BufferView& out) {
  return give_if(http_of(tx).message(d).line, out);
}
bool get_protocol(Transaction& tx, Direction d, std::uint32_t, BufferView& out) {
  return give_if(http_of(tx).message(d).protocol, out);
}
bool get_status(Transaction& tx, Direction, std::uint32_t, BufferView& out) {
  return give_if(http_of(tx).status_text, out);
}
bool get_status_message(Transaction& tx, Direction, std::uint32_t, BufferView& out) {
  return give_if(http_of(tx).status_message, out);
}
bool get_host(Transaction& tx, Direction, std::uint32_t, BufferView& out) {
  return give_if(http_of(tx).host, out);
}
bool get_raw_host(Transaction& tx, Direction, std::uint32_t, BufferView& out) {
  return give_if(http_of(tx).host_raw, out);
}

// The value of one header; there and empty when the header is.
bool get_header_value(Transaction& tx, Direction d, std::string_view name, BufferView& out) {
  const std::optional<Header> header = http_of(tx).message(d).headers.find(name);
  return header && give(header->value, out);
}
#define HEADER_GETTER(function, name)                                           \
  bool function(Transaction& tx, Direction d, std::uint32_t, BufferView& out) { \
    return get_header_value(tx, d, name, out);                                  \
  }
HEADER_GETTER(get_user_agent, "user-agent")
HEADER_GETTER(get_accept, "accept")
HEADER_GETTER(get_accept_encoding, "accept-encoding")
HEADER_GETTER(get_accept_language, "accept-language")
HEADER_GETTER(get_connection, "connection")
HEADER_GETTER(get_content_length, "content-length")
HEADER_GETTER(get_content_type, "content-type")
HEADER_GETTER(get_location, "location")
HEADER_GETTER(get_referer, "referer")
HEADER_GETTER(get_server, "server")
#undef HEADER_GETTER

bool is_cookie(const Header& header) {
  return same_word(header.name, "cookie") || same_word(header.name, "set-cookie");
}

bool get_cookie(Transaction& tx, Direction d, std::uint32_t, BufferView& out) {
  return get_header_value(tx, d, d == Direction::kToServer ? "cookie" : "set-cookie", out);
}

bool get_header(Transaction& tx, Direction d, std::uint32_t, BufferView& out) {
  Message& m = http_of(tx).message(d);
  std::optional<std::string>& built = m.buffers().headers;
  if (!built) {
    std::string text;
    for (const Header header : m.headers) {
      if (!is_cookie(header)) text.append(header.name).append(": ").append(header.value).append("\r\n");
    }
    built = std::move(text);
  }
  return give_if(*built, out);
}

bool get_raw_header(Transaction& tx, Direction d, std::uint32_t, BufferView& out) {
  return give_if(http_of(tx).message(d).headers.raw(), out);
}

bool get_header_names(Transaction& tx, Direction d, std::uint32_t, BufferView& out) {
  Message& m = http_of(tx).message(d);
  if (m.headers.empty()) return false;
  std::optional<std::string>& built = m.buffers().names;
  if (!built) {
    std::string text = "\r\n";
    for (const Header header : m.headers) text.append(header.name).append("\r\n");
    built = text + "\r\n";
  }
  return give(*built, out);
}

bool get_start(Transaction& tx, Direction d, std::uint32_t, BufferView& out) {
  Message& m = http_of(tx).message(d);
  std::optional<std::string>& built = m.buffers().start;
  if (!built) {
    std::string text = m.line + "\r\n";
    for (const Header header : m.headers) text.append(header.name).append(": ").append(header.value).append("\r\n");
    built = text + "\r\n";
  }
  return give(*built, out);
}

bool get_one_header(Transaction& tx, Direction d, std::uint32_t index, BufferView& out) {
  Message& m = http_of(tx).message(d);
  if (index >= m.headers.size()) return false;
  std::vector<std::string>& lines = m.buffers().lines;
  if (lines.size() != m.headers.size()) {
    lines.clear();
    for (const Header header : m.headers) lines.push_back(std::string(header.name).append(": ").append(header.value));
  }
  return give(lines[index], out);
}

bool get_body(Transaction& tx, Direction d, std::uint32_t, BufferView& out) {
  HttpTransaction& http = http_of(tx);
  const Body& body = http.message(d).body;
  const bool complete = tx.progress[bulkhead::index_of(d)] > stage::kBody;
  if (!body.ready(http.body_settings(d), http.settings().body_inline, complete)) return false;
  out.bytes = body.bytes();
  out.begin = body.begin();
  out.first = body.begin() == 0;
  return true;
}

// Calls of a container engine's or kubelet's API.
constexpr std::array<std::uint8_t, 2> kWholeRequest{stage::kComplete, kNever};
template <ApiCall::Kind kind, auto member>
bool get_call(Transaction& tx, Direction, std::uint32_t, BufferView& out) {
  const ApiCall& call = http_of(tx).api_call();
  return call.kind == kind && give_if(call.*member, out);
}
bool get_docker_flag(Transaction& tx, Direction, std::uint32_t index, BufferView& out) {
  const ApiCall& call = http_of(tx).api_call();
  return index < call.flags.size() && give(call.flags[index], out);
}
constexpr auto kDocker = ApiCall::Kind::kDocker;
constexpr auto kKubelet = ApiCall::Kind::kKubelet;

// clang-format off
constexpr BufferDef kBuffers[] = {
    {"http.method", "", "http_method", "The request's method", Kind::kSingle, kRequestLine, get_method, 'M'},
    {"http.uri", "", "http_uri", "The URI, normalised", Kind::kSingle, kRequestLine, get_uri, 'U'},
    {"http.uri.raw", "", "http_raw_uri", "The URI as on the request line", Kind::kSingle, kRequestLine, get_raw_uri, 'I'},
    {"http.request_line", "http_request_line", "", "The request line", Kind::kSingle, kRequestLine, get_line},
    {"http.response_line", "http_response_line", "", "The status line", Kind::kSingle, kResponseLine, get_line},
    {"http.protocol", "http_protocol", "", "The version on the first line", Kind::kSingle, kBothLines, get_protocol},
    {"http.stat_code", "", "http_stat_code", "The status", Kind::kSingle, kResponseLine, get_status, 'S'},
    {"http.stat_msg", "", "http_stat_msg", "The text behind the status", Kind::kSingle, kResponseLine, get_status_message, 'Y'},
    {"http.host", "", "http_host", "The host, lower case, without port", Kind::kSingle, kRequestHeaders, get_host, 'W'},
    {"http.host.raw", "", "http_raw_host", "The Host header", Kind::kSingle, kRequestHeaders, get_raw_host, 'Z'},
    {"http.header", "", "http_header", "All headers but cookies, one a line", Kind::kSingle, kBothHeaders, get_header, 'H'},
    {"http.header.raw", "", "http_raw_header", "The headers as received", Kind::kSingle, kBothHeaders, get_raw_header, 'D'},
    {"http.header_names", "http_header_names", "", "The names of the headers, one a line", Kind::kSingle, kBothHeaders, get_header_names},
    {"http.start", "http_start", "", "First line and headers", Kind::kSingle, kBothHeaders, get_start},
    {"http.request_header", "", "", "One header of the request after the other", Kind::kMulti, kRequestHeaders, get_one_header},
    {"http.response_header", "", "", "One header of the response after the other", Kind::kMulti, kResponseHeaders, get_one_header},
    {"http.cookie", "", "http_cookie", "Cookie or Set-Cookie", Kind::kSingle, kBothHeaders, get_cookie, 'C'},
    {"http.user_agent", "", "http_user_agent", "The User-Agent header", Kind::kSingle, kRequestHeaders, get_user_agent, 'V'},
    {"http.accept", "http_accept", "", "The Accept header", Kind::kSingle, kRequestHeaders, get_accept},
    {"http.accept_enc", "http_accept_enc", "", "The Accept-Encoding header", Kind::kSingle, kRequestHeaders, get_accept_encoding},
    {"http.accept_lang", "http_accept_lang", "", "The Accept-Language header", Kind::kSingle, kRequestHeaders, get_accept_language},
    {"http.referer", "http_referer", "", "The Referer header", Kind::kSingle, kRequestHeaders, get_referer},
    {"http.connection", "http_connection", "", "The Connection header", Kind::kSingle, kBothHeaders, get_connection},
    {"http.content_len", "http_content_len", "", "The Content-Length header", Kind::kSingle, kBothHeaders, get_content_length},
    {"http.content_type", "http_content_type", "", "The Content-Type header", Kind::kSingle, kBothHeaders, get_content_type},
    {"http.server", "http_server", "", "The Server header", Kind::kSingle, kResponseHeaders, get_server},
    {"http.location", "http_location", "", "The Location header", Kind::kSingle, kResponseHeaders, get_location},
    {"http.request_body", "", "http_client_body", "The request's body, decoded", Kind::kBody, kRequestHeaders, get_body, 'P'},
    {"http.response_body", "", "http_server_body", "The response's body, decoded", Kind::kBody, kResponseHeaders, get_body, 'Q'},
    {"file.data", "file_data", "", "The content of a file", Kind::kBody, kBothHeaders, get_body},
    {"file.name", "", "", "The name of a file", Kind::kMulti, kBothHeaders, get_file_name},
    {"docker.api", "", "", "What a container engine is asked: containers/create, exec/start ...", Kind::kSingle, kRequestHeaders, get_call<kDocker, &ApiCall::operation>},
    {"docker.object", "", "", "The container or other object that it is about", Kind::kSingle, kRequestHeaders, get_call<kDocker, &ApiCall::object>},
    {"docker.image", "", "", "The image", Kind::kSingle, kWholeRequest, get_call<kDocker, &ApiCall::image>},
    {"docker.command", "", "", "The command of a container or of an exec", Kind::kSingle, kWholeRequest, get_call<kDocker, &ApiCall::command>},
    {"docker.flag", "", "", "One right asked for after the other: privileged, pid=host, bind=/:/host ...", Kind::kMulti, kWholeRequest, get_docker_flag},
    {"kubelet.api", "", "", "What a kubelet is asked: run, exec, pods ...", Kind::kSingle, kRequestHeaders, get_call<kKubelet, &ApiCall::operation>},
    {"kubelet.namespace", "", "", "The namespace", Kind::kSingle, kRequestHeaders, get_call<kKubelet, &ApiCall::name_space>},
    {"kubelet.pod", "", "", "The pod", Kind::kSingle, kRequestHeaders, get_call<kKubelet, &ApiCall::pod>},
    {"kubelet.container", "", "", "The container", Kind::kSingle, kRequestHeaders, get_call<kKubelet, &ApiCall::container>},
    {"kubelet.command", "", "", "The command that is to be run", Kind::kSingle, kWholeRequest, get_call<kKubelet, &ApiCall::command>},
};

constexpr EventDef kEvents[] = {
#define X(symbol, name, record, text) {name, record, {}},
#include "datapath/app/http/http_events.def"
#undef X
};
// clang-format on

std::unique_ptr<AppParser> make_parser(const AppSettings& settings) {
  return std::make_unique<HttpParser>(settings);
}

}  // namespace

std::span<const BufferDef> buffers() {
  return kBuffers;
}

}  // namespace http

const Protocol& protocol_http() {
  static constexpr Protocol protocol{.id = AppProtocol::http1,
                                     .rule_prefix = "http",
                                     .over_tcp = true,
                                     .complete = {http::stage::kComplete, http::stage::kComplete},
                                     .records = {"http", "docker", "kubelet"},
                                     .probe = http::probe_http,
                                     .make = http::make_parser,
                                     .buffers = http::kBuffers,
                                     .events = http::kEvents};
  return protocol;
}

}  // namespace bulkhead::app
