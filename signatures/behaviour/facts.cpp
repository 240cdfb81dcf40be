#include "signatures/behaviour/facts.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "datapath/app/dns/dns_transaction.h"
#include "datapath/app/http/http_transaction.h"
#include "datapath/app/pgsql/pgsql_transaction.h"
#include "datapath/app/redis/redis_transaction.h"
#include "datapath/app/text.h"
#include "datapath/app/tls/tls_transaction.h"

namespace bulkhead::behaviour {

namespace {

constexpr std::size_t kMethod = 16, kSegments = 4, kKeywords = 8;
// A segment that data decides holds a digit, or is longer, or is no word at all.
constexpr std::size_t kLongestSegment = 32;

// What a character of a word is in upper case; 0: it is of no word.
constexpr std::array<char, 256> kUpper = [] {
  std::array<char, 256> out{};
  for (char c = '0'; c <= '9'; ++c) out[static_cast<unsigned char>(c)] = c;
  for (char c = 'A'; c <= 'Z'; ++c) out[static_cast<unsigned char>(c)] = out[static_cast<unsigned char>(c) + 32] = c;
  out['_'] = '_';
  return out;
}();

char upper(char c) {
  return kUpper[static_cast<unsigned char>(c)];
}

// Keywords that say what a statement does; names of tables and columns are left out.
constexpr auto kSqlWords = std::to_array<std::string_view>(
    {"ALL",      "ALTER",   "ANALYZE",  "AS",       "BEGIN",   "CALL",   "COMMIT",    "COPY",    "CREATE",    "CURSOR",
     "DATABASE", "DELETE",  "DO",       "DROP",     "EXECUTE", "EXISTS", "EXTENSION", "FROM",    "FUNCTION",  "GRANT",
     "INSERT",   "INTO",    "JOIN",     "LANGUAGE", "LISTEN",  "LOAD",   "OUTFILE",   "PROGRAM", "REVOKE",    "ROLE",
     "ROLLBACK", "SELECT",  "SERVER",   "SET",      "SHOW",    "SLEEP",  "STDIN",     "STDOUT",  "SUPERUSER", "TABLE",
     "TO",       "TRIGGER", "TRUNCATE", "UNION",    "UPDATE",  "USER",   "VACUUM",    "VALUES",  "WITH"});
static_assert(std::is_sorted(kSqlWords.begin(), kSqlWords.end()));
constexpr std::size_t kLongestSqlWord = 9;
static_assert(std::all_of(kSqlWords.begin(), kSqlWords.end(), [](auto w) { return w.size() <= kLongestSqlWord; }));

// The characters of a word behind its first as a number.
constexpr std::array<std::uint64_t, kSqlWords.size()> kSqlNumbers = [] {
  std::array<std::uint64_t, kSqlWords.size()> out{};
  for (std::size_t i = 0; i < out.size(); ++i) {
    for (const char c : kSqlWords[i].substr(1)) out[i] = out[i] << 8 | static_cast<unsigned char>(c);
  }
  return out;
}();
// Where the words of each letter begin; the last: the end.
constexpr std::array<std::uint8_t, 27> kSqlLetters = [] {
  std::array<std::uint8_t, 27> out{};
  for (std::size_t letter = 0; letter < out.size(); ++letter) {
    while (out[letter] < kSqlWords.size() && kSqlWords[out[letter]][0] < static_cast<char>('A' + letter)) ++out[letter];
  }
  return out;
}();

// The keyword that begins with this letter in upper case and goes on with these characters; empty: there is none.
std::string_view sql_word(char first, std::uint64_t rest) {
  if (first < 'A' || first > 'Z') return {};
  const auto letter = static_cast<std::size_t>(first - 'A');
  for (std::size_t i = kSqlLetters[letter]; i < kSqlLetters[letter + 1]; ++i) {
    if (kSqlNumbers[i] == rest) return kSqlWords[i];
  }
  return {};
}

// The transactions of a parser are of its protocol's class.
template <typename T>
const T& as(const app::Transaction& transaction) {
  return static_cast<const T&>(transaction);
}

// A text that makes something happen where it is put into another: the earlier in this table, the more it says.
constexpr auto kCode = std::to_array<std::string_view>({"${", "#{", "%{", "{{", "$(", "<%", "<?", "<!", "../", "`"});
constexpr std::array<bool, 256> kBeginsCode = [] {
  std::array<bool, 256> out{};
  for (const std::string_view code : kCode) out[static_cast<unsigned char>(code[0])] = true;
  return out;
}();

void http_facts(const app::http::HttpTransaction& tx, FactSink& out) {
  if (!tx.request_seen) return;
  const bool plain = tx.response_seen && tx.status < 400;
  if (!plain) request_shape(tx.method, tx.uri, out.made);
  if (tx.status >= 400 && tx.status < 500) {
    // 407 and 401 ask for a login: a browser's first request meets them too, so only several count.
    out.fact(tx.status == 401 || tx.status == 407 ? FactKind::kAuthFailed : FactKind::kClientError, out.made);
  }
  if (tx.status >= 500) out.fact(FactKind::kServerError, out.made);
  const app::http::Headers& headers = tx.message(Direction::kToServer).headers;
  if (may_hold_code(headers.raw())) {
    for (const app::http::Header header : headers) {
      const std::string_view code = code_in(header.value);
      if (code.empty()) continue;
      out.fact(FactKind::kVerb, "header " + app::lower_case(header.name.substr(0, 32)) + " with " + std::string(code));
    }
  }
  if (!tx.host.empty()) out.fact(FactKind::kServerName, tx.host);
  if (plain) {
    if (out.asked(TextForm::kRequest, tx.method, tx.uri)) return;
    request_shape(tx.method, tx.uri, out.made);
  }
  // What never got an answer is another shape: a half request.
  if (!tx.response_seen) out.made += " (no answer)";
  out.fact(FactKind::kVerb, out.made);
}

void dns_facts(const app::dns::DnsTransaction& tx, FactSink& out) {
  if (tx.refused) return;
  if (tx.direction == Direction::kToServer) {
    for (const app::dns::Question& question : tx.message.questions) {
      out.fact(FactKind::kName, question.name.text, {}, question.type);
    }
    return;
  }
  if (tx.message.header.rcode() == 3 && !tx.message.questions.empty()) {
    out.fact(FactKind::kNoSuchName, tx.message.questions[0].name.text);
  }
  if (tx.message.questions.empty()) return;
  for (const app::dns::Record& record : tx.message.answers) {
    const auto* text = std::get_if<app::dns::TextData>(&record.data);
    if (text == nullptr || (record.type != 1 && record.type != 28)) continue;
    if (const auto address = IpAddress::parse(text->value.text)) {
      out.fact(FactKind::kAddressName, tx.message.questions[0].name.text, *address, 0);
    }
  }
}

void pgsql_facts(const app::pgsql::PgsqlTransaction& tx, FactSink& out) {
  for (const std::string& query : tx.request.queries) {
    if (out.asked(TextForm::kStatement, {}, query)) continue;
    statement_shape(query, out.made);
    out.fact(FactKind::kVerb, out.made);
  }
  for (const auto& [field, value] : tx.response.error) {
    if (field == 'C' && value.starts_with("28")) out.fact(FactKind::kAuthFailed, tx.request.user);  // class 28
  }
}

void tls_facts(const app::tls::TlsTransaction& tx, FactSink& out) {
  const auto& hello = tx.client().hello;
  if (!hello) return;
  if (hello->sni && !hello->sni->empty()) out.fact(FactKind::kServerName, *hello->sni);
  if (!tx.ja3.hash.empty()) out.fact(FactKind::kJa3, tx.ja3.hash);
  if (!tx.ja4.empty()) out.fact(FactKind::kJa4, tx.ja4);
}

void redis_facts(const app::redis::RedisTransaction& tx, FactSink& out) {
  if (!tx.command.empty()) out.fact(FactKind::kVerb, tx.command);
  if (tx.auth_failed) out.fact(FactKind::kAuthFailed, tx.user());
}

}  // namespace

void request_shape(std::string_view method, std::string_view uri, std::string& out) {
  method = method.substr(0, kMethod);
  std::array<char, kMethod + 1 + kSegments*(1 + kLongestSegment) + 4> made;
  std::size_t size = 0;
  const auto add = [&](std::string_view text) {
    std::memcpy(made.data() + size, text.data(), text.size());
    size += text.size();
  };
  add(method);
  made[size++] = ' ';
  const auto ends_path = [](char c) { return c == '?' || c == '#' || c == ';'; };
  if (!uri.empty() && uri[0] != '/' && !ends_path(uri[0])) made[size++] = '*';
  std::size_t at = 0;  // of a slash
  for (std::size_t i = 0; at < uri.size() && uri[at] == '/'; ++i) {
    if (i == kSegments) {
      add("/...");
      break;
    }
    const std::size_t begin = at + 1;
    bool variable = false;
    for (at = begin; at < uri.size() && uri[at] != '/' && !ends_path(uri[at]); ++at) {
      variable |= (uri[at] >= '0' && uri[at] <= '9') || uri[at] == '%';
    }
    made[size++] = '/';
    add(variable || at - begin > kLongestSegment ? "*" : uri.substr(begin, at - begin));
  }
  out.assign(made.data(), size);
}

std::string request_shape(std::string_view method, std::string_view uri) {
  std::string out;
  request_shape(method, uri, out);
  return out;
}

std::string_view code_in(std::string_view value) {
  std::size_t found = kCode.size();
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (!kBeginsCode[static_cast<unsigned char>(value[i])]) continue;
    const auto begin = kCode.begin(), end = begin + static_cast<std::ptrdiff_t>(found);
    const auto hit = std::find_if(begin, end, [&](std::string_view code) { return value.substr(i).starts_with(code); });
    found = static_cast<std::size_t>(hit - begin);
  }
  return found < kCode.size() ? kCode[found] : std::string_view();
}

