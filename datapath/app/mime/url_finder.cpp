#include "datapath/app/mime/url_finder.h"

#include <algorithm>

#include "datapath/app/text.h"

namespace bulkhead::app::mime {
namespace {

constexpr std::size_t kMaxLine = 4096, kMaxUrls = 256, kMaxUrl = 2048;

bool ends_url(char c) {
  return static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '\'' || c == '<' || c == '>' || c == ']';
}

std::string_view host_of(std::string_view url) {
  if (const std::size_t scheme = url.find("://"); scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  return url.substr(0, url.find_first_of("/?#"));
}

}  // namespace

void UrlFinder::write(ByteSpan text, const MimeSettings& settings) {
  std::string_view rest = text_of(text);
  while (!rest.empty()) {
    if (line_.size() >= kMaxLine) look(settings);
    const std::string_view piece = rest.substr(0, std::min(rest.find('\n'), kMaxLine - line_.size()));
    const std::size_t before = line_.size();
    line_.append(piece);
    for (std::size_t i = before; i < line_.size(); ++i) line_[i] = to_lower(line_[i]);
    rest.remove_prefix(piece.size());
    if (!rest.starts_with('\n')) continue;
    look(settings);
    rest.remove_prefix(1);
  }
}

void UrlFinder::finish(const MimeSettings& settings) {
  look(settings);
}

void UrlFinder::look(const MimeSettings& settings) {
  for (const std::string& scheme : settings.schemes) {
    const std::string begin = lower_case(scheme) + (scheme == "mailto" ? ":" : "://");
    for (std::size_t at = line_.find(begin); at != std::string::npos; at = line_.find(begin, at)) {
      const std::size_t text = at + begin.size();
      std::size_t end = text;
      while (end < line_.size() && !ends_url(line_[end])) ++end;
      if (end > text && urls_.size() < kMaxUrls) {
        const std::size_t first = settings.log_scheme ? at : text;
        std::string url = line_.substr(first, std::min(end - first, kMaxUrl));
        if (std::find(urls_.begin(), urls_.end(), url) == urls_.end()) urls_.push_back(std::move(url));
      }
      at = end;
    }
  }
  line_.clear();
}

bool names_program(std::string_view url) {
  return url.substr(0, url.find_first_of("?#")).ends_with(".exe");
}

bool has_ipv4_host(std::string_view url) {
  std::string_view host = host_of(url);
  host = host.substr(0, host.find(':'));
  int parts = 0;
  while (!host.empty()) {
    const std::size_t dot = std::min(host.find('.'), host.size());
    const std::string_view part = host.substr(0, dot);
    if (part.empty() || part.size() > 3 || part.find_first_not_of("0123456789") != std::string_view::npos) return false;
    int value = 0;
    for (const char c : part) value = value * 10 + (c - '0');
    if (value > 255 || ++parts > 4) return false;
    host.remove_prefix(std::min(dot + 1, host.size()));
  }
  return parts == 4;
}

bool has_ipv6_host(std::string_view url) {
  std::string_view host = host_of(url);
  if (host.starts_with('[')) host.remove_prefix(1);
  if (host.ends_with(']')) host.remove_suffix(1);
  return std::count(host.begin(), host.end(), ':') >= 2 &&
         host.find_first_not_of("0123456789abcdef:.") == std::string_view::npos;
}

}  // namespace bulkhead::app::mime
