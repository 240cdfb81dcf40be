#include "datapath/app/mysql/mysql_parser.h"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace bulkhead::app::mysql {
namespace {

constexpr std::size_t kMaxName = 256;
constexpr std::size_t kMaxText = 1024;

namespace flag {
constexpr std::uint32_t kWithDatabase = 0x8, kCompress = 0x20, kProtocol41 = 0x200, kTls = 0x800, kPluginAuth = 0x80000,
                        kLengthCodedAuth = 0x200000, kNoEof = 0x1000000, kQueryAttributes = 0x8000000;
}
constexpr std::uint16_t kMoreResults = 0x8;

struct CommandName {
  std::uint8_t code;
  std::string_view name;
  bool answered;
};
constexpr CommandName kCommands[] = {
    {0x01, "quit", false},
    {0x02, "init_db", true},
    {0x03, "query", true},
    {0x04, "field_list", true},
    {0x05, "create_db", true},
    {0x06, "drop_db", true},
    {0x07, "refresh", true},
    {0x08, "shutdown", true},
    {0x09, "statistics", true},
    {0x0a, "process_info", true},
    {0x0c, "process_kill", true},
    {0x0d, "debug", true},
    {0x0e, "ping", true},
    {0x11, "change_user", true},
    {0x12, "binlog_dump", true},
    {0x15, "register_slave", true},
    {0x16, "stmt_prepare", true},
    {0x17, "stmt_execute", true},
    {0x18, "stmt_send_long_data", false},
    {0x19, "stmt_close", false},
    {0x1a, "stmt_reset", true},
    {0x1b, "set_option", true},
    {0x1c, "stmt_fetch", true},
    {0x1e, "binlog_dump_gtid", true},
    {0x1f, "reset_connection", true},
    {0xfa, "stmt_bulk_execute", true},
};

const CommandName* find_command(std::uint8_t code) {
  const auto* found =
      std::find_if(std::begin(kCommands), std::end(kCommands), [&](const CommandName& c) { return c.code == code; });
  return found == std::end(kCommands) ? nullptr : found;
}

std::uint32_t le(ByteSpan bytes) {
  std::uint32_t out = 0;
  for (std::size_t i = std::min<std::size_t>(bytes.size(), 4); i > 0; --i) out = out << 8 | bytes[i - 1];
  return out;
}

// Up to the NUL, which is taken too.
std::string_view take_text(ByteReader& reader) {
  const std::string_view rest = view_text(reader.rest());
  const std::size_t end = rest.find('\0');
  const std::string_view text = rest.substr(0, end);
  reader.skip(end == std::string_view::npos ? rest.size() : end + 1);
  return text;
}

std::uint64_t take_length(ByteReader& reader) {
  const std::uint8_t first = reader.u8();
  const std::size_t count = first == 0xfc ? 2 : first == 0xfd ? 3 : first == 0xfe ? 8 : 0;
  if (count == 0) return first;
  const ByteSpan bytes = reader.bytes(count);
  std::uint64_t out = 0;
  for (std::size_t i = bytes.size(); i > 0; --i) out = out << 8 | bytes[i - 1];
  return out;
}

bool is_refusal(std::uint16_t code) {
  // access denied (three spellings), host not allowed, blocked host, account locked, password expired, auth plugin
  constexpr std::uint16_t kCodes[] = {1044, 1045, 1698, 1130, 1129, 3118, 3955, 1862, 1820, 1251, 1524};
  return std::find(std::begin(kCodes), std::end(kCodes), code) != std::end(kCodes);
}

}  // namespace

FramedParser::Measure MysqlParser::measure(Direction, ByteSpan data, std::uint64_t& length) {
  if (data.size() < 4) return Measure::kMore;
  length = le(data.first(3)) + 4ULL;
  return Measure::kKnown;
}

MysqlTransaction& MysqlParser::begin(std::string_view command) {
  MysqlTransaction& tx = add<MysqlTransaction>();
  tx.command = command;
  tx.user = user_;
  tx.database = database_;
  return tx;
}

ParseResult::Status MysqlParser::broken(Direction d) {
  MysqlTransaction& tx = tx_ != nullptr ? *tx_ : begin("");
  tx_ = nullptr;
  tx.note(MysqlEvent::malformed_data);
  tx.advance(d, exchange::kComplete);
  tx.advance(opposite(d), exchange::kComplete);
  return ParseResult::Status::kError;
}

