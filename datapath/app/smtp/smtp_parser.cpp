#include "datapath/app/smtp/smtp_parser.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "datapath/app/text.h"

namespace bulkhead::app::smtp {
namespace {

constexpr std::size_t kMaxWaiting = 65535, kMaxRecipients = 256;
constexpr std::size_t kMailPiece = 8192;  // of a mail's line that is passed on before its end has come

// Codes of RFC 5321 and of the extensions that are in use (3207, 4954, 7504). Three digits that mean nothing end the
// conversation as one that is not understood.
constexpr int kCodes[] = {211, 214, 220, 221, 235, 250, 251, 252, 334, 354, 421, 432, 450, 451, 452, 454, 455, 500,
                          501, 502, 503, 504, 521, 523, 530, 534, 535, 538, 550, 551, 552, 553, 554, 555, 556, 571};

int code_of(std::string_view line) {
  int code = 0;
  if (line.size() < 3) return 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + 3, code);
  if (error != std::errc() || end != line.data() + 3) return 0;
  return std::find(std::begin(kCodes), std::end(kCodes), code) != std::end(kCodes) ? code : 0;
}

// The word behind a command and its `prefix` bytes, up to a space.
std::string_view argument(std::string_view line, std::size_t prefix) {
  line.remove_prefix(std::min(prefix, line.size()));
  while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
  return line.substr(0, line.find(' '));
}

// Attachments become files of the transaction.
class Attachments final : public mime::MimeSink {
 public:
  Attachments(SmtpTransaction& tx, const AppSettings& settings) : tx_(tx), settings_(settings) {}
  void begin_file(std::string_view name) override {
    auto file = make_file(name, settings_.files());
    file->keep_content(settings_.smtp.content);
    tx_.files[0].push_back(std::move(file));
    tx_.touch(Direction::kToServer);
  }
  void file_bytes(ByteSpan bytes) override {
    tx_.files[0].back()->append(bytes);
    tx_.touch(Direction::kToServer);
  }
  void end_file() override {
    tx_.files[0].back()->close(true);
    tx_.touch(Direction::kToServer);
  }

 private:
  SmtpTransaction& tx_;
  const AppSettings& settings_;
};

}  // namespace

Probe probe_smtp(Direction d, ByteSpan data, std::uint16_t) {
  if (d == Direction::kToClient) return Probe::kNo;  // "220" is said by FTP and others too: the client decides
  const std::string_view text = text_of(data);
  for (const std::string_view word : {"EHLO", "HELO", "QUIT"}) {
    const std::size_t size = std::min(text.size(), word.size());
    if (!same_word(text.substr(0, size), word.substr(0, size))) continue;
    return size == word.size() ? Probe::kYes : Probe::kMore;
  }
  return Probe::kNo;
}

SmtpParser::SmtpParser(const AppSettings& settings) : settings_(settings), smtp_(settings.smtp) {}

// --- the ways in ---

ParseResult SmtpParser::parse(Direction d, ByteSpan data, const ParseMoment&) {
  forget_given_up();
  std::size_t used = 0;
  const Outcome outcome = [&] {
    if (d == Direction::kToServer) {
      const Outcome each = command_lines(data, used);
      left_ = data.size() - used;
      return each;
    }
    for (;;) {
      const std::string_view rest = text_of(data.subspan(used));
      const std::size_t lf = rest.find('\n');
      if (lf == std::string_view::npos && rest.size() < smtp_.max_line) return Outcome::kGoOn;
      bool& discard = discard_[bulkhead::index_of(d)];
      if (std::exchange(discard, lf == std::string_view::npos)) {
        used += std::min(lf, rest.size() - 1) + 1;
        continue;
      }
      Line line{rest.substr(0, lf), {}, lf == std::string_view::npos || lf + 1 >= smtp_.max_line};
      used += std::min(lf, rest.size() - 1) + 1;
      if (line.cut) {
        line.text = line.text.substr(0, smtp_.max_line);
        note(SmtpEvent::truncated_line);
      } else if (line.text.ends_with('\r')) {
        line.text.remove_suffix(1);
      }
      const Outcome each = reply(line);
      if (each != Outcome::kGoOn) return each;
    }
  }();
  if (outcome == Outcome::kError) return {ParseResult::Status::kError, used, {}};
  if (outcome == Outcome::kChange) return {ParseResult::Status::kChange, used, AppProtocol::tls};
  return {ParseResult::Status::kOk, used, {}};
}

