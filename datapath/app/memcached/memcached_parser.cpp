#include "datapath/app/memcached/memcached_parser.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

#include "datapath/app/exchange_parser.h"

namespace bulkhead::app::memcached {
namespace {

constexpr std::size_t kMaxLine = 8192, kMaxWaiting = 1024, kMaxText = 1024, kHead = 24, kMaxShown = 1024;
constexpr std::uint64_t kMaxValue = 1UL << 30;
constexpr std::size_t kMaxWords = 32;

enum class Form : std::uint8_t {
  kPlain,      // one line, one line back
  kKeys,       // keys; VALUE lines up to END
  kKeysTouch,  // exptime, then keys
  kStore,      // key flags exptime bytes [cas] [noreply], then the bytes
  kLines,      // several lines up to END or OK
  kMeta,       // mg, md ...: key flags
  kMetaStore,  // ms: key bytes flags, then the bytes
  kSilent      // no reply
};
struct CommandForm {
  std::string_view name;
  Form form;
};
constexpr CommandForm kCommands[] = {
    {"get", Form::kKeys},        {"gets", Form::kKeys},         {"gat", Form::kKeysTouch},
    {"gats", Form::kKeysTouch},  {"set", Form::kStore},         {"add", Form::kStore},
    {"replace", Form::kStore},   {"append", Form::kStore},      {"prepend", Form::kStore},
    {"cas", Form::kStore},       {"delete", Form::kPlain},      {"incr", Form::kPlain},
    {"decr", Form::kPlain},      {"touch", Form::kPlain},       {"flush_all", Form::kPlain},
    {"version", Form::kPlain},   {"verbosity", Form::kPlain},   {"stats", Form::kLines},
    {"mg", Form::kMeta},         {"md", Form::kMeta},           {"ma", Form::kMeta},
    {"me", Form::kMeta},         {"mn", Form::kMeta},           {"ms", Form::kMetaStore},
    {"quit", Form::kSilent},     {"shutdown", Form::kSilent},   {"slabs", Form::kPlain},
    {"lru", Form::kPlain},       {"lru_crawler", Form::kLines}, {"cache_memlimit", Form::kPlain},
    {"misbehave", Form::kPlain}, {"watch", Form::kPlain},       {"debug", Form::kPlain},
};

const CommandForm* find_command(std::string_view name) {
  const auto* found =
      std::find_if(std::begin(kCommands), std::end(kCommands), [&](const CommandForm& c) { return c.name == name; });
  return found == std::end(kCommands) ? nullptr : found;
}

constexpr std::string_view kOpcodes[] = {"get",       "set",      "add",
                                         "replace",   "delete",   "incr",
                                         "decr",      "quit",     "flush_all",
                                         "getq",      "noop",     "version",
                                         "getk",      "getkq",    "append",
                                         "prepend",   "stats",    "setq",
                                         "addq",      "replaceq", "deleteq",
                                         "incrq",     "decrq",    "quitq",
                                         "flushq",    "appendq",  "prependq",
                                         "verbosity", "touch",    "gat",
                                         "gatq",      "",         "sasl_list_mechs",
                                         "sasl_auth", "sasl_step"};

struct Words {
  std::array<std::string_view, kMaxWords> list;
  std::size_t count = 0;
  [[nodiscard]] std::string_view operator[](std::size_t i) const { return i < count ? list[i] : std::string_view(); }
};
Words split(std::string_view line) {
  Words out;
  std::size_t at = 0;
  while (at < line.size() && out.count < kMaxWords) {
    at = std::min(line.find_first_not_of(' ', at), line.size());
    const std::size_t end = std::min(line.find(' ', at), line.size());
    if (end > at) out.list[out.count++] = line.substr(at, end - at);
    at = end;
  }
  return out;
}

bool read_number(std::string_view text, std::uint64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

}  // namespace

ParseResult MemcachedParser::parse(Direction d, ByteSpan data, const ParseMoment& moment) {
  const std::size_t size = data.size();
  if (moment.client.protocol == ip_proto::kUdp) {  // each datagram stands alone
    if (size < 8) return {ParseResult::Status::kOk, size, {}};
    skip_ = {};
    data = data.subspan(8);
  }
  std::uint64_t& skip = skip_[bulkhead::index_of(d)];
  while (!data.empty()) {
    if (skip > 0) {
      const std::size_t step = static_cast<std::size_t>(std::min<std::uint64_t>(skip, data.size()));
      data = data.subspan(step);
      skip -= step;
      if (skip > 0 || d != Direction::kToServer || storing_ == nullptr) continue;
      MemcachedTransaction& tx = *storing_;
      storing_ = nullptr;
      if (storing_silent_) {
        tx.advance(Direction::kToClient, exchange::kComplete);
      } else {
        wait_for_reply(tx);
      }
      tx.advance(Direction::kToServer, exchange::kComplete);
      continue;
    }
    const bool is_binary = data[0] == (d == Direction::kToServer ? 0x80 : 0x81);
    const Step step = is_binary ? binary(d, data) : d == Direction::kToServer ? text_request(data) : text_reply(data);
    if (step == Step::kMore) break;
    if (step == Step::kError) {
      broken(d);
      return {ParseResult::Status::kError, size - data.size(), {}};
    }
  }
  if (moment.client.protocol == ip_proto::kUdp) return {ParseResult::Status::kOk, size, {}};
  return {ParseResult::Status::kOk, size - data.size(), {}};
}

void MemcachedParser::broken(Direction d) {
  MemcachedTransaction* tx = d == Direction::kToServer ? storing_.get() : oldest();
  if (tx == nullptr) tx = &add<MemcachedTransaction>();
  tx->note(d == Direction::kToServer ? MemcachedEvent::malformed_request : MemcachedEvent::malformed_reply);
  tx->advance(Direction::kToServer, exchange::kComplete);
  tx->advance(Direction::kToClient, exchange::kComplete);
  storing_ = nullptr;
  std::erase(waiting_, tx);
}

void MemcachedParser::wait_for_reply(MemcachedTransaction& tx) {
  if (waiting_.size() >= kMaxWaiting) {
    if (waiting_.front() != nullptr) waiting_.front()->advance(Direction::kToClient, exchange::kComplete);
    waiting_.pop_front();
  }
  waiting_.emplace_back(&tx);
}

void MemcachedParser::complete_reply(std::string_view status) {
  if (waiting_.empty()) return;
  const Held<MemcachedTransaction> tx = waiting_.front();
  waiting_.pop_front();
  if (tx == nullptr) return;
  if (tx->status.empty()) tx->status = status;
  tx->advance(Direction::kToClient, exchange::kComplete);
}

void MemcachedParser::refuse(MemcachedTransaction& tx, std::string_view message) {
  tx.error = message.substr(0, kMaxText);
  if (message.find("unauthenticated") == std::string_view::npos &&
      message.find("authentication failure") == std::string_view::npos &&
      message.find("Auth failure") == std::string_view::npos && message.find("Auth error") == std::string_view::npos) {
    return;
  }
  tx.auth_failed = true;
  tx.note(MemcachedEvent::auth_failed);
}

// --- text ---

MemcachedParser::Step MemcachedParser::text_request(ByteSpan& data) {
  const std::string_view text = view_text(data.first(std::min(data.size(), kMaxLine)));
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return text.size() >= kMaxLine ? Step::kError : Step::kMore;
  std::string_view line = text.substr(0, end);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  data = data.subspan(end + 1);
  const Words words = split(line);
  if (words.count == 0) return Step::kOk;
  const CommandForm* known = find_command(words[0]);
  MemcachedTransaction& tx = add<MemcachedTransaction>();
  tx.command = words[0].substr(0, kMaxKey);
  const Form form = known != nullptr ? known->form : Form::kPlain;
  std::size_t first_key = 1, keys = 1;
  if (form == Form::kKeys || form == Form::kKeysTouch) keys = kMaxKeys;
  if (form == Form::kKeysTouch) first_key = 2;
  if (known == nullptr || tx.command == "flush_all" || tx.command == "version" || tx.command == "verbosity") keys = 0;
  for (std::size_t i = first_key; i < words.count && tx.keys.size() < keys; ++i) {
    tx.keys.emplace_back(words[i].substr(0, kMaxKey));
  }
  const bool silent = form == Form::kSilent || words[words.count - 1] == "noreply";
  if (form == Form::kStore || form == Form::kMetaStore) {
    const std::size_t at = form == Form::kStore ? 4 : 2;
    // Without a size the server answers with an error, and no data follows.
    if (read_number(words[at], tx.value_bytes)) {
      storing_ = &tx;
      if (tx.value_bytes > kMaxValue) return Step::kError;
      storing_silent_ = silent;
      skip_[0] = tx.value_bytes + 2;
      return Step::kOk;
    }
  }
  if (silent) {
    tx.advance(Direction::kToClient, exchange::kComplete);
  } else {
    wait_for_reply(tx);
  }
  tx.advance(Direction::kToServer, exchange::kComplete);
  return Step::kOk;
}

MemcachedParser::Step MemcachedParser::text_reply(ByteSpan& data) {
  const std::string_view text = view_text(data.first(std::min(data.size(), kMaxLine)));
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return text.size() >= kMaxLine ? Step::kError : Step::kMore;
  std::string_view line = text.substr(0, end);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  data = data.subspan(end + 1);
  const Words words = split(line);
  MemcachedTransaction* tx = oldest();
  std::uint64_t size = 0;
  if (words[0] == "VALUE" || words[0] == "VA") {
    if (!read_number(words[words[0] == "VA" ? 1 : 3], size) || size > kMaxValue) return Step::kError;
    if (tx != nullptr) ++tx->values;
    skip_[1] = size + 2;
    if (words[0] == "VA") complete_reply("value");
    return Step::kOk;
  }
  if (words[0] == "STAT" || words[0] == "ITEM" || tx == nullptr) return Step::kOk;
  if (words[0] == "ERROR" || words[0] == "CLIENT_ERROR" || words[0] == "SERVER_ERROR") {
    tx->status = lower(words[0]);
    refuse(*tx, line);
    complete_reply("");
    return Step::kOk;
  }
  if (words[0] == "VERSION") {
    complete_reply("version");
  } else if (words.count > 0 && words[0].find_first_not_of("0123456789") == std::string_view::npos) {
    complete_reply("number");
  } else {
    complete_reply(lower(words[0]).substr(0, 32));
  }
  return Step::kOk;
}

// --- binary ---

MemcachedParser::Step MemcachedParser::binary(Direction d, ByteSpan& data) {
  if (data.size() < kHead) return Step::kMore;
  const std::uint8_t opcode = data[1];
  const std::uint32_t body = load_be32(&data[8]);
  const std::size_t in_front = load_be16(&data[2]) + std::size_t{data[4]};
  if (body > kMaxValue || in_front > body) return Step::kError;
  const std::size_t shown = kHead + std::min<std::size_t>(body, kMaxShown);
  if (data.size() < shown) return Step::kMore;
  const ByteSpan message = data.first(shown);
  data = data.subspan(shown);
  skip_[bulkhead::index_of(d)] = kHead + body - shown;
  if (d == Direction::kToServer) {
    MemcachedTransaction& tx = add<MemcachedTransaction>();
    tx.value_bytes = body - in_front;
    binary_request(tx, message, opcode);
    const bool quiet = tx.command.size() > 1 && tx.command.back() == 'q';
    if (quiet) {
      tx.advance(Direction::kToClient, exchange::kComplete);
    } else {
      wait_for_reply(tx);
    }
    tx.advance(Direction::kToServer, exchange::kComplete);
    return Step::kOk;
  }
  // Quiet commands answer when something is wrong or found: such an answer belongs to no one that waits.
  MemcachedTransaction* tx = oldest();
  const std::string_view name = opcode < std::size(kOpcodes) ? kOpcodes[opcode] : std::string_view();
  if (tx == nullptr || tx->command != name) return Step::kOk;
  const std::uint16_t status = load_be16(&message[6]);
  if (name == "stats" && status == 0 && body > 0) return Step::kOk;  // one of several
  if (status == 0 && name.starts_with("get")) tx->values = 1;
  constexpr std::string_view kStatus[] = {
      "ok",         "not_found",   "exists",       "too_large",  "invalid_arguments",
      "not_stored", "non_numeric", "wrong_server", "auth_error", "auth_continue"};
  if (status < 8) {
    tx->status = kStatus[status];
  } else {
    tx->status = status == 0x20 || status == 8   ? "auth_error"
                 : status == 0x21 || status == 9 ? "auth_continue"
                                                 : "error";
  }
  if (status != 0 && status != 0x21) tx->error = copy_text(message.subspan(kHead), kMaxText);
  if (status == 0x20 || status == 8) {
    tx->auth_failed = true;
    tx->note(MemcachedEvent::auth_failed);
  }
  complete_reply("");
  return Step::kOk;
}

void MemcachedParser::binary_request(MemcachedTransaction& tx, ByteSpan shown, std::uint8_t opcode) {
  tx.binary = true;
  tx.command = opcode < std::size(kOpcodes) && !kOpcodes[opcode].empty() ? std::string(kOpcodes[opcode])
                                                                         : "opcode_" + std::to_string(opcode);
  ByteReader reader(shown.subspan(kHead));
  reader.skip(shown[4]);
  const ByteSpan key = reader.bytes(load_be16(&shown[2]));
  if (opcode == 0x21 || opcode == 0x22) {
    tx.mechanism = copy_text(key, 64);
    const std::string_view login = view_text(reader.rest());  // PLAIN: authzid NUL user NUL password
    const std::size_t first = login.find('\0');
    if (first != std::string_view::npos) {
      const std::string_view rest = login.substr(first + 1);
      tx.user = rest.substr(0, std::min(rest.find('\0'), kMaxKey));
    }
    return;
  }
  if (!key.empty()) tx.keys.push_back(copy_text(key, kMaxKey));
}

// --- the rest ---

bool MemcachedParser::gap(Direction d, std::uint64_t length) {
  std::uint64_t& skip = skip_[bulkhead::index_of(d)];
  if (length >= skip) return false;
  skip -= length;
  return true;
}

void MemcachedParser::end(Direction d, ByteSpan) {
  for (const auto& tx : transactions()) tx->advance(d, exchange::kComplete);
  if (d == Direction::kToServer) {
    storing_ = nullptr;
  } else {
    waiting_.clear();
  }
}

Probe probe_memcached(Direction d, ByteSpan data, std::uint16_t server_port) {
  if (data.empty()) return Probe::kMore;
  const bool up = d == Direction::kToServer;
  if (data[0] == (up ? 0x80 : 0x81)) {
    if (data.size() < kHead) return Probe::kMore;
    const std::size_t in_front = load_be16(&data[2]) + std::size_t{data[4]};
    const std::uint32_t body = load_be32(&data[8]);
    const bool fits = data[1] < std::size(kOpcodes) && in_front <= body && body < (1U << 24) && data[5] == 0 &&
                      data[4] <= 20 && load_be16(&data[2]) <= kMaxKey;
    return fits && (up ? load_be16(&data[6]) < 1024 : load_be16(&data[6]) <= 0x86) ? Probe::kYes : Probe::kNo;
  }
  if (data.size() > 8 && data[0] != '\r' && data[4] == 0 && data[5] <= 64 && data[6] == 0 && data[7] == 0) {
    data = data.subspan(8);  // UDP
  }
  const std::string_view text = view_text(data.first(std::min<std::size_t>(data.size(), 512)));
  const std::size_t end = text.find("\r\n");
  if (end == std::string_view::npos) return Probe::kNo;
  const std::string_view line = text.substr(0, end);
  if (!std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c < 127; })) return Probe::kNo;
  const Words words = split(line);
  std::uint64_t number = 0;
  if (!up) {
    const bool value = words[0] == "VALUE" && words.count >= 4 && read_number(words[3], number);
    return value || (words[0] == "STAT" && (words[1] == "pid" || words[1] == "uptime")) ? Probe::kYes : Probe::kNo;
  }
  const CommandForm* known = find_command(words[0]);
  if (known == nullptr) return Probe::kNo;
  if (server_port == 11211) return Probe::kYes;
  switch (known->form) {
    case Form::kStore:
      return words.count >= 5 && words.count <= 7 && read_number(words[2], number) && read_number(words[4], number)
                 ? Probe::kYes
                 : Probe::kNo;
    case Form::kKeys:
      return words.count >= 2 && line.find_first_of("/:<>\"{") == std::string_view::npos &&
                     (words[0] == "gets" || words.count == 2)
                 ? (words[0] == "gets" ? Probe::kYes : Probe::kNo)
                 : Probe::kNo;
    case Form::kLines:
      return words[0] == "stats" && (words.count == 1 || words[1] == "items" || words[1] == "slabs" ||
                                     words[1] == "cachedump" || words[1] == "settings")
                 ? Probe::kYes
                 : Probe::kNo;
    default: return words[0] == "flush_all" || words[0] == "lru_crawler" ? Probe::kYes : Probe::kNo;
  }
}

}  // namespace bulkhead::app::memcached
