#include "datapath/app/ssh/ssh_parser.h"

#include <algorithm>
#include <string_view>

#include "datapath/app/digest.h"

namespace bulkhead::app::ssh {

namespace {

constexpr std::uint8_t kKexInit = 20, kNewKeys = 21;
constexpr std::string_view kStart = "SSH-";

std::string_view text_of(ByteSpan bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

Probe probe_ssh(Direction, ByteSpan data, std::uint16_t) {
  const std::string_view start = text_of(data.first(std::min(data.size(), kStart.size())));
  if (start != kStart.substr(0, start.size())) return Probe::kNo;
  return start.size() < kStart.size() ? Probe::kMore : Probe::kYes;
}

ParseResult SshParser::parse(Direction d, ByteSpan data, const ParseMoment&) {
  if (finished_) return {ParseResult::Status::kDone, data.size()};
  if (tx_ == nullptr) tx_ = &add<SshTransaction>();
  Side& s = side(d);
  ByteReader in(data);
  Step step = Step::kOn;
  while (step == Step::kOn && !in.at_end()) {
    if (s.encrypted) {
      in.skip(in.remaining());
    } else if (!s.banner_done || s.skip_line) {
      step = banner(d, in);
    } else if (!s.in_packet) {
      step = packet(d, in);
    } else {
      body(d, in);
    }
  }
  ParseResult result;
  result.consumed = in.position();
  if (step == Step::kStop) {
    finish();
    result.status = ParseResult::Status::kError;
  } else if (sides_[0].encrypted && sides_[1].encrypted) {
    finish();
    result.status =
        settings_.encryption == EncryptionHandling::kFull ? ParseResult::Status::kDone : ParseResult::Status::kBypass;
  }
  return result;
}

// --- banner ---

SshParser::Step SshParser::banner(Direction d, ByteReader& in) {
  Side& s = side(d);
  const ByteSpan rest = in.rest();
  const auto end = std::find(rest.begin(), rest.end(), Byte{'\n'});
  const auto length = static_cast<std::size_t>(end - rest.begin());
  const bool whole = end != rest.end();
  if (s.skip_line) {
    in.skip(whole ? length + 1 : length);
    s.skip_line = !whole;
    return Step::kOn;
  }
  if (!whole && length <= kMaxBanner) return Step::kWait;
  const bool cut = length > kMaxBanner;
  if (cut) tx_->note(SshEvent::long_banner);
  if (!take_banner(d, rest.first(std::min(length, kMaxBanner)), cut)) {
    tx_->note(SshEvent::invalid_banner);
    return Step::kStop;
  }
  in.skip(whole ? length + 1 : length);
  s.banner_done = true;
  s.skip_line = !whole;
  tx_->advance(d, stage::kBanner);
  return Step::kOn;
}

bool SshParser::take_banner(Direction d, ByteSpan line, bool cut) {
  std::string_view text = text_of(line);
  if (!cut && !text.empty() && text.back() == '\r') text.remove_suffix(1);
  if (text.substr(0, kStart.size()) != kStart) return false;
  text.remove_prefix(kStart.size());
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos || dash == 0) return false;
  const std::string_view software = text.substr(dash + 1);
  const std::string_view name = software.substr(0, software.find(' '));
  if (name.empty()) return false;
  SshSide& known = tx_->side(d);
  known.protocol = text.substr(0, dash);
  known.software = name;
  return true;
}

// --- packets ---

SshParser::Step SshParser::packet(Direction d, ByteReader& in) {
  Side& s = side(d);
  constexpr std::size_t kHeader = 6;  // length, padding length, type
  if (in.remaining() < kHeader) return Step::kWait;
  const std::uint32_t length = in.be32();
  const std::uint8_t padding = in.u8();
  s.type = in.u8();
  if (length < padding + 2U) {
    tx_->note(SshEvent::invalid_record);
    return Step::kStop;
  }
  s.body_left = length - 2;
  s.in_packet = true;
  s.pieces.clear();
  if (s.type == kKexInit && length > kMaxPacket) {
    tx_->note(SshEvent::long_kex_record);
    s.type = 0;  // stepped over
  }
  if (s.body_left == 0) body(d, in);
  return Step::kOn;
}

void SshParser::body(Direction d, ByteReader& in) {
  Side& s = side(d);
  const ByteSpan bytes = in.bytes(std::min<std::size_t>(s.body_left, in.remaining()));
  s.body_left -= static_cast<std::uint32_t>(bytes.size());
  const bool last = s.body_left == 0;
  if (s.type == kKexInit && settings_.make_hassh()) {
    if (last && s.pieces.empty()) {
      key_exchange(d, bytes);
    } else {
      s.pieces.insert(s.pieces.end(), bytes.begin(), bytes.end());
      if (last) key_exchange(d, s.pieces);
    }
  }
  if (!last) return;
  s.in_packet = false;
  if (s.type == kKexInit) tx_->advance(d, stage::kKeyExchange);
  if (s.type == kNewKeys) s.encrypted = true;
}

// Cookie(16), then ten lists of names. HASSH takes the side's own way: key exchange, cipher, MAC, compression.
void SshParser::key_exchange(Direction d, ByteSpan message) {
  constexpr std::size_t kCookie = 16, kLists = 8;
  SshSide& known = tx_->side(d);
  if (!known.hassh_text.empty()) return;  // keys are exchanged again only when nothing can be read
  ByteReader in(message);
  in.skip(kCookie);
  std::array<std::string_view, kLists> lists;
  for (std::string_view& list : lists) {
    const std::uint32_t length = in.be32();
    list = text_of(in.bytes(length));
    if (in.failed()) return;
  }
  // kex, host key, cipher (to server, to client), MAC (both), compression (both)
  const std::size_t own = d == Direction::kToServer ? 0 : 1;
  for (const std::size_t which : {std::size_t{0}, 2 + own, 4 + own, 6 + own}) {
    if (which != 0) known.hassh_text += ';';
    known.hassh_text += lists[which];
  }
  known.hassh = digest(DigestKind::kMd5, known.hassh_text).hex();
}

// --- gaps and the end ---

bool SshParser::gap(Direction d, std::uint64_t length) {
  Side& s = side(d);
  if (s.encrypted) return true;
  if (tx_ == nullptr || !s.in_packet || s.type == kKexInit || length > s.body_left) return false;
  s.body_left -= static_cast<std::uint32_t>(length);
  if (s.body_left == 0) {
    ByteReader nothing{ByteSpan()};
    body(d, nothing);
  }
  return true;
}

void SshParser::end(Direction d, ByteSpan) {
  side(d).ended = true;
  if (sides_[0].ended && sides_[1].ended) finish();
}

void SshParser::finish() {
  if (finished_ || tx_ == nullptr) return;
  finished_ = true;
  tx_->advance(Direction::kToServer, stage::kFinished);
  tx_->advance(Direction::kToClient, stage::kFinished);
}

}  // namespace bulkhead::app::ssh
