#include "datapath/app/http/http_uri.h"

#include <cstdint>
#include <vector>

#include "datapath/app/http/http_text.h"

namespace bulkhead::app::http {
namespace {

int hex_byte(std::string_view text, std::size_t at) {
  if (at + 1 >= text.size()) return -1;
  const int high = hex_value(text[at]), low = hex_value(text[at + 1]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

// A code point in one byte where Latin-1 has it; full-width forms are their narrow letters.
char narrow(std::uint32_t code) {
  if (code >= 0xff01 && code <= 0xff5e) return static_cast<char>(code - 0xff00 + 0x20);
  return code < 0x100 ? static_cast<char>(code) : '?';
}

// %XX, and %uXXXX if `wide`. What is malformed stays as it is.
std::string percent_decoded(std::string_view text, bool wide) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (wide && i + 5 < text.size() && (text[i + 1] == 'u' || text[i + 1] == 'U')) {
      const int high = hex_byte(text, i + 2), low = hex_byte(text, i + 4);
      if (high >= 0 && low >= 0) {
        out += narrow(static_cast<std::uint32_t>(high * 256 + low));
        i += 5;
        continue;
      }
    }
    const int byte = hex_byte(text, i + 1);
    if (byte < 0) {
      out += '%';
      continue;
    }
    out += static_cast<char>(byte);
    i += 2;
  }
  return out;
}

// UTF-8, overlong forms too (that is how "/" is hidden), to one byte a character.
std::string latin1_of(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i]);
    const std::size_t tail = first >= 0xf0 && first < 0xf8   ? 3
                             : first >= 0xe0 && first < 0xf0 ? 2
                             : first >= 0xc0 && first < 0xe0 ? 1
                                                             : 0;
    if (first < 0x80) {
      out += text[i++];
      continue;
    }
    std::uint32_t code = tail == 0 ? 0 : first & (0x3fU >> tail);
    std::size_t taken = 1;
    while (tail != 0 && taken <= tail && i + taken < text.size() &&
           (static_cast<unsigned char>(text[i + taken]) & 0xc0) == 0x80) {
      code = code << 6 | (static_cast<unsigned char>(text[i + taken]) & 0x3fU);
      ++taken;
    }
    out += tail != 0 && taken == tail + 1 ? narrow(code) : '?';
    i += taken;
  }
  return out;
}

std::string single_slashes(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (char c : text) {
    if (c == '\\') c = '/';
    if (c == '/' && !out.empty() && out.back() == '/') continue;
    out += c;
  }
  return out;
}

// RFC 3986 5.2.4, but a final "." or ".." takes its slash with it.
std::string without_dot_segments(std::string_view path) {
  std::vector<std::string_view> kept;
  const bool absolute = path.starts_with('/');
  bool directory = false;
  for (std::size_t at = absolute ? 1 : 0; at <= path.size();) {
    const std::size_t slash = std::min(path.find('/', at), path.size());
    const std::string_view segment = path.substr(at, slash - at);
    directory = false;
    if (segment == "..") {
      if (!kept.empty()) kept.pop_back();
    } else if (segment == ".") {
      // itself
    } else if (segment.empty()) {
      directory = slash == path.size() && at != 0;
    } else {
      kept.push_back(segment);
    }
    at = slash + 1;
  }
  std::string out = absolute ? "/" : "";
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (i != 0) out += '/';
    out += kept[i];
  }
  if (directory && !kept.empty()) out += '/';
  return out;
}

bool is_encoded_still(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && hex_byte(text, i + 1) >= 0) return true;
  }
  return false;
}

}  // namespace

UriParts split_uri(std::string_view target) {
  UriParts parts;
  std::string_view rest = target;
  const std::size_t colon = rest.find("://");
  if (!rest.starts_with('/') && colon != std::string_view::npos && colon > 0 &&
      rest.substr(0, colon).find_first_of("/?#") == std::string_view::npos) {
    parts.scheme = rest.substr(0, colon);
    rest.remove_prefix(colon + 3);
    const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
    parts.authority = rest.substr(0, end);
    parts.has_authority = true;
    const std::size_t at = parts.authority.rfind('@');
    if (at != std::string_view::npos) parts.authority.remove_prefix(at + 1);
    rest.remove_prefix(end);
  }
  const std::size_t hash = rest.find('#');
  if (hash != std::string_view::npos) {
    parts.has_fragment = true;
    parts.fragment = rest.substr(hash + 1);
    rest = rest.substr(0, hash);
  }
  const std::size_t question = rest.find('?');
  if (question != std::string_view::npos) {
    parts.has_query = true;
    parts.query = rest.substr(question + 1);
    rest = rest.substr(0, question);
  }
  parts.path = rest;
  return parts;
}

namespace {

// Is it its own normal form? Most are.
bool is_plain(std::string_view path) {
  if (path.starts_with('.')) return false;
  char before = '\0';
  for (const char c : path) {
    if (c == '%' || c == '\\' || static_cast<unsigned char>(c) >= 0x80) return false;
    if (before == '/' && (c == '/' || c == '.')) return false;
    before = c;
  }
  return true;
}

void normalise_path(std::string_view text, const HttpSettings& settings, NormalUri& out) {
  std::string path = percent_decoded(text, true);
  out.double_encoded = is_encoded_still(path);
  if (settings.double_decode_path) path = percent_decoded(path, true);
  out.text = without_dot_segments(single_slashes(latin1_of(path)));
}

}  // namespace

NormalUri normalise(const UriParts& parts, const HttpSettings& settings) {
  NormalUri out;
  if (is_plain(parts.path)) {
    out.text.reserve(parts.path.size() + parts.query.size() + 1);
    out.text = parts.path;
  } else {
    normalise_path(parts.path, settings, out);
  }
  out.path_size = out.text.size();
  if (parts.has_query) {
    out.text.push_back('?');
    if (parts.query.find('%') == std::string_view::npos) {
      out.text.append(parts.query);
    } else {
      std::string query = percent_decoded(parts.query, true);
      out.double_encoded |= is_encoded_still(query);
      if (settings.double_decode_query) query = percent_decoded(query, true);
      out.text.append(query);
    }
  }
  if (parts.has_fragment) out.text.append("#").append(percent_decoded(parts.fragment, true));
  return out;
}

}  // namespace bulkhead::app::http
