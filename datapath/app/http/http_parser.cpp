#include "datapath/app/http/http_parser.h"

#include <algorithm>
#include <charconv>

#include "datapath/app/app_settings.h"
#include "datapath/app/http/http_text.h"
#include "datapath/app/http/http_uri.h"

namespace bulkhead::app::http {
namespace {

constexpr std::string_view kMethods[] = {"GET",        "POST",     "HEAD",       "PUT",
                                         "DELETE",     "OPTIONS",  "CONNECT",    "TRACE",
                                         "PATCH",      "PROPFIND", "PROPPATCH",  "MKCOL",
                                         "COPY",       "MOVE",     "LOCK",       "UNLOCK",
                                         "CHECKOUT",   "CHECKIN",  "UNCHECKOUT", "MKWORKSPACE",
                                         "UPDATE",     "LABEL",    "MERGE",      "BASELINE-CONTROL",
                                         "MKACTIVITY", "ACL",      "REPORT",     "VERSION-CONTROL",
                                         "SEARCH",     "ERROR"};

constexpr std::size_t kUsualHeaders = 1024;  // bytes

bool is_method(std::string_view word) {
  return std::find(std::begin(kMethods), std::end(kMethods), word) != std::end(kMethods);
}

std::string_view first_word(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  std::size_t end = 0;
  while (end < text.size() && !is_space(text[end])) ++end;
  return text.substr(0, end);
}

struct Line {
  std::string_view text;  // without its end
  std::size_t size = 0;   // with it; 0: not whole yet
};

// A request's line ends with LF; CRs before it go.
Line request_line_of(std::string_view data) {
  const std::size_t end = data.find('\n');
  if (end == std::string_view::npos) return {};
  std::string_view text = data.substr(0, end);
  while (text.ends_with('\r')) text.remove_suffix(1);
  return {text, end + 1};
}

// The first CR or LF from `at` on. Two searches for a byte are faster than one for a set.
std::size_t find_line_end(std::string_view data, std::size_t at) {
  const std::size_t lf = data.find('\n', at);
  return std::min(lf, data.substr(0, lf).find('\r', at));
}

// A response's line ends with LF, CRLF, LFCR or a CR alone: browsers take them all.
Line response_line_of(std::string_view data) {
  std::size_t at = 0;
  for (;; ++at) {
    at = find_line_end(data, at);
    if (at == std::string_view::npos) return {};
    if (data[at] == '\n') {
      // LF CR LF is an LF and a CRLF, unless LF CR goes on.
      const auto is = [&](std::size_t i, char c) { return at + i < data.size() && data[at + i] == c; };
      const bool lfcr = is(1, '\r') && (!is(2, '\n') || is(3, '\r'));
      return {data.substr(0, at), at + (lfcr ? 2U : 1U)};
    }
    if (at + 1 == data.size()) return {};
    if (data[at + 1] == '\n') return {data.substr(0, at), at + 2};
    if (data[at + 1] != '\r') return {data.substr(0, at), at + 1};
  }
}

Line line_of(Direction d, std::string_view data) {
  return d == Direction::kToServer ? request_line_of(data) : response_line_of(data);
}

bool is_blank_line(std::string_view line) {
  return std::all_of(line.begin(), line.end(), is_space);
}

bool folds(std::string_view line) {
  return !line.empty() && (is_blank(line.front()) || line.front() == '\0');
}

// Line ends behind a message belong to no other.
bool skip_blank_lines(ByteSpan data, std::size_t& used) {
  const auto end = std::find_if(data.begin(), data.end(), [](Byte b) { return b != '\r' && b != '\n'; });
  used += static_cast<std::size_t>(end - data.begin());
  return end != data.begin();
}

// What a chunk's line says: its size, or nullopt when there is none.
std::optional<std::uint64_t> chunk_length(std::string_view line, bool& extension) {
  const std::size_t begin = std::min(line.find_first_not_of(std::string_view("\r\n\t \v\f\0", 7)), line.size());
  line.remove_prefix(begin);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), value, 16);
  if (error != std::errc() || value > INT32_MAX) return std::nullopt;
  extension = line.substr(static_cast<std::size_t>(end - line.data())).find(';') != std::string_view::npos;
  return value;
}

}  // namespace

