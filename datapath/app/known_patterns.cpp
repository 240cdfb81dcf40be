#include "datapath/app/known_patterns.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>

#include "datapath/base/big_endian.h"

namespace bulkhead::app {
namespace {

using namespace std::string_view_literals;
constexpr std::size_t kLookAt = 4096;

std::string_view text_of(ByteSpan data) {
  return {reinterpret_cast<const char*>(data.data()), std::min(data.size(), kLookAt)};
}
Probe yes_if(bool holds) {
  return holds ? Probe::kYes : Probe::kNo;
}
bool printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= ' ' && c < 127) || c == '\t'; });
}
bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}
char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}
bool has_any_case(std::string_view text, std::string_view part) {
  return std::search(text.begin(), text.end(), part.begin(), part.end(),
                     [](char a, char b) { return lower(a) == lower(b); }) != text.end();
}
// The first line without its end; "" when there is no whole one.
std::string_view first_line(std::string_view text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return {};
  text = text.substr(0, end);
  return !text.empty() && text.back() == '\r' ? text.substr(0, end - 1) : text;
}
std::uint32_t le32(const Byte* at) {
  return at[0] | (std::uint32_t{at[1]} << 8) | (std::uint32_t{at[2]} << 16) | (std::uint32_t{at[3]} << 24);
}
bool zeros(ByteSpan data, std::size_t from, std::size_t count) {
  return data.size() >= from + count &&
         std::all_of(data.begin() + static_cast<std::ptrdiff_t>(from),
                     data.begin() + static_cast<std::ptrdiff_t>(from + count), [](Byte b) { return b == 0; });
}

// --- text ---

