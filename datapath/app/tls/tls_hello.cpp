#include "datapath/app/tls/tls_hello.h"

#include <algorithm>

#include "datapath/app/tls/tls_version.h"

namespace bulkhead::app::tls {

namespace {

constexpr std::size_t kRandom = 32;
constexpr std::size_t kMaxAlpn = 32;  // names that are kept

void read_numbers(ByteReader in, std::vector<std::uint16_t>& out) {
  while (in.remaining() >= 2) out.push_back(in.be16());
}

// A list with its length in front; what does not fit is taken as far as it goes.
ByteReader list16(ByteReader& in) {
  const std::size_t length = in.be16();
  return ByteReader(in.bytes(std::min(length, in.remaining())));
}
ByteReader list8(ByteReader& in) {
  const std::size_t length = in.u8();
  return ByteReader(in.bytes(std::min(length, in.remaining())));
}

std::string text_of(ByteSpan bytes) {
  return {bytes.begin(), bytes.end()};
}

// RFC 6066 3: one name of type 0.
void read_server_name(ByteReader in, Hello& out, TlsEvents& events) {
  if (in.at_end()) return;
  in.skip(2);  // length of the list: one entry is all there ever is
  const std::uint8_t type = in.u8();
  const std::size_t length = in.be16();
  if (in.failed()) return;
  if (type != 0) {
    events.push_back(TlsEvent::invalid_sni_type);
    return;
  }
  if (length > kMaxName || length > in.remaining()) {
    events.push_back(TlsEvent::invalid_sni_length);
    return;
  }
  if (out.sni) {
    events.push_back(TlsEvent::multiple_sni_extensions);
    return;
  }
  out.sni = text_of(in.bytes(length));
}

void read_alpn(ByteReader in, Hello& out) {
  ByteReader names = list16(in);
  while (!names.at_end() && out.alpn.size() < kMaxAlpn) {
    const std::size_t length = names.u8();
    if (length == 0 || length > names.remaining()) return;
    out.alpn.push_back(text_of(names.bytes(length)));
  }
}

void read_versions(ByteReader in, bool client, Hello& out) {
  if (!client) {
    const std::uint16_t chosen = in.be16();
    if (!in.failed()) out.version = chosen;
    return;
  }
  read_numbers(list8(in), out.versions);
  const auto first =
      std::find_if(out.versions.begin(), out.versions.end(), [](std::uint16_t v) { return !is_grease(v); });
  if (first != out.versions.end()) out.version = *first;
}

void read_extension(std::uint16_t type, ByteReader body, bool client, Hello& out, TlsEvents& events) {
  switch (type) {
    case extension::kServerName:
      if (client) read_server_name(body, out, events);
      return;
    case extension::kGroups: read_numbers(list16(body), out.groups); return;
    case extension::kPointFormats: {
      const ByteSpan formats = list8(body).rest();
      out.point_formats.assign(formats.begin(), formats.end());
      return;
    }
    case extension::kSignatureAlgorithms: read_numbers(list16(body), out.signature_algorithms); return;
    case extension::kAlpn: read_alpn(body, out); return;
    case extension::kSessionTicket: out.has_ticket = !body.at_end(); return;
    case extension::kEarlyData: out.early_data = client; return;
    case extension::kSupportedVersions: read_versions(body, client, out); return;
    default: return;
  }
}

// False: the list of extensions does not add up.
bool read_extensions(ByteReader in, bool client, Hello& out, TlsEvents& events) {
  if (in.remaining() < 2) return in.at_end();
  const std::size_t length = in.be16();
  if (length > in.remaining()) return false;
  ByteReader list(in.bytes(length));
  while (!list.at_end()) {
    const std::uint16_t type = list.be16();
    const std::size_t size = list.be16();
    if (list.failed() || size > list.remaining()) return false;
    out.extensions.push_back(type);
    read_extension(type, ByteReader(list.bytes(size)), client, out, events);
  }
  return true;
}

bool read_start(ByteReader& in, Hello& out) {
  out.wire_version = out.version = in.be16();
  const ByteSpan random = in.bytes(kRandom);
  if (in.failed()) return false;
  std::copy(random.begin(), random.end(), out.random.begin());
  return true;
}

bool read_session_id(ByteReader& in, Hello& out) {
  constexpr std::size_t kMaxSessionId = 32;
  const std::size_t length = in.u8();
  if (in.failed() || length > kMaxSessionId || length > in.remaining()) return false;
  const ByteSpan id = in.bytes(length);
  out.session_id.assign(id.begin(), id.end());
  return true;
}

}  // namespace

bool read_client_hello(ByteSpan message, Hello& out, TlsEvents& events) {
  ByteReader in(message);
  if (!read_start(in, out) || !read_session_id(in, out)) return false;
  const std::size_t ciphers = in.be16();
  if (in.failed() || ciphers > in.remaining()) return false;
  read_numbers(ByteReader(in.bytes(ciphers)), out.ciphers);
  const std::size_t compressions = in.u8();
  if (in.failed() || compressions > in.remaining()) return false;
  in.skip(compressions);
  return read_extensions(in, true, out, events);
}

bool read_server_hello(ByteSpan message, Hello& out, TlsEvents& events) {
  ByteReader in(message);
  if (!read_start(in, out)) return false;
  // The drafts of TLS 1.3 before 22 had neither session id nor compression here; those before 16 said 1.3 itself.
  const bool early = out.wire_version == version::kTls13;
  const bool short_form = early || (is_draft13(out.version) && (out.version & 0xff) < 22);
  if (early) out.version = version::kTls13Early;
  if (!short_form && !read_session_id(in, out)) return false;
  out.ciphers.push_back(in.be16());
  if (!short_form) in.skip(1);
  return !in.failed() && read_extensions(in, false, out, events);
}

bool read_sslv2_client_hello(ByteSpan message, Hello& out) {
  ByteReader in(message);
  out.sslv2 = true;
  out.wire_version = out.version = in.be16();
  const std::size_t ciphers = in.be16(), id = in.be16(), challenge = in.be16();
  if (in.failed() || ciphers + id + challenge > in.remaining() || ciphers % 3 != 0) return false;
  ByteReader specs(in.bytes(ciphers));
  while (specs.remaining() >= 3) {
    const std::uint32_t cipher = specs.be24();
    if (cipher <= 0xffff) out.ciphers.push_back(static_cast<std::uint16_t>(cipher));  // those of SSL 3 and later
  }
  const ByteSpan session = in.bytes(id);
  out.session_id.assign(session.begin(), session.end());
  const ByteSpan random = in.bytes(std::min(challenge, kRandom));
  std::copy(random.begin(), random.end(), out.random.end() - static_cast<std::ptrdiff_t>(random.size()));
  return true;
}

}  // namespace bulkhead::app::tls