Probe probe_http(Direction d, ByteSpan data, std::uint16_t) {
  const std::string_view text = text_of(data);
  if (d == Direction::kToClient) {
    constexpr std::string_view kStart = "HTTP/";
    const std::size_t size = std::min(text.size(), kStart.size());
    if (!same_word(text.substr(0, size), kStart.substr(0, size))) return Probe::kNo;
    if (text.size() < 8) return Probe::kMore;
    const std::string_view version = text.substr(5, 3);
    return version == "1.1" || version == "1.0" || version == "0.9" ? Probe::kYes : Probe::kNo;
  }
  for (const std::string_view method : kMethods) {
    const std::size_t size = std::min(text.size(), method.size());
    if (!same_word(text.substr(0, size), method.substr(0, size))) continue;
    if (text.size() <= method.size()) return Probe::kMore;
    if (is_blank(text[method.size()])) return Probe::kYes;
  }
  return Probe::kNo;
}

HttpParser::HttpParser(const AppSettings& settings) : http_(settings.http), sides_{Side(settings), Side(settings)} {}

// --- the ways in ---

ParseResult HttpParser::parse(Direction d, ByteSpan data, const ParseMoment& moment) {
  moment_ = moment;
  std::size_t used = 0;
  while (used < data.size()) {
    const Outcome outcome = step(d, data.subspan(used), used);
    if (outcome == Outcome::kGoOn) continue;
    if (outcome == Outcome::kError) return {ParseResult::Status::kError, used, {}};
    if (outcome == Outcome::kChange) {
      skip_blank_lines(data.subspan(used), used);
      return {ParseResult::Status::kChange, used, next_};
    }
    break;
  }
  finished_ = answered_ = nullptr;
  return {ParseResult::Status::kOk, used, {}};
}

HttpParser::Outcome HttpParser::step(Direction d, ByteSpan data, std::size_t& used) {
  const State state = side(d).state;
  if (!is_between(state) && side(d).tx == nullptr) return Outcome::kError;  // given up before it was complete
  switch (state) {
    case State::kLine: return first_line(d, data, used);
    case State::kHeaders:
    case State::kTrailer: return header_line(d, data, used);
    case State::kChunkSize:
    case State::kLength:
    case State::kChunkData:
    case State::kChunkEnd:
    case State::kToEnd: {
      Message& message = side(d).tx->message(d);  // the transaction outlasts the step, though its end may be in it
      const std::size_t before = used;
      const Outcome outcome = state == State::kChunkSize ? chunk_size(d, data, used) : body_bytes(d, data, used);
      message.sent += used - before;
      return outcome;
    }
    case State::kResync: return resync(d, data, used);
    case State::kHold: return skip_blank_lines(data, used) ? Outcome::kGoOn : Outcome::kNeedMore;
    case State::kIgnore: used += data.size(); return Outcome::kGoOn;
  }
  return Outcome::kError;
}

bool HttpParser::gap(Direction d, std::uint64_t length) {
  Side& s = side(d);
  if (is_between(s.state)) {
    if (s.state == State::kLine || s.state == State::kHold) s.state = State::kResync;
    return true;
  }
  if (s.tx == nullptr) return false;  // given up before it was complete
  switch (s.state) {
    case State::kLength:
    case State::kChunkData:
    case State::kToEnd: {
      const std::uint64_t lost = s.state == State::kToEnd ? length : std::min(length, s.left);
      s.body.lose(lost);
      s.tx->message(d).sent += lost;
      if (s.state == State::kToEnd) return true;
      s.left -= lost;
      if (s.left > 0) return true;
      if (s.state == State::kChunkData) {
        s.state = length == lost ? State::kChunkEnd : State::kResync;
      } else {
        complete(d);
        if (length != lost) s.state = State::kResync;
      }
      return true;
    }
    default: break;
  }
  // Somewhere in a line: the message is given up, the next one is looked for.
  complete(d);
  s.state = State::kResync;
  return true;
}

void HttpParser::end(Direction d, ByteSpan left) {
  Side& s = side(d);
  if (s.tx == nullptr) {
    if (d == Direction::kToServer || left.empty() || s.state != State::kLine) return;
  }
  // A last line without its end is a line all the same.
  if (!left.empty() && (s.state == State::kHeaders || s.state == State::kLine || s.state == State::kTrailer)) {
    std::vector<Byte> ended(left.begin(), left.end());
    if (ended.back() != '\n') {
      ended.push_back('\r');
      ended.push_back('\n');
    }
    static_cast<void>(parse(d, ended, moment_));
  }
  if (s.tx == nullptr) return;
  if (s.state == State::kToEnd) {
    complete(d);
  } else {
    end_body(d, false);
    if (s.has_pending) finish_header(d);
    s.tx->advance(d, stage::kComplete);
    if (d == Direction::kToClient) responses_ = s.tx->id + 1;
    s.tx = nullptr;
  }
  s.state = State::kIgnore;
}

