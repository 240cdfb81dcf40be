#include "datapath/app/ldap/ldap_parser.h"

#include <algorithm>
#include <iterator>

namespace bulkhead::app::ldap {
namespace {

constexpr std::size_t kMaxText = 1024, kMaxAttributes = 32, kMaxWaiting = 64;
constexpr std::uint64_t kMaxMessage = 64UL << 20;
constexpr unsigned kMaxDepth = 16;
constexpr std::string_view kStartTls = "1.3.6.1.4.1.1466.20037";

namespace tag {
constexpr std::uint8_t kBindRequest = 0x60, kBindResponse = 0x61, kUnbind = 0x42, kSearchRequest = 0x63,
                       kSearchEntry = 0x64, kSearchDone = 0x65, kModify = 0x66, kAdd = 0x68, kDelete = 0x4a,
                       kModifyDn = 0x6c, kCompare = 0x6e, kAbandon = 0x50, kSearchReference = 0x73, kExtended = 0x77,
                       kExtendedResponse = 0x78, kIntermediate = 0x79;
}

std::string_view name_of(std::uint8_t operation) {
  switch (operation) {
    case tag::kBindRequest: return "bind_request";
    case tag::kBindResponse: return "bind_response";
    case tag::kUnbind: return "unbind_request";
    case tag::kSearchRequest: return "search_request";
    case tag::kSearchEntry: return "search_result_entry";
    case tag::kSearchDone: return "search_result_done";
    case tag::kModify: return "modify_request";
    case 0x67: return "modify_response";
    case tag::kAdd: return "add_request";
    case 0x69: return "add_response";
    case tag::kDelete: return "del_request";
    case 0x6b: return "del_response";
    case tag::kModifyDn: return "mod_dn_request";
    case 0x6d: return "mod_dn_response";
    case tag::kCompare: return "compare_request";
    case 0x6f: return "compare_response";
    case tag::kAbandon: return "abandon_request";
    case tag::kSearchReference: return "search_result_reference";
    case tag::kExtended: return "extended_request";
    case tag::kExtendedResponse: return "extended_response";
    case tag::kIntermediate: return "intermediate_response";
    default: return "";
  }
}

bool is_request(std::uint8_t operation) {
  switch (operation) {
    case tag::kBindRequest:
    case tag::kUnbind:
    case tag::kSearchRequest:
    case tag::kModify:
    case tag::kAdd:
    case tag::kDelete:
    case tag::kModifyDn:
    case tag::kCompare:
    case tag::kAbandon:
    case tag::kExtended: return true;
    default: return false;
  }
}

struct ResultName {
  std::uint32_t code;
  std::string_view name;
};
constexpr ResultName kResults[] = {
    {0, "success"},
    {1, "operations_error"},
    {2, "protocol_error"},
    {3, "time_limit_exceeded"},
    {4, "size_limit_exceeded"},
    {5, "compare_false"},
    {6, "compare_true"},
    {7, "auth_method_not_supported"},
    {8, "stronger_auth_required"},
    {10, "referral"},
    {11, "admin_limit_exceeded"},
    {12, "unavailable_critical_extension"},
    {13, "confidentiality_required"},
    {14, "sasl_bind_in_progress"},
    {16, "no_such_attribute"},
    {17, "undefined_attribute_type"},
    {18, "inappropriate_matching"},
    {19, "constraint_violation"},
    {20, "attribute_or_value_exists"},
    {21, "invalid_attribute_syntax"},
    {32, "no_such_object"},
    {33, "alias_problem"},
    {34, "invalid_dn_syntax"},
    {36, "alias_dereferencing_problem"},
    {48, "inappropriate_authentication"},
    {49, "invalid_credentials"},
    {50, "insufficient_access_rights"},
    {51, "busy"},
    {52, "unavailable"},
    {53, "unwilling_to_perform"},
    {54, "loop_detect"},
    {64, "naming_violation"},
    {65, "object_class_violation"},
    {66, "not_allowed_on_non_leaf"},
    {67, "not_allowed_on_rdn"},
    {68, "entry_already_exists"},
    {69, "object_class_mods_prohibited"},
    {71, "affects_multiple_dsas"},
    {80, "other"},
};

void append(std::string& out, std::string_view text, std::size_t limit) {
  if (out.size() < limit) out += text.substr(0, limit - out.size());
}

// RFC 4515: what would be read as syntax is written \xx.
void append_value(std::string& out, ByteSpan value, std::size_t limit) {
  static constexpr char kHex[] = "0123456789abcdef";
  for (const Byte b : value) {
    if (out.size() >= limit) return;
    const auto c = static_cast<char>(b);
    if (c == '*' || c == '(' || c == ')' || c == '\\' || b < 0x20 || b >= 0x7f) {
      out += '\\';
      out += kHex[b >> 4];
      out += kHex[b & 15];
    } else {
      out += c;
    }
  }
}

void append_substrings(std::string& out, ByteSpan body, std::size_t limit) {
  BerReader parts(body);
  if (parts.next()) append_value(out, parts.body(), limit);
  append(out, "=", limit);
  if (!parts.next()) return;
  BerReader pieces(parts.body());
  std::uint8_t last = 0x80;
  bool first = true;
  while (pieces.next()) {
    if (!first || pieces.tag() != 0x80) append(out, "*", limit);
    append_value(out, pieces.body(), limit);
    last = pieces.tag();
    first = false;
  }
  if (last != 0x82) append(out, "*", limit);
}

void append_extensible(std::string& out, ByteSpan body, std::size_t limit) {
  BerReader parts(body);
  ByteSpan rule, type, value;
  bool of_dn = false;
  while (parts.next()) {
    if (parts.tag() == 0x81) rule = parts.body();
    if (parts.tag() == 0x82) type = parts.body();
    if (parts.tag() == 0x83) value = parts.body();
    if (parts.tag() == 0x84) of_dn = parts.number() != 0;
  }
  append_value(out, type, limit);
  if (of_dn) append(out, ":dn", limit);
  if (!rule.empty()) {
    append(out, ":", limit);
    append_value(out, rule, limit);
  }
  append(out, ":=", limit);
  append_value(out, value, limit);
}

}  // namespace

void append_filter(std::string& out, BerReader& filter, unsigned depth, std::size_t limit) {
  if (!filter.next() || depth > kMaxDepth || out.size() >= limit) return;
  const std::uint8_t kind = filter.tag();
  append(out, "(", limit);
  switch (kind) {
    case 0xa0:
    case 0xa1:
    case 0xa2: {
      append(out, kind == 0xa0 ? "&" : kind == 0xa1 ? "|" : "!", limit);
      BerReader inside(filter.body());
      for (std::size_t before = 0; before != out.size() && out.size() < limit;) {
        before = out.size();
        append_filter(out, inside, depth + 1, limit);
      }
      break;
    }
    case 0xa3:
    case 0xa5:
    case 0xa6:
    case 0xa8: {
      BerReader pair(filter.body());
      if (pair.next()) append_value(out, pair.body(), limit);
      append(out, kind == 0xa3 ? "=" : kind == 0xa5 ? ">=" : kind == 0xa6 ? "<=" : "~=", limit);
      if (pair.next()) append_value(out, pair.body(), limit);
      break;
    }
    case 0xa4: append_substrings(out, filter.body(), limit); break;
    case 0x87:
      append_value(out, filter.body(), limit);
      append(out, "=*", limit);
      break;
    case 0xa9: append_extensible(out, filter.body(), limit); break;
    default: break;
  }
  append(out, ")", limit);
}

FramedParser::Measure LdapParser::measure(Direction, ByteSpan data, std::uint64_t& length) {
  if (data[0] != 0x30) return sealed_ ? Measure::kKnown : Measure::kBad;
  BerHead head;
  if (!read_head(data, head)) return head.bad ? Measure::kBad : Measure::kMore;
  length = head.head + head.length;
  return length <= kMaxMessage && head.length >= 5 ? Measure::kKnown : Measure::kBad;
}

void LdapParser::broken(Direction d) {
  LdapTransaction& tx = add<LdapTransaction>();
  tx.note(LdapEvent::malformed_message);
  tx.advance(d, exchange::kComplete);
  tx.advance(opposite(d), exchange::kComplete);
}

ParseResult::Status LdapParser::message(Direction d, ByteSpan shown, std::uint64_t length, const ParseMoment&) {
  BerReader outer(shown);
  outer.next();
  BerReader parts(outer.body());
  const bool numbered = parts.next() && parts.tag() == 0x02 && parts.body().size() <= 4;
  const std::uint32_t id = parts.number();
  if (!numbered || !parts.next() || name_of(parts.tag()).empty()) {
    broken(d);
    return ParseResult::Status::kError;
  }
  const bool cut = length > shown.size();
  const std::size_t made = transactions().size();
  ParseResult::Status status = ParseResult::Status::kOk;
  if (is_request(parts.tag())) {
    request(id, parts);
  } else {
    status = response(id, parts);
  }
  if (parts.failed() && !cut && transactions().size() > made) {
    static_cast<LdapTransaction&>(*transactions().back()).note(LdapEvent::malformed_message);
  }
  return status;
}

void LdapParser::read_bind(LdapTransaction& tx, ByteSpan body) {
  BerReader parts(body);
  parts.next();  // version
  if (parts.next()) tx.dn = copy_text(parts.body(), kMaxText);
  if (!parts.next()) return tx.note(LdapEvent::malformed_message);
  if (parts.tag() == 0x80) {
    tx.mechanism = "simple";
    if (tx.dn.empty() && parts.body().empty()) tx.note(LdapEvent::anonymous_bind);
    if (!parts.body().empty()) tx.note(LdapEvent::plain_password);
  } else if (parts.tag() == 0xa3) {
    BerReader sasl(parts.body());
    if (sasl.next()) tx.mechanism = copy_text(sasl.body(), 64);
    if (!sasl.next() || tx.mechanism != "PLAIN") return;
    tx.note(LdapEvent::plain_password);
    const std::string_view login = view_text(sasl.body());  // authzid NUL user NUL password
    const std::size_t first = login.find('\0');
    if (first == std::string_view::npos) return;
    const std::string_view rest = login.substr(first + 1);
    if (tx.dn.empty()) tx.dn = rest.substr(0, std::min(rest.find('\0'), kMaxText));
  }
}

void LdapParser::read_search(LdapTransaction& tx, ByteSpan body) {
  BerReader parts(body);
  if (parts.next()) tx.dn = copy_text(parts.body(), kMaxText);
  if (parts.next()) tx.scope = parts.number() == 0 ? "base" : parts.number() == 1 ? "one" : "subtree";
  for (int i = 0; i < 4; ++i) parts.next();  // aliases, limits, types only
  append_filter(tx.filter, parts, 0, kMaxText);
  if (!parts.next()) return;
  BerReader attributes(parts.body());
  while (attributes.next() && tx.attributes.size() < kMaxAttributes) {
    tx.attributes.push_back(copy_text(attributes.body(), 256));
  }
}

void LdapParser::request(std::uint32_t id, BerReader& operation) {
  LdapTransaction& tx = add<LdapTransaction>();
  tx.message_id = id;
  tx.operation = name_of(operation.tag());
  const ByteSpan body = operation.body();
  BerReader parts(body);
  switch (operation.tag()) {
    case tag::kBindRequest: read_bind(tx, body); break;
    case tag::kSearchRequest: read_search(tx, body); break;
    case tag::kDelete: tx.dn = copy_text(body, kMaxText); break;
    case tag::kModify:
    case tag::kAdd:
    case tag::kModifyDn:
    case tag::kCompare:
      if (parts.next()) tx.dn = copy_text(parts.body(), kMaxText);
      break;
    case tag::kExtended:
      if (parts.next() && parts.tag() == 0x80) tx.oid = copy_text(parts.body(), 256);
      break;
    default: break;
  }
  if (operation.tag() == tag::kUnbind || operation.tag() == tag::kAbandon) {
    tx.advance(Direction::kToClient, exchange::kComplete);
  } else {
    if (waiting_.size() >= kMaxWaiting) {
      if (waiting_.front() != nullptr) waiting_.front()->advance(Direction::kToClient, exchange::kComplete);
      waiting_.pop_front();
    }
    waiting_.emplace_back(&tx);
  }
  tx.advance(Direction::kToServer, exchange::kComplete);
}

void LdapParser::read_result(LdapTransaction& tx, ByteSpan body) {
  BerReader parts(body);
  if (!parts.next() || parts.tag() != 0x0a) return tx.note(LdapEvent::malformed_message);
  const std::uint32_t code = parts.number();
  tx.result_code = code;
  const auto* known =
      std::find_if(std::begin(kResults), std::end(kResults), [&](const ResultName& r) { return r.code == code; });
  tx.result = known == std::end(kResults) ? "code_" + std::to_string(code) : std::string(known->name);
  if (parts.next()) tx.matched_dn = copy_text(parts.body(), kMaxText);
  if (parts.next()) tx.message = copy_text(parts.body(), kMaxText);
  if (code == 48 || code == 49 || code == 50 || code == 8) {
    tx.auth_failed = true;
    tx.note(LdapEvent::auth_failed);
  }
}

ParseResult::Status LdapParser::response(std::uint32_t id, BerReader& operation) {
  const auto found = std::find_if(waiting_.begin(), waiting_.end(),
                                  [&](const LdapTransaction* tx) { return tx != nullptr && tx->message_id == id; });
  const std::uint8_t kind = operation.tag();
  const bool part = kind == tag::kSearchEntry || kind == tag::kSearchReference || kind == tag::kIntermediate;
  if (found == waiting_.end()) {
    if (part) return ParseResult::Status::kOk;
    LdapTransaction& tx = add<LdapTransaction>();
    tx.message_id = id;
    tx.operation = name_of(kind);
    read_result(tx, operation.body());
    if (id != 0) tx.note(LdapEvent::unmatched_response);  // 0: a notice of disconnection
    tx.advance(Direction::kToServer, exchange::kComplete);
    tx.advance(Direction::kToClient, exchange::kComplete);
    return ParseResult::Status::kOk;
  }
  LdapTransaction& tx = **found;
  if (part) {
    tx.entries += kind == tag::kSearchEntry ? 1 : 0;
    return ParseResult::Status::kOk;
  }
  waiting_.erase(found);
  read_result(tx, operation.body());
  const bool success = tx.result_code && *tx.result_code == 0;
  if (kind == tag::kBindResponse && success && tx.mechanism != "simple" && tx.mechanism != "PLAIN" &&
      tx.mechanism != "EXTERNAL") {
    sealed_ = true;
  }
  tx.advance(Direction::kToClient, exchange::kComplete);
  if (kind == tag::kExtendedResponse && success && tx.oid == kStartTls) {
    change_to(AppProtocol::tls);
    return ParseResult::Status::kChange;
  }
  return ParseResult::Status::kOk;
}

void LdapParser::end(Direction d, ByteSpan left) {
  FramedParser::end(d, left);
  if (d == Direction::kToClient) waiting_.clear();
}

Probe probe_ldap(Direction d, ByteSpan data, std::uint16_t) {
  BerHead all, id, operation;
  if (data[0] != 0x30) return Probe::kNo;
  if (!read_head(data, all)) return all.bad ? Probe::kNo : Probe::kMore;
  if (all.length < 5 || all.length > kMaxMessage) return Probe::kNo;
  ByteSpan rest = data.subspan(all.head);
  if (!read_head(rest, id)) return id.bad ? Probe::kNo : Probe::kMore;
  if (id.tag != 0x02 || id.length == 0 || id.length > 4) return Probe::kNo;
  if (rest.size() < id.head + id.length) return Probe::kMore;
  rest = rest.subspan(id.head + static_cast<std::size_t>(id.length));
  if (!read_head(rest, operation)) return operation.bad ? Probe::kNo : Probe::kMore;
  const bool up = d == Direction::kToServer;
  if (name_of(operation.tag).empty() || is_request(operation.tag) != up || operation.tag == tag::kUnbind ||
      operation.tag == tag::kAbandon) {
    return Probe::kNo;
  }
  if (id.head + id.length + operation.head + operation.length > all.length) return Probe::kNo;
  if (rest.size() < operation.head + 1) return Probe::kMore;
  const Byte first = rest[operation.head];
  const bool fits = operation.tag == tag::kBindRequest ? first == 0x02
                    : operation.tag == tag::kExtended  ? first == 0x80
                    : up                               ? first == 0x04 || operation.tag == tag::kDelete
                                                       : first == 0x0a || first == 0x04;
  return fits ? Probe::kYes : Probe::kNo;
}

}  // namespace bulkhead::app::ldap
