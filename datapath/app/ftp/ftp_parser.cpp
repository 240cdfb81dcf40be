#include "datapath/app/ftp/ftp_parser.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "datapath/app/expected_flows.h"
#include "datapath/app/text.h"

namespace bulkhead::app::ftp {
namespace {

constexpr std::size_t kMaxReplyLines = 64;

// RFC 959, 1639, 2228, 2389, 2428, 2640, 3659, 4217, by their first letter. "AUTH TLS" before "AUTH".
constexpr std::string_view kCommands[] = {
    "ABOR", "ACCT", "ALLO", "APPE", "AUTH TLS", "AUTH", "CCC",  "CDUP", "CHMOD", "CWD",  "DELE", "EPRT", "EPSV",
    "FEAT", "HELP", "LANG", "LIST", "MDTM",     "MKD",  "MLSD", "MLST", "MODE",  "NLST", "NOOP", "OPTS", "PASS",
    "PASV", "PBSZ", "PORT", "PROT", "PWD",      "QUIT", "REIN", "REST", "RETR",  "RMD",  "RNFR", "RNTO", "SITE",
    "SIZE", "SMNT", "STAT", "STOR", "STOU",     "STRU", "SYST", "TYPE", "UMASK", "USER"};
static_assert(std::ranges::is_sorted(kCommands, {}, [](std::string_view word) { return word[0]; }));

// Where the commands of each letter begin, and behind Z where they end.
constexpr auto kFirstOf = [] {
  std::array<std::uint8_t, 27> out{};
  for (std::size_t letter = 0; letter < out.size(); ++letter) {
    while (out[letter] < std::size(kCommands) && kCommands[out[letter]][0] < static_cast<char>('A' + letter)) {
      ++out[letter];
    }
  }
  return out;
}();

std::string_view known_command(std::string_view line) {
  if (line.empty()) return {};
  const unsigned letter = static_cast<unsigned>((line[0] & ~0x20) - 'A');  // in capitals, if it is a letter
  if (letter >= 26) return {};
  for (std::size_t i = kFirstOf[letter]; i < kFirstOf[letter + 1]; ++i) {
    const std::string_view word = kCommands[i];
    if (line.size() < word.size() || ((line[1] ^ word[1]) & ~0x20) != 0 || !begins_with_word(line, word)) continue;
    if (line.size() == word.size() || line[word.size()] == ' ' || line[word.size()] == '\t') return word;
  }
  return {};
}

int code_of(std::string_view line) {
  if (line.size() < 3 || (line.size() > 3 && line[3] != ' ' && line[3] != '-')) return 0;
  int code = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + 3, code);
  return error == std::errc() && end == line.data() + 3 && code >= 100 ? code : 0;
}

// Up to six numbers parted by commas; how many there are. Ones above a byte read as 256.
std::size_t numbers_of(std::string_view text, std::array<unsigned, 6>& out) {
  std::size_t count = 0, at = 0;
  const auto is_digit = [&] { return at < text.size() && text[at] >= '0' && text[at] <= '9'; };
  while (count < out.size() && is_digit()) {
    unsigned number = 0;
    for (; is_digit(); ++at) number = std::min(256U, number * 10 + static_cast<unsigned>(text[at] - '0'));
    out[count++] = number;
    if (at == text.size() || text[at] != ',') break;
    ++at;
  }
  return count;
}

std::uint16_t port_of_numbers(std::string_view text) {
  std::array<unsigned, 6> numbers{};
  if (numbers_of(text, numbers) != 6 || numbers[4] > 255 || numbers[5] > 255) return 0;
  return static_cast<std::uint16_t>(numbers[4] * 256 + numbers[5]);
}

std::uint16_t port_between(std::string_view text, char delimiter) {
  unsigned port = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || stop == text.data() + text.size() || *stop != delimiter || port > 65535) return 0;
  return static_cast<std::uint16_t>(port);
}

}  // namespace

std::uint16_t port_of_port(std::string_view argument) {
  return port_of_numbers(trim(argument));
}

