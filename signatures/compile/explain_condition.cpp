#include "signatures/compile/explain_condition.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "signatures/keywords/keyword.h"
#include "signatures/keywords/parse_number.h"

namespace bulkhead::signatures {
namespace {

using Words = std::string (*)(std::string_view value);

struct Name {
  std::string_view code, words;
};

std::string_view find(std::span<const Name> names, std::string_view code) {
  for (const Name& name : names) {
    if (equals_ignoring_case(name.code, code)) return name.words;
  }
  return {};
}

// "7 (unreachable)" where the number has a name, else as it stands.
std::string with_name(std::span<const Name> names, std::string_view value) {
  const std::string_view words = find(names, value);
  return words.empty() ? std::string(value) : std::string(value) + " (" + std::string(words) + ")";
}

// "a", "a or b", "a, b or c".
std::string listed(const std::vector<std::string>& parts, std::string_view last) {
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += i + 1 == parts.size() ? " " + std::string(last) + " " : ", ";
    out += parts[i];
  }
  return out;
}

// Takes a leading '!' off.
bool take_negation(std::string_view& text) {
  text = trim_blanks(text);
  if (!text.starts_with('!')) return false;
  text = trim_blanks(text.substr(1));
  return true;
}

std::string_view unquoted(std::string_view text) {
  return text.size() > 1 && text.front() == '"' && text.back() == '"' ? text.substr(1, text.size() - 2) : text;
}

// --- numbers ----------------------------------------------------------------------------------

std::string time_to_live(std::string_view v) {
  return "the time to live (hop limit) " + number_words(v);
}
std::string payload_size(std::string_view v) {
  return "the size of the payload " + number_words(v, "byte");
}
std::string identification(std::string_view v) {
  return "the identification of the IPv4 packet " + number_words(v);
}
std::string sequence(std::string_view v) {
  return "the TCP sequence number " + number_words(v);
}
std::string acknowledgement(std::string_view v) {
  return "the TCP acknowledgement number " + number_words(v);
}
std::string window(std::string_view v) {
  return "the TCP window (unscaled) " + number_words(v, "byte");
}
std::string segment_size(std::string_view v) {
  return "the maximum segment size that TCP offers " + number_words(v, "byte");
}
std::string service(std::string_view v) {
  return "the type of service byte " + number_words(v);
}
std::string fragment_offset(std::string_view v) {
  return "the fragment offset " + number_words(v);
}
std::string echo_id(std::string_view v) {
  return "the identifier of the ICMP message " + number_words(v);
}
std::string echo_sequence(std::string_view v) {
  return "the sequence number of the ICMP message " + number_words(v);
}
std::string path_mtu(std::string_view v) {
  return "the MTU that ICMPv6 reports " + number_words(v, "byte");
}
std::string flow_age(std::string_view v) {
  return "the age of the flow " + number_words(v, "second");
}
std::string uri_length(std::string_view v) {
  const auto comma = v.find(',');
  const std::string_view form = comma == v.npos ? std::string_view{} : trim_blanks(v.substr(comma + 1));
  return std::string("the length of the ") + (form == "raw" ? "URI as sent " : "normalised URI ") +
         number_words(v.substr(0, comma), "byte");
}
std::string file_size(std::string_view v) {
  return "a file of the transaction has a size that " + number_words(v, "byte");
}

std::string icmp_type(std::string_view v) {
  static constexpr std::array<Name, 13> kTypes = {{{"0", "echo reply"},
                                                   {"3", "destination unreachable"},
                                                   {"5", "redirect"},
                                                   {"8", "echo request"},
                                                   {"9", "router advertisement"},
                                                   {"11", "time exceeded"},
                                                   {"12", "parameter problem"},
                                                   {"13", "timestamp request"},
                                                   {"14", "timestamp reply"},
                                                   {"17", "address mask request"},
                                                   {"128", "ICMPv6 echo request"},
                                                   {"129", "ICMPv6 echo reply"},
                                                   {"135", "neighbor solicitation"}}};
  const std::string_view words = find(kTypes, trim_blanks(v));
  return words.empty() ? "the ICMP type " + number_words(v) : "the ICMP type is " + with_name(kTypes, trim_blanks(v));
}
std::string icmp_code(std::string_view v) {
  return "the ICMP code " + number_words(v);
}

std::string ip_protocol(std::string_view v) {
  static constexpr std::array<Name, 12> kProtocols = {{{"1", "ICMP"},
                                                       {"2", "IGMP"},
                                                       {"4", "IP in IP"},
                                                       {"6", "TCP"},
                                                       {"17", "UDP"},
                                                       {"41", "IPv6 in IP"},
                                                       {"47", "GRE"},
                                                       {"50", "ESP"},
                                                       {"51", "AH"},
                                                       {"58", "ICMPv6"},
                                                       {"103", "PIM"},
                                                       {"132", "SCTP"}}};
  std::string_view rest = v;
  const bool negated = take_negation(rest);
  if (rest.starts_with('<') || rest.starts_with('>')) return "the number of the protocol above IP " + number_words(v);
  return std::string("the protocol above IP is ") + (negated ? "not " : "") + with_name(kProtocols, rest);
}

// --- bits -------------------------------------------------------------------------------------

// `[+|*|!]LETTERS` of flags and fragbits.
std::string bits(std::string_view text, std::span<const Name> names, std::string_view what) {
  char mode = '=';
  std::string letters;
  for (const char c : text) {
    if (c == '+' || c == '*' || c == '!') {
      mode = c;
    } else if (c != ' ') {
      letters += c;
    }
  }
  std::vector<std::string> parts;
  for (const char& c : letters) {
    const std::string_view name = find(names, std::string_view(&c, 1));
    parts.emplace_back(name.empty() ? std::string_view(&c, 1) : name);
  }
  if (letters == "0")
    return mode == '!' ? "at least one of the " + std::string(what) + " is set"
                       : "none of the " + std::string(what) + " is set";
  const std::string verb = parts.size() == 1 ? " is set" : " are set";
  switch (mode) {
    case '+': return "of the " + std::string(what) + " " + listed(parts, "and") + verb + ", perhaps with others";
    case '*': return "of the " + std::string(what) + " at least one of " + listed(parts, "and") + " is set";
    case '!': return "of the " + std::string(what) + " not all of " + listed(parts, "and") + " are set";
    default: return "of the " + std::string(what) + " exactly " + listed(parts, "and") + verb;
  }
}

std::string tcp_flags(std::string_view v) {
  static constexpr std::array<Name, 10> kFlags = {{{"F", "FIN"},
                                                   {"S", "SYN"},
                                                   {"R", "RST"},
                                                   {"P", "PSH"},
                                                   {"A", "ACK"},
                                                   {"U", "URG"},
                                                   {"C", "CWR"},
                                                   {"1", "CWR"},
                                                   {"E", "ECE"},
                                                   {"2", "ECE"}}};
  const auto comma = v.find(',');
  std::string out = bits(v.substr(0, comma), kFlags, "TCP flags");
  if (comma == v.npos) return out;
  std::vector<std::string> ignored;
  for (const char& c : v.substr(comma + 1)) {
    const std::string_view name = find(kFlags, std::string_view(&c, 1));
    if (!name.empty()) ignored.emplace_back(name);
  }
  return ignored.empty() ? out : out + ", whatever " + listed(ignored, "and") + (ignored.size() == 1 ? " is" : " are");
}

std::string fragment_bits(std::string_view v) {
  static constexpr std::array<Name, 3> kBits = {{{"M", "more fragments"}, {"D", "don't fragment"}, {"R", "reserved"}}};
  return bits(v, kBits, "fragmentation bits");
}

std::string ip_options(std::string_view v) {
  static constexpr std::array<Name, 13> kOptions = {{{"rr", "record route"},
                                                     {"eol", "end of list"},
                                                     {"nop", "no operation"},
                                                     {"ts", "timestamp"},
                                                     {"sec", "security"},
                                                     {"esec", "extended security"},
                                                     {"cipso", "commercial security"},
                                                     {"qs", "quick start"},
                                                     {"rtralt", "router alert"},
                                                     {"lsrr", "loose source route"},
                                                     {"ssrr", "strict source route"},
                                                     {"satid", "stream identifier"},
                                                     {"any", "any"}}};
  const std::string_view words = find(kOptions, v);
  if (words == "any") return "the IPv4 header has options";
  return "the IPv4 header has the option " + std::string(words.empty() ? v : words);
}

// --- hosts ------------------------------------------------------------------------------------

std::string_view side_words(std::string_view side) {
  static constexpr std::array<Name, 4> kSides = {{{"src", "the source address"},
                                                  {"dst", "the destination address"},
                                                  {"both", "each of the two addresses"},
                                                  {"any", "one of the two addresses"}}};
  return find(kSides, trim_blanks(side));
}

std::string same_address(std::string_view /*value*/) {
  return "the source and the destination address are the same";
}

std::string country(std::string_view v) {
  std::vector<std::string> countries;
  std::string_view side = "one of the two addresses";
  bool negated = false;
  for (std::string_view part : split(v, ',')) {
    if (const std::string_view words = side_words(part); !words.empty() && countries.empty()) {
      side = words;
    } else {
      negated |= take_negation(part);
      countries.emplace_back(part);
    }
  }
  return std::string(side) + (negated ? " lies in none of the countries " : " lies in ") +
         listed(countries, negated ? "and" : "or");
}

std::string reputation(std::string_view v) {
  const std::vector<std::string_view> parts = split(v, ',');
  if (parts.size() < 3) return {};
  const std::string side(side_words(parts[0]).empty() ? parts[0] : side_words(parts[0]));
  const std::string category(trim_blanks(parts[1]));
  if (trim_blanks(parts[2]) == "isset") return side + " is on the reputation list " + category;
  if (trim_blanks(parts[2]) == "isnotset") return side + " is not on the reputation list " + category;
  if (parts.size() < 4) return {};
  return side + " has a reputation in the category " + category + " that " +
         number_words(std::string(trim_blanks(parts[2])) + std::string(trim_blanks(parts[3])));
}

std::string ip_version(std::string_view v) {
  return v.find('6') != v.npos ? "the packet is IPv6" : "the packet is IPv4";
}

// --- streams and events -----------------------------------------------------------------------

std::string stream_size(std::string_view v) {
  static constexpr std::array<Name, 4> kSides = {{{"server", "the server has"},
                                                  {"client", "the client has"},
                                                  {"both", "each side has"},
                                                  {"either", "one of the sides has"}}};
  const std::vector<std::string_view> parts = split(v, ',');
  if (parts.size() < 3) return {};
  const std::string_view side = find(kSides, trim_blanks(parts[0]));
  return std::string(side.empty() ? parts[0] : side) + " used a count of sequence numbers that " +
         number_words(std::string(trim_blanks(parts[1])) + std::string(trim_blanks(parts[2])));
}

// "est_invalid_ack" as "est invalid ack": names of events are words.
std::string event_words(std::string_view name) {
  std::string out(unquoted(name));
  std::replace(out.begin(), out.end(), '_', ' ');
  return "\"" + out + "\"";
}
std::string decoder_event(std::string_view v) {
  return "the decoder found this wrong with the packet: " + event_words(v);
}
std::string stream_event(std::string_view v) {
  return "the TCP stream engine noticed with this packet: " + event_words(v);
}
std::string engine_event(std::string_view v) {
  const auto dot = v.find('.');
  if (dot == v.npos) return "the engine noticed with this packet: " + event_words(v);
  return v.starts_with("stream") ? stream_event(v.substr(dot + 1)) : decoder_event(v.substr(dot + 1));
}
std::string parser_event(std::string_view v) {
  const auto dot = v.find('.');
  if (dot == v.npos) return "the detection of protocols noticed: " + event_words(v);
  return "the parser of " + std::string(v.substr(0, dot)) + " noticed: " + event_words(v.substr(dot + 1));
}
std::string protocol_found(std::string_view v) {
  const bool negated = take_negation(v);
  v = unquoted(v);
  if (v == "failed") return "no application protocol could be found in the conversation";
  return "the application protocol of the conversation is " + std::string(negated ? "known and is not " : "") +
         std::string(v);
}

std::string checksum(std::string_view v, std::string_view what) {
  return "the " + std::string(what) + " checksum is " + (to_lower(unquoted(v)) == "invalid" ? "wrong" : "right");
}
std::string ipv4_checksum(std::string_view v) {
  return checksum(v, "IPv4 header");
}
std::string tcp4_checksum(std::string_view v) {
  return checksum(v, "TCP (over IPv4)");
}
std::string tcp6_checksum(std::string_view v) {
  return checksum(v, "TCP (over IPv6)");
}
std::string udp4_checksum(std::string_view v) {
  return checksum(v, "UDP (over IPv4)");
}
std::string udp6_checksum(std::string_view v) {
  return checksum(v, "UDP (over IPv6)");
}
std::string icmp4_checksum(std::string_view v) {
  return checksum(v, "ICMPv4");
}
std::string icmp6_checksum(std::string_view v) {
  return checksum(v, "ICMPv6");
}

// --- protocols --------------------------------------------------------------------------------

std::string rpc_call(std::string_view v) {
  static constexpr std::array<std::string_view, 3> kParts = {"program", "version", "procedure"};
  std::vector<std::string> parts;
  const auto words = split(v, ',');
  for (std::size_t i = 0; i < std::min(words.size(), kParts.size()); ++i) {
    const std::string_view word = trim_blanks(words[i]);
    if (word != "*") parts.push_back(std::string(kParts[i]) + " " + std::string(word));
  }
  return "the packet is a Sun RPC call of " + listed(parts, "and");
}

std::string handshake_state(std::string_view v) {
  static constexpr std::array<Name, 5> kStates = {{{"client_hello", "the client's hello"},
                                                   {"server_hello", "the server's hello"},
                                                   {"client_keyx", "the client's key exchange"},
                                                   {"server_keyx", "the server's key exchange"},
                                                   {"unknown", "none that is known"}}};
  std::vector<std::string> parts;
  for (std::string_view state : split(v, '|')) {
    const bool negated = take_negation(state);
    const std::string_view words = find(kStates, state);
    parts.push_back((negated ? "not " : "") + std::string(words.empty() ? state : words));
  }
  return "the last message of the TLS handshake is " + listed(parts, "or");
}

std::string tls_version(std::string_view v) {
  std::vector<std::string> parts;
  bool negated = false;
  for (std::string_view version : split(v, ',')) {
    negated |= take_negation(version);
    parts.emplace_back(unquoted(version));
  }
  return std::string("the side that sends speaks ") + (negated ? "a version of SSL or TLS other than " : "") +
         listed(parts, negated ? "and" : "or");
}

std::string ftp_data(std::string_view v) {
  return std::string("a file is ") + (to_lower(v) == "stor" ? "stored over FTP" : "fetched over FTP");
}
std::string ftp_bounce(std::string_view /*value*/) {
  return "an FTP PORT command names another host than the client";
}

std::string captured(std::string_view v, std::string_view owner) {
  const auto comma = v.find(',');
  if (comma == v.npos) return {};
  return "the text \"" + std::string(trim_blanks(v.substr(0, comma))) + "\" that an expression captured for the " +
         std::string(owner) + " contains " + std::string(trim_blanks(v.substr(comma + 1)));
}
std::string flow_capture(std::string_view v) {
  return captured(v, "flow");
}
std::string packet_capture(std::string_view v) {
  return captured(v, "packet");
}

std::string file_word(std::string_view v, std::string_view is, std::string_view is_not) {
  const bool negated = take_negation(v);
  return "a file of the transaction has " + std::string(negated ? is_not : is) + " \"" + std::string(unquoted(v)) +
         "\"";
}
std::string file_name(std::string_view v) {
  return file_word(v, "a name with", "a name without");
}
std::string file_extension(std::string_view v) {
  return file_word(v, "the extension", "another extension than");
}
std::string file_magic(std::string_view v) {
  return file_word(v, "a type with", "a type without");
}
std::string digest_list(std::string_view v, std::string_view digest) {
  const bool negated = take_negation(v);
  return "a file's " + std::string(digest) + " digest is " + (negated ? "not " : "") + "in the list " +
         std::string(unquoted(v));
}
std::string md5_list(std::string_view v) {
  return digest_list(v, "MD5");
}
std::string sha1_list(std::string_view v) {
  return digest_list(v, "SHA-1");
}
std::string sha256_list(std::string_view v) {
  return digest_list(v, "SHA-256");
}

struct Entry {
  std::string_view keyword;
  Words words;
};
constexpr std::array kEntries = {Entry{"ttl", time_to_live},
                                 Entry{"dsize", payload_size},
                                 Entry{"id", identification},
                                 Entry{"tcp.seq", sequence},
                                 Entry{"tcp.ack", acknowledgement},
                                 Entry{"tcp.window", window},
                                 Entry{"tcp.mss", segment_size},
                                 Entry{"tos", service},
                                 Entry{"fragoffset", fragment_offset},
                                 Entry{"icmp_id", echo_id},
                                 Entry{"icmp_seq", echo_sequence},
                                 Entry{"icmpv6.mtu", path_mtu},
                                 Entry{"flow.age", flow_age},
                                 Entry{"urilen", uri_length},
                                 Entry{"filesize", file_size},
                                 Entry{"itype", icmp_type},
                                 Entry{"icode", icmp_code},
                                 Entry{"ip_proto", ip_protocol},
                                 Entry{"tcp.flags", tcp_flags},
                                 Entry{"fragbits", fragment_bits},
                                 Entry{"ipopts", ip_options},
                                 Entry{"sameip", same_address},
                                 Entry{"geoip", country},
                                 Entry{"iprep", reputation},
                                 Entry{"l3_proto", ip_version},
                                 Entry{"stream_size", stream_size},
                                 Entry{"decode-event", decoder_event},
                                 Entry{"stream-event", stream_event},
                                 Entry{"engine-event", engine_event},
                                 Entry{"app-layer-event", parser_event},
                                 Entry{"app-layer-protocol", protocol_found},
                                 Entry{"ipv4-csum", ipv4_checksum},
                                 Entry{"tcpv4-csum", tcp4_checksum},
                                 Entry{"tcpv6-csum", tcp6_checksum},
                                 Entry{"udpv4-csum", udp4_checksum},
                                 Entry{"udpv6-csum", udp6_checksum},
                                 Entry{"icmpv4-csum", icmp4_checksum},
                                 Entry{"icmpv6-csum", icmp6_checksum},
                                 Entry{"rpc", rpc_call},
                                 Entry{"ssl_state", handshake_state},
                                 Entry{"ssl_version", tls_version},
                                 Entry{"tls.version", tls_version},
                                 Entry{"ftpdata_command", ftp_data},
                                 Entry{"ftpbounce", ftp_bounce},
                                 Entry{"flowvar", flow_capture},
                                 Entry{"pktvar", packet_capture},
                                 Entry{"filename", file_name},
                                 Entry{"fileext", file_extension},
                                 Entry{"filemagic", file_magic},
                                 Entry{"filemd5", md5_list},
                                 Entry{"filesha1", sha1_list},
                                 Entry{"filesha256", sha256_list}};

// Keywords of protocols have one sentence in their tables: "The quality of service of a message".
std::string from_help(const Keyword& keyword, std::string_view value) {
  std::string what(keyword.help);
  if (what.ends_with('.')) what.pop_back();
  if (const auto colon = what.find(':'); colon != what.npos) what.resize(colon);  // a list of what it may be
  const bool acronym = what.size() > 1 && what[1] >= 'A' && what[1] <= 'Z';
  if (!what.empty() && !acronym) what[0] = static_cast<char>(what[0] | 0x20);
  if (value.empty()) return what;
  return what + " " + number_words(value);
}

}  // namespace