HttpParser::Outcome HttpParser::resync(Direction d, ByteSpan data, std::size_t& used) {
  std::size_t at = 0;
  for (;;) {
    const Probe probe = probe_http(d, data.subspan(at), 0);
    if (probe == Probe::kYes) {
      used += at;
      side(d).state = State::kLine;
      return Outcome::kGoOn;
    }
    const auto next = std::find(data.begin() + static_cast<std::ptrdiff_t>(at), data.end(), Byte{'\n'});
    if (next == data.end()) {
      used += probe == Probe::kMore ? at : data.size();
      return Outcome::kNeedMore;
    }
    at = static_cast<std::size_t>(next - data.begin()) + 1;
  }
}

// --- first lines ---

namespace {

// A first line that does not even begin with HTTP is the body of an HTTP/0.9 answer.
bool is_status_line(std::string_view line) {
  std::size_t at = 0;
  while (at < line.size() && (is_space(line[at]) || line[at] == '\0')) ++at;
  return line.size() >= at + 4 && same_word(line.substr(at, 4), "HTTP");
}

// With bytes still to come.
bool may_be_status_line(std::string_view start) {
  std::size_t at = 0;
  while (at < start.size() && (is_space(start[at]) || start[at] == '\0')) ++at;
  return start.size() < at + 4 || is_status_line(start);
}

}  // namespace

HttpParser::Outcome HttpParser::first_line(Direction d, ByteSpan data, std::size_t& used) {
  const std::string_view text = text_of(data);
  if (d == Direction::kToClient && answered_ != nullptr && !may_be_status_line(text)) {
    // More than Content-Length promised: browsers show it.
    answered_->message(d).body.append(data, http_.response);
    answered_->touch(d);
    used += data.size();
    return Outcome::kGoOn;
  }
  const Line line = line_of(d, text);
  if (line.size == 0) {
    if (d == Direction::kToServer && finished_ != nullptr && !is_method(first_word(text))) {
      used += text.size();
      unexpected_body(text);
      return Outcome::kGoOn;
    }
    if (d == Direction::kToClient && !may_be_status_line(text)) return status_line(text, data, used);
    if (text.size() < http_.max_line) return Outcome::kNeedMore;
    if (d == Direction::kToClient) return status_line(text, data, used);
    HttpTransaction& tx = add(std::make_unique<HttpTransaction>(http_));
    tx.note(HttpEvent::request_field_too_long);
    return Outcome::kError;
  }
  if (is_blank_line(line.text)) {  // blank lines between messages
    used += line.size;
    return Outcome::kGoOn;
  }
  if (d == Direction::kToClient) return status_line(line.text, data, used);
  used += line.size;
  if (finished_ != nullptr && !is_method(first_word(line.text))) {
    unexpected_body(text.substr(0, line.size));
    return Outcome::kGoOn;
  }
  finished_ = nullptr;
  return request_line(line.text, text.substr(line.size));
}

// Bytes behind a request that should have none, in one piece with it.
void HttpParser::unexpected_body(std::string_view bytes) {
  finished_->note(HttpEvent::request_body_unexpected);
  finished_->message(Direction::kToServer).body.append(bytes_of(bytes), http_.request);
  finished_->touch(Direction::kToServer);
}

namespace {

// Does a header follow, though the request line named no protocol?
bool header_follows(std::string_view rest) {
  bool blank = false;
  for (const char c : rest) {
    if (c == ':' || (c == '\n' && &c != rest.data())) return true;  // a word alone on its line is one too
    if (c == '\r') continue;
    if (is_blank(c)) {
      blank = true;
    } else if (blank || !is_token_char(c)) {
      return false;
    }
  }
  return false;
}

}  // namespace