std::uint16_t port_of_eprt(std::string_view argument) {
  argument = trim(argument);
  if (argument.empty()) return 0;
  const char delimiter = argument.front();
  for (int skipped = 0; skipped < 3; ++skipped) {
    const std::size_t at = argument.find(delimiter);
    if (at == std::string_view::npos) return 0;
    argument.remove_prefix(at + 1);
  }
  return port_between(argument, delimiter);
}

std::uint16_t port_of_pasv(std::string_view reply) {
  const std::size_t open = reply.find('(');
  if (open != std::string_view::npos) return port_of_numbers(reply.substr(open + 1));
  // Some servers leave the brackets out.
  const std::size_t digit = reply.find_first_of("0123456789", std::min<std::size_t>(4, reply.size()));
  return digit == std::string_view::npos ? std::uint16_t{0} : port_of_numbers(reply.substr(digit));
}

std::uint16_t port_of_epsv(std::string_view reply) {
  const std::size_t bars = reply.find("|||");
  return bars == std::string_view::npos ? std::uint16_t{0} : port_between(reply.substr(bars + 3), '|');
}

std::optional<IpAddress> address_of_port(std::string_view argument) {
  std::array<unsigned, 6> numbers{};
  if (numbers_of(trim(argument), numbers) < 4) return std::nullopt;
  std::array<Byte, 4> bytes{};
  for (std::size_t i = 0; i < 4; ++i) {
    if (numbers[i] > 255) return std::nullopt;
    bytes[i] = static_cast<Byte>(numbers[i]);
  }
  return IpAddress::v4(bytes.data());
}

Probe probe_ftp(Direction d, ByteSpan data, std::uint16_t) {
  const std::string_view text = text_of(data);
  const auto begins = [&](std::string_view word) {
    const std::size_t size = std::min(text.size(), word.size());
    if (!same_word(text.substr(0, size), word.substr(0, size))) return Probe::kNo;
    return size == word.size() ? Probe::kYes : Probe::kMore;
  };
  if (d == Direction::kToClient) return begins("220 (");
  Probe best = Probe::kNo;
  for (const std::string_view word : {"USER ", "PASS ", "PORT ", "FEAT\r\n", "AUTH TLS\r\n"}) {
    best = std::max(best, begins(word));
  }
  return best;
}

ParseResult FtpParser::parse(Direction d, ByteSpan data, const ParseMoment& moment) {
  const std::string_view all = text_of(data);
  std::size_t used = 0;
  Line line;
  while (next_line(d, all.substr(used), used, line)) {
    const bool fine = d == Direction::kToServer ? command(line, moment) : reply(line);
    if (!fine) return {ParseResult::Status::kError, used, {}};
    if (change_) {
      change_ = false;
      return {ParseResult::Status::kChange, used, AppProtocol::tls};
    }
  }
  return {ParseResult::Status::kOk, used, {}};
}

// False: the next line is not whole yet.
bool FtpParser::next_line(Direction d, std::string_view rest, std::size_t& used, Line& out) {
  bool& discard = discard_[bulkhead::index_of(d)];
  while (!rest.empty()) {
    const std::size_t lf = rest.find('\n');
    const bool open = lf == std::string_view::npos;
    if (open && rest.size() < settings_.max_line) return false;
    const std::size_t size = open ? rest.size() : lf + 1;
    used += size;
    if (std::exchange(discard, open)) {
      rest.remove_prefix(size);
      continue;
    }
    out.cut = open || size >= settings_.max_line;
    out.text = rest.substr(0, std::min<std::size_t>(open ? size : lf, settings_.max_line));
    while (out.text.ends_with('\r')) out.text.remove_suffix(1);
    return true;
  }
  return false;
}

bool FtpParser::gap(Direction d, std::uint64_t) {
  discard_[bulkhead::index_of(d)] = true;
  if (d == Direction::kToClient) multiline_.clear();
  return true;
}

