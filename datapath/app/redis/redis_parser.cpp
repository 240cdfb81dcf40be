#include "datapath/app/redis/redis_parser.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "datapath/app/exchange_parser.h"

namespace bulkhead::app::redis {
namespace {

constexpr std::size_t kMaxLine = 64UL * 1024;
constexpr std::uint64_t kMaxElements = 1024UL * 1024;
constexpr std::uint64_t kMaxBulk = 512UL * 1024 * 1024;

char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}
bool same_word(std::string_view text, std::string_view word) {
  return text.size() == word.size() &&
         std::equal(text.begin(), text.end(), word.begin(), [](char a, char b) { return upper(a) == upper(b); });
}

bool read_number(std::string_view text, std::int64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

// Reads what is all there, from `at` on; a false answer leaves `at` anywhere.
struct Cursor {
  const char* at;
  const char* end;

  // "$12 CRLF", as nearly all lengths come.
  bool length(char kind, std::size_t& out) {
    constexpr std::ptrdiff_t kLongest = 10;  // kind, seven digits, line end
    const char* const last = end - at > kLongest ? at + kLongest : end;
    if (at == last || *at != kind) return false;
    const char* const digits = ++at;
    std::size_t number = 0;
    for (; at != last && *at >= '0' && *at <= '9'; ++at) number = number * 10 + static_cast<std::size_t>(*at - '0');
    if (at == digits || !line_end(last)) return false;
    out = number;
    return true;
  }
  // "$3 CRLF GET CRLF"
  bool bulk(std::string_view& out) {
    std::size_t size = 0;
    if (!length('$', size) || static_cast<std::size_t>(end - at) < size + 2) return false;
    out = {at, size};
    at += size;
    return line_end(end);
  }

 private:
  bool line_end(const char* last) {
    if (last - at < 2 || at[0] != '\r' || at[1] != '\n') return false;
    at += 2;
    return true;
  }
};

Cursor cursor_of(ByteSpan data) {
  const std::string_view text = view_text(data);
  return {text.data(), text.data() + text.size()};
}

// The bytes that the cursor has not reached.
ByteSpan rest_of(ByteSpan data, const Cursor& cursor) {
  return data.last(static_cast<std::size_t>(cursor.end - cursor.at));
}

void set_command(RedisTransaction& tx, std::string_view text) {
  tx.command = text.substr(0, kMaxArgument);
  for (char& c : tx.command) c = upper(c);
}

bool refuses_access(std::string_view error) {
  return error.starts_with("NOAUTH") || error.starts_with("WRONGPASS") || error.starts_with("NOPERM") ||
         error.starts_with("DENIED") || error.starts_with("ERR invalid password") ||
         error.starts_with("ERR operation not permitted") || error.starts_with("ERR invalid username-password");
}

std::string_view name_of_reply(char kind, bool null) {
  if (null) return "null";
  switch (kind) {
    case '+': return "simple";
    case '-':
    case '!': return "error";
    case ':':
    case '(': return "integer";
    case '$':
    case '=': return "bulk";
    case '*': return "array";
    case '_': return "null";
    case '#': return "boolean";
    case ',': return "double";
    case '%': return "map";
    case '~': return "set";
    case '>': return "push";
    default: return "";
  }
}

}  // namespace

ParseResult RedisParser::parse(Direction d, ByteSpan data, const ParseMoment&) {
  const std::size_t size = data.size();
  const bool to_server = d == Direction::kToServer;
  while (!data.empty()) {
    if (to_server ? whole_request(data) : whole_reply(data)) continue;
    const Step step = to_server ? request(data) : reply(data);
    if (step == Step::kMore) break;
    if (step == Step::kError) {
      broken(d);
      return {ParseResult::Status::kError, size - data.size(), {}};
    }
  }
  return {ParseResult::Status::kOk, size - data.size(), {}};
}

void RedisParser::broken(Direction d) {
  RedisTransaction* tx = d == Direction::kToServer ? request_ : reply_;
  if (tx == nullptr) {
    tx = &add<RedisTransaction>();
    tx->advance(opposite(d), exchange::kComplete);
  }
  tx->note(d == Direction::kToServer ? RedisEvent::malformed_request : RedisEvent::malformed_reply);
  tx->advance(d, exchange::kComplete);
}

// A line without CRLF; the bytes are taken.
RedisParser::Step RedisParser::take_line(ByteSpan& data, std::string_view& line) {
  const std::string_view text = view_text(data.first(std::min(data.size(), kMaxLine)));
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return text.size() >= kMaxLine ? Step::kError : Step::kMore;
  line = text.substr(0, end);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  data = data.subspan(end + 1);
  return Step::kOk;
}

RedisParser::Step RedisParser::take_bulk(ByteSpan& data, Bulk& bulk, std::string& into, std::size_t limit) {
  const std::size_t step = static_cast<std::size_t>(std::min<std::uint64_t>(bulk.left, data.size()));
  if (into.size() < limit) into += view_text(data.first(std::min(step, limit - into.size())));
  data = data.subspan(step);
  bulk.left -= step;
  while (bulk.left == 0 && bulk.end_left > 0 && !data.empty()) {
    if (data[0] != static_cast<Byte>(bulk.end_left == 2 ? '\r' : '\n')) return Step::kError;
    data = data.subspan(1);
    --bulk.end_left;
  }
  if (bulk.left > 0 || bulk.end_left > 0) return Step::kMore;
  bulk.open = false;
  return Step::kOk;
}

// --- requests ---

void RedisParser::begin_request(bool inline_form) {
  request_ = &add<RedisTransaction>();
  request_->inline_form = inline_form;
  argument_index_ = 0;
}

// The first word is the command.
void RedisParser::add_argument(std::string_view text) {
  RedisTransaction& tx = *request_;
  if (argument_index_++ == 0) return set_command(tx, text);
  ++tx.argument_count;
  if (tx.arguments.size() < kMaxArguments) {
    tx.arguments.push_back(text.substr(0, kMaxArgument));
  } else {
    tx.note(RedisEvent::too_many_arguments);
  }
}

void RedisParser::finish_request() {
  RedisTransaction& tx = *request_;
  request_ = nullptr;
  asked(tx);
}

// The command is whole.
void RedisParser::asked(RedisTransaction& tx) {
  bool silent = replies_off_ || skip_next_;
  skip_next_ = false;
  if (tx.command == std::string_view("CLIENT") && tx.arguments.size() == 2 && same_word(tx.arguments[0], "REPLY")) {
    if (same_word(tx.arguments[1], "OFF")) silent = replies_off_ = true;
    if (same_word(tx.arguments[1], "ON")) silent = replies_off_ = false;
    if (same_word(tx.arguments[1], "SKIP") && !replies_off_) silent = skip_next_ = true;
  }
  if (silent) {
    tx.advance(Direction::kToClient, exchange::kComplete);
  } else {
    while (!waiting_.empty() && waiting_.front() == nullptr) waiting_.pop_front();  // replies that nobody will see
    waiting_.emplace_back(&tx);
  }
  tx.advance(Direction::kToServer, exchange::kComplete);
}

// "*2 CRLF $3 CRLF GET CRLF $1 CRLF a CRLF" that is all there, with not more words than are kept. False: anything
// else, and nothing is taken.
bool RedisParser::whole_request(ByteSpan& data) {
  if (request_ != nullptr || request_bulk_.open) return false;
  Cursor cursor = cursor_of(data);
  std::size_t count = 0;
  if (!cursor.length('*', count) || count == 0 || count > kMaxArguments + 1) return false;
  struct Place {
    const char* at;
    std::size_t size;
  };
  std::array<Place, kMaxArguments + 1> words;  // not std::string_view: setting them to nothing would cost as much
  for (std::size_t i = 0; i < count; ++i) {
    std::string_view word;
    if (!cursor.bulk(word)) return false;
    words[i] = {word.data(), word.size()};
  }
  RedisTransaction& tx = add<RedisTransaction>();
  set_command(tx, {words[0].at, words[0].size});
  tx.argument_count = count - 1;
  for (std::size_t i = 1; i < count; ++i) {
    tx.arguments.push_back({words[i].at, std::min(words[i].size, kMaxArgument)});
  }
  asked(tx);
  data = rest_of(data, cursor);
  return true;
}

RedisParser::Step RedisParser::request(ByteSpan& data) {
  if (request_bulk_.open) {
    if (request_ == nullptr) return Step::kError;
    const Step step = take_bulk(data, request_bulk_, bulk_text_, kMaxArgument);
    if (step != Step::kOk) return step;
    add_argument(bulk_text_);
    bulk_text_.clear();
    if (--arguments_left_ == 0) finish_request();
    return Step::kOk;
  }
  std::int64_t number = 0;
  const char kind = request_ == nullptr ? '*' : '$';
  std::string_view line;
  const Step step = take_line(data, line);
  if (step != Step::kOk) return step;
  if (request_ == nullptr) {
    if (line.empty()) return Step::kOk;
    if (line[0] != kind) return inline_command(line);
  }
  if (line.empty() || line[0] != kind || !read_number(line.substr(1), number)) return Step::kError;
  if (request_ == nullptr) {
    if (number > static_cast<std::int64_t>(kMaxElements)) return Step::kError;
    if (number <= 0) return Step::kOk;
    begin_request(false);
    arguments_left_ = static_cast<std::uint64_t>(number);
    return Step::kOk;
  }
  if (number < 0 || number > static_cast<std::int64_t>(kMaxBulk)) return Step::kError;
  const auto size = static_cast<std::size_t>(number);
  if (data.size() >= size + 2 && data[size] == '\r' && data[size + 1] == '\n') {  // it is all there
    add_argument(view_text(data.first(size)));
    data = data.subspan(size + 2);
    if (--arguments_left_ == 0) finish_request();
    return Step::kOk;
  }
  request_bulk_ = {true, size, 2};
  bulk_text_.clear();
  return Step::kOk;
}

// Words, with quotes as redis-cli writes them.
RedisParser::Step RedisParser::inline_command(std::string_view line) {
  std::string word;
  bool any = false;
  char quote = 0;
  const auto finish_word = [&] {
    if (!any) return;
    if (request_ == nullptr) begin_request(true);
    add_argument(word);
    word.clear();
    any = false;
  };
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '\0') {  // no command has it: another protocol
      if (request_ == nullptr) begin_request(true);
      return Step::kError;
    }
    if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else if (c == '\\' && i + 1 < line.size()) {
        word += line[++i];
      } else {
        word += c;
      }
    } else if (c == '"' || c == '\'') {
      quote = c;
      any = true;
    } else if (c == ' ' || c == '\t') {
      finish_word();
    } else {
      word += c;
      any = true;
    }
  }
  finish_word();
  if (request_ != nullptr) finish_request();
  return Step::kOk;
}

