#include "datapath/app/http/http_multipart.h"

#include "datapath/app/http/http_text.h"

namespace bulkhead::app::http {
namespace {

constexpr std::size_t kMaxBoundary = 200, kMaxPartHeaders = 8192;

ByteSpan bytes_of(std::string_view text) {
  return {reinterpret_cast<const Byte*>(text.data()), text.size()};
}

}  // namespace

std::string header_parameter(std::string_view value, std::string_view name) {
  for (std::size_t at = value.find(';'); at != std::string_view::npos;) {
    std::string_view rest = trim(value.substr(at + 1));
    const std::size_t equals = rest.find_first_of("=;");
    if (equals != std::string_view::npos && rest[equals] == '=' && same_word(trim(rest.substr(0, equals)), name)) {
      rest = trim(rest.substr(equals + 1));
      if (!rest.starts_with('"')) return std::string(trim(rest.substr(0, rest.find(';'))));
      rest.remove_prefix(1);
      std::string out;
      for (std::size_t i = 0; i < rest.size() && rest[i] != '"'; ++i) {
        if (rest[i] == '\\' && i + 1 < rest.size()) ++i;
        out += rest[i];
      }
      return out;
    }
    // Past this parameter; quotes may hide a semicolon.
    std::size_t i = at + 1;
    for (bool quoted = false; i < value.size() && (quoted || value[i] != ';'); ++i) {
      if (value[i] == '\\' && quoted)
        ++i;
      else if (value[i] == '"')
        quoted = !quoted;
    }
    at = i < value.size() ? i : std::string_view::npos;
  }
  return {};
}

std::string multipart_boundary(std::string_view content_type) {
  const std::string_view kind = trim(content_type.substr(0, content_type.find(';')));
  if (!same_word(kind, "multipart/form-data")) return {};
  std::string boundary = header_parameter(content_type, "boundary");
  return boundary.size() <= kMaxBoundary ? boundary : std::string();
}

void Multipart::write(ByteSpan bytes, MultipartSink& out) {
  if (state_ == State::kDone || failed_) return;
  held_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  while (step(out)) {
  }
}

void Multipart::finish(MultipartSink& out) {
  if (in_file_) {
    out.file_bytes(bytes_of(held_));
    out.end_file(false);
    in_file_ = false;
  }
  held_.clear();
  state_ = State::kDone;
}

bool Multipart::step(MultipartSink& out) {
  switch (state_) {
    case State::kPreamble: {
      const std::size_t at = held_.find(delimiter_);
      if (at == std::string::npos) {
        if (held_.size() > delimiter_.size()) held_.erase(0, held_.size() - delimiter_.size());
        return false;
      }
      const std::size_t end = held_.find('\n', at);
      if (end == std::string::npos) return false;
      const bool last = held_.compare(at + delimiter_.size(), 2, "--") == 0;
      held_.erase(0, end + 1);
      state_ = last ? State::kDone : State::kHeaders;
      return !last;
    }
    case State::kHeaders: return headers(out);
    case State::kData: return data(out);
    case State::kDone: return false;
  }
  return false;
}

bool Multipart::headers(MultipartSink& out) {
  std::size_t end = held_.find("\n\r\n");
  std::size_t skip = 3;
  if (held_.starts_with("\r\n")) {
    end = 0;
    skip = 2;
  } else if (const std::size_t plain = held_.find("\n\n"); plain < end) {
    end = plain;
    skip = 2;
  }
  if (end == std::string::npos) {
    failed_ = held_.size() > kMaxPartHeaders;
    return false;
  }
  std::string name;
  std::string_view block = std::string_view(held_).substr(0, end);
  bool has_disposition = false;
  while (!block.empty()) {
    const std::size_t line_end = std::min(block.find('\n'), block.size());
    const std::string_view line = trim(block.substr(0, line_end));
    block.remove_prefix(std::min(block.size(), line_end + 1));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) {
      bad_header_ |= !line.empty();
      continue;
    }
    if (!same_word(trim(line.substr(0, colon)), "content-disposition")) continue;
    has_disposition = true;
    name = header_parameter(line.substr(colon + 1), "filename");
  }
  bad_header_ |= !has_disposition;
  held_.erase(0, end + skip);
  in_file_ = !name.empty();
  if (in_file_) out.begin_file(name);
  state_ = State::kData;
  data_begins_ = true;
  return true;
}

bool Multipart::data(MultipartSink& out) {
  const std::string mark = "\n" + delimiter_;
  const bool empty = data_begins_ && held_.starts_with(delimiter_);  // the delimiter follows the headers at once
  const std::size_t at = empty ? 0 : held_.find(mark);
  if (at == std::string::npos) {
    // All but what a delimiter could still begin with, and the CR before it.
    const std::size_t keep = mark.size() + 1;
    if (held_.size() <= keep) return false;
    const std::size_t pass = held_.size() - keep;
    if (in_file_) out.file_bytes(bytes_of(std::string_view(held_).substr(0, pass)));
    held_.erase(0, pass);
    data_begins_ = false;
    return false;
  }
  const std::size_t after = at + (empty ? delimiter_.size() : mark.size());
  const std::size_t end = held_.find('\n', after);
  const bool last = held_.compare(after, 2, "--") == 0;
  if (end == std::string::npos && !last) return false;
  const std::size_t size = at > 0 && held_[at - 1] == '\r' ? at - 1 : at;
  if (in_file_) {
    out.file_bytes(bytes_of(std::string_view(held_).substr(0, size)));
    out.end_file(true);
    in_file_ = false;
  }
  held_.erase(0, end == std::string::npos ? held_.size() : end + 1);
  state_ = last ? State::kDone : State::kHeaders;
  return !last;
}

}  // namespace bulkhead::app::http
