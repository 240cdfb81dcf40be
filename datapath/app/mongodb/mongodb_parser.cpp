#include "datapath/app/mongodb/mongodb_parser.h"

#include <algorithm>

#include "datapath/app/mongodb/bson.h"

namespace bulkhead::app::mongodb {
namespace {

constexpr std::size_t kHead = 16, kMaxWaiting = 64, kMaxName = 256, kMaxText = 1024, kMaxOperators = 32;
constexpr std::uint64_t kMaxMessage = 48'000'000;  // maxMessageSizeBytes of servers

namespace op {
constexpr std::uint32_t kReply = 1, kUpdate = 2001, kInsert = 2002, kQuery = 2004, kGetMore = 2005, kDelete = 2006,
                        kKillCursors = 2007, kCompressed = 2012, kMsg = 2013;
}
constexpr std::uint32_t kMoreToCome = 2, kChecksum = 1;

std::string_view name_of(std::uint32_t opcode) {
  switch (opcode) {
    case op::kReply: return "reply";
    case op::kUpdate: return "update";
    case op::kInsert: return "insert";
    case op::kQuery: return "query";
    case op::kGetMore: return "get_more";
    case op::kDelete: return "delete";
    case op::kKillCursors: return "kill_cursors";
    case op::kCompressed: return "compressed";
    case op::kMsg: return "msg";
    default: return "";
  }
}

std::uint32_t le32(ByteSpan data, std::size_t at) {
  return data[at] | (std::uint32_t{data[at + 1]} << 8) | (std::uint32_t{data[at + 2]} << 16) |
         (std::uint32_t{data[at + 3]} << 24);
}
std::uint32_t take32(ByteReader& reader) {
  const ByteSpan bytes = reader.bytes(4);
  return bytes.size() == 4 ? le32(bytes, 0) : 0;
}
std::string_view take_name(ByteReader& reader) {
  const std::string_view rest = view_text(reader.rest());
  const std::size_t end = rest.find('\0');
  reader.skip(end == std::string_view::npos ? rest.size() : end + 1);
  return rest.substr(0, end);
}

// "n,,n=user,r=nonce" (SCRAM) or "\0user\0password" (PLAIN)
std::string_view user_of(std::string_view payload) {
  const std::size_t at = payload.find("n=");
  if (at != std::string_view::npos && payload.starts_with("n")) {
    const std::string_view rest = payload.substr(at + 2);
    return rest.substr(0, rest.find(','));
  }
  if (!payload.empty() && payload[0] == '\0') {
    const std::string_view rest = payload.substr(1);
    return rest.substr(0, rest.find('\0'));
  }
  return {};
}

class RequestReader final : public BsonVisitor {
 public:
  RequestReader(MongodbTransaction& tx, bool first_is_command) : tx_(tx), first_is_command_(first_is_command) {}
  void visit(const BsonElement& e) override {
    if (e.depth == 0) {
      if (e.index == 0 && first_is_command_) {
        tx_.command = e.name.substr(0, kMaxName);
        if (e.type == 2) tx_.collection = e.text.substr(0, kMaxName);
      }
      if (e.name == "$db" && e.type == 2) tx_.database = e.text.substr(0, kMaxName);
      if (e.name == "collection" && e.type == 2) tx_.collection = e.text.substr(0, kMaxName);  // getMore
      login(e, "saslStart");
      if (e.name == "user" && tx_.command == "authenticate") tx_.user = e.text.substr(0, kMaxName);
    }
    if (e.parent == "speculativeAuthenticate") login(e, tx_.command);
    if (e.depth == 2 && e.name == "name" && e.parent == "application") tx_.application = e.text.substr(0, kMaxName);
    if (e.depth == 2 && e.name == "name" && e.parent == "driver") tx_.driver = e.text.substr(0, kMaxName);
    if (e.name.size() > 1 && e.name[0] == '$' && e.name != "$db" && e.depth > 0) add_operator(e.name);
    if (e.name == "$where" || e.name == "$function" || e.name == "$accumulator" || e.type == 0x0d || e.type == 0x0f ||
        (e.depth == 0 && e.index == 0 && first_is_command_ && (e.name == "$eval" || e.name == "eval"))) {
      tx_.note(MongodbEvent::server_script);
    }
  }