// --- replies ---

RedisTransaction& RedisParser::reply_target(bool push) {
  if (!push && !waiting_.empty()) {
    RedisTransaction* const tx = waiting_.front();
    waiting_.pop_front();
    if (tx != nullptr) return *tx;
  }
  RedisTransaction& tx = add<RedisTransaction>();
  tx.advance(Direction::kToServer, exchange::kComplete);
  return tx;
}

void RedisParser::begin_reply(char kind, std::string_view line) {
  reply_ = &reply_target(kind == '>');
  reply_->reply_type = name_of_reply(kind, line == "-1");
  if (kind == '+' || kind == '-' || kind == ':' || kind == '#' || kind == ',' || kind == '(') {
    reply_->reply = line.substr(0, kMaxReply);
  }
  reply_->is_error = kind == '-' || kind == '!';
}

// One element is complete: so may be what it is part of.
void RedisParser::finish_element() {
  while (depth_ > 0) {
    Level& level = levels_[depth_ - 1];
    if (--level.left > 0) return;
    --depth_;
    if (level.attribute) return;
  }
  finish_reply();
}

void RedisParser::finish_reply() {
  if (reply_ == nullptr) return;
  RedisTransaction& tx = *reply_;
  reply_ = nullptr;
  answered(tx);
}

// The reply is whole.
void RedisParser::answered(RedisTransaction& tx) {
  if (tx.is_error && refuses_access(tx.reply)) {
    tx.auth_failed = true;
    tx.note(RedisEvent::auth_failed);
  }
  tx.advance(Direction::kToClient, exchange::kComplete);
}

