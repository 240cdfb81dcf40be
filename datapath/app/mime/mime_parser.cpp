#include "datapath/app/mime/mime_parser.h"

#include <algorithm>
#include <utility>

#include "datapath/app/text.h"

namespace bulkhead::app::mime {
namespace {

constexpr std::size_t kMaxLine = 998, kMaxEncodedLine = 76;  // RFC 5322 2.1.1, RFC 2045 6.7 and 6.8
constexpr std::size_t kMaxName = 75, kMaxBoundary = 254, kMaxFileName = 255;
constexpr std::size_t kMaxDepth = 32, kMaxFields = 512, kMaxParts = 512;
constexpr std::size_t kMaxHeld = 8192;  // of a header's line that comes in pieces

}  // namespace

MimeParser::MimeParser(const MimeSettings& settings)
    : settings_(settings), body_hash_(settings.body_md5, false, false) {
  push();
}

std::string_view MimeParser::status() const {
  switch (state_) {
    case State::kHeaderReady: return "HEADER_READY";
    case State::kHeaderStarted: return "HEADER_STARTED";
    case State::kHeaderDone: return "HEADER_DONE";
    case State::kBodyStarted: return "BODY_STARTED";
    case State::kBodyEnd: return "BODY_DONE";
    case State::kDone: return "PARSE_DONE";
    case State::kError: return "PARSE_ERROR";
  }
  return "";
}

std::uint32_t MimeParser::take_anomalies() {
  return std::exchange(anomalies_, 0);
}

void MimeParser::line(ByteSpan text, std::string_view delimiter, bool ends, MimeSink& out) {
  if (state_ == State::kDone || state_ == State::kError) return;
  line_size_ += text.size();
  if (line_size_ > kMaxLine) note(MimeAnomaly::kLongLine);
  const bool in_header = state_ == State::kHeaderReady || state_ == State::kHeaderStarted;
  if (settings_.body_md5 && !(in_header && in_root_header_)) {
    body_hash_.add(text);
    body_hash_.add(bytes_of(delimiter));
  }
  if (at_line_start_ && boundary(text_of(text), out)) {
    cut_ = !ends;  // what a boundary's line has beyond is no content
  } else if (cut_) {
    cut_ = !ends;
  } else if (in_header) {
    header_piece(text, ends, out);
  } else {
    body_line(text, delimiter, ends, out);
  }
  at_line_start_ = ends;
  if (ends) line_size_ = 0;
}

void MimeParser::finish(MimeSink& out) {
  if (state_ == State::kDone || state_ == State::kError) return;
  if (!held_.empty()) header_line(std::exchange(held_, {}), out);
  end_field();
  while (stack_.size() > 1) {
    // A mail inside needs no boundary of its own to end.
    if (!stack_[stack_.size() - 2]->holds_mail) note(MimeAnomaly::kMalformed);
    pop(out);
  }
  pop(out);
  body_hash_.finish();
  state_ = State::kDone;
}

// --- header ---

void MimeParser::header_piece(ByteSpan text, bool ends, MimeSink& out) {
  if (ends && held_.empty()) {
    header_line(text_of(text), out);
    return;
  }
  if (held_.size() < kMaxHeld) held_.append(text_of(text).substr(0, kMaxHeld - held_.size()));
  if (ends) header_line(std::exchange(held_, {}), out);
}

void MimeParser::header_line(std::string_view line, MimeSink& out) {
  if (line.empty()) {
    end_field();
    end_header(out);
    return;
  }
  state_ = State::kHeaderStarted;
  const std::size_t colon = line.find(':');
  const bool begins = !is_blank(line.front()) && colon != std::string_view::npos && colon != 0;
  if (begins) {
    end_field();
    has_field_ = true;
    name_ = lower_case(line.substr(0, colon));
    if (name_.size() > kMaxName) note(MimeAnomaly::kLongHeaderName);
    line.remove_prefix(colon + 1);
    while (!line.empty() && is_blank(line.front())) line.remove_prefix(1);
  }
  if (!has_field_) return;
  // A folded line goes on where the one before ended, and so does a line that is no field.
  const std::size_t room =
      settings_.header_value_depth - std::min<std::size_t>(settings_.header_value_depth, value_.size());
  if (line.size() > room) note(MimeAnomaly::kLongHeaderValue);
  value_.append(line.substr(0, room));
}

void MimeParser::end_field() {
  if (!has_field_) return;
  has_field_ = false;
  Entity& entity = top();
  if (name_ == "content-type") entity.type = value_;
  if (name_ == "content-disposition") entity.disposition = value_;
  if (name_ == "content-transfer-encoding") entity.encoding = value_;
  if (in_root_header_ && fields_.size() < kMaxFields) fields_.push_back({std::move(name_), std::move(value_)});
  name_.clear();
  value_.clear();
}

void MimeParser::end_header(MimeSink& out) {
  in_root_header_ = false;
  state_ = State::kHeaderDone;
  Entity& entity = top();
  const std::string encoding = leading_word(entity.encoding);
  if (encoding == "base64" && settings_.base64) entity.coding = Coding::kBase64;
  if (encoding == "quoted-printable" && settings_.quoted_printable) entity.coding = Coding::kQuotedPrintable;
  const std::string type = leading_word(entity.type);
  // The text of the mail itself, whatever it calls itself.
  entity.text = stack_.size() == 1 || type == "text/plain" || type == "text/html";
  entity.holds_mail = type == "message/rfc822" && stack_.size() < kMaxDepth;
  if (type.starts_with("multipart/")) {
    Parameter found = parameter(entity.type, "boundary");
    if (found.value.size() > kMaxBoundary) {
      note(MimeAnomaly::kLongBoundary);
      while (stack_.size() > 1) pop(out);
      state_ = State::kError;
      return;
    }
    entity.has_boundary = found.found;
    entity.boundary = "--" + found.value;
  }
  Parameter name = parameter(entity.disposition, "filename");
  if (!name.found) name = parameter(entity.type, "name");
  if (name.found) {
    if (name.value.size() > kMaxFileName) {
      note(MimeAnomaly::kLongFileName);
      name.value.resize(kMaxFileName);
    }
    entity.note.attachment = true;
    entity.text = entity.text && stack_.size() == 1;
    entity.note.file_name = std::move(name.value);
  }
  if (entity.holds_mail) {
    push();
  } else if (entity.note.attachment && !entity.has_boundary) {
    entity.in_file = true;
    out.begin_file(entity.note.file_name);
  }
}

// --- the stack ---

void MimeParser::push() {
  stack_.push_back(std::make_unique<Entity>());
  state_ = State::kHeaderReady;
}

void MimeParser::pop(MimeSink& out) {
  Entity& entity = top();
  if (entity.coding == Coding::kBase64) {
    scratch_.clear();
    entity.base64.finish(scratch_);
    content(entity, scratch_, out);
  }
  entity.urls.finish(settings_);
  if (entity.in_file) out.end_file();
  entity.note.urls = entity.urls.urls();
  if (stack_.size() == 1) {
    root_note_ = std::move(entity.note);
  } else if (parts_.size() < kMaxParts && (entity.note.attachment || !entity.note.urls.empty())) {
    parts_.push_back(std::move(entity.note));
  }
  stack_.pop_back();
}

// Does the line part the content of an entity on the stack?
bool MimeParser::boundary(std::string_view line, MimeSink& out) {
  if (!line.starts_with("--")) return false;
  std::size_t owner = stack_.size();
  while (owner > 0) {
    const Entity& entity = *stack_[owner - 1];
    if (entity.has_boundary && line.starts_with(entity.boundary)) break;
    --owner;
  }
  if (owner == 0) return false;
  if (!held_.empty()) held_.clear();
  end_field();
  while (stack_.size() > owner) {
    // A multipart inside that has not ended.
    if (top().has_boundary) note(MimeAnomaly::kMalformed);
    pop(out);
  }
  in_root_header_ = false;
  Entity& entity = top();
  entity.pending_end.clear();
  const bool last = line.substr(entity.boundary.size()).starts_with("--");
  if (last) {
    entity.has_boundary = false;
    state_ = State::kBodyEnd;
  } else if (stack_.size() < kMaxDepth) {
    push();
  }
  return true;
}

// --- content ---

void MimeParser::body_line(ByteSpan text, std::string_view delimiter, bool ends, MimeSink& out) {
  state_ = State::kBodyStarted;
  Entity& entity = top();
  if (entity.coding != Coding::kPlain && line_size_ > kMaxEncodedLine) note(MimeAnomaly::kLongEncodedLine);
  if (!entity.in_file && !entity.text) return;
  scratch_.clear();
  switch (entity.coding) {
    case Coding::kBase64: entity.base64.write(text, scratch_); break;
    case Coding::kQuotedPrintable:
      entity.quoted.write(text, ends, scratch_);
      if (entity.quoted.bad()) note(MimeAnomaly::kInvalidQuotedPrintable);
      break;
    case Coding::kPlain:
      if (!entity.pending_end.empty()) content(entity, bytes_of(entity.pending_end), out);
      content(entity, text, out);
      entity.pending_end = delimiter;
      return;
  }
  content(entity, scratch_, out);
}

void MimeParser::content(Entity& entity, ByteSpan bytes, MimeSink& out) {
  if (bytes.empty()) return;
  if (entity.in_file) out.file_bytes(bytes);
  if (entity.text && settings_.extract_urls) entity.urls.write(bytes, settings_);
}

}  // namespace bulkhead::app::mime