HttpParser::Outcome HttpParser::request_line(std::string_view line, std::string_view rest) {
  HttpTransaction& tx = add(std::make_unique<HttpTransaction>(http_));
  Side& s = side(Direction::kToServer);
  const Direction d = Direction::kToServer;
  s.tx = &tx;
  s.headers = 0;
  s.has_pending = false;
  tx.message(d).line = line;
  tx.server_port = moment_.client.destination_port;
  parse_request_line(tx, line);
  tx.advance(d, stage::kHeaders);
  if (tx.is_09 && header_follows(rest)) {
    tx.is_09 = false;
    tx.note(HttpEvent::request_line_missing_protocol);
  }
  if (!tx.is_09) {
    s.state = State::kHeaders;
    return Outcome::kGoOn;
  }
  find_host(tx);
  tx.advance(d, stage::kComplete);
  s.tx = nullptr;
  s.state = State::kIgnore;
  return Outcome::kGoOn;
}

void HttpParser::parse_request_line(HttpTransaction& tx, std::string_view line) {
  std::size_t at = 0;
  while (at < line.size() && is_space(line[at])) ++at;
  if (at > 0) tx.note(HttpEvent::request_line_leading_whitespace);
  std::size_t end = at;
  while (end < line.size() && !is_space(line[end])) ++end;
  tx.method = line.substr(at, end - at);
  if (end < line.size() && line[end] != ' ') tx.note(HttpEvent::method_delim_non_compliant);
  at = end;
  while (at < line.size() && is_space(line[at])) ++at;
  end = std::min(line.find(' ', at), line.size());
  if (end == line.size()) {  // no space: any blank will do
    end = at;
    while (end < line.size() && !is_space(line[end])) ++end;
    if (end < line.size()) tx.note(HttpEvent::uri_delim_non_compliant);
  }
  tx.target = line.substr(at, end - at);
  tx.message(Direction::kToServer).protocol = trim(line.substr(end));
  tx.is_09 = tx.message(Direction::kToServer).protocol.empty();

  const UriParts parts = split_uri(tx.target);
  if (tx.method == "CONNECT") {
    tx.uri = tx.target;
    return;
  }
  NormalUri normal = normalise(parts, http_);
  if (normal.double_encoded) tx.note(HttpEvent::double_encoded_uri);
  tx.uri = std::move(normal.text);
  tx.path_size = normal.path_size;
}

HttpTransaction& HttpParser::next_for_response() {
  for (const auto& tx : transactions()) {
    if (tx->id >= responses_ && tx->progress[1] < stage::kComplete) {
      responses_ = tx->id;
      return static_cast<HttpTransaction&>(*tx);
    }
  }
  HttpTransaction& made = add(std::make_unique<HttpTransaction>(http_));
  made.request_seen = false;
  made.target = made.uri = "/libhtp::request_uri_not_seen";
  made.path_size = made.uri.size();
  made.note(HttpEvent::unable_to_match_response_to_request);
  made.advance(Direction::kToServer, stage::kComplete);
  responses_ = made.id;
  return made;
}

HttpParser::Outcome HttpParser::status_line(std::string_view line, ByteSpan data, std::size_t& used) {
  const Direction d = Direction::kToClient;
  Side& s = side(d);
  HttpTransaction& tx = s.tx != nullptr ? *s.tx : next_for_response();
  s.tx = &tx;
  s.headers = 0;
  s.has_pending = false;
  tx.response_seen = true;
  if (!is_status_line(line)) {
    const std::size_t size = line_of(d, text_of(data)).size;
    const bool status_follows = size != 0 && size + 1 < data.size() && data[size] == 'H';
    if (status_follows) {  // a line of garbage before the status line
      used += size;
      return Outcome::kGoOn;
    }
    tx.message(d).line.clear();
    tx.advance(d, stage::kBody);
    start_body(d, State::kToEnd, 0);
    return Outcome::kGoOn;
  }
  used += line_of(d, text_of(data)).size;
  tx.message(d).line = line;
  parse_status_line(tx, line);
  tx.advance(d, stage::kHeaders);
  s.state = State::kHeaders;
  return Outcome::kGoOn;
}