// What most replies and their elements are: a line, or a bulk that is all there. False: anything else, and nothing is
// taken.
bool RedisParser::whole_reply(ByteSpan& data) {
  if (reply_bulk_.open) return false;
  const bool top = depth_ == 0;
  const auto kind = static_cast<char>(data[0]);
  std::string_view text;
  if (kind == '+' || kind == '-') {
    const std::string_view line = view_text(data.first(std::min(data.size(), kMaxLine)));
    const std::size_t end = line.find('\n');
    if (end == std::string_view::npos || line[end - 1] != '\r') return false;
    text = line.substr(1, end - 2);
    data = data.subspan(end + 1);
  } else {
    Cursor cursor = cursor_of(data);
    std::size_t number = 0;
    const bool whole = kind == '$' ? cursor.bulk(text) : kind == ':' && !top && cursor.length(kind, number);
    if (!whole) return false;
    data = rest_of(data, cursor);
  }
  if (!top) {
    finish_element();
    return true;
  }
  RedisTransaction& tx = reply_target(false);
  tx.reply_type = name_of_reply(kind, false);
  tx.reply = text.substr(0, kMaxReply);
  tx.is_error = kind == '-';
  answered(tx);
  return true;
}

RedisParser::Step RedisParser::reply(ByteSpan& data) {
  if (reply_bulk_.open) {
    const bool top = depth_ == 0 && reply_ != nullptr;
    const Step step = take_bulk(data, reply_bulk_, reply_text_, top ? kMaxReply : 0);
    if (step != Step::kOk) return step;
    if (top) reply_->reply = std::move(reply_text_);
    reply_text_.clear();
    finish_element();
    return Step::kOk;
  }
  std::string_view line;
  const Step step = take_line(data, line);
  if (step != Step::kOk) return step;
  if (line.empty()) return depth_ == 0 ? Step::kOk : Step::kError;
  const char kind = line[0];
  line.remove_prefix(1);
  std::int64_t number = 0;
  switch (kind) {
    case '+':
    case '-':
    case ':':
    case '_':
    case '#':
    case ',':
    case '(':
      if (kind == ':' && !read_number(line, number)) return Step::kError;
      if (depth_ == 0) begin_reply(kind, line);
      finish_element();
      return Step::kOk;
    case '$':
    case '=':
    case '!':
      if (!read_number(line, number) || number < -1 || number > static_cast<std::int64_t>(kMaxBulk)) {
        return Step::kError;
      }
      if (depth_ == 0) begin_reply(kind, line);
      if (number < 0) {
        finish_element();
      } else {
        reply_bulk_ = {true, static_cast<std::uint64_t>(number), 2};
        reply_text_.clear();
      }
      return Step::kOk;
    case '*':
    case '%':
    case '~':
    case '>':
    case '|': {
      if (!read_number(line, number) || number < -1 || number > static_cast<std::int64_t>(kMaxElements)) {
        return Step::kError;
      }
      const bool attribute = kind == '|';
      if (depth_ == 0 && !attribute) begin_reply(kind, line);
      const std::uint64_t count =
          number < 0 ? 0 : static_cast<std::uint64_t>(number) * (kind == '%' || attribute ? 2 : 1);
      if (count == 0) {
        if (!attribute) finish_element();
        return Step::kOk;
      }
      if (depth_ == levels_.size()) {
        if (reply_ != nullptr) reply_->note(RedisEvent::too_deep);
        return Step::kError;
      }
      levels_[depth_++] = {count, attribute};
      return Step::kOk;
    }
    default: return Step::kError;
  }
}

