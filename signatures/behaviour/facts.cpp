#include "signatures/behaviour/facts.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "datapath/app/dns/dns_names.h"
#include "datapath/app/dns/dns_transaction.h"
#include "datapath/app/http/http_transaction.h"
#include "datapath/app/pgsql/pgsql_transaction.h"
#include "datapath/app/redis/redis_transaction.h"
#include "datapath/app/text.h"
#include "datapath/app/tls/tls_transaction.h"

namespace bulkhead::behaviour {

namespace {

constexpr std::size_t kSegments = 4, kKeywords = 8;

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

// A segment that data decides: it holds a digit, or is long, or is no word at all.
bool is_variable(std::string_view segment) {
  if (segment.size() > 32) return true;
  return std::any_of(segment.begin(), segment.end(),
                     [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '%'; });
}

// Keywords that say what a statement does; names of tables and columns are left out.
constexpr auto kSqlWords = std::to_array<std::string_view>(
    {"ALL",      "ALTER",   "ANALYZE",  "AS",       "BEGIN",   "CALL",   "COMMIT",    "COPY",    "CREATE",    "CURSOR",
     "DATABASE", "DELETE",  "DO",       "DROP",     "EXECUTE", "EXISTS", "EXTENSION", "FROM",    "FUNCTION",  "GRANT",
     "INSERT",   "INTO",    "JOIN",     "LANGUAGE", "LISTEN",  "LOAD",   "OUTFILE",   "PROGRAM", "REVOKE",    "ROLE",
     "ROLLBACK", "SELECT",  "SERVER",   "SET",      "SHOW",    "SLEEP",  "STDIN",     "STDOUT",  "SUPERUSER", "TABLE",
     "TO",       "TRIGGER", "TRUNCATE", "UNION",    "UPDATE",  "USER",   "VACUUM",    "VALUES",  "WITH"});
static_assert(std::is_sorted(kSqlWords.begin(), kSqlWords.end()));

template <typename T>
const T* as(const app::Transaction& transaction) {
  return dynamic_cast<const T*>(&transaction);
}

void add(std::vector<Fact>& out, FactKind kind, std::string text) {
  out.push_back({kind, std::move(text), {}});
}

void http_facts(const app::http::HttpTransaction& tx, std::vector<Fact>& out) {
  if (!tx.request_seen) return;
  std::string shape = request_shape(tx.method, tx.uri);
  if (tx.status >= 400 && tx.status < 500) {
    // 407 and 401 ask for a login: a browser's first request meets them too, so only several count.
    add(out, tx.status == 401 || tx.status == 407 ? FactKind::kAuthFailed : FactKind::kClientError, shape);
  }
  if (tx.status >= 500) add(out, FactKind::kServerError, shape);
  for (const app::http::Header& header : tx.message(Direction::kToServer).headers.list) {
    const std::string_view code = code_in(header.value);
    if (!code.empty()) {
      add(out, FactKind::kVerb,
          "header " + app::lower_case(std::string_view(header.name).substr(0, 32)) + " with " + std::string(code));
    }
  }
  if (!tx.host.empty()) add(out, FactKind::kServerName, tx.host);
  // What never got an answer is another shape: a half request.
  if (!tx.response_seen) shape += " (no answer)";
  add(out, FactKind::kVerb, std::move(shape));
}

void dns_facts(const app::dns::DnsTransaction& tx, std::vector<Fact>& out) {
  if (tx.refused) return;
  if (tx.direction == Direction::kToServer) {
    for (const app::dns::Question& question : tx.message.questions) {
      add(out, FactKind::kName, question.name.text);
      add(out, FactKind::kQuestion, app::dns::rrtype_text(question.type));
    }
    return;
  }
  if (tx.message.header.rcode() == 3 && !tx.message.questions.empty()) {
    add(out, FactKind::kNoSuchName, tx.message.questions[0].name.text);
  }
  if (tx.message.questions.empty()) return;
  for (const app::dns::Record& record : tx.message.answers) {
    const auto* text = std::get_if<app::dns::TextData>(&record.data);
    if (text == nullptr || (record.type != 1 && record.type != 28)) continue;
    if (const auto address = IpAddress::parse(text->value.text)) {
      out.push_back({FactKind::kAddressName, tx.message.questions[0].name.text, *address});
    }
  }
}

void pgsql_facts(const app::pgsql::PgsqlTransaction& tx, std::vector<Fact>& out) {
  for (const std::string& query : tx.request.queries) add(out, FactKind::kVerb, statement_shape(query));
  for (const auto& [field, value] : tx.response.error) {
    if (field == 'C' && value.starts_with("28")) add(out, FactKind::kAuthFailed, tx.request.user);  // class 28
  }
}

void tls_facts(const app::tls::TlsTransaction& tx, std::vector<Fact>& out) {
  const auto& hello = tx.client().hello;
  if (!hello) return;
  if (hello->sni && !hello->sni->empty()) add(out, FactKind::kServerName, *hello->sni);
  if (!tx.ja3.hash.empty()) add(out, FactKind::kJa3, tx.ja3.hash);
  if (!tx.ja4.empty()) add(out, FactKind::kJa4, tx.ja4);
}

void redis_facts(const app::redis::RedisTransaction& tx, std::vector<Fact>& out) {
  if (!tx.command.empty()) add(out, FactKind::kVerb, tx.command);
  if (tx.auth_failed) add(out, FactKind::kAuthFailed, std::string(tx.user()));
}

}  // namespace

std::string request_shape(std::string_view method, std::string_view uri) {
  std::string out(method.substr(0, 16));
  out += ' ';
  std::string_view path = uri.substr(0, uri.find_first_of("?#;"));
  if (path.empty() || path[0] != '/') return out + (path.empty() ? "" : "*");
  for (std::size_t i = 0; !path.empty(); ++i) {
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view segment = path.substr(0, end);
    out += '/';
    if (i == kSegments) return out + "...";
    out += is_variable(segment) ? "*" : segment;
    path.remove_prefix(end);
  }
  return out;
}

std::string_view code_in(std::string_view value) {
  for (const std::string_view code : {"${", "#{", "%{", "{{", "$(", "<%", "<?", "<!", "../", "`"}) {
    if (value.find(code) != std::string_view::npos) return code;
  }
  return {};
}

std::string statement_shape(std::string_view sql) {
  std::string out;
  std::size_t words = 0;
  for (std::size_t i = 0; i < sql.size() && words < kKeywords;) {
    const char c = sql[i];
    if (c == '\'' || c == '"') {  // a text or a name
      i = std::min(sql.find(c, i + 1), sql.size() - 1) + 1;
      continue;
    }
    if (!is_word(c)) {
      ++i;
      continue;
    }
    const std::size_t begin = i;
    while (i < sql.size() && is_word(sql[i])) ++i;
    std::string word(sql.substr(begin, i - begin));
    std::transform(word.begin(), word.end(), word.begin(),
                   [](char x) { return static_cast<char>(std::toupper(static_cast<unsigned char>(x))); });
    if (!std::binary_search(kSqlWords.begin(), kSqlWords.end(), std::string_view(word))) continue;
    out += (out.empty() ? "" : " ") + word;
    ++words;
  }
  return out.empty() ? "?" : out;
}

bool is_ready(const app::AppFlow& application, const app::Transaction& transaction, bool at_end) {
  if (at_end) return true;
  if (const auto* http = as<app::http::HttpTransaction>(transaction)) return http->response_seen && http->status != 0;
  if (as<app::dns::DnsTransaction>(transaction) != nullptr) return true;
  if (const auto* tls = as<app::tls::TlsTransaction>(transaction)) return tls->client().hello.has_value();
  if (application.definition == nullptr) return false;
  return transaction.progress[0] >= 1 && transaction.progress[1] >= 1;
}

void facts_of(const app::AppFlow&, const app::Transaction& transaction, std::vector<Fact>& out) {
  if (const auto* http = as<app::http::HttpTransaction>(transaction)) return http_facts(*http, out);
  if (const auto* dns = as<app::dns::DnsTransaction>(transaction)) return dns_facts(*dns, out);
  if (const auto* pgsql = as<app::pgsql::PgsqlTransaction>(transaction)) return pgsql_facts(*pgsql, out);
  if (const auto* redis = as<app::redis::RedisTransaction>(transaction)) return redis_facts(*redis, out);
  if (const auto* tls = as<app::tls::TlsTransaction>(transaction)) return tls_facts(*tls, out);
}

}  // namespace bulkhead::behaviour