void HttpParser::parse_status_line(HttpTransaction& tx, std::string_view line) {
  Message& m = tx.message(Direction::kToClient);
  std::size_t at = 0;
  while (at < line.size() && (is_space(line[at]) || line[at] == '\0')) ++at;
  std::size_t end = at;
  while (end < line.size() && !is_space(line[end])) ++end;
  m.protocol = line.substr(at, end - at);
  if (m.protocol != "HTTP/1.1" && m.protocol != "HTTP/1.0" && m.protocol != "HTTP/0.9") {
    tx.note(HttpEvent::response_invalid_protocol);
  }
  at = end;
  while (at < line.size() && is_space(line[at])) ++at;
  end = at;
  while (end < line.size() && !is_space(line[end])) ++end;
  tx.status_text = line.substr(at, end - at);
  std::uint16_t status = 0;
  const char* const last = tx.status_text.data() + tx.status_text.size();
  const auto [stop, error] = std::from_chars(tx.status_text.data(), last, status);
  const bool valid = error == std::errc() && stop == last && status >= 100 && status <= 999;
  tx.status = valid ? status : 0;
  if (!valid) tx.note(HttpEvent::response_invalid_status);
  at = end;
  while (at < line.size() && is_space(line[at])) ++at;
  tx.status_message = line.substr(at);
}

// --- headers ---

// Takes headers that are as nearly all are: a token and a colon, one line that ends with CRLF. Stops before any other
// line, with what was collected made a header. Returns the bytes taken.
std::size_t HttpParser::plain_headers(Direction d, std::string_view text) {
  Side& s = side(d);
  if (text.empty() || folds(text)) return 0;
  finish_header(d);
  Headers& headers = s.tx->message(d).headers;
  if (headers.raw().empty()) headers.reserve_raw(std::min(text.size(), kUsualHeaders));
  std::size_t at = 0;
  while (s.headers < http_.max_headers) {
    const std::string_view rest = text.substr(at);
    std::size_t colon = 0;
    while (colon < rest.size() && is_token_char(rest[colon])) ++colon;
    if (colon == 0 || colon == rest.size() || rest[colon] != ':') break;
    const std::size_t end = rest.find('\n', colon);
    if (end == std::string_view::npos || end + 1 == rest.size() || rest[end - 1] != '\r' || folds(rest.substr(end + 1)))
      break;
    std::string_view value = rest.substr(colon + 1, end - 1 - (colon + 1));
    if (end > http_.max_line || value.find('\r') != std::string_view::npos) break;
    while (!value.empty() && is_blank(value.front())) value.remove_prefix(1);
    while (!value.empty() && is_blank(value.back())) value.remove_suffix(1);
    const Headers::Text line = headers.append(rest.substr(0, end + 1));
    ++s.headers;
    s.after_lfcr = false;
    add_header(d, line.part(0, colon), line.part(static_cast<std::size_t>(value.data() - rest.data()), value.size()));
    at += end + 1;
  }
  return at;
}

HttpParser::Outcome HttpParser::header_line(Direction d, ByteSpan data, std::size_t& used) {
  Side& s = side(d);
  HttpTransaction& tx = *s.tx;
  std::string_view text = text_of(data);
  const std::size_t plain = plain_headers(d, text);
  used += plain;
  text.remove_prefix(plain);
  const Line line = line_of(d, text);
  if (line.size == 0) {
    if (text.size() < http_.max_line) return Outcome::kNeedMore;
    note_by_side(d, tx, HttpEvent::request_field_too_long, HttpEvent::response_field_too_long);
    return Outcome::kError;
  }
  std::size_t size = line.size;
  // LF CR, then CR LF CR LF: two line ends, not three.
  if (s.after_lfcr && line.text.empty() && text.starts_with("\r\n\r\n")) size = 4;
  s.after_lfcr = !line.text.empty() && text.substr(line.text.size(), line.size - line.text.size()) == "\n\r";
  used += size;
  Headers& headers = tx.message(d).headers;
  const bool room = s.headers <= http_.max_headers;
  const Headers::Text received = room ? headers.append(text.substr(0, size)) : Headers::Text();
  // A single blank ends the headers too, unless an empty line follows.
  const bool blank =
      line.text.size() == 1 && line.size == 2 && is_blank(line.text[0]) && text.size() > 2 && text[2] != '\n';
  if (!line.text.empty() && !blank) {
    add_header_line(d, room ? received.part(0, line.text.size()) : received);
    if (s.pending.size > http_.max_line) {
      note_by_side(d, tx, HttpEvent::request_field_too_long, HttpEvent::response_field_too_long);
      return Outcome::kError;
    }
    return Outcome::kGoOn;
  }
  finish_header(d);
  if (s.state == State::kTrailer) return complete(d);
  return headers_done(d);
}