Probe whole_line(ByteSpan data, std::uint16_t) {
  const std::string_view line = first_line(text_of(data));
  return yes_if(!line.empty() && printable(line));
}
// A line with `least` words or more.
template <int least>
Probe words(ByteSpan data, std::uint16_t) {
  const std::string_view line = first_line(text_of(data));
  return yes_if(!line.empty() && printable(line) && std::count(line.begin(), line.end(), ' ') >= least - 1);
}
// RFC 2812: ":server 001 nick :..." or ":server NOTICE ..."
Probe irc_reply(ByteSpan data, std::uint16_t) {
  const std::string_view line = first_line(text_of(data));
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos || !printable(line)) return Probe::kNo;
  const std::string_view rest = line.substr(space + 1);
  const bool number = rest.size() > 4 && rest[3] == ' ' &&
                      std::all_of(rest.begin(), rest.begin() + 3, [](char c) { return c >= '0' && c <= '9'; });
  return yes_if(number || rest.starts_with("NOTICE ") || rest.starts_with("PRIVMSG ") || rest.starts_with("JOIN "));
}
Probe irc_nick(ByteSpan data, std::uint16_t) {
  const std::string_view text = text_of(data);
  const std::string_view line = first_line(text);
  if (line.size() < 6 || line.size() > 40 || !printable(line)) return Probe::kNo;
  const std::string_view nick = line.substr(5);
  return yes_if(!has(nick, " ") && (std::isalpha(static_cast<unsigned char>(nick[0])) != 0 || nick[0] == '_'));
}
Probe irc_user(ByteSpan data, std::uint16_t) {  // four words, the last with a colon
  const std::string_view line = first_line(text_of(data));
  return yes_if(printable(line) && std::count(line.begin(), line.end(), ' ') >= 4 && has(line, " :"));
}
Probe xmpp_stream(ByteSpan data, std::uint16_t) {
  const std::string_view text = text_of(data);
  if (has(text, "<stream:stream") && (has(text, "jabber:") || has(text, "etherx.jabber.org"))) return Probe::kYes;
  const std::string_view xml = "<?xml";
  if (text.size() < 256 && text.substr(0, xml.size()) == xml.substr(0, text.size()) && !has(text, "?>")) {
    return Probe::kMore;
  }
  return Probe::kNo;
}
Probe rtsp_request(ByteSpan data, std::uint16_t) {
  const std::string_view line = first_line(text_of(data));
  return yes_if(has(line, " RTSP/1.0") || has(line, " RTSP/2.0"));
}
Probe sip_request(ByteSpan data, std::uint16_t) {
  return yes_if(has(first_line(text_of(data)), " SIP/2.0"));
}
Probe nntp_greeting(ByteSpan data, std::uint16_t) {
  const std::string_view line = first_line(text_of(data));
  return yes_if(has_any_case(line, "nntp") || has_any_case(line, "internetnews") || has_any_case(line, "news server"));
}
// <PRI>, then a version (RFC 5424) or a month (RFC 3164).
Probe syslog_line(ByteSpan data, std::uint16_t) {
  std::string_view text = text_of(data);
  std::size_t at = 1;
  unsigned priority = 0;
  while (at < text.size() && at < 4 && text[at] >= '0' && text[at] <= '9') {
    priority = priority * 10 + static_cast<unsigned>(text[at++] - '0');
  }
  if (at == 1 || at >= text.size() || text[at] != '>' || priority > 191) return Probe::kNo;
  text = text.substr(at + 1);
  if (text.starts_with("1 ") && text.size() > 6) {
    return yes_if(text[2] == '-' || (text[2] == '2' && std::isdigit(static_cast<unsigned char>(text[3])) != 0));
  }
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() < 15 || text[3] != ' ' || text[9] != ':' || text[12] != ':') return Probe::kNo;
  const std::size_t month = kMonths.find(text.substr(0, 3));
  return yes_if(month != std::string_view::npos && month % 3 == 0);
}
// Short requests of one line are told apart by the port that they are for.
Probe finger_query(ByteSpan data, std::uint16_t port) {
  if (port != 79) return Probe::kNo;
  const std::string_view text = text_of(data);
  const std::size_t end = text.find('\n');
  return yes_if(end != std::string_view::npos && end + 1 == text.size() && printable(first_line(text)));
}
Probe whois_query(ByteSpan data, std::uint16_t port) {
  if (port != 43) return Probe::kNo;
  const std::string_view text = text_of(data);
  const std::string_view line = first_line(text);
  return yes_if(!line.empty() && text.find('\n') + 1 == text.size() && printable(line));
}
Probe gopher_query(ByteSpan data, std::uint16_t port) {
  if (port != 70) return Probe::kNo;
  const std::string_view text = text_of(data);
  const std::size_t end = text.find('\n');
  return yes_if(end != std::string_view::npos && end + 1 == text.size() && printable(first_line(text)));
}
// RFC 1436: type, name TAB selector TAB host TAB port.
Probe gopher_menu(ByteSpan data, std::uint16_t) {
  const std::string_view line = first_line(text_of(data));
  if (std::count(line.begin(), line.end(), '\t') != 3 || !printable(line)) return Probe::kNo;
  const std::string_view port = line.substr(line.rfind('\t') + 1);
  return yes_if(!port.empty() && port.size() <= 5 &&
                std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; }));
}
// git daemon: pkt-line "git-upload-pack /path\0host=..."
Probe git_request(ByteSpan data, std::uint16_t) {
  const std::string_view text = text_of(data);
  if (text.size() < 12) return Probe::kMore;
  const std::string_view rest = text.substr(4);
  return yes_if(rest.starts_with("git-upload-pack /") || rest.starts_with("git-receive-pack /") ||
                rest.starts_with("git-upload-archive /"));
}
constexpr std::string_view kLineStart =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/ .-_+?=!\"'[*:#$%&\r\n";
// ZooKeeper's four letter words stand alone in their connection.
Probe zookeeper_word(ByteSpan data, std::uint16_t) {
  std::string_view text = text_of(data);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  constexpr std::string_view kWords[] = {"ruok", "stat", "srvr", "envi", "mntr", "conf", "cons",
                                         "dump", "wchs", "wchc", "wchp", "isro", "srst", "crst"};
  return yes_if(std::find(std::begin(kWords), std::end(kWords), text) != std::end(kWords));
}

// --- binary, over TCP ---

