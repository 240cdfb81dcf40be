#define PCRE2_CODE_UNIT_WIDTH 8
#include "signatures/match/transform.h"

#include <openssl/evp.h>
#include <pcre2.h>

#include "datapath/base/check.h"

namespace bulkhead::signatures {
namespace {

bool is_space(Byte c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
char lower(Byte c) {
  return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
}
char upper(Byte c) {
  return static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
}

int hex_value(Byte c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Of a run of blanks the first stays.
void compress_whitespace(ByteSpan in, std::string& out) {
  bool blank = false;
  for (const Byte c : in) {
    if (!is_space(c) || !blank) out += static_cast<char>(c);
    blank = is_space(c);
  }
}

void strip_whitespace(ByteSpan in, std::string& out) {
  for (const Byte c : in) {
    if (!is_space(c)) out += static_cast<char>(c);
  }
}

void url_decode(ByteSpan in, std::string& out) {
  for (std::size_t i = 0; i < in.size(); ++i) {
    const int high = in[i] == '%' && i + 2 < in.size() ? hex_value(in[i + 1]) : -1;
    const int low = high >= 0 ? hex_value(in[i + 2]) : -1;
    if (low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += in[i] == '+' ? ' ' : static_cast<char>(in[i]);
    }
  }
}

// Names of header lines: up to the ':' of each line.
void header_lowercase(ByteSpan in, std::string& out) {
  bool name = true;
  for (const Byte c : in) {
    out += name ? lower(c) : static_cast<char>(c);
    if (c == ':') name = false;
    if (c == '\n') name = true;
  }
}

// Lines that begin with ':' (":method: GET", or ":method" in a list of names) go, line end and all.
void strip_pseudo_headers(ByteSpan in, std::string& out) {
  bool line_start = true, skip = false;
  for (const Byte c : in) {
    if (line_start) skip = c == ':';
    if (!skip) out += static_cast<char>(c);
    line_start = c == '\n';
  }
}

void apply_xor(ByteSpan in, const std::string& key, std::string& out) {
  for (std::size_t i = 0; i < in.size(); ++i) {
    out += static_cast<char>(in[i] ^ static_cast<Byte>(key[i % key.size()]));
  }
}

void digest(ByteSpan in, const EVP_MD* kind, std::string& out) {
  unsigned size = 0;
  unsigned char bytes[EVP_MAX_MD_SIZE];
  if (EVP_Digest(in.data(), in.size(), bytes, &size, kind, nullptr) != 1) size = 0;
  out.assign(reinterpret_cast<const char*>(bytes), size);
}

}  // namespace

TransformRunner::TransformRunner(std::uint32_t match_limit, std::uint32_t depth_limit)
    : match_data_(pcre2_match_data_create(2, nullptr), pcre2_match_data_free),
      match_context_(pcre2_match_context_create(nullptr), pcre2_match_context_free) {
  BULKHEAD_CHECK(match_data_ && match_context_);
  pcre2_set_match_limit(match_context_.get(), match_limit);
  pcre2_set_depth_limit(match_context_.get(), depth_limit);
}

TransformRunner::~TransformRunner() = default;

ByteSpan TransformRunner::apply(std::span<const Transform> transforms, ByteSpan bytes) {
  std::size_t next = 0;
  for (const Transform& transform : transforms) {
    std::string& out = buffers_[next];
    out.clear();
    if (!apply_one(transform, bytes, out)) continue;
    bytes = {reinterpret_cast<const Byte*>(out.data()), out.size()};
    next = 1 - next;
  }
  return bytes;
}

bool TransformRunner::apply_one(const Transform& transform, ByteSpan in, std::string& out) {
  using Kind = Transform::Kind;
  switch (transform.kind) {
    case Kind::kCompressWhitespace: compress_whitespace(in, out); break;
    case Kind::kDotPrefix:
      out += '.';
      out.append(in.begin(), in.end());
      break;
    case Kind::kHeaderLowercase: header_lowercase(in, out); break;
    case Kind::kPcre: return capture(transform, in, out);
    case Kind::kStripPseudoHeaders: strip_pseudo_headers(in, out); break;
    case Kind::kStripWhitespace: strip_whitespace(in, out); break;
    case Kind::kToLowercase:
      for (const Byte c : in) out += lower(c);
      break;
    case Kind::kToMd5: digest(in, EVP_md5(), out); break;
    case Kind::kToSha1: digest(in, EVP_sha1(), out); break;
    case Kind::kToSha256: digest(in, EVP_sha256(), out); break;
    case Kind::kToUppercase:
      for (const Byte c : in) out += upper(c);
      break;
    case Kind::kUrlDecode: url_decode(in, out); break;
    case Kind::kXor: apply_xor(in, transform.argument, out); break;
  }
  return true;
}

bool TransformRunner::capture(const Transform& transform, ByteSpan in, std::string& out) {
  static constexpr Byte kEmpty[1] = {0};
  const int found = pcre2_match(transform.regex.get(), in.empty() ? kEmpty : in.data(), in.size(), 0, 0,
                                match_data_.get(), match_context_.get());
  if (found < 2) return false;
  const PCRE2_SIZE* pairs = pcre2_get_ovector_pointer(match_data_.get());
  if (pairs[2] == PCRE2_UNSET || pairs[3] < pairs[2]) return false;
  const ByteSpan group = in.subspan(pairs[2], pairs[3] - pairs[2]);
  out.assign(group.begin(), group.end());
  return true;
}

}  // namespace bulkhead::signatures