void HttpParser::add_header_line(Direction d, Headers::Text text) {
  Side& s = side(d);
  HttpTransaction& tx = *s.tx;
  Headers& headers = tx.message(d).headers;
  const std::string_view line = headers.view(text);
  if (folds(line)) {
    // Browsers take a folded line with a colon for a header of its own, if the one before has one too.
    const bool looks_new = d == Direction::kToClient && line.find(':') != std::string_view::npos && s.has_pending &&
                           headers.view(s.pending).find(':') != std::string_view::npos &&
                           tx.message(d).protocol == "HTTP/1.1";
    if (s.has_pending && !looks_new) {
      s.pending = headers.folded(s.pending, line);
      return;
    }
    note_by_side(d, tx, HttpEvent::invalid_request_field_folding, HttpEvent::invalid_response_field_folding);
  }
  finish_header(d);
  s.has_pending = true;
  s.pending = text;
}

// The collected line, folded ones joined, becomes a header.
void HttpParser::finish_header(Direction d) {
  Side& s = side(d);
  if (!s.has_pending) return;
  s.has_pending = false;
  HttpTransaction& tx = *s.tx;
  if (++s.headers > http_.max_headers) {
    if (s.headers == http_.max_headers + 1)
      note_by_side(d, tx, HttpEvent::request_too_many_headers, HttpEvent::response_too_many_headers);
    return;
  }
  const std::string_view line = tx.message(d).headers.view(s.pending);
  std::size_t colon = 0;
  while (colon < line.size() && is_token_char(line[colon])) ++colon;
  const bool token = colon > 0 && colon < line.size() && line[colon] == ':';  // as nearly all are
  if (!token) {
    colon = line.find(':');
    if (d == Direction::kToServer) colon = std::min(colon, line.find('\0'));
  }
  std::string_view name, value = line;
  if (colon == std::string_view::npos || line[colon] == '\0') {
    note_by_side(d, tx, HttpEvent::request_field_missing_colon, HttpEvent::response_field_missing_colon);
  } else {
    name = token ? line.substr(0, colon) : trim(line.substr(0, colon));
    value = line.substr(colon + 1);
    if (!token && !is_token(name)) {
      note_by_side(d, tx, HttpEvent::request_header_invalid, HttpEvent::response_header_invalid);
    }
  }
  while (!value.empty() && is_blank(value.front())) value.remove_prefix(1);
  while (!value.empty() && is_blank(value.back())) value.remove_suffix(1);
  const auto text = [&](std::string_view part) {
    return part.empty() ? Headers::Text()
                        : s.pending.part(static_cast<std::size_t>(part.data() - line.data()), part.size());
  };
  add_header(d, text(name), text(value));
}

// One that is there already is joined to the first.
void HttpParser::add_header(Direction d, Headers::Text name, Headers::Text value) {
  constexpr std::uint32_t kRepetitions = 64;
  HttpTransaction& tx = *side(d).tx;
  Headers& headers = tx.message(d).headers;
  const std::uint32_t times = headers.add(name, value);
  if (times == 1) return;
  if (same_word(headers.view(name), "content-length")) {
    note_by_side(d, tx, HttpEvent::duplicate_content_length_field_in_request,
                 HttpEvent::duplicate_content_length_field_in_response);
  } else if (times > kRepetitions) {
    note_by_side(d, tx, HttpEvent::request_header_repetition, HttpEvent::response_header_repetition);
  } else {
    headers.join(name, ", ", value);
  }
}

HttpParser::Outcome HttpParser::headers_done(Direction d) {
  HttpTransaction& tx = *side(d).tx;
  if (d == Direction::kToClient) return response_body_kind(tx);
  find_host(tx);
  check_authorization(tx);
  return request_body_kind(tx);
}

void HttpParser::find_host(HttpTransaction& tx) {
  const Message& m = tx.message(Direction::kToServer);
  const UriParts parts = split_uri(tx.target);
  const std::optional<Header> header = m.headers.find("host");
  const bool connect = tx.method == "CONNECT";
  const bool in_uri = parts.has_authority || connect;
  HostPort named;
  if (in_uri) {
    named = parse_host(connect ? std::string_view(tx.target) : parts.authority);
    if (!named.valid) tx.note(HttpEvent::request_uri_host_invalid);
    if (!named.port_valid) tx.note(HttpEvent::invalid_server_port_in_request);
    tx.host = tx.host_raw = named.host;
    tx.port = named.port;
  }
  if (!header) {
    if (m.protocol == "HTTP/1.1") tx.note(HttpEvent::missing_host_header);
    return;
  }
  const HostPort given = parse_host(header->value);
  if (!given.valid) tx.note(HttpEvent::request_header_host_invalid);
  if (!given.port_valid) tx.note(HttpEvent::invalid_authority_port);
  if (in_uri) {
    if (given.host != named.host) tx.note(HttpEvent::host_header_ambiguous);
    return;
  }
  tx.host = given.host;
  tx.host_raw = header->value;
  tx.port = given.port;
}