bool SmtpParser::gap(Direction d, std::uint64_t length) {
  bool& discard = discard_[bulkhead::index_of(d)];
  discard = true;  // up to the next line end
  forget_given_up();
  if (d == Direction::kToClient || !in_data_ || tx_ == nullptr) return true;
  if (current_ == Command::kBdat) {
    // A chunk is counted, whatever stands in it; the beginning of a line that was left over is lost too.
    chunk_left_ -= std::min(chunk_left_, length + std::exchange(left_, 0));
    in_data_ = chunk_left_ != 0;
    discard = !in_data_;
    return true;
  }
  line_begins_ = false;
  if (!tx_->files[0].empty() && !tx_->files[0].back()->ended()) tx_->files[0].back()->skip(length);
  return true;
}

void SmtpParser::end(Direction d, ByteSpan) {
  forget_given_up();
  if (d != Direction::kToServer || tx_ == nullptr || tx_->done) return;
  for (const auto& file : tx_->files[0]) file->close(false);
  tx_->touch(d);
}

// --- what the client says ---

SmtpParser::Outcome SmtpParser::command_lines(ByteSpan data, std::size_t& used) {
  bool& discard = discard_[0];
  while (used < data.size()) {
    const ByteSpan rest = data.subspan(used);
    if (in_data_ && current_ == Command::kData && !discard) {
      if (!mail_line(rest, used)) return Outcome::kGoOn;
      continue;
    }
    const std::string_view text = text_of(rest);
    const std::size_t lf = text.find('\n');
    const bool open = lf == std::string_view::npos;
    if (open && text.size() < smtp_.max_line) return Outcome::kGoOn;
    used += open ? text.size() : lf + 1;
    if (std::exchange(discard, open)) continue;
    Line line{text.substr(0, lf), "\n", open || lf + 1 >= smtp_.max_line};
    if (!line.cut && line.text.ends_with('\r')) {
      line.text.remove_suffix(1);
      line.delimiter = "\r\n";
    }
    if (line.cut) line.text = line.text.substr(0, smtp_.max_line);
    const Outcome outcome = command(line);
    if (outcome != Outcome::kGoOn) return outcome;
  }
  return Outcome::kGoOn;
}

// Between two calls a transaction that is done may have been given up.
void SmtpParser::forget_given_up() {
  if (!opened_ || tx_ != nullptr) return;
  opened_ = in_data_ = false;
  no_mail_ = std::make_unique<SmtpTransaction>(smtp_);
}

// A new transaction begins with the first command behind a finished one, but not with RSET.
SmtpTransaction& SmtpParser::open_transaction(std::string_view line) {
  if (tx_ == nullptr && no_mail_ != nullptr && begins_with_word(line, "rset")) return *no_mail_;
  if (tx_ == nullptr || (tx_->done && !begins_with_word(line, "rset"))) {
    tx_ = &add(std::make_unique<SmtpTransaction>(smtp_));
    opened_ = true;
    no_mail_ = nullptr;
    tx_->helo = helo_;
    tx_->has_helo = has_helo_;
    tx_->advance(Direction::kToServer, stage::kOpen);
    tx_->advance(Direction::kToClient, stage::kOpen);
  }
  return *tx_;
}