std::string number_words(std::string_view value, std::string_view unit) {
  value = trim_blanks(unquoted(trim_blanks(value)));
  const auto counted = [&](std::string_view n) {
    n = trim_blanks(n);
    if (unit.empty()) return std::string(n);
    return std::string(n) + " " + std::string(unit) + (n == "1" ? "" : "s");
  };
  for (const std::string_view between : {std::string_view("<>"), std::string_view("-")}) {
    const auto at = value.find(between);
    if (at == value.npos || at == 0) continue;
    return "is between " + std::string(trim_blanks(value.substr(0, at))) + " and " +
           counted(value.substr(at + between.size()));
  }
  static constexpr std::array<Name, 10> kTests = {{{"<=", "is at most "},
                                                   {">=", "is at least "},
                                                   {"!=", "is not "},
                                                   {"!<", "is not below "},
                                                   {"!>", "is not above "},
                                                   {"<", "is below "},
                                                   {">", "is above "},
                                                   {"!", "is not "},
                                                   {"=", "is "},
                                                   {"", "is "}}};
  for (const Name& test : kTests) {
    if (value.starts_with(test.code)) return std::string(test.words) + counted(value.substr(test.code.size()));
  }
  return {};
}

std::string explain_condition(std::string_view option) {
  const auto colon = option.find(':');
  const std::string_view name = trim_blanks(option.substr(0, colon));
  const std::string_view value = colon == option.npos ? std::string_view{} : trim_blanks(option.substr(colon + 1));
  const Keyword* keyword = find_keyword(name);
  if (keyword == nullptr) return {};
  for (const Entry& entry : kEntries) {
    if (entry.keyword != keyword->name) continue;
    std::string words = entry.words(value);
    return words.empty() ? from_help(*keyword, value) : words;
  }
  return from_help(*keyword, value);
}

}  // namespace bulkhead::signatures
