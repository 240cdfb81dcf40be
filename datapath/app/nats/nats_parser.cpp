#include "datapath/app/nats/nats_parser.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "datapath/app/exchange_parser.h"
#include "datapath/app/json_fields.h"
#include "datapath/app/text.h"

namespace bulkhead::app::nats {
namespace {

constexpr std::size_t kMaxLine = 32768, kMaxName = 256, kMaxText = 1024;
constexpr std::uint64_t kMaxPayload = 64UL << 20;

struct Words {
  std::array<std::string_view, 6> list;
  std::size_t count = 0;
  [[nodiscard]] std::string_view operator[](std::size_t i) const { return i < count ? list[i] : std::string_view(); }
};
Words split(std::string_view line) {
  Words out;
  std::size_t at = 0;
  while (at < line.size() && out.count < out.list.size()) {
    while (at < line.size() && is_blank(line[at])) ++at;
    std::size_t end = at;
    while (end < line.size() && !is_blank(line[end])) ++end;
    if (end > at) out.list[out.count++] = line.substr(at, end - at);
    at = end;
  }
  return out;
}
std::string upper(std::string_view text) {
  std::string out(text.substr(0, 16));
  for (char& c : out) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return out;
}
bool read_number(std::string_view text, std::uint64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

class Options final : public JsonVisitor {
 public:
  explicit Options(NatsTransaction& tx) : tx_(tx) {}
  void visit(const JsonValue& v) override {
    if (v.depth != 1) return;
    const bool yes = v.kind == JsonValue::Kind::kTrue;
    const std::string text = v.text.substr(0, kMaxName);
    if (tx_.from_server) {
      if (v.key == "server_name" || (v.key == "server_id" && tx_.server.empty())) tx_.server = text;
      if (v.key == "version") tx_.server_version = text;
      if (v.key == "auth_required") tx_.auth_required = yes;
      if (v.key == "tls_required") tx_.tls_required = yes;
      return;
    }
    if (v.key == "user" || (v.key == "nkey" && tx_.user.empty())) tx_.user = text;
    if (v.key == "name") tx_.client = text;
    if (v.key == "lang") tx_.language = text;
    if (v.key == "version") tx_.version = text;
    if ((v.key == "pass" || v.key == "auth_token") && !v.text.empty()) tx_.note(NatsEvent::plain_password);
  }

 private:
  NatsTransaction& tx_;
};

}  // namespace

ParseResult NatsParser::parse(Direction d, ByteSpan data, const ParseMoment&) {
  std::uint64_t& skip = skip_[bulkhead::index_of(d)];
  std::size_t at = 0;
  while (at < data.size()) {
    if (skip > 0) {
      const std::size_t step = static_cast<std::size_t>(std::min<std::uint64_t>(skip, data.size() - at));
      at += step;
      skip -= step;
      continue;
    }
    if (d == Direction::kToServer && !client_spoke_ && data[at] == 0x16) {
      return {ParseResult::Status::kChange, at, AppProtocol::tls};
    }
    const std::string_view text = view_text(data.subspan(at, std::min(data.size() - at, kMaxLine)));
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) {
      return {text.size() >= kMaxLine ? ParseResult::Status::kError : ParseResult::Status::kOk, at, {}};
    }
    at += end + 1;
    std::string_view one = text.substr(0, end);
    if (!one.empty() && one.back() == '\r') one.remove_suffix(1);
    client_spoke_ |= d == Direction::kToServer;
    if (!one.empty() && !line(d, one)) return {ParseResult::Status::kError, at, {}};
  }
  return {ParseResult::Status::kOk, at, {}};
}

bool NatsParser::line(Direction d, std::string_view text) {
  const Words words = split(text);
  NatsTransaction& tx = add<NatsTransaction>();
  tx.from_server = d == Direction::kToClient;
  tx.command = upper(words[0]);
  const std::string& c = tx.command;
  bool fine = true;
  std::uint64_t size = 0;
  const auto name = [](std::string_view word) { return word.substr(0, kMaxName); };
  if (c == "PUB" || c == "MSG" || c == "HPUB" || c == "HMSG") {
    const bool delivered = c.ends_with("MSG");
    const std::size_t numbers = c[0] == 'H' ? 2 : 1;
    const std::size_t fixed = (delivered ? 3 : 2) + numbers;  // with the command, without the reply subject
    fine = (words.count == fixed || words.count == fixed + 1) && read_number(words[words.count - 1], size) &&
           size <= kMaxPayload;
    tx.subject = name(words[1]);
    if (words.count == fixed + 1) tx.reply_to = name(words[delivered ? 3 : 2]);
    tx.payload_bytes = size;
    if (fine) skip_[bulkhead::index_of(d)] = size + 2;
  } else if (c == "SUB") {
    tx.subject = name(words[1]);
    if (words.count == 4) tx.queue = name(words[2]);
    fine = words.count == 3 || words.count == 4;
  } else if (c == "CONNECT" || c == "INFO") {
    Options options(tx);
    const std::size_t open = text.find('{');
    fine = open != std::string_view::npos && walk_json(text.substr(open), options);
  } else if (c == "-ERR") {
    tx.error = text.substr(std::min<std::size_t>(text.size(), 5), kMaxText);
    if (tx.error.find("Authorization") != std::string::npos || tx.error.find("Authentication") != std::string::npos ||
        tx.error.find("Permissions") != std::string::npos) {
      tx.auth_failed = true;
      tx.note(NatsEvent::auth_failed);
    }
  } else {
    fine = c == "PING" || c == "PONG" || c == "+OK" || c == "UNSUB";
  }
  if (!fine) tx.note(NatsEvent::malformed_message);
  tx.advance(Direction::kToServer, exchange::kComplete);
  tx.advance(Direction::kToClient, exchange::kComplete);
  return fine;
}

bool NatsParser::gap(Direction d, std::uint64_t length) {
  std::uint64_t& skip = skip_[bulkhead::index_of(d)];
  if (length > skip) return false;
  skip -= length;
  return true;
}

void NatsParser::end(Direction, ByteSpan) {}

Probe probe_nats(Direction d, ByteSpan data, std::uint16_t server_port) {
  const std::string_view text = view_text(data.first(std::min<std::size_t>(data.size(), 512)));
  if (d == Direction::kToClient) {
    constexpr std::string_view kInfo = "INFO {";
    if (text.size() < kInfo.size()) return kInfo.starts_with(text) ? Probe::kMore : Probe::kNo;
    if (!text.starts_with(kInfo)) return Probe::kNo;
    return text.find("\"server_id\"") != std::string_view::npos ? Probe::kYes
           : text.size() < 16                                   ? Probe::kMore
                                                                : Probe::kNo;
  }
  if (text.starts_with("CONNECT {")) return Probe::kYes;
  const std::size_t end = text.find("\r\n");
  if (server_port != 4222 || end == std::string_view::npos) return Probe::kNo;
  const std::string_view line = text.substr(0, end);
  return line == "PING" || line.starts_with("SUB ") || line.starts_with("PUB ") ? Probe::kYes : Probe::kNo;
}

}  // namespace bulkhead::app::nats
