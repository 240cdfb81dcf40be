#include "datapath/app/stratum/stratum_parser.h"

#include <algorithm>

#include "datapath/app/exchange_parser.h"
#include "datapath/app/json_fields.h"

namespace bulkhead::app::stratum {
namespace {

constexpr std::size_t kMaxLine = 16384, kMaxWaiting = 64, kMaxName = 256;

class Message final : public JsonVisitor {
 public:
  std::string id, method, first, second, login, agent, algorithm, error, worker;
  bool result = false, has_result = false, refused = false, has_id = false;

  void visit(const JsonValue& v) override {
    using Kind = JsonValue::Kind;
    const bool text = v.kind == Kind::kText;
    if (v.depth == 1) {
      if (v.key == "id" && v.kind != Kind::kNull) id = v.text, has_id = true;
      if (v.key == "method" && text) method = v.text;
      if (v.key == "worker" && text) worker = v.text;
      if (v.key == "error" && text) error = v.text;
      if (v.key == "result") {
        has_result = v.kind != Kind::kNull;
        result = v.kind != Kind::kFalse && v.kind != Kind::kNull;
        refused = v.kind == Kind::kFalse;
      }
      return;
    }
    if (v.parent == "result") has_result = result = true;
    if (v.parent == "error" && text) error = v.text;  // [code, text, ...] or {"message": ...}
    if (v.parent != "params") return;
    if (v.key == "params" && text && v.depth == 2) {
      if (v.index == 0) first = v.text;
      if (v.index == 1) second = v.text;
    }
    if (v.key == "login" || v.key == "user" || v.key == "wallet") login = v.text;
    if (v.key == "agent") agent = v.text;
    if (v.key == "algo") algorithm = v.text;
  }
};

}  // namespace

ParseResult StratumParser::parse(Direction d, ByteSpan data, const ParseMoment&) {
  std::size_t at = 0;
  while (at < data.size()) {
    const std::string_view text = view_text(data.subspan(at, std::min(data.size() - at, kMaxLine)));
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) {
      return {text.size() >= kMaxLine ? ParseResult::Status::kError : ParseResult::Status::kOk, at, {}};
    }
    at += end + 1;
    if (!line(d, text.substr(0, end))) return {ParseResult::Status::kError, at, {}};
  }
  return {ParseResult::Status::kOk, at, {}};
}

bool StratumParser::line(Direction d, std::string_view text) {
  while (!text.empty() && (text.back() == '\r' || text.back() == ' ' || text.back() == '\0')) text.remove_suffix(1);
  if (text.empty()) return true;
  Message message;
  const bool readable = walk_json(text, message);
  const bool up = d == Direction::kToServer;
  if (readable && message.method.empty() && answer(message.id, message.result, message.error)) return true;
  StratumTransaction& tx = add<StratumTransaction>();
  tx.message_id = message.id.substr(0, kMaxName);
  tx.method = message.method.substr(0, kMaxName);
  tx.from_pool = !up;
  tx.agent = message.agent.substr(0, kMaxName);
  tx.algorithm = message.algorithm.substr(0, kMaxName);
  if (up) {
    tx.worker = (message.login.empty() ? message.worker : message.login).substr(0, kMaxName);
    const bool names_worker = tx.method == "mining.authorize" || tx.method == "mining.submit" ||
                              tx.method == "eth_submitLogin" || tx.method == "eth_login";
    if (names_worker && tx.worker.empty()) tx.worker = message.first.substr(0, kMaxName);
    if (tx.method == "mining.subscribe") tx.agent = message.first.substr(0, kMaxName);
  }
  if (!readable) tx.note(StratumEvent::malformed_message);
  const bool answered = readable && up && message.has_id && !tx.method.empty();
  if (answered && waiting_.size() < kMaxWaiting) {
    waiting_.emplace_back(&tx);
  } else {
    tx.advance(opposite(d), exchange::kComplete);
  }
  tx.advance(d, exchange::kComplete);
  return readable;
}

// The answer to a request; false: no one asked.
bool StratumParser::answer(std::string_view id, bool accepted, const std::string& error) {
  const auto found = std::find_if(waiting_.begin(), waiting_.end(),
                                  [&](const StratumTransaction* tx) { return tx != nullptr && tx->message_id == id; });
  if (found == waiting_.end()) return false;
  StratumTransaction& tx = **found;
  waiting_.erase(found);
  tx.error = error.substr(0, kMaxName);
  const bool ok = accepted && error.empty();
  tx.result = ok ? "accepted" : "refused";
  if (!ok) {
    const bool share = tx.method.ends_with("submit") || tx.method == "eth_submitWork";
    tx.note(share ? StratumEvent::share_refused : StratumEvent::login_refused);
  }
  tx.advance(Direction::kToClient, exchange::kComplete);
  return true;
}

bool StratumParser::gap(Direction, std::uint64_t) {
  return false;
}

void StratumParser::end(Direction d, ByteSpan) {
  for (const auto& tx : transactions()) tx->advance(d, exchange::kComplete);
  if (d == Direction::kToClient) waiting_.clear();
}

Probe probe_stratum(Direction d, ByteSpan data, std::uint16_t) {
  if (data.empty()) return Probe::kMore;
  if (data[0] != '{') return Probe::kNo;
  const std::string_view text = view_text(data.first(std::min<std::size_t>(data.size(), 4096)));
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  const auto has = [&](std::string_view part) { return line.find(part) != std::string_view::npos; };
  const bool method = has("\"method\"");
  const bool mining =
      has("\"mining.") || has("\"eth_submitLogin\"") || has("\"eth_submitWork\"") || has("\"eth_getWork\"");
  if (method && mining) return Probe::kYes;
  if (method && d == Direction::kToServer && has("\"login\"") && has("\"params\"") &&
      (has("\"agent\"") || has("\"pass\""))) {
    return Probe::kYes;
  }
  if (d == Direction::kToClient && has("\"job\"") && has("\"target\"") && has("\"blob\"")) return Probe::kYes;
  return end == std::string_view::npos && text.size() < 16 ? Probe::kMore : Probe::kNo;
}

}  // namespace bulkhead::app::stratum