ParseResult::Status MysqlParser::message(Direction d, ByteSpan shown, std::uint64_t length, const ParseMoment&) {
  const std::uint8_t sequence = shown[3];
  const ByteSpan payload = shown.subspan(4);
  return d == Direction::kToServer ? from_client(payload, sequence) : from_server(payload, length - 4);
}

// --- login ---

ParseResult::Status MysqlParser::from_client(ByteSpan payload, std::uint8_t sequence) {
  switch (phase_) {
    case Phase::kGreeting:  // the greeting was not seen
    case Phase::kLogin: return login(payload);
    case Phase::kAuthentication: return ParseResult::Status::kOk;  // hashes and keys
    case Phase::kCommands: break;
  }
  if (file_asked_) {  // the file's bytes, an empty packet at its end
    if (payload.empty()) file_asked_ = false;
    return ParseResult::Status::kOk;
  }
  if (sequence != 0 || payload.empty()) return ParseResult::Status::kOk;  // the rest of a large command
  command(payload);
  return ParseResult::Status::kOk;
}

ParseResult::Status MysqlParser::from_server(ByteSpan payload, std::uint64_t length) {
  switch (phase_) {
    case Phase::kGreeting: return greeting(payload);
    case Phase::kLogin: return login_answer(payload);
    case Phase::kAuthentication: return login_answer(payload);
    case Phase::kCommands: break;
  }
  if (change_user_) return login_answer(payload);
  if (tx_ != nullptr && !payload.empty()) answer(payload, length);
  return ParseResult::Status::kOk;
}

ParseResult::Status MysqlParser::greeting(ByteSpan payload) {
  if (payload.empty()) return broken(Direction::kToClient);
  tx_ = &begin("login");
  if (payload[0] == 0xff) {  // refused before it began
    error_packet(*tx_, payload);
    tx_->advance(Direction::kToServer, exchange::kComplete);
    complete_answer(false);
    return ParseResult::Status::kDone;
  }
  if (payload[0] != 10 && payload[0] != 9) return broken(Direction::kToClient);
  ByteReader reader(payload.subspan(1));
  version_ = take_text(reader).substr(0, kMaxName);
  tx_->version = version_;
  reader.skip(4 + 8 + 1);
  server_flags_ = le(reader.bytes(2));
  reader.skip(3);
  server_flags_ |= le(reader.bytes(2)) << 16;
  phase_ = Phase::kLogin;
  return ParseResult::Status::kOk;
}

ParseResult::Status MysqlParser::login(ByteSpan payload) {
  if (payload.size() < 5) return broken(Direction::kToServer);
  if (tx_ == nullptr) tx_ = &begin("login");
  client_flags_ = le(payload.first(4));
  if ((client_flags_ & flag::kProtocol41) != 0 && (client_flags_ & flag::kTls) != 0 && payload.size() == 32) {
    tx_->tls = true;
    tx_->advance(Direction::kToServer, exchange::kComplete);
    tx_->advance(Direction::kToClient, exchange::kComplete);
    tx_ = nullptr;
    change_to(AppProtocol::tls);
    return ParseResult::Status::kChange;
  }
  login_fields(payload);
  tx_->user = user_;
  tx_->database = database_;
  if (tx_->auth_plugin == "mysql_clear_password") tx_->note(MysqlEvent::clear_password);
  tx_->advance(Direction::kToServer, exchange::kComplete);
  phase_ = Phase::kAuthentication;
  return ParseResult::Status::kOk;
}

void MysqlParser::login_fields(ByteSpan payload) {
  if ((client_flags_ & flag::kProtocol41) == 0) {  // before 4.1
    client_flags_ &= 0xffff;
    ByteReader reader(payload.subspan(5));
    user_ = take_text(reader).substr(0, kMaxName);
    return;
  }
  ByteReader reader(payload);
  reader.skip(4 + 4 + 1 + 23);
  user_ = take_text(reader).substr(0, kMaxName);
  if ((client_flags_ & flag::kLengthCodedAuth) != 0) {
    reader.skip(static_cast<std::size_t>(std::min<std::uint64_t>(take_length(reader), reader.remaining())));
  } else {
    reader.skip(reader.u8());
  }
  if ((client_flags_ & flag::kWithDatabase) != 0) database_ = take_text(reader).substr(0, kMaxName);
  if ((client_flags_ & flag::kPluginAuth) != 0) tx_->auth_plugin = take_text(reader).substr(0, kMaxName);
}