// Null: there are too many.
FtpTransaction* FtpParser::open_transaction() {
  if (transactions().size() >= settings_.max_transactions) {
    if (!transactions().empty())
      static_cast<FtpTransaction&>(*transactions().back()).note(FtpEvent::too_many_transactions);
    return nullptr;
  }
  FtpTransaction& tx = add(std::make_unique<FtpTransaction>(settings_));
  tx.advance(Direction::kToServer, stage::kOpen);
  tx.advance(Direction::kToClient, stage::kOpen);
  return &tx;
}

bool FtpParser::command(const Line& line, const ParseMoment& moment) {
  FtpTransaction* tx = open_transaction();
  if (tx == nullptr) return false;
  tx->command = known_command(line.text);
  tx->command_cut = line.cut;
  if (line.cut) tx->note(FtpEvent::request_command_too_long);
  if (!tx->command.empty() && line.text.size() > tx->command.size()) {
    std::string_view data = line.text.substr(tx->command.size() + 1);
    while (!data.empty() && is_space(data.back())) data.remove_suffix(1);
    tx->data = tx->keep(data);
  }
  const std::string_view word = tx->command;
  if (word == "RETR" || word == "STOR" || word == "APPE") {
    if (data_port_ != 0 && moment.expected != nullptr) {
      moment.expected->add(moment.client, std::exchange(data_port_, std::uint16_t{0}),
                           {AppProtocol::ftp_data, std::string(word), tx->data, moment.flow}, moment.now);
    }
  } else if (word == "PORT" || word == "EPRT") {
    // The server connects once it has agreed; its reply is not waited for, a client that is refused sends another.
    tx->data_port = word == "PORT" ? port_of_port(tx->data) : port_of_eprt(tx->data);
    tx->active = tx->data_port != 0;
    if (tx->active) data_port_ = tx->data_port;
    const auto named = word == "PORT" ? address_of_port(tx->data) : std::nullopt;
    tx->names_other_host = named && *named != moment.client.source;
  }
  return true;
}

bool FtpParser::reply(const Line& line) {
  FtpTransaction* tx = nullptr;
  for (const auto& each : transactions()) {
    if (each->id < answered_) continue;
    tx = static_cast<FtpTransaction*>(each.get());
    break;
  }
  if (tx == nullptr) tx = open_transaction();
  if (tx == nullptr) return false;
  tx->reply_seen = true;
  tx->reply_cut |= line.cut;
  if (line.cut) tx->note(FtpEvent::response_command_too_long);
  const int code = code_of(line.text);
  const bool in_multiline = !multiline_.empty();
  if (tx->replies.size() < kMaxReplyLines) {
    std::string_view text = line.text;
    if (code != 0) {
      tx->codes.emplace_back(text.substr(0, 3));
      text.remove_prefix(std::min<std::size_t>(4, text.size()));
    }
    text = text.substr(0, text.find_last_not_of(" \t\r\v\f") + 1);
    if (!text.empty()) tx->replies.push_back(tx->keep(text));
  }
  bool last = !in_multiline;
  if (code != 0) {
    const bool goes_on = line.text.size() > 3 && line.text[3] == '-';
    if (!in_multiline && goes_on) multiline_ = line.text.substr(0, 3);
    if (in_multiline && !goes_on && line.text.substr(0, 3) == multiline_) multiline_.clear();
    last = multiline_.empty();
  }
  tx->touch(Direction::kToClient);
  if (!last) return true;
  follow_reply(*tx, line.text, code);
  if (code >= 100 && code < 200) return true;  // another reply follows
  answered_ = tx->id + 1;
  tx->advance(Direction::kToServer, stage::kComplete);
  tx->advance(Direction::kToClient, stage::kComplete);
  return true;
}

void FtpParser::follow_reply(FtpTransaction& tx, std::string_view text, int code) {
  if (tx.command == "PASV" && code == 227) {
    tx.data_port = port_of_pasv(text);
  } else if (tx.command == "EPSV" && code == 229) {
    tx.data_port = port_of_epsv(text);
  } else {
    change_ = tx.command == "AUTH TLS" && code == 234;
    return;
  }
  if (tx.data_port != 0) data_port_ = tx.data_port;
}

}  // namespace bulkhead::app::ftp