SmtpParser::Outcome SmtpParser::command(const Line& line) {
  SmtpTransaction& tx = open_transaction(line.text);
  if (line.cut) note(SmtpEvent::truncated_line);
  if (!greeted_) note(SmtpEvent::no_server_welcome_message);
  if (in_data_) return current_ == Command::kBdat ? bdat_line(line) : Outcome::kGoOn;
  const std::string_view text = line.text;
  current_ = Command::kOther;
  if (begins_with_word(text, "starttls")) {
    current_ = Command::kStartTls;
  } else if (begins_with_word(text, "data")) {
    current_ = Command::kData;
    if (tx.data_seen) {  // the server has not said yet whether it wants the one before
      note(SmtpEvent::unparsable_content);
      return Outcome::kGoOn;
    }
    begin_mail(tx);
    if (pipelining_) in_data_ = true;
  } else if (begins_with_word(text, "bdat")) {
    current_ = Command::kBdat;
    if (!begin_bdat(text)) return Outcome::kError;
  } else if (begins_with_word(text, "helo") || begins_with_word(text, "ehlo")) {
    if (tx.has_helo) {
      note(SmtpEvent::duplicate_fields);
    } else {
      tx.helo = helo_ = argument(text, 5);
      tx.has_helo = has_helo_ = true;
    }
  } else if (begins_with_word(text, "mail from")) {
    if (tx.mail_from) {
      note(SmtpEvent::duplicate_fields);
    } else {
      tx.mail_from = argument(text, 10);
    }
  } else if (begins_with_word(text, "rcpt to")) {
    if (tx.recipients.size() < kMaxRecipients) tx.recipients.emplace_back(argument(text, 8));
  } else if (begins_with_word(text, "rset")) {
    current_ = Command::kRset;
    chunk_left_ = 0;
  }
  return queue(current_) ? Outcome::kGoOn : Outcome::kError;
}

bool SmtpParser::queue(Command command) {
  if (waiting_.size() >= kMaxWaiting) return false;
  // These end a group of commands that are sent in one go (RFC 2920 3.1).
  if (!waiting_.empty() && (waiting_.back() == Command::kStartTls || waiting_.back() == Command::kData)) {
    note(SmtpEvent::invalid_pipelined_sequence);
  }
  waiting_.push_back(command);
  return true;
}

bool SmtpParser::begin_bdat(std::string_view line) {
  const std::string_view number = argument(line, 4);
  std::uint64_t length = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), length);
  if (number.empty() || error != std::errc() || end != number.data() + number.size()) return false;
  chunk_left_ = length;
  in_data_ = length != 0;
  return true;
}

SmtpParser::Outcome SmtpParser::bdat_line(const Line& line) {
  const std::size_t size = line.text.size() + line.delimiter.size();
  if (size > chunk_left_) {
    in_data_ = false;
    note(SmtpEvent::bdat_chunk_len_exceeded);
    return Outcome::kError;
  }
  chunk_left_ -= size;
  if (chunk_left_ == 0) in_data_ = false;
  return Outcome::kGoOn;
}

// --- the mail ---

void SmtpParser::begin_mail(SmtpTransaction& tx) {
  tx.data_seen = true;
  line_begins_ = true;
  if (smtp_.mime.decode) {
    tx.mail = std::make_unique<mime::MimeParser>(smtp_.mime);
  } else if (smtp_.raw_extraction) {
    Attachments(tx, settings_).begin_file("rawmsg");
  }
}

// One line of a mail, or a piece of a long one; false: more bytes are needed.
bool SmtpParser::mail_line(ByteSpan data, std::size_t& used) {
  const std::string_view text = text_of(data);
  const std::size_t lf = text.find('\n');
  bool ends = lf != std::string_view::npos;
  if (!ends && text.size() < kMailPiece) return false;
  // A CR at the end of a piece may belong to the line's end.
  std::string_view line = ends ? text.substr(0, lf) : text.substr(0, text.size() - (text.ends_with('\r') ? 1 : 0));
  if (line.empty() && !ends) return false;
  used += ends ? lf + 1 : line.size();
  std::string_view delimiter;
  if (ends) {
    delimiter = line.ends_with('\r') ? "\r\n" : "\n";
    if (line.ends_with('\r')) line.remove_suffix(1);
  }
  const bool begins = std::exchange(line_begins_, ends);
  SmtpTransaction& tx = open_transaction("");
  if (!greeted_) note(SmtpEvent::no_server_welcome_message);
  if (begins && ends && line == ".") {
    end_mail();
    return true;
  }
  if (tx.mail != nullptr) {
    Attachments files(tx, settings_);
    const bool failed = tx.mail->failed();
    tx.mail->line(bytes_of(line), delimiter, ends, files);
    if (tx.mail->failed() && !failed) {
      note_mail_anomalies();
      note(SmtpEvent::mime_parse_failed);
    }
  } else if (smtp_.raw_extraction && !tx.files[0].empty() && !tx.files[0].back()->ended()) {
    Attachments files(tx, settings_);
    files.file_bytes(bytes_of(line));
    files.file_bytes(bytes_of(delimiter));
  }
  return true;
}