void HttpParser::check_authorization(HttpTransaction& tx) {
  const std::optional<Header> header = tx.message(Direction::kToServer).headers.find("authorization");
  if (!header) return;
  const std::string_view scheme = trim(std::string_view(header->value).substr(0, header->value.find(' ')));
  for (const std::string_view known : {"basic", "digest", "bearer"}) {
    if (same_word(scheme, known)) return;
  }
  tx.note(HttpEvent::request_auth_unrecognized);
}

HttpParser::Outcome HttpParser::request_body_kind(HttpTransaction& tx) {
  const Direction d = Direction::kToServer;
  const Headers& headers = tx.message(d).headers;
  side(d).body.choose_decoder(tx, d);
  tx.advance(d, stage::kBody);
  if (const std::optional<Header> te = headers.find("transfer-encoding")) {
    if (contains_word(te->value, "chunked", true)) {
      start_body(d, State::kChunkSize, 0);
      return Outcome::kGoOn;
    }
    tx.note(HttpEvent::invalid_transfer_encoding_value_in_request);
  }
  if (const std::optional<Header> length = headers.find("content-length")) {
    const auto number = first_number(length->value);
    if (number && *number > 0) {
      start_body(d, State::kLength, *number);
      return Outcome::kGoOn;
    }
    if (!number) tx.note(HttpEvent::invalid_content_length_field_in_request);
  }
  return complete(d);
}

HttpParser::Outcome HttpParser::response_body_kind(HttpTransaction& tx) {
  const Direction d = Direction::kToClient;
  Side& s = side(d);
  const Headers& headers = tx.message(d).headers;
  const std::optional<Header> te = headers.find("transfer-encoding");
  const std::optional<Header> length = headers.find("content-length");
  if (tx.status == 100 && !te && !length) {
    if (s.seen_continue) tx.note(HttpEvent::second_100_continue);
    s.seen_continue = true;
    tx.message(d).headers = {};
    s.state = State::kLine;
    return Outcome::kGoOn;
  }
  s.seen_continue = false;
  if ((tx.status == 101 && !te && !length) || (tx.method == "CONNECT" && tx.status >= 200 && tx.status < 300))
    return complete(d);
  side(d).body.choose_decoder(tx, d);
  tx.advance(d, stage::kBody);
  const bool none = tx.method == "HEAD" ||
                    (!te && !length && ((tx.status >= 100 && tx.status < 200) || tx.status == 204 || tx.status == 304));
  if (none) return complete(d);
  if (te) {
    if (contains_word(te->value, "chunked", true)) {
      if (!same_word(te->value, "chunked")) tx.note(HttpEvent::response_abnormal_transfer_encoding);
      if (tx.message(d).protocol != "HTTP/1.1") tx.note(HttpEvent::response_chunked_old_proto);
      start_body(d, State::kChunkSize, 0);
      return Outcome::kGoOn;
    }
    tx.note(HttpEvent::invalid_transfer_encoding_value_in_response);
  }
  if (length) {
    const auto number = first_number(length->value);
    if (!number) {
      tx.note(HttpEvent::invalid_content_length_field_in_response);
      return Outcome::kError;
    }
    if (*number == 0) return complete(d);
    start_body(d, State::kLength, *number);
    return Outcome::kGoOn;
  }
  if (contains_word(headers.value("content-type"), "multipart/byteranges")) {
    tx.note(HttpEvent::response_multipart_byteranges);
  }
  start_body(d, State::kToEnd, 0);
  return Outcome::kGoOn;
}

// --- bodies ---

void HttpParser::start_body(Direction d, State state, std::uint64_t length) {
  Side& s = side(d);
  s.state = state;
  s.left = length;
  s.body.start(*s.tx, d);
}