// Sixteen places at a time; the last sixteen again, where fewer are left.
bool may_hold_code(std::string_view text) {
  using Block [[gnu::vector_size(16)]] = std::uint8_t;
  using Halves [[gnu::vector_size(16)]] = std::uint64_t;
  if (text.size() <= sizeof(Block)) return !code_in(text).empty();
  const std::size_t last = text.size() - sizeof(Block) - 1;
  for (std::size_t i = 0;; i = std::min(i + sizeof(Block), last)) {
    Block a, b;  // each byte, and what comes behind it
    std::memcpy(&a, text.data() + i, sizeof a);
    std::memcpy(&b, text.data() + i + 1, sizeof b);
    // Rare in headers, each of which begins or ends a code; of three characters at most.
    const auto found = (b == '{') | (a == '$') | (a == '<') | (a == '`') | ((a == '.') & (b == '.'));
    Halves halves;
    std::memcpy(&halves, &found, sizeof halves);
    if ((halves[0] | halves[1]) != 0 && !code_in(text.substr(i, sizeof(Block) + 2)).empty()) return true;
    if (i == last) return text.back() == '`';
  }
}

void statement_shape(std::string_view sql, std::string& out) {
  out.clear();
  std::size_t words = 0;
  for (std::size_t i = 0; i < sql.size() && words < kKeywords;) {
    const char c = sql[i];
    if (c == '\'' || c == '"') {  // a text or a name
      i = std::min(sql.find(c, i + 1), sql.size() - 1) + 1;
      continue;
    }
    if (upper(c) == 0) {
      ++i;
      continue;
    }
    const char first = upper(c);
    std::uint64_t rest = 0;
    const std::size_t begin = i++;
    for (; i < sql.size() && upper(sql[i]) != 0; ++i) rest = rest << 8 | static_cast<unsigned char>(upper(sql[i]));
    if (i - begin > kLongestSqlWord) continue;
    const std::string_view text = sql_word(first, rest);
    if (text.empty()) continue;
    if (!out.empty()) out += ' ';
    out += text;
    ++words;
  }
  if (out.empty()) out = "?";
}