 private:
  void login(const BsonElement& e, std::string_view of_command) {
    if (tx_.command != of_command) return;
    if (e.name == "mechanism" && e.type == 2) tx_.mechanism = e.text.substr(0, kMaxName);
    if (e.name == "payload" && tx_.user.empty()) tx_.user = user_of(e.text).substr(0, kMaxName);
    if (e.name == "user" && e.type == 2 && tx_.user.empty()) tx_.user = e.text.substr(0, kMaxName);
  }
  void add_operator(std::string_view name) {
    if (tx_.operators.size() >= kMaxOperators) return;
    if (std::find(tx_.operators.begin(), tx_.operators.end(), name) != tx_.operators.end()) return;
    tx_.operators.emplace_back(name.substr(0, kMaxName));
  }
  MongodbTransaction& tx_;
  bool first_is_command_;
};

class ReplyReader final : public BsonVisitor {
 public:
  explicit ReplyReader(MongodbTransaction& tx) : tx_(tx) {}
  void visit(const BsonElement& e) override {
    if (e.depth != 0) return;
    if (e.name == "ok") tx_.ok = e.number != 0;
    if (e.name == "errmsg" || e.name == "$err") tx_.error = e.text.substr(0, kMaxText);
    if (e.name == "code") tx_.error_code = e.number;
    if (e.name == "codeName") tx_.error_name = e.text.substr(0, kMaxName);
  }