HttpParser::Outcome HttpParser::chunk_size(Direction d, ByteSpan data, std::size_t& used) {
  Side& s = side(d);
  const std::string_view text = text_of(data);
  const std::size_t end = text.find('\n');
  bool extension = false;
  const std::string_view line = text.substr(0, end);
  const auto size = chunk_length(line, extension);
  const bool blank = is_blank_line(line);
  if (end == std::string_view::npos && (size || blank) && text.size() < http_.max_line) return Outcome::kNeedMore;
  if (blank && end != std::string_view::npos) {
    used += end + 1;
    return Outcome::kGoOn;
  }
  if (!size) {
    note_by_side(d, *s.tx, HttpEvent::invalid_request_chunk_len, HttpEvent::invalid_response_chunk_len);
    if (d == Direction::kToServer) return Outcome::kError;
    s.state = State::kToEnd;  // what browsers show: the rest as it is
    return Outcome::kGoOn;
  }
  if (extension && d == Direction::kToServer) s.tx->note(HttpEvent::request_chunk_extension);
  used += end + 1;
  s.left = *size;
  s.state = *size > 0 ? State::kChunkData : State::kTrailer;
  if (*size == 0) s.tx->advance(d, stage::kTrailer);
  return Outcome::kGoOn;
}

HttpParser::Outcome HttpParser::body_bytes(Direction d, ByteSpan data, std::size_t& used) {
  Side& s = side(d);
  if (s.state == State::kToEnd) {
    used += data.size();
    s.body.write(data);
    return Outcome::kGoOn;
  }
  if (s.state == State::kChunkEnd) {
    const std::size_t end = text_of(data).find('\n');
    used += end == std::string_view::npos ? data.size() : end + 1;
    if (end != std::string_view::npos) s.state = State::kChunkSize;
    return Outcome::kGoOn;
  }
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(s.left, data.size()));
  used += size;
  s.left -= size;
  s.body.write(data.first(size));
  if (s.left > 0) return Outcome::kGoOn;
  if (s.state == State::kLength) {
    if (d == Direction::kToClient) used += surplus(data.subspan(size));
    return complete(d);
  }
  s.state = State::kChunkEnd;
  return Outcome::kGoOn;
}

// Lines that come with the end of a response and begin no other are shown with its body, as clients may.
std::size_t HttpParser::surplus(ByteSpan data) {
  constexpr std::string_view kStart = "HTTP";
  std::size_t length = 0;
  while (length < data.size()) {
    const std::string_view rest = text_of(data.subspan(length));
    const std::size_t compared = std::min(rest.size(), kStart.size());
    if (same_word(rest.substr(0, compared), kStart.substr(0, compared))) break;
    length += std::min(rest.find('\n'), rest.size() - 1) + 1;
  }
  if (length > 0) side(Direction::kToClient).body.write(data.first(length));
  return length;
}

void HttpParser::end_body(Direction d, bool whole) {
  if (side(d).tx != nullptr) side(d).body.end(whole, moment_);
}

// The message is whole.
HttpParser::Outcome HttpParser::complete(Direction d) {
  Side& s = side(d);
  HttpTransaction& tx = *s.tx;
  end_body(d, true);
  tx.advance(d, stage::kComplete);
  s.tx = nullptr;
  s.state = State::kLine;
  if (d == Direction::kToServer) {
    if (tx.method == "CONNECT" || tx.message(d).headers.find("upgrade").has_value()) s.state = State::kHold;
    finished_ = tx.message(d).body.size() == 0 ? &tx : nullptr;
    return Outcome::kGoOn;
  }
  responses_ = tx.id + 1;
  answered_ = tx.message(d).body.size() != 0 ? &tx : nullptr;
  Side& request = side(Direction::kToServer);
  // Whose request was not seen, says itself what follows.
  const bool answer_alone = !tx.request_seen && tx.status == 101;
  if ((request.state != State::kHold && !answer_alone) || tx.id + 1 != transactions_made()) return Outcome::kGoOn;
  if (tx.method == "CONNECT" && tx.status >= 200 && tx.status < 300) {
    next_ = AppProtocol::kUnknown;
    return Outcome::kChange;
  }
  if (tx.status == 101) {
    const Direction named = answer_alone ? Direction::kToClient : Direction::kToServer;
    const std::string_view wanted = tx.message(named).headers.value("upgrade");
    next_ = contains_word(wanted, "h2c")         ? AppProtocol::http2
            : contains_word(wanted, "websocket") ? AppProtocol::websocket
                                                 : AppProtocol::kUnknown;
    return Outcome::kChange;
  }
  request.state = State::kLine;
  return Outcome::kGoOn;
}

}  // namespace bulkhead::app::http