std::string statement_shape(std::string_view sql) {
  std::string out;
  statement_shape(sql, out);
  return out;
}

void finish_text(Observation& told) {
  if (told.form == TextForm::kDone) return;
  std::string shape;
  if (told.form == TextForm::kRequest) {
    request_shape(told.text().substr(0, told.operation), told.text().substr(told.operation), shape);
  } else {
    statement_shape(told.text(), shape);
  }
  told.operation = 0;
  told.set_text(shape);
}

bool is_ready(const app::AppFlow& application, const app::Transaction& transaction, bool at_end) {
  if (at_end) return true;
  if (application.definition == nullptr) return false;
  switch (application.definition->id) {
    case app::AppProtocol::http1:
    case app::AppProtocol::http2: {
      const auto& http = as<app::http::HttpTransaction>(transaction);
      return http.response_seen && http.status != 0;
    }
    case app::AppProtocol::dns: return true;
    case app::AppProtocol::tls: return as<app::tls::TlsTransaction>(transaction).client().hello.has_value();
    default: return transaction.progress[0] >= 1 && transaction.progress[1] >= 1;
  }
}

void facts_of(const app::AppFlow& application, const app::Transaction& transaction, FactSink& out) {
  if (application.definition == nullptr) return;
  switch (application.definition->id) {
    case app::AppProtocol::http1:
    case app::AppProtocol::http2: return http_facts(as<app::http::HttpTransaction>(transaction), out);
    case app::AppProtocol::dns: return dns_facts(as<app::dns::DnsTransaction>(transaction), out);
    case app::AppProtocol::pgsql: return pgsql_facts(as<app::pgsql::PgsqlTransaction>(transaction), out);
    case app::AppProtocol::redis: return redis_facts(as<app::redis::RedisTransaction>(transaction), out);
    case app::AppProtocol::tls: return tls_facts(as<app::tls::TlsTransaction>(transaction), out);
    default: return;
  }
}

}  // namespace bulkhead::behaviour