void SmtpParser::end_mail() {
  in_data_ = false;
  static_cast<void>(queue(Command::kMail));  // what answers the whole mail
  if (tx_->mail != nullptr) {
    Attachments files(*tx_, settings_);
    tx_->mail->finish(files);
    if (tx_->mail->failed()) note(SmtpEvent::mime_parse_failed);
    note_mail_anomalies();
  } else if (!tx_->files[0].empty()) {
    tx_->files[0].back()->close(true);
  }
  complete();
}

void SmtpParser::note_mail_anomalies() {
  using mime::MimeAnomaly;
  static constexpr std::pair<MimeAnomaly, SmtpEvent> kEvents[] = {
      {MimeAnomaly::kInvalidQuotedPrintable, SmtpEvent::mime_invalid_qp},
      {MimeAnomaly::kLongLine, SmtpEvent::mime_long_line},
      {MimeAnomaly::kLongEncodedLine, SmtpEvent::mime_long_enc_line},
      {MimeAnomaly::kLongHeaderName, SmtpEvent::mime_long_header_name},
      {MimeAnomaly::kLongHeaderValue, SmtpEvent::mime_long_header_value},
      {MimeAnomaly::kMalformed, SmtpEvent::mime_malformed_msg},
      {MimeAnomaly::kLongBoundary, SmtpEvent::mime_long_boundary},
      {MimeAnomaly::kLongFileName, SmtpEvent::mime_long_filename}};
  const std::uint32_t seen = tx_->mail->take_anomalies();
  for (const auto& [anomaly, event] : kEvents) {
    if ((seen >> static_cast<unsigned>(anomaly) & 1U) != 0) note(event);
  }
}

void SmtpParser::complete() {
  tx_->done = true;
  for (const auto& file : tx_->files[0]) file->close(false);
  tx_->advance(Direction::kToServer, stage::kComplete);
  tx_->advance(Direction::kToClient, stage::kComplete);
}

void SmtpParser::note(SmtpEvent e) {
  if (tx_ != nullptr) tx_->note(e);
}

// --- what the server says ---

SmtpParser::Outcome SmtpParser::reply(const Line& line) {
  const int code = code_of(line.text);
  if (code == 0) {
    note(SmtpEvent::invalid_reply);
    return Outcome::kError;
  }
  in_multiline_ = line.text.size() >= 4 && line.text[3] == '-';
  if (waiting_.empty()) {
    if (!std::exchange(greeted_, true) && code != 220) note(SmtpEvent::invalid_reply);
    return Outcome::kGoOn;
  }
  Outcome outcome = Outcome::kGoOn;
  answered(code, line.text, !in_multiline_, outcome);
  if (!in_multiline_) waiting_.pop_front();
  return outcome;
}

void SmtpParser::answered(int code, std::string_view text, bool last, Outcome& outcome) {
  switch (waiting_.front()) {
    case Command::kStartTls:
      if (code == 220) {
        if (tx_ != nullptr && last) complete();
        if (last) outcome = Outcome::kChange;
      } else {
        note(SmtpEvent::tls_rejected);
      }
      break;
    case Command::kData:
      if (code == 354) {
        in_data_ = tx_ != nullptr && tx_->data_seen && !tx_->done;
      } else {
        if (pipelining_) in_data_ = false;
        if (tx_ != nullptr) tx_->data_seen = tx_->done;  // it may be tried again
        note(SmtpEvent::data_command_rejected);
      }
      break;
    case Command::kRset:
      if (code == 250 && last && tx_ != nullptr) complete();
      break;
    case Command::kOther:
    case Command::kBdat:
    case Command::kMail:
      if (code == 250 && text.size() == 14 && same_word(text.substr(4), "pipelining")) pipelining_ = true;
      break;
  }
}

}  // namespace bulkhead::app::smtp