// RFC 854: IAC (WILL|WONT|DO|DONT) option, several times or to the end, or a subnegotiation.
Probe telnet(ByteSpan data, std::uint16_t) {
  std::size_t commands = 0;
  for (std::size_t at = 0; at + 2 < data.size() && data[at] == 0xff; at += 3, ++commands) {
    if (data[at + 1] < 0xfb || data[at + 1] == 0xff || (data[at + 2] > 49 && data[at + 2] != 255)) return Probe::kNo;
  }
  return commands == 0 ? Probe::kMore : Probe::kYes;
}
// TPKT, X.224 connection request and confirm (RFC 1006, MS-RDPBCGR 2.2.1.1).
Probe rdp_request(ByteSpan data, std::uint16_t) {
  if (data.size() < 11) return Probe::kMore;
  const std::size_t length = load_be16(&data[2]);
  if (length < 11 || length > 1024 || data[4] != length - 5 || data[5] != 0xe0) return Probe::kNo;
  const std::string_view text = text_of(data.first(std::min(length, data.size())));
  if (has(text, "Cookie: mstshash=") || has(text, "Cookie: msts=")) return Probe::kYes;
  return yes_if(length == 11 || (data.size() >= 19 && data[11] == 1 && load_be16(&data[13]) == 0x0800));
}
Probe rdp_confirm(ByteSpan data, std::uint16_t) {
  if (data.size() < 11) return Probe::kMore;
  const std::size_t length = load_be16(&data[2]);
  if ((length != 11 && length != 19) || data[4] != length - 5 || data[5] != 0xd0) return Probe::kNo;
  return yes_if(length == 11 || (data.size() >= 19 && (data[11] == 2 || data[11] == 3)));
}
// NetBIOS session service in front of SMB1 or SMB2.
Probe smb(ByteSpan data, std::uint16_t) {
  if (data.size() < 8) return data.size() > 4 && data[4] != 0xff && data[4] != 0xfe ? Probe::kNo : Probe::kMore;
  return yes_if((data[4] == 0xff || data[4] == 0xfe || data[4] == 0xfd) && text_of(data).substr(5, 3) == "SMB");
}
// C706 12.6.3.1: version 5.0 or 5.1, packet type, first fragment, data representation.
Probe dcerpc(ByteSpan data, std::uint16_t) {
  // A first packet binds: what else begins so would be the middle of a conversation.
  if (data.size() > 2 && (data[1] > 1 || data[2] < 11 || data[2] > 14)) return Probe::kNo;
  if (data.size() < 16) return Probe::kMore;
  const bool little = data[4] == 0x10;
  const std::size_t length = little ? data[8] | (std::size_t{data[9]} << 8) : load_be16(&data[8]);
  return yes_if((little || data[4] == 0) && data[5] == 0 && length >= 16 && (data[3] & 1) != 0);
}
// Cassandra native protocol v3 to v5: a first frame is OPTIONS or STARTUP, the answer SUPPORTED, READY, ERROR ...
Probe cassandra_request(ByteSpan data, std::uint16_t) {
  if (data.size() < 9) return Probe::kMore;
  const std::uint32_t length = load_be32(&data[5]);
  if (data[1] > 0x1f) return Probe::kNo;
  if (data[4] == 5) return yes_if(length == 0);
  return yes_if(data[4] == 1 && length < 4096 && data.size() >= 13 && has(text_of(data), "CQL_VERSION"));
}
Probe cassandra_reply(ByteSpan data, std::uint16_t) {
  if (data.size() < 9) return Probe::kMore;
  const std::uint32_t length = load_be32(&data[5]);
  if (data[1] > 0x1f || length > 65536) return Probe::kNo;
  return yes_if((data[4] == 6 && has(text_of(data), "CQL_VERSION")) || (data[4] == 2 && length == 0));
}
// ConnectRequest: length, protocol version 0, last zxid, timeout, session, a password of 16 bytes.
Probe zookeeper_connect(ByteSpan data, std::uint16_t) {
  if (data.size() < 28) return Probe::kMore;
  const std::uint32_t length = load_be32(&data[0]);
  const std::uint32_t timeout = load_be32(&data[16]);
  return yes_if((length == 44 || length == 45) && zeros(data, 4, 4) && timeout > 0 && timeout <= 3'600'000 &&
                data.size() >= 32 && load_be32(&data[28]) == 16);
}
Probe zookeeper_reply(ByteSpan data, std::uint16_t) {
  if (data.size() < 24) return Probe::kMore;
  const std::uint32_t length = load_be32(&data[0]);
  return yes_if((length == 36 || length == 37) && zeros(data, 4, 4) && load_be32(&data[8]) <= 3'600'000 &&
                load_be32(&data[20]) == 16);
}
// MS-TDS 2.2.3: type, status, length; PRELOGIN options follow.
Probe tds(ByteSpan data, std::uint16_t) {
  if (data.size() < 13) return Probe::kMore;
  const std::size_t length = load_be16(&data[2]);
  return yes_if(data[1] == 1 && length >= 13 && length <= 4096 && data[8] == 0 && data[7] == 0 &&
                load_be16(&data[9]) >= 6 && load_be16(&data[9]) < length && load_be16(&data[11]) == 6);
}
// Oracle net: length, checksum 0, type, 0, checksum 0.
Probe oracle_connect(ByteSpan data, std::uint16_t) {
  if (data.size() < 8) return Probe::kMore;
  const std::size_t length = load_be16(&data[0]);
  if (length < 34 || length > 8192 || data[2] != 0 || data[3] != 0 || data[4] != 1 || data[6] != 0 || data[7] != 0) {
    return Probe::kNo;
  }
  return has(text_of(data), "(CONNECT_DATA=") || has(text_of(data), "(DESCRIPTION=") ? Probe::kYes
         : data.size() < length                                                      ? Probe::kMore
                                                                                     : Probe::kNo;
}
// RFC 1928 and the SOCKS 4 memo, as clients send them: nothing follows before the answer.
Probe socks4_request(ByteSpan data, std::uint16_t) {
  if (data.size() < 9) return Probe::kMore;
  if ((data[1] != 1 && data[1] != 2) || load_be16(&data[2]) == 0) return Probe::kNo;
  const std::string_view text = text_of(data);
  const std::size_t user_end = text.find('\0', 8);
  if (user_end == std::string_view::npos || !printable(text.substr(8, user_end - 8))) return Probe::kNo;
  const bool named = data[4] == 0 && data[5] == 0 && data[6] == 0 && data[7] != 0;  // 4a: a host name follows
  if (!named) return yes_if(user_end + 1 == data.size() && data[4] != 0);
  const std::size_t end = text.find('\0', user_end + 1);
  return yes_if(end != std::string_view::npos && end > user_end + 1 && end + 1 == data.size() &&
                printable(text.substr(user_end + 1, end - user_end - 1)));
}
Probe socks5_request(ByteSpan data, std::uint16_t) {
  if (data.size() < 3) return Probe::kMore;
  const std::size_t methods = data[1];
  if (methods == 0 || methods > 8 || data.size() != methods + 2) return Probe::kNo;
  return yes_if(std::all_of(data.begin() + 2, data.end(), [](Byte m) { return m <= 9 || m == 0xff; }));
}
// C0 and C1: version 3, a time, four zero bytes, 1528 bytes of anything.
Probe rtmp(ByteSpan data, std::uint16_t) {
  if (data.size() < 9) return Probe::kMore;
  if (!zeros(data, 5, 4)) return Probe::kNo;
  return data.size() < 1537 ? Probe::kMore : Probe::kYes;
}
Probe bgp(ByteSpan data, std::uint16_t) {
  if (data.size() < 19) return Probe::kMore;
  const std::size_t length = load_be16(&data[16]);
  return yes_if(length >= 19 && length <= 4096 && data[18] >= 1 && data[18] <= 5);
}
Probe ajp_request(ByteSpan data, std::uint16_t) {
  if (data.size() < 5) return Probe::kMore;
  const std::size_t length = load_be16(&data[2]);
  return yes_if(length >= 1 && length <= 8192 && (data[4] == 2 || data[4] == 7 || data[4] == 8 || data[4] == 10));
}
Probe ajp_reply(ByteSpan data, std::uint16_t) {
  if (data.size() < 5) return Probe::kMore;
  const std::size_t length = load_be16(&data[2]);
  return yes_if(length >= 1 && length <= 8192 && ((data[4] >= 3 && data[4] <= 6) || data[4] == 9));
}
// FastCGI 1.0: FCGI_BEGIN_REQUEST with its body of 8 bytes and a role of 1 to 3.
Probe fastcgi_request(ByteSpan data, std::uint16_t) {
  if (data.size() < 16) return Probe::kMore;
  return yes_if(load_be16(&data[4]) == 8 && data[6] < 8 && data[8] == 0 && data[9] >= 1 && data[9] <= 3 &&
                data[10] <= 1 && zeros(data, 11, 5));
}
Probe fastcgi_reply(ByteSpan data, std::uint16_t) {
  if (data.size() < 8) return Probe::kMore;
  return yes_if(data[1] == 6 && load_be16(&data[2]) != 0 && data[6] < 8 && data[7] == 0 && data.size() > 16 &&
                (has(text_of(data), "Content-") || has(text_of(data), "Status:")));
}
// X11: byte order, unused, major version 11, minor 0, lengths of the authorization.
Probe x11_open(ByteSpan data, std::uint16_t) {
  if (data.size() < 12) return Probe::kMore;
  const bool little = data[0] == 'l';
  const auto number = [&](std::size_t at) {
    return little ? data[at] | (unsigned{data[at + 1]} << 8) : unsigned{load_be16(&data[at])};
  };
  return yes_if(number(2) == 11 && number(4) == 0 && number(6) <= 64 && number(8) <= 256);
}
Probe svn_command(ByteSpan data, std::uint16_t) {
  return yes_if(has(text_of(data), " svn://") || has(text_of(data), "edit-pipeline"));
}