 private:
  MongodbTransaction& tx_;
};

// Sections of OP_MSG: one document, and sequences of documents.
bool walk_msg(ByteSpan body, BsonVisitor& command, BsonVisitor* sequence) {
  ByteReader reader(body);
  const std::uint32_t flags = take32(reader);
  const std::size_t tail = (flags & kChecksum) != 0 ? 4 : 0;
  while (reader.remaining() > tail) {
    const std::uint8_t kind = reader.u8();
    std::size_t length = 0;
    if (kind == 0) {
      if (!walk_bson(reader.rest(), command, length)) return false;
      reader.skip(length);
    } else if (kind == 1) {
      const std::uint32_t size = take32(reader);
      if (size < 5 || size - 4 > reader.remaining()) return false;
      ByteReader inside(reader.bytes(size - 4));
      take_name(inside);
      while (sequence != nullptr && !inside.at_end()) {
        if (!walk_bson(inside.rest(), *sequence, length)) return false;
        inside.skip(length);
      }
    } else {
      return false;
    }
  }
  return !reader.failed();
}

bool is_refusal(const MongodbTransaction& tx) {
  return tx.error_code == 13 || tx.error_code == 18 || tx.error_name == "Unauthorized" ||
         tx.error_name == "AuthenticationFailed";
}

}  // namespace

FramedParser::Measure MongodbParser::measure(Direction, ByteSpan data, std::uint64_t& length) {
  if (data.size() < kHead) return Measure::kMore;
  length = le32(data, 0);
  return length >= kHead && length <= kMaxMessage && !name_of(le32(data, 12)).empty() ? Measure::kKnown : Measure::kBad;
}

ParseResult::Status MongodbParser::message(Direction d, ByteSpan shown, std::uint64_t length, const ParseMoment&) {
  const std::uint32_t id = le32(shown, 4), response_to = le32(shown, 8), opcode = le32(shown, 12);
  const ByteSpan body = shown.subspan(kHead);
  const bool cut = length > shown.size();
  if (d == Direction::kToServer) {
    MongodbTransaction& tx = add<MongodbTransaction>();
    tx.request_id = id;
    request(tx, opcode, body, cut);
    const bool answered = (opcode == op::kMsg && (body.size() < 4 || (le32(body, 0) & kMoreToCome) == 0)) ||
                          opcode == op::kQuery || opcode == op::kGetMore || opcode == op::kCompressed;
    if (!answered) {
      tx.advance(Direction::kToClient, exchange::kComplete);
    } else {
      if (waiting_.size() >= kMaxWaiting) {
        if (waiting_.front() != nullptr) waiting_.front()->advance(Direction::kToClient, exchange::kComplete);
        waiting_.pop_front();
      }
      waiting_.emplace_back(&tx);
    }
    tx.advance(Direction::kToServer, exchange::kComplete);
    return ParseResult::Status::kOk;
  }
  MongodbTransaction& tx = take_waiting(response_to);
  reply(tx, opcode, body, cut);
  if (tx.auth_failed) tx.note(MongodbEvent::auth_failed);
  tx.advance(Direction::kToClient, exchange::kComplete);
  return ParseResult::Status::kOk;
}

MongodbTransaction& MongodbParser::take_waiting(std::uint32_t id) {
  const auto found = std::find_if(waiting_.begin(), waiting_.end(),
                                  [&](const MongodbTransaction* tx) { return tx != nullptr && tx->request_id == id; });
  if (found != waiting_.end()) {
    MongodbTransaction& tx = **found;
    waiting_.erase(found);
    return tx;
  }
  MongodbTransaction& tx = add<MongodbTransaction>();  // further replies of one request
  tx.request_id = id;
  tx.opcode = "reply";
  tx.advance(Direction::kToServer, exchange::kComplete);
  return tx;
}

void MongodbParser::request(MongodbTransaction& tx, std::uint32_t opcode, ByteSpan body, bool cut) {
  tx.opcode = name_of(opcode);
  ByteReader reader(body);
  bool readable = true;
  std::size_t length = 0;
  if (opcode == op::kMsg) {
    RequestReader command(tx, true), sequence(tx, false);
    readable = walk_msg(body, command, &sequence);
  } else if (opcode == op::kCompressed) {
    tx.compressed = true;
    tx.opcode = name_of(take32(reader));
  } else {
    reader.skip(4);  // flags or zero
    const std::string_view full = take_name(reader);
    const std::size_t dot = full.find('.');
    tx.database = full.substr(0, std::min(dot, kMaxName));
    if (dot != std::string_view::npos) tx.collection = full.substr(dot + 1, kMaxName);
    if (opcode == op::kQuery) {
      reader.skip(8);
      const bool is_command = tx.collection == "$cmd";
      if (is_command) tx.collection.clear();
      if (!is_command) tx.command = "find";
      RequestReader query(tx, is_command);
      readable = walk_bson(reader.rest(), query, length);
    } else {
      tx.command = tx.opcode;
    }
  }
  if (!readable && !cut) tx.note(MongodbEvent::malformed_document);
}

void MongodbParser::reply(MongodbTransaction& tx, std::uint32_t opcode, ByteSpan body, bool cut) {
  ReplyReader visitor(tx);
  bool readable = true;
  std::size_t length = 0;
  if (opcode == op::kMsg) {
    readable = walk_msg(body, visitor, nullptr);
  } else if (opcode == op::kReply) {
    readable = body.size() < 25 || walk_bson(body.subspan(20), visitor, length);
  } else if (opcode == op::kCompressed) {
    tx.compressed = true;
  }
  if (!readable && !cut) tx.note(MongodbEvent::malformed_document);
  tx.auth_failed = is_refusal(tx);
}

void MongodbParser::end(Direction d, ByteSpan left) {
  FramedParser::end(d, left);
  if (d == Direction::kToClient) waiting_.clear();
}

Probe probe_mongodb(Direction d, ByteSpan data, std::uint16_t) {
  if (data.size() < kHead) return data.size() >= 4 && le32(data, 0) > kMaxMessage ? Probe::kNo : Probe::kMore;
  const std::uint32_t length = le32(data, 0), response_to = le32(data, 8), opcode = le32(data, 12);
  if (length < kHead + 5 || length > kMaxMessage) return Probe::kNo;
  const bool up = d == Direction::kToServer;
  if (up && response_to != 0 && response_to != 0xffffffff) return Probe::kNo;
  if (data.size() < kHead + 9) return Probe::kMore;
  if (opcode == op::kMsg) {
    const std::uint32_t flags = le32(data, kHead);
    return (flags & ~0x10003U) == 0 && data[kHead + 4] <= 1 ? Probe::kYes : Probe::kNo;
  }
  if (opcode == op::kQuery && up) {
    const std::string_view name =
        view_text(data.subspan(kHead + 4).first(std::min<std::size_t>(data.size() - kHead - 4, 128)));
    return name.substr(0, name.find('\0')).find('.') != std::string_view::npos ? Probe::kYes : Probe::kNo;
  }
  if (opcode == op::kCompressed)
    return data[kHead + 8] <= 3 && le32(data, kHead) == op::kMsg ? Probe::kYes : Probe::kNo;
  return opcode == op::kReply && !up && response_to != 0 && length > 36 ? Probe::kYes : Probe::kNo;
}

}  // namespace bulkhead::app::mongodb