ParseResult::Status MysqlParser::login_answer(ByteSpan payload) {
  if (payload.empty()) return broken(Direction::kToClient);
  if (tx_ == nullptr) return ParseResult::Status::kOk;
  const std::uint8_t kind = payload[0];
  if (kind == 0xfe) {  // another way to authenticate
    ByteReader reader(payload.subspan(1));
    const std::string_view plugin = take_text(reader);
    if (!plugin.empty()) tx_->auth_plugin = plugin.substr(0, kMaxName);
    if (plugin == "mysql_clear_password") tx_->note(MysqlEvent::clear_password);
    return ParseResult::Status::kOk;
  }
  if (kind != 0x00 && kind != 0xff) return ParseResult::Status::kOk;  // more data of the method
  change_user_ = false;
  if (kind == 0xff) {
    error_packet(*tx_, payload);
  } else {
    tx_->status = "ok";
  }
  tx_->advance(Direction::kToServer, exchange::kComplete);
  complete_answer(false);
  phase_ = Phase::kCommands;
  const bool compressed = (client_flags_ & server_flags_ & flag::kCompress) != 0;
  return compressed && kind == 0x00 ? ParseResult::Status::kDone : ParseResult::Status::kOk;
}

// --- commands ---

void MysqlParser::command(ByteSpan payload) {
  if (tx_ != nullptr) complete_answer(false);  // the next one without an answer to the last
  const CommandName* known = find_command(payload[0]);
  MysqlTransaction& tx = begin(known != nullptr ? known->name : std::string_view("unknown"));
  ByteReader reader(payload.subspan(1));
  switch (payload[0]) {
    case 0x03:
      if ((client_flags_ & server_flags_ & flag::kQueryAttributes) != 0) {
        const std::uint64_t parameters = take_length(reader);
        take_length(reader);
        if (parameters > 0) {
          // The parameters' types and values come first; their text is part of what is shown.
          reader.skip(static_cast<std::size_t>(std::min<std::uint64_t>((parameters + 7) / 8 + 1, reader.remaining())));
        }
      }
      tx.query = copy_text(reader.rest(), 4096);
      break;
    case 0x16: tx.query = copy_text(reader.rest(), 4096); break;
    case 0x02:
    case 0x05:
    case 0x06:
      tx.database = copy_text(reader.rest(), kMaxName);
      if (payload[0] == 0x02) database_ = tx.database;
      break;
    case 0x11:
      user_ = take_text(reader).substr(0, kMaxName);
      reader.skip(reader.u8());
      database_ = take_text(reader).substr(0, kMaxName);
      tx.user = user_;
      tx.database = database_;
      change_user_ = true;
      break;
    default: break;
  }
  tx.advance(Direction::kToServer, exchange::kComplete);
  if (known != nullptr && !known->answered) {
    tx.advance(Direction::kToClient, exchange::kComplete);
    return;
  }
  tx_ = &tx;
  answer_ = payload[0] == 0x04 ? Answer::kRows : Answer::kFirst;
}

void MysqlParser::error_packet(MysqlTransaction& tx, ByteSpan payload) {
  ByteReader reader(payload.subspan(1));
  tx.status = "error";
  tx.error_code = static_cast<std::uint16_t>(le(reader.bytes(2)));
  std::string_view text = view_text(reader.rest());
  if (text.size() >= 6 && text[0] == '#') {
    tx.sql_state = text.substr(1, 5);
    text.remove_prefix(6);
  }
  tx.error = text.substr(0, kMaxText);
  if (is_refusal(tx.error_code)) {
    tx.auth_failed = true;
    tx.note(MysqlEvent::auth_failed);
  }
}

void MysqlParser::complete_answer(bool more_results) {
  if (more_results) {
    answer_ = Answer::kFirst;
    return;
  }
  MysqlTransaction& tx = *tx_;
  tx_ = nullptr;
  answer_ = Answer::kNone;
  file_asked_ = false;
  tx.advance(Direction::kToClient, exchange::kComplete);
}