// RFC 5531. A call: xid, 0, RPC version 2, program, version, procedure; a reply: xid, 1, accepted or denied.
bool rpc_call(ByteSpan message, bool nfs) {
  if (message.size() < 24) return false;
  const std::uint32_t program = load_be32(&message[12]);
  if (load_be32(&message[4]) != 0 || load_be32(&message[8]) != 2 || load_be32(&message[16]) > 16 ||
      load_be32(&message[20]) > 64) {
    return false;
  }
  const bool is_nfs = program == 100003;
  return nfs ? is_nfs : !is_nfs && program >= 100000 && program < 400000;
}
template <bool nfs>
Probe rpc_record(ByteSpan data, std::uint16_t) {
  if (data.size() < 28) return Probe::kMore;
  const std::uint32_t length = load_be32(&data[0]) & 0x7fffffff;
  return yes_if(length >= 24 && length <= (1U << 21) && rpc_call(data.subspan(4), nfs));
}
template <bool nfs>
Probe rpc_datagram(ByteSpan data, std::uint16_t) {
  return yes_if(data.size() % 4 == 0 && rpc_call(data, nfs));
}

// --- BER ---

struct Element {
  std::uint8_t tag = 0;
  ByteSpan body;
  std::size_t whole = 0;  // with its head; 0: not readable
};
// One element; the body may be cut when `data` is.
Element element(ByteSpan data) {
  if (data.size() < 2) return {};
  std::size_t head = 2, length = data[1];
  if (length >= 0x80) {
    const std::size_t count = length & 0x7f;
    if (count == 0 || count > 4 || data.size() < 2 + count) return {};
    length = 0;
    for (std::size_t i = 0; i < count; ++i) length = length << 8 | data[2 + i];
    head += count;
  }
  return {data[0], data.subspan(head, std::min(length, data.size() - head)), head + length};
}
// RFC 4120: [APPLICATION n] SEQUENCE { [1] 5, [2] n ... }, for replies and errors { [0] 5, [1] n ... }
bool kerberos(ByteSpan data) {
  const Element all = element(data);
  const unsigned number = all.tag & 0x1fU;
  if ((all.tag & 0xe0) != 0x60 || number < 10 || (number > 15 && number != 30)) return false;
  const Element sequence = element(all.body);
  const Element first = element(sequence.body);
  const Element version = element(first.body);
  if (sequence.tag != 0x30 || (first.tag & 0xf0) != 0xa0 || version.tag != 2) return false;
  if (version.body.size() != 1 || version.body[0] != 5) return false;
  const Element second = element(sequence.body.subspan(std::min(first.whole, sequence.body.size())));
  const Element kind = element(second.body);
  return kind.tag == 2 && kind.body.size() == 1 && kind.body[0] == number;
}
Probe krb5_datagram(ByteSpan data, std::uint16_t) {
  return yes_if(kerberos(data));
}
Probe krb5_record(ByteSpan data, std::uint16_t) {
  if (data.size() > 4 && ((data[4] & 0xe0) != 0x60 || data[1] > 0x10)) return Probe::kNo;
  if (data.size() < 32) return Probe::kMore;
  return yes_if(load_be32(&data[0]) <= (1U << 20) && kerberos(data.subspan(4)));
}