// --- the rest ---

bool RedisParser::gap(Direction d, std::uint64_t length) {
  Bulk& bulk = d == Direction::kToServer ? request_bulk_ : reply_bulk_;
  if (!bulk.open || length > bulk.left) return false;
  bulk.left -= length;
  return true;
}

void RedisParser::end(Direction d, ByteSpan) {
  for (const auto& tx : transactions()) tx->advance(d, exchange::kComplete);
  if (d == Direction::kToServer) {
    request_ = nullptr;
    request_bulk_ = {};
  } else {
    waiting_.clear();
    reply_ = nullptr;
    reply_bulk_ = {};
  }
}

Probe probe_redis(Direction d, ByteSpan data, std::uint16_t server_port) {
  if (data.empty()) return Probe::kMore;
  const std::string_view text = view_text(data.first(std::min<std::size_t>(data.size(), 256)));
  if (d == Direction::kToServer && text[0] == '*') {
    std::size_t at = 1;
    for (const char expected : {'*', '$'}) {  // *N CRLF $N CRLF letter
      const std::size_t digits = at;
      if (expected == '$') {
        if (at >= text.size()) return Probe::kMore;
        if (text[at++] != '$') return Probe::kNo;
      }
      while (at < text.size() && text[at] >= '0' && text[at] <= '9' && at < digits + 9) ++at;
      if (at >= text.size()) return Probe::kMore;
      if (at == digits + (expected == '$' ? 1U : 0U) || text[at] != '\r') return Probe::kNo;
      if (++at >= text.size()) return Probe::kMore;
      if (text[at++] != '\n') return Probe::kNo;
    }
    if (at >= text.size()) return Probe::kMore;
    return upper(text[at]) >= 'A' && upper(text[at]) <= 'Z' ? Probe::kYes : Probe::kNo;
  }
  const std::size_t end = text.find("\r\n");
  if (d == Direction::kToClient) {
    for (const std::string_view start :
         {"-NOAUTH ", "-WRONGPASS ", "-DENIED Redis", "-ERR unknown command", "+PONG\r\n"}) {
      if (text.starts_with(start)) return Probe::kYes;
    }
    return text[0] == '$' && end != std::string_view::npos && text.substr(end).starts_with("\r\n# Server") ? Probe::kYes
                                                                                                           : Probe::kNo;
  }
  // Inline: one line of words. Words that other protocols have too count on the known port alone.
  const std::size_t line_end = text.find('\n');
  if (line_end == std::string_view::npos || line_end == 0) return Probe::kNo;
  std::string_view line = text.substr(0, line_end);
  if (line.back() == '\r') line.remove_suffix(1);
  if (!std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c < 127; })) return Probe::kNo;
  const std::string_view first = line.substr(0, line.find(' '));
  if (server_port == 6379 && !first.empty() && line.find("HTTP/") == std::string_view::npos &&
      std::all_of(first.begin(), first.end(), [](char c) { return upper(c) >= 'A' && upper(c) <= 'Z'; })) {
    return Probe::kYes;
  }
  const auto with = [&](std::string_view command, std::initializer_list<std::string_view> second) {
    if (!same_word(first, command) || line.size() <= command.size() + 1) return false;
    const std::string_view rest = line.substr(command.size() + 1);
    const std::string_view word = rest.substr(0, rest.find(' '));
    return second.size() == 0 || std::any_of(second.begin(), second.end(), [&](auto w) { return same_word(word, w); });
  };
  const bool known = same_word(line, "FLUSHALL") || same_word(line, "DBSIZE") || same_word(line, "BGSAVE") ||
                     with("CONFIG", {"GET", "SET", "REWRITE"}) || with("SLAVEOF", {}) || with("REPLICAOF", {}) ||
                     with("MODULE", {"LOAD", "LIST", "UNLOAD"}) ||
                     with("CLIENT", {"LIST", "SETNAME", "REPLY", "GETNAME"}) ||
                     with("INFO", {"server", "all", "replication", "memory", "clients", "keyspace"});
  return known ? Probe::kYes : Probe::kNo;
}

}  // namespace bulkhead::app::redis