void MysqlParser::first_answer(ByteSpan payload) {
  ByteReader reader(payload.subspan(1));
  switch (payload[0]) {
    case 0x00: {
      if (tx_->status.empty()) tx_->status = "ok";
      if (tx_->command == "stmt_prepare") return complete_answer(false);  // descriptions follow; not looked at
      tx_->affected_rows = take_length(reader);
      take_length(reader);
      const std::uint32_t status = le(reader.bytes(2));
      return complete_answer((status & kMoreResults) != 0);
    }
    case 0xff:
      if (payload.size() >= 3 && payload[1] == 0xff && payload[2] == 0xff) return;  // MariaDB: progress
      error_packet(*tx_, payload);
      return complete_answer(false);
    case 0xfb:
      tx_->status = "infile";
      tx_->infile = copy_text(payload.subspan(1), kMaxText);
      tx_->note(MysqlEvent::local_infile);
      file_asked_ = true;
      return;
    case 0xfe: return complete_answer(false);
    default: break;
  }
  if (tx_->command == "statistics") return complete_answer(false);
  ByteReader count(payload);
  columns_left_ = take_length(count);
  tx_->status = "rows";
  if (!tx_->rows) tx_->rows = 0;
  answer_ = Answer::kColumns;
}

void MysqlParser::answer(ByteSpan payload, std::uint64_t length) {
  const bool no_eof = (client_flags_ & server_flags_ & flag::kNoEof) != 0;
  switch (answer_) {
    case Answer::kNone: return;
    case Answer::kFirst: return first_answer(payload);
    case Answer::kColumns:
      if (--columns_left_ > 0) return;
      answer_ = no_eof ? Answer::kRows : Answer::kColumnsEnd;
      return;
    case Answer::kColumnsEnd: answer_ = Answer::kRows; return;
    case Answer::kDefinitions: return;
    case Answer::kRows: break;
  }
  if (payload[0] == 0xff) {
    error_packet(*tx_, payload);
    return complete_answer(false);
  }
  if (payload[0] == 0xfe && (no_eof ? length < 0xffffff : length < 9)) {
    ByteReader reader(payload.subspan(1));
    if (no_eof) {
      take_length(reader);
      take_length(reader);
    } else {
      reader.skip(2);
    }
    return complete_answer((le(reader.bytes(2)) & kMoreResults) != 0);
  }
  if (tx_->rows) ++*tx_->rows;
}

void MysqlParser::end(Direction d, ByteSpan left) {
  FramedParser::end(d, left);
  if (d == Direction::kToClient) tx_ = nullptr;
}

Probe probe_mysql(Direction d, ByteSpan data, std::uint16_t) {
  if (data.size() < 5) return data.size() >= 4 && data[3] > 1 ? Probe::kNo : Probe::kMore;
  const std::uint32_t length = le(data.first(3));
  if (d == Direction::kToClient) {
    if (data[3] != 0 || length > 512) return Probe::kNo;
    if (data[4] == 0xff) {
      const std::string_view text = view_text(data);
      return length + 4 == data.size() && length > 10 &&
                     (text.find("Host ") != std::string_view::npos || text.find("onnections") != std::string_view::npos)
                 ? Probe::kYes
                 : Probe::kNo;
    }
    if (data[4] != 10 || length < 40) return Probe::kNo;
    const std::string_view text = view_text(data.subspan(5));
    const std::size_t version_end = text.find('\0');
    const std::string_view version = text.substr(0, std::min<std::size_t>(version_end, 64));
    const bool printable = std::all_of(version.begin(), version.end(), [](char c) { return c > ' ' && c < 127; });
    if (version_end == std::string_view::npos) return printable && text.size() < 64 ? Probe::kMore : Probe::kNo;
    return printable && version_end >= 3 && text[0] >= '0' && text[0] <= '9' ? Probe::kYes : Probe::kNo;
  }
  if (data[3] != 1 || length < 32 || length > 1UL << 16) return Probe::kNo;
  if (data.size() < 36) return Probe::kMore;
  const std::uint32_t flags = le(data.subspan(4, 4));
  const ByteSpan filler = data.subspan(13, 19);
  const bool empty = std::all_of(filler.begin(), filler.end(), [](Byte b) { return b == 0; });
  return (flags & flag::kProtocol41) != 0 && empty && data[12] != 0 ? Probe::kYes : Probe::kNo;
}

}  // namespace bulkhead::app::mysql