// --- binary, over UDP ---

template <std::uint16_t wanted>
Probe dns_header(ByteSpan data, std::uint16_t port) {
  if (port != wanted || data.size() < 12) return Probe::kNo;
  const unsigned counts = load_be16(&data[4]) + load_be16(&data[6]) + load_be16(&data[8]) + load_be16(&data[10]);
  return yes_if((data[2] & 0x78) == 0 && counts >= 1 && counts <= 512);
}
// RFC 7296 3.1; behind four zero bytes on port 4500.
Probe ike(ByteSpan data, std::uint16_t) {
  if (data.size() >= 32 && zeros(data, 0, 4)) data = data.subspan(4);
  if (data.size() < 28 || zeros(data, 0, 8)) return Probe::kNo;
  const Byte version = data[17], exchange = data[18];
  const bool first = version == 0x10 ? exchange >= 1 && exchange <= 34 : exchange >= 34 && exchange <= 43;
  return yes_if((version == 0x10 || version == 0x20) && first && load_be32(&data[24]) == data.size());
}
// RFC 9000 17.2: long header of a version in use, lengths of the connection ids.
Probe quic(ByteSpan data, std::uint16_t) {
  if (data.size() < 1200) return Probe::kNo;
  const std::uint32_t version = load_be32(&data[1]);
  const bool known =
      version == 1 || version == 0x6b3343cf || (version >> 8) == 0xff0000 || (version & 0xffff0000) == 0x51300000;
  return yes_if(known && data[5] <= 20 && data[6 + data[5]] <= 20);
}
Probe stun(ByteSpan data, std::uint16_t) {
  return yes_if(data.size() >= 20 && load_be32(&data[4]) == 0x2112a442 && data[3] % 4 == 0 &&
                load_be16(&data[2]) + 20U == data.size());
}
// RFC 2865: attributes fill the packet exactly.
Probe radius(ByteSpan data, std::uint16_t) {
  if (data.size() < 20 || load_be16(&data[2]) != data.size()) return Probe::kNo;
  std::size_t at = 20;
  while (at + 2 <= data.size()) {
    if (data[at] == 0 || data[at + 1] < 2) return Probe::kNo;
    at += data[at + 1];
  }
  return yes_if(at == data.size() && (data.size() > 20 || data[0] == 3 || data[0] == 5 || data[0] == 41));
}
// P_CONTROL_HARD_RESET: session id, (HMAC, packet id, time,) no acknowledgements, message 0.
bool openvpn_reset(ByteSpan data) {
  const std::size_t size = data.size();
  return (size == 14 || size == 42 || size == 54 || size == 86) && zeros(data, size - 5, 5);
}
Probe openvpn_datagram(ByteSpan data, std::uint16_t) {
  return yes_if(openvpn_reset(data) && !zeros(data, 1, 8));
}
Probe openvpn_stream(ByteSpan data, std::uint16_t) {
  if (data.size() < 16) return Probe::kMore;
  const std::size_t length = load_be16(&data[0]);
  return yes_if(data[2] == 0x38 && length + 2 == data.size() && openvpn_reset(data.subspan(2)));
}
template <std::size_t length>
Probe wireguard(ByteSpan data, std::uint16_t) {
  return yes_if(length != 0 ? data.size() == length : data.size() >= 32 && data.size() % 16 == 0);
}
// RFC 7252: version 1, token, options up to the end or to the payload; a request names a path, or it is the port.
Probe coap(ByteSpan data, std::uint16_t port) {
  if (data.size() < 4) return Probe::kNo;
  const std::size_t token = data[0] & 15U;
  const unsigned code_class = data[1] >> 5, code = data[1] & 31U;
  if (token > 8 || data.size() < 4 + token) return Probe::kNo;
  if (code_class == 0 ? code == 0 || code > 7 : code_class != 2 && code_class != 4 && code_class != 5) {
    return Probe::kNo;
  }
  bool path = false;
  unsigned option = 0;
  std::size_t at = 4 + token;
  while (at < data.size()) {
    if (data[at] == 0xff) {
      if (at + 1 == data.size()) return Probe::kNo;
      break;
    }
    std::array<unsigned, 2> parts{data[at] / 16U, data[at] % 16U};
    ++at;
    for (unsigned& part : parts) {
      const std::size_t more = part == 13 ? 1 : part == 14 ? 2 : 0;
      if (part == 15 || at + more > data.size()) return Probe::kNo;
      if (more == 1) part = data[at] + 13U;
      if (more == 2) part = load_be16(&data[at]) + 269U;
      at += more;
    }
    option += parts[0];
    if (option > 2500 || at + parts[1] > data.size()) return Probe::kNo;
    if (option == 11) path |= parts[1] > 0 && printable(text_of(data).substr(std::min(at, kLookAt), parts[1]));
    at += parts[1];
  }
  return yes_if(port == 5683 || (path && code_class == 0));
}

