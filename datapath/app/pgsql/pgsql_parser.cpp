#include "datapath/app/pgsql/pgsql_parser.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "datapath/app/app_settings.h"

namespace bulkhead::app::pgsql {

namespace {

constexpr std::uint32_t kAuthenticated = 0;  // AuthenticationOk

constexpr std::uint32_t kSslCode = 80877103, kGssCode = 80877104, kCancelCode = 80877102;
constexpr std::uint32_t kMaxStartup = 10000;      // as the server has it
constexpr std::uint32_t kMaxLength = 0x3FFFFFFF;  // of a message, as the server has it
constexpr std::size_t kHeader = 5;                // of a typed message
constexpr std::size_t kSmall = 1024;              // texts are never cut below that
constexpr std::uint16_t kPort = 5432;
constexpr std::string_view kClientTypes = "BCDEFHPQSXcdfp";
constexpr std::string_view kServerTypes = "123ACDEGHIKNRSTVWZcdnstv";
// Messages of which nothing or only the first bytes are read.
constexpr std::string_view kCounted = "dD";

std::string_view view(ByteSpan bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool is_one_of(std::string_view types, char type) {
  return types.find(type) != std::string_view::npos;
}

// The text up to its zero; all of the rest when there is none.
std::string_view take_text(std::string_view& from) {
  const std::size_t end = std::min(from.find('\0'), from.size());
  const std::string_view text = from.substr(0, end);
  from.remove_prefix(std::min(end + 1, from.size()));
  return text;
}

ErrorFields read_error(ByteSpan content) {
  ErrorFields fields;
  std::string_view rest = view(content);
  while (!rest.empty() && rest.front() != '\0' && fields.size() < kMaxFields) {
    const char type = rest.front();
    rest.remove_prefix(1);
    fields.emplace_back(type, std::string(take_text(rest).substr(0, 4 * kSmall)));
  }
  return fields;
}

}  // namespace

PgsqlParser::PgsqlParser(const AppSettings& settings) : settings_(settings.pgsql) {}

// --- transactions ---

PgsqlTransaction& PgsqlParser::open(RequestKind kind) {
  auto& tx = add<PgsqlTransaction>();
  tx.request.kind = kind;
  return tx;
}

PgsqlTransaction* PgsqlParser::oldest() const {
  for (const auto& each : transactions()) {
    auto& tx = static_cast<PgsqlTransaction&>(*each);
    if (!tx.finished(Direction::kToClient)) return &tx;
  }
  return nullptr;
}

PgsqlTransaction& PgsqlParser::answered() {
  if (PgsqlTransaction* tx = oldest()) return *tx;
  PgsqlTransaction& tx = open(RequestKind::kNone);
  tx.finish(Direction::kToServer);
  if (client_seen_) tx.note(PgsqlEvent::unexpected_response);
  return tx;
}

void PgsqlParser::malformed(Direction d) {
  PgsqlTransaction& tx = d == Direction::kToServer ? open(RequestKind::kNone) : answered();
  tx.note(d == Direction::kToServer ? PgsqlEvent::malformed_request : PgsqlEvent::malformed_response);
  tx.finish(Direction::kToServer);
  tx.finish(Direction::kToClient);
}

PgsqlTransaction* PgsqlParser::batch() const {
  if (transactions().empty()) return nullptr;
  auto& last = static_cast<PgsqlTransaction&>(*transactions().back());
  return last.finished(Direction::kToServer) ? nullptr : &last;
}

std::string PgsqlParser::keep(PgsqlTransaction& tx, std::string_view text) {
  if (text.size() > kSmall) {
    std::size_t held = text.size();
    for (const auto& each : transactions()) held += static_cast<const PgsqlTransaction&>(*each).kept;
    if (held > settings_.max_kept) {
      text = text.substr(0, kSmall);
      tx.note(PgsqlEvent::message_truncated);
    }
  }
  tx.kept += text.size();
  return std::string(text);
}

// --- bytes to messages ---

ParseResult PgsqlParser::parse(Direction d, ByteSpan data, const ParseMoment&) {
  std::uint64_t& skip = skip_[bulkhead::index_of(d)];
  if (lost_[bulkhead::index_of(d)]) return {ParseResult::Status::kOk, data.size(), AppProtocol::kUnknown};
  std::size_t consumed = 0;
  client_seen_ |= d == Direction::kToServer;
  while (consumed < data.size()) {
    if (skip != 0) {
      const std::size_t part = std::min<std::uint64_t>(skip, data.size() - consumed);
      skip -= part;
      consumed += part;
      continue;
    }
    const ByteSpan rest = data.subspan(consumed);
    const Taken taken = d == Direction::kToServer ? client_message(rest) : server_message(rest);
    switch (taken.step) {
      case Step::kMore: return {ParseResult::Status::kOk, consumed, AppProtocol::kUnknown};
      case Step::kBad: malformed(d); return {ParseResult::Status::kError, data.size(), AppProtocol::kUnknown};
      case Step::kEncrypted: return {ParseResult::Status::kChange, consumed + taken.bytes, AppProtocol::tls};
      case Step::kTaken: break;
    }
    consumed += taken.bytes;
    skip = taken.skip;
  }
  return {ParseResult::Status::kOk, consumed, AppProtocol::kUnknown};
}

PgsqlParser::Taken PgsqlParser::frame(ByteSpan data, bool keep, ByteSpan& content, std::uint32_t& length) const {
  if (data.size() < kHeader) return {Step::kMore};
  length = load_be32(&data[1]);
  if (length < 4 || length > kMaxLength) return {Step::kBad};
  length -= 4;
  // Of rows the number of columns is enough.
  const std::uint32_t wanted = std::min<std::uint32_t>(length, keep ? settings_.max_message : 2);
  if (data.size() - kHeader < wanted) return {Step::kMore};
  content = data.subspan(kHeader, wanted);
  return {Step::kTaken, kHeader + wanted, length - wanted};
}

// --- the client ---

PgsqlParser::Taken PgsqlParser::startup(ByteSpan data) {
  if (data.size() < 8) return {Step::kMore};
  const std::uint32_t length = load_be32(data.data()), code = load_be32(&data[4]);
  if (length < 8 || length > kMaxStartup) return {Step::kBad};
  if (data.size() < length) return {Step::kMore};
  const Taken taken{Step::kTaken, length};
  ByteReader in(data.subspan(8, length - 8));
  if (code == kSslCode || code == kGssCode) {
    open(code == kSslCode ? RequestKind::kSsl : RequestKind::kGss).finish(Direction::kToServer);
    return taken;
  }
  started_ = true;
  if (code == kCancelCode) {
    PgsqlTransaction& tx = open(RequestKind::kCancel);
    tx.request.process_id = in.be32();
    tx.request.secret_key = in.be32();
    tx.finish(Direction::kToServer);
    tx.finish(Direction::kToClient);
    return taken;
  }
  PgsqlTransaction& tx = open(RequestKind::kStartup);
  Request& request = tx.request;
  request.major = static_cast<std::uint16_t>(code >> 16);
  request.minor = static_cast<std::uint16_t>(code);
  std::string_view rest = view(in.rest());
  while (!rest.empty() && rest.front() != '\0' && request.parameters.size() < kMaxParameters) {
    const std::string_view name = take_text(rest);
    const std::string_view value = take_text(rest);
    if (name == "user") {
      request.user = keep(tx, value);
      continue;
    }
    if (name == "database") request.database = keep(tx, value);
    request.parameters.emplace_back(keep(tx, name), keep(tx, value));
  }
  // Without a database the server takes the user's name.
  if (request.database.empty()) request.database = request.user;
  tx.finish(Direction::kToServer);
  return taken;
}

PgsqlParser::Taken PgsqlParser::client_message(ByteSpan data) {
  if (!started_ && data[0] == 0) return startup(data);
  const char type = static_cast<char>(data[0]);
  if (!is_one_of(kClientTypes, type)) return {Step::kBad};
  ByteSpan content;
  std::uint32_t length = 0;
  const Taken taken = frame(data, type != 'd', content, length);
  if (taken.step == Step::kTaken) {
    started_ = true;
    if (!request(type, content, length)) return {Step::kBad};
  }
  return taken;
}

bool PgsqlParser::request(char type, ByteSpan content, std::uint32_t length) {
  switch (type) {
    case 'Q': query(content, length > content.size()); return true;
    case 'p': password(content); return true;
    case 'X': {
      PgsqlTransaction& tx = open(RequestKind::kTerminate);
      tx.finish(Direction::kToServer);
      tx.finish(Direction::kToClient);
      return true;
    }
    case 'F': open(RequestKind::kFunctionCall).finish(Direction::kToServer); return true;
    case 'd':
    case 'c':
    case 'f':
      // Data for a COPY that the server has begun.
      if (PgsqlTransaction* tx = oldest()) {
        if (type == 'd') {
          ++tx->request.copied_messages;
          tx->request.copied_bytes += length;
        } else if (type == 'f' && tx->request.copy_failure.empty()) {
          std::string_view text = view(content);
          tx->request.copy_failure = keep(*tx, take_text(text));
        }
      }
      return true;
    default: extended(type, content); return true;
  }
}

void PgsqlParser::query(ByteSpan content, bool cut) {
  PgsqlTransaction& tx = open(RequestKind::kQuery);
  std::string_view text = view(content);
  tx.request.queries.push_back(keep(tx, take_text(text)));
  if (cut) tx.note(PgsqlEvent::message_truncated);
  tx.finish(Direction::kToServer);
}

void PgsqlParser::password(ByteSpan content) {
  constexpr std::uint32_t kSasl = 10, kSaslContinue = 11;
  std::string_view rest = view(content);
  if (asked_ == kSasl) {
    PgsqlTransaction& tx = open(RequestKind::kSaslInitial);
    tx.request.mechanism = keep(tx, take_text(rest));
    rest.remove_prefix(std::min<std::size_t>(4, rest.size()));  // length of what follows
    tx.request.text = keep(tx, rest);
    tx.finish(Direction::kToServer);
    return;
  }
  const bool gss = asked_ == 7 || asked_ == 8 || asked_ == 9;
  PgsqlTransaction& tx = open(asked_ == kSaslContinue ? RequestKind::kSaslResponse
                              : gss                   ? RequestKind::kGssResponse
                                                      : RequestKind::kPassword);
  if (asked_ == kSaslContinue) {
    tx.request.text = keep(tx, rest);
  } else if (!gss) {
    tx.request.text = keep(tx, take_text(rest));
  }
  tx.finish(Direction::kToServer);
}

// Parse, Bind, Describe, Execute, Close, Flush: one transaction up to Sync.
void PgsqlParser::extended(char type, ByteSpan content) {
  PgsqlTransaction* tx = batch();
  if (tx == nullptr) tx = &open(RequestKind::kExtended);
  if (type == 'P') {
    std::string_view rest = view(content);
    take_text(rest);  // the statement's name
    if (tx->request.queries.size() < kMaxQueries) tx->request.queries.push_back(keep(*tx, take_text(rest)));
    tx->touch(Direction::kToServer);
  } else if (type == 'E') {
    ++tx->request.executions;
  } else if (type == 'S') {
    tx->finish(Direction::kToServer);
  }
}

// --- the server ---

PgsqlParser::Taken PgsqlParser::server_message(ByteSpan data) {
  PgsqlTransaction* asked = oldest();
  const bool one_byte =
      asked != nullptr && (asked->request.kind == RequestKind::kSsl || asked->request.kind == RequestKind::kGss);
  const char type = static_cast<char>(data[0]);
  if (one_byte && type != 'E') {
    if (type != 'S' && type != 'G' && type != 'N') return {Step::kBad};
    asked->response.ssl_accepted = type != 'N';
    asked->finish(Direction::kToClient);
    return {type == 'N' ? Step::kTaken : Step::kEncrypted, 1};
  }
  if (!is_one_of(kServerTypes, type)) return {Step::kBad};
  ByteSpan content;
  std::uint32_t length = 0;
  const Taken taken = frame(data, !is_one_of(kCounted, type), content, length);
  if (taken.step == Step::kTaken && !response(type, content, length)) return {Step::kBad};
  return taken;
}

bool PgsqlParser::response(char type, ByteSpan content, std::uint32_t length) {
  ByteReader in(content);
  switch (type) {
    case 'A':  // NotificationResponse: at any time
    case '1':
    case '2':
    case '3':
    case 'n':
    case 't':
    case 's':
    case 'I':
    case 'V':
    case 'v':
    case 'c': return true;
    case 'E': error(content); return true;
    case 'N':
    case 'S': {
      // These may come at any time; without a question nobody waits for them.
      PgsqlTransaction* tx = oldest();
      if (tx == nullptr) return true;
      if (type == 'N') {
        if (tx->response.notices.size() < kMaxNotices) tx->response.notices.push_back(read_error(content));
      } else if (tx->response.parameters.size() < kMaxParameters) {
        std::string_view rest = view(content);
        const std::string_view name = take_text(rest);
        tx->response.parameters.emplace_back(keep(*tx, name), keep(*tx, take_text(rest)));
      }
      return true;
    }
    default: break;
  }
  PgsqlTransaction& tx = answered();
  Response& answer = tx.response;
  switch (type) {
    case 'R': authentication(tx, content); break;
    case 'K': {
      const std::uint32_t process = in.be32();
      answer.key = {process, in.be32()};
      break;
    }
    case 'T': answer.field_count = in.be16(); break;
    case 'D': {
      const std::uint32_t columns = in.be16();
      const std::uint64_t lengths = 2 + 4 * std::uint64_t{columns};
      ++answer.rows;
      answer.row_bytes += length > lengths ? length - lengths : 0;
      break;
    }
    case 'C': {
      std::string_view rest = view(content);
      answer.command = keep(tx, take_text(rest));
      break;
    }
    case 'G':
    case 'H':
    case 'W':
      in.u8();  // text or binary
      answer.copy_columns = in.be16();
      break;
    case 'd':
      ++answer.copied_messages;
      answer.copied_bytes += length;
      break;
    case 'Z': tx.finish(Direction::kToClient); break;
    default: return false;
  }
  if (in.failed()) tx.note(PgsqlEvent::malformed_response);
  tx.touch(Direction::kToClient);
  return true;
}

void PgsqlParser::authentication(PgsqlTransaction& tx, ByteSpan content) {
  constexpr std::uint32_t kMd5 = 5, kSaslFinal = 12;
  ByteReader in(content);
  const std::uint32_t code = in.be32();
  if (in.failed()) {
    tx.note(PgsqlEvent::malformed_response);
    return;
  }
  asked_ = code;
  tx.response.authentication = code;
  if (code == kMd5) tx.response.md5_salt = keep(tx, view(in.rest()));
  if (code == kSaslFinal) tx.response.sasl_final = keep(tx, view(in.rest()));
  // A question that the client has to answer ends the exchange; the others go on to ReadyForQuery.
  if (code != kAuthenticated && code != kSaslFinal) tx.finish(Direction::kToClient);
}

// An error ends startup and authentication. Whoever is authenticated, and queries, wait for ReadyForQuery.
void PgsqlParser::error(ByteSpan content) {
  const bool asked = oldest() != nullptr;
  PgsqlTransaction& tx = answered();
  if (tx.response.error.empty()) tx.response.error = read_error(content);
  for (const auto& [type, value] : tx.response.error) tx.kept += value.size();
  tx.touch(Direction::kToClient);
  switch (tx.request.kind) {
    case RequestKind::kQuery:
    case RequestKind::kExtended:
    case RequestKind::kFunctionCall: return;
    default: break;
  }
  if (tx.response.authentication == kAuthenticated) return;
  if (!asked || tx.finished(Direction::kToServer)) tx.finish(Direction::kToClient);
}

// --- gaps and ends ---

// The rest of rows and copied data may be missing; anything else loses this side; the other goes on.
bool PgsqlParser::gap(Direction d, std::uint64_t length) {
  std::uint64_t& skip = skip_[bulkhead::index_of(d)];
  lost_[bulkhead::index_of(d)] |= skip < length;
  skip -= std::min(skip, length);
  return true;
}

void PgsqlParser::end(Direction d, ByteSpan) {
  skip_[bulkhead::index_of(d)] = 0;
}

// --- detection ---

// A startup message says what it is on any port; on the port of PostgreSQL typed messages begin a conversation that was
// not seen from its start.
Probe probe_pgsql(Direction d, ByteSpan data, std::uint16_t server_port) {
  if (data.empty()) return Probe::kMore;
  if (d == Direction::kToServer && data[0] == 0) {
    if (data.size() < 8) return data.size() >= 2 && data[1] != 0 ? Probe::kNo : Probe::kMore;
    const std::uint32_t length = load_be32(data.data()), code = load_be32(&data[4]);
    if (code == kSslCode || code == kGssCode) return length == 8 ? Probe::kYes : Probe::kNo;
    if (code == kCancelCode) return length >= 16 && length <= 272 ? Probe::kYes : Probe::kNo;
    if ((code >> 16) != 3 || (code & 0xffff) > 2 || length < 9 || length > kMaxStartup) return Probe::kNo;
    // The parameters begin with a name.
    if (data.size() < 9) return Probe::kMore;
    return data[8] == 0 || (data[8] >= '_' && data[8] <= 'z') ? Probe::kYes : Probe::kNo;
  }
  if (server_port != kPort) return Probe::kNo;
  const std::string_view types = d == Direction::kToServer ? kClientTypes : kServerTypes;
  if (!is_one_of(types, static_cast<char>(data[0]))) return Probe::kNo;
  if (data.size() < kHeader) return Probe::kMore;
  const std::uint32_t length = load_be32(&data[1]);
  if (length < 4 || length > kMaxLength) return Probe::kNo;
  // What comes behind a message is one, too: MySQL's greeting of 78 bytes begins like a notice of ten.
  const std::size_t next = 1 + std::size_t{length};
  return next >= data.size() || is_one_of(types, static_cast<char>(data[next])) ? Probe::kYes : Probe::kNo;
}

}  // namespace bulkhead::app::pgsql
