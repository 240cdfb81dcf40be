#include "datapath/app/imap/mailbox_parser.h"

#include <algorithm>
#include <utility>

#include "datapath/app/text.h"

namespace bulkhead::app::imap {
namespace {

constexpr std::size_t kLine = 256;  // of a line that is looked at

Probe begins(std::string_view text, std::string_view word) {
  const std::size_t size = std::min(text.size(), word.size());
  if (!same_word(text.substr(0, size), word.substr(0, size))) return Probe::kNo;
  return size == word.size() ? Probe::kYes : Probe::kMore;
}

Probe any_of(std::string_view text, std::initializer_list<std::string_view> words) {
  Probe best = Probe::kNo;
  for (const std::string_view word : words) best = std::max(best, begins(text, word));
  return best;
}

}  // namespace

Probe probe_imap(Direction d, ByteSpan data, std::uint16_t) {
  const std::string_view text = text_of(data);
  if (d == Direction::kToClient) return any_of(text, {"* OK ", "* PREAUTH ", "* BYE "});
  // A tag and one of the commands that are allowed before the login.
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos || space == 0 || space > 16) return Probe::kNo;
  const bool tag = std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(space), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.';
  });
  if (!tag) return Probe::kNo;
  return any_of(text.substr(space + 1), {"CAPABILITY\r\n", "STARTTLS\r\n", "AUTHENTICATE ", "LOGIN "});
}

Probe probe_pop3(Direction d, ByteSpan data, std::uint16_t) {
  const std::string_view text = text_of(data);
  if (d == Direction::kToClient) return begins(text, "+OK ");
  // USER is said to FTP servers too, and QUIT to mail servers: they are asked first, unless the server has greeted.
  return any_of(text, {"CAPA\r\n", "STLS\r\n", "APOP ", "USER ", "AUTH", "QUIT\r\n"});
}

ParseResult MailboxParser::parse(Direction d, ByteSpan data, const ParseMoment&) {
  std::size_t used = 0;
  bool& discard = discard_[bulkhead::index_of(d)];
  while (used < data.size()) {
    const std::string_view rest = text_of(data.subspan(used));
    const std::size_t lf = rest.find('\n');
    const bool open = lf == std::string_view::npos;
    if (open && !discard && rest.size() < kLine) break;
    used += open ? rest.size() : lf + 1;
    if (std::exchange(discard, open)) continue;
    const std::string_view line = trim(rest.substr(0, std::min(lf, kLine)));
    if (d == Direction::kToServer) {
      asked_ = asked_ || asks_for_tls(line);
      if (!asked_ && ++lines_ > kLookedAt) return {ParseResult::Status::kDone, used, {}};
      continue;
    }
    bool agreed = false;
    if (!asked_ || !answers(line, agreed)) continue;
    asked_ = false;
    if (agreed) return {ParseResult::Status::kChange, used, AppProtocol::tls};
  }
  return {ParseResult::Status::kOk, used, {}};
}

bool MailboxParser::asks_for_tls(std::string_view line) {
  if (protocol_ == AppProtocol::pop3) return same_word(line, "stls");
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos || !same_word(trim(line.substr(space + 1)), "starttls")) return false;
  tag_ = line.substr(0, space);
  return true;
}

// Is this the answer to the request for TLS?
bool MailboxParser::answers(std::string_view line, bool& agreed) const {
  if (protocol_ == AppProtocol::pop3) {
    agreed = begins_with_word(line, "+ok");
    return agreed || begins_with_word(line, "-err");
  }
  if (!line.starts_with(tag_) || line.substr(tag_.size(), 1) != " ") return false;
  agreed = begins_with_word(line.substr(tag_.size() + 1), "ok");
  return true;
}

}  // namespace bulkhead::app::imap