// --- industrial, where the port is part of the name ---

template <std::uint16_t wanted>
Probe modbus(ByteSpan data, std::uint16_t port) {
  if (port != wanted) return Probe::kNo;
  if (data.size() < 8) return Probe::kMore;
  const std::size_t length = load_be16(&data[4]);
  return yes_if(load_be16(&data[2]) == 0 && length >= 2 && length <= 254 && data[7] != 0);
}
Probe enip(ByteSpan data, std::uint16_t port) {
  if (port != 44818) return Probe::kNo;
  if (data.size() < 24) return Probe::kMore;
  return yes_if(data[1] == 0 &&
                (data[0] == 1 || data[0] == 4 || data[0] == 0x63 || data[0] == 0x64 || data[0] == 0x65 ||
                 data[0] == 0x66 || data[0] == 0x6f || data[0] == 0x70) &&
                le32(&data[20]) == 0);
}
Probe dnp3(ByteSpan data, std::uint16_t) {
  if (data.size() < 10) return Probe::kMore;
  return yes_if(data[2] >= 5);
}

constexpr Direction kUp = Direction::kToServer;
constexpr Direction kDown = Direction::kToClient;
constexpr std::string_view kAnyByte = "";
constexpr auto kLongHeaders = [] {  // QUIC: both high bits
  std::array<char, 64> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(0xc0 + i);
  return bytes;
}();

using P = AppProtocol;
// clang-format off
constexpr KnownPattern kRows[] = {
    // names that the ecosystem has too
    {P::smb, true, kUp, "\0"sv, "", smb},
    {P::smb, true, kDown, "\0"sv, "", smb},
    {P::dcerpc, true, kUp, "\x05", "", dcerpc},
    {P::dcerpc, true, kDown, "\x05", "", dcerpc},
    {P::nfs, true, kUp, "\x80", "", rpc_record<true>},
    {P::krb5, false, kUp, "", "\x6a\x6b\x6c\x6d\x6e\x6f\x7e", krb5_datagram},
    {P::krb5, false, kDown, "", "\x6a\x6b\x6c\x6d\x6e\x6f\x7e", krb5_datagram},
    {P::krb5, true, kUp, "\0\0"sv, "", krb5_record},
    {P::krb5, true, kDown, "\0\0"sv, "", krb5_record},
    {P::ike, false, kUp, "", kAnyByte, ike},
    {P::ike, false, kDown, "", kAnyByte, ike},
    {P::quic, false, kUp, "", {kLongHeaders.data(), kLongHeaders.size()}, quic},
    {P::sip, false, kUp, "", "IROABCSNMPU", sip_request},
    {P::sip, false, kDown, "SIP/2.0 ", "", whole_line},
    {P::sip, true, kUp, "", "IROABCSNMPU", sip_request},
    {P::sip, true, kDown, "SIP/2.0 ", "", whole_line},
    {P::rfb, true, kDown, "RFB 003.00", "", whole_line},
    {P::rfb, true, kUp, "RFB 003.00", "", whole_line},
    {P::bittorrent_dht, false, kUp, "d1:ad2:id20:", "", nullptr},
    {P::bittorrent_dht, false, kDown, "d1:rd2:id20:", "", nullptr},
    {P::telnet, true, kUp, "\xff", "", telnet},
    {P::telnet, true, kDown, "\xff", "", telnet},
    {P::rdp, true, kUp, "\x03\0"sv, "", rdp_request},
    {P::rdp, true, kDown, "\x03\0"sv, "", rdp_confirm},
    {P::dnp3, true, kUp, "\x05\x64", "", dnp3},
    {P::dnp3, true, kDown, "\x05\x64", "", dnp3},
    {P::modbus, true, kUp, "\0"sv, "", modbus<502>},
    {P::enip, true, kUp, "", "\x01\x04\x63\x64\x65\x66\x6f\x70", enip},
    // names of our own: text
    {P::irc, true, kUp, "NICK ", "", irc_nick},
    {P::irc, true, kUp, "USER ", "", irc_user},
    {P::irc, true, kUp, "CAP LS", "", whole_line},
    {P::irc, true, kDown, ":", "", irc_reply},
    {P::irc, true, kDown, "NOTICE AUTH :", "", nullptr},
    {P::irc, true, kDown, "NOTICE * :", "", nullptr},
    {P::xmpp, true, kUp, "<", "", xmpp_stream},
    {P::xmpp, true, kDown, "<", "", xmpp_stream},
    {P::rtsp, true, kUp, "", "ODSPTGRA", rtsp_request},
    {P::rtsp, true, kDown, "RTSP/1.0 ", "", whole_line},
    {P::rtsp, true, kDown, "RTSP/2.0 ", "", whole_line},
    {P::nntp, true, kDown, "200 ", "", nntp_greeting},
    {P::nntp, true, kDown, "201 ", "", nntp_greeting},
    {P::nntp, true, kUp, "MODE READER\r\n", "", nullptr},
    {P::nntp, true, kUp, "CAPABILITIES\r\n", "", nullptr},
    {P::syslog, false, kUp, "<", "", syslog_line},
    {P::syslog, true, kUp, "<", "", syslog_line},
    {P::rsync, true, kUp, "@RSYNCD: ", "", nullptr},
    {P::rsync, true, kDown, "@RSYNCD: ", "", nullptr},
    {P::git, true, kUp, "00", "", git_request},
    {P::svn, true, kUp, "( 2 ", "", svn_command},
    {P::svn, true, kDown, "( success ( ", "", nullptr},
    {P::finger, true, kUp, "", kLineStart, finger_query},
    {P::gopher, true, kUp, "", kLineStart, gopher_query},
    {P::gopher, true, kDown, "", "0123456789igIhTs+", gopher_menu},
    {P::whois, true, kUp, "", kLineStart, whois_query},
    {P::zookeeper, true, kUp, "", "rsemcdwi", zookeeper_word},
    // names of our own: binary
    {P::bittorrent, true, kUp, "\x13" "BitTorrent protocol", "", nullptr},
    {P::bittorrent, true, kDown, "\x13" "BitTorrent protocol", "", nullptr},
    {P::cassandra, true, kUp, "", "\x03\x04\x05", cassandra_request},
    {P::cassandra, true, kDown, "", "\x83\x84\x85", cassandra_reply},
    {P::zookeeper, true, kUp, "\0\0\0"sv, "", zookeeper_connect},
    {P::zookeeper, true, kDown, "\0\0\0"sv, "", zookeeper_reply},
    {P::elasticsearch, true, kUp, "ES\0\0"sv, "", nullptr},
    {P::elasticsearch, true, kDown, "ES\0\0"sv, "", nullptr},
    {P::mssql, true, kUp, "\x12\x01", "", tds},
    {P::mssql, true, kDown, "\x04\x01", "", tds},
    {P::oracle, true, kUp, "", "\0\x01\x02\x03\x04"sv, oracle_connect},
    {P::socks4, true, kUp, "\x04", "", socks4_request},
    {P::socks5, true, kUp, "\x05", "", socks5_request},
    {P::rtmp, true, kUp, "\x03", "", rtmp},
    {P::rtmp, true, kDown, "\x03", "", rtmp},
    {P::bgp, true, kUp, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "", bgp},
    {P::bgp, true, kDown, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "", bgp},
    {P::ajp, true, kUp, "\x12\x34", "", ajp_request},
    {P::ajp, true, kDown, "AB", "", ajp_reply},
    {P::fastcgi, true, kUp, "\x01\x01", "", fastcgi_request},
    {P::fastcgi, true, kDown, "\x01", "", fastcgi_reply},
    {P::jdwp, true, kUp, "JDWP-Handshake", "", nullptr},
    {P::jdwp, true, kDown, "JDWP-Handshake", "", nullptr},
    {P::rmi, true, kUp, "JRMI\0"sv, "", nullptr},
    {P::x11, true, kUp, "", "lB", x11_open},
    {P::rpc, true, kUp, "\x80", "", rpc_record<false>},
    {P::openvpn, true, kUp, "\0"sv, "", openvpn_stream},
    {P::openvpn, false, kUp, "", "\x38\x50", openvpn_datagram},
    {P::mdns, false, kUp, "", kAnyByte, dns_header<5353>},
    {P::llmnr, false, kUp, "", kAnyByte, dns_header<5355>},
    {P::stun, false, kUp, "", "\0\x01"sv, stun},
    {P::stun, false, kDown, "", "\x01"sv, stun},
    {P::stun, true, kUp, "\0"sv, "", stun},
    {P::radius, false, kUp, "", "\x01\x04\x0c\x28\x2b", radius},
    {P::radius, false, kDown, "", "\x02\x03\x05\x0b\x29\x2a\x2c\x2d", radius},
    {P::wireguard, false, kUp, "\x01\0\0\0"sv, "", wireguard<148>},
    {P::wireguard, false, kDown, "\x02\0\0\0"sv, "", wireguard<92>},
    {P::coap, false, kUp, "", "\x40\x41\x42\x43\x44\x45\x46\x47\x48\x50\x51\x52\x53\x54\x55\x56\x57\x58", coap},
};
// clang-format on

constexpr P kShared[] = {P::http1, P::http2,  P::ftp,  P::ftp_data, P::smtp,          P::tls,  P::ssh, P::imap,
                         P::smb,   P::dcerpc, P::dns,  P::modbus,   P::enip,          P::dnp3, P::nfs, P::ntp,
                         P::tftp,  P::ike,    P::krb5, P::quic,     P::dhcp,          P::sip,  P::rfb, P::mqtt,
                         P::pgsql, P::telnet, P::rdp,  P::snmp,     P::bittorrent_dht};

}  // namespace

bool is_own_name(AppProtocol p) {
  return is_known(p) && std::find(std::begin(kShared), std::end(kShared), p) == std::end(kShared);
}

Probe KnownPattern::probe(ByteSpan data, std::uint16_t server_port) const {
  if (data.empty()) return Probe::kMore;
  if (!prefix.empty()) {
    const std::size_t there = std::min(prefix.size(), data.size());
    if (std::memcmp(prefix.data(), data.data(), there) != 0) return Probe::kNo;
    if (there < prefix.size()) return tcp ? Probe::kMore : Probe::kNo;
    if (check == nullptr) return Probe::kYes;
  } else if (!starts_with(data[0])) {
    return Probe::kNo;
  }
  const Probe answer = check(data, server_port);
  return answer == Probe::kMore && !tcp ? Probe::kNo : answer;
}

std::span<const KnownPattern> known_patterns() {
  return kRows;
}

bool has_known_pattern(AppProtocol id) {
  return std::any_of(std::begin(kRows), std::end(kRows), [&](const KnownPattern& row) { return row.id == id; });
}

}  // namespace bulkhead::app
