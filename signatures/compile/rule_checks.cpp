#include "signatures/compile/rule_checks.h"

#include <algorithm>
#include <array>

#include "datapath/app/protocol_table.h"
#include "signatures/keywords/buffer_keywords.h"

namespace bulkhead::signatures {

namespace {

bool may_carry_tcp(RuleProtocol protocol) {
  switch (protocol) {
    case RuleProtocol::kIp:
    case RuleProtocol::kIpv4:
    case RuleProtocol::kIpv6:
    case RuleProtocol::kTcp:
    case RuleProtocol::kTcpPkt:
    case RuleProtocol::kApplication:
    case RuleProtocol::kTcpStream: return true;
    default: return false;
  }
}

bool is_content_with_place(const PayloadOp& op) {
  const auto* content = std::get_if<ContentOp>(&op);
  return content != nullptr && (content->has_depth || content->has_offset);
}

const BufferProgram* payload_of(const Signature& s) {
  for (const BufferProgram& buffer : s.buffers) {
    if (buffer.buffer == BufferId::kPayload) return &buffer;
  }
  return nullptr;
}

void check_sid(RuleBuilder& builder) {
  if (builder.facts().sid.empty()) {
    builder.error(builder.rule().text, "signature.sid.missing", "the rule has no sid",
                  "every rule needs a number of its own: sid:1000001;");
  }
}

// How TCP payload is looked at. Packet conditions and no_stream, tcp-pkt: packets alone. Otherwise the
// stream; contents with a place in the payload, and stream_size, look at packets too.
void choose_payload_view(RuleBuilder& builder) {
  Signature& s = builder.signature();
  const RuleFacts& facts = builder.facts();
  const bool needs_packet = !facts.packet_keyword.empty() || s.protocol == RuleProtocol::kTcpPkt;
  const bool needs_stream = s.flow.only_stream || s.protocol == RuleProtocol::kTcpStream;
  s.packet_conditions_present = !facts.packet_keyword.empty();
  if (needs_packet && s.inspects_transactions) {
    builder.error(facts.packet_keyword.empty() ? builder.rule().protocol : facts.packet_keyword,
                  "signature.buffer.and_packet",
                  "conditions on single packets do not go with buffers, files or events of a protocol");
    return;
  }
  if (needs_packet && needs_stream) {
    builder.error(facts.packet_keyword.empty() ? builder.rule().protocol : facts.packet_keyword,
                  "signature.flow.stream_and_packet",
                  "conditions on single packets do not go with tcp-stream or flow:only_stream");
    return;
  }
  const BufferProgram* payload = payload_of(s);
  if (payload == nullptr) return;
  if (!may_carry_tcp(s.protocol) || needs_packet) {
    s.inspects_packet_payload = true;
    return;
  }
  s.inspects_stream = true;
  s.inspects_packet_payload =
      !needs_stream &&
      (facts.uses_stream_size || std::any_of(payload->ops.begin(), payload->ops.end(), is_content_with_place));
}

// Decided once per flow and direction by addresses alone; see DECISIONS.md.
void choose_kind(RuleBuilder& builder, bool excludes_addresses) {
  Signature& s = builder.signature();
  const RuleFacts& facts = builder.facts();
  const bool has_payload = payload_of(s) != nullptr;
  s.ip_only = !has_payload && !s.inspects_transactions && facts.beyond_addresses.empty() && !excludes_addresses;
  const FlowRequirement& f = s.flow;
  const bool asks_state = f.established || f.not_established || f.stateless || f.only_stream || f.no_stream ||
                          f.only_fragment || f.no_fragment;
  const bool asks_variables = !s.flowbit_checks.empty() || !s.flowint_checks.empty() || !s.hostbit_checks.empty();
  s.application_only = (s.protocol == RuleProtocol::kApplication || facts.application_conditions != 0) &&
                       s.buffers.empty() && !s.inspects_transactions && !asks_state && !asks_variables &&
                       s.conditions.size() == facts.application_conditions;
  *facts.application_once = s.application_only;
  s.decode_events_only = facts.decode_event && !has_payload && !s.packet_conditions_present && !s.flow.present;
}

// The fewest bytes of payload that the contents need: places from the start, and chains of distances.
struct SizeNeed {
  std::int64_t bytes = 0;
  const ContentOp* at = nullptr;
};

SizeNeed size_needed(const BufferProgram& payload) {
  SizeNeed need;
  std::int64_t cursor = 0;  // the earliest place the match before can end
  for (const PayloadOp& op : payload.ops) {
    const auto* content = std::get_if<ContentOp>(&op);
    if (content == nullptr) {
      cursor = 0;  // jumps and expressions may go anywhere
      continue;
    }
    const auto length = static_cast<std::int64_t>(content->bytes.size());
    std::int64_t begin = 0;
    if (content->relative) {
      const std::int64_t distance = content->has_distance && content->distance.slot < 0 ? content->distance.number : 0;
      begin = std::max<std::int64_t>(0, cursor + distance);
    } else if (content->has_offset && content->offset.slot < 0) {
      begin = content->offset.number;
    }
    if (begin + length > need.bytes) need = {begin + length, content};
    if (!content->negated) cursor = begin + length;
  }
  return need;
}

// The largest payload that dsize lets through; negative: no limit.
std::int64_t largest_size(const NumberTest& test) {
  switch (test.mode) {
    case NumberTest::Mode::kEqual:
    case NumberTest::Mode::kLess:
    case NumberTest::Mode::kLessEqual: return static_cast<std::int64_t>(test.low);
    case NumberTest::Mode::kBetween: return static_cast<std::int64_t>(test.high);
    default: return -1;
  }
}

void check_dsize(RuleBuilder& builder) {
  const auto& test = builder.facts().dsize_test;
  const BufferProgram* payload = payload_of(builder.signature());
  if (!test || payload == nullptr || largest_size(*test) < 0) return;
  const SizeNeed need = size_needed(*payload);
  if (need.bytes <= largest_size(*test)) return;
  builder.error(builder.facts().dsize, "signature.dsize.impossible",
                "the contents need " + std::to_string(need.bytes) + " bytes, more than this lets through");
}

// What a buffer's own bytes rule out: nothing could ever match.
void check_patterns(RuleBuilder& builder) {
  const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  for (const BufferProgram& buffer : builder.signature().buffers) {
    if (!is_application_buffer(buffer.buffer)) continue;
    const std::string_view keyword = app::buffer_entry(buffer_number(buffer.buffer)).def->keyword;
    const bool host = keyword == "http.host", method = keyword == "http.method";
    if ((!host && !method) || !buffer.transforms.empty()) continue;
    for (const PayloadOp& op : buffer.ops) {
      const auto* content = std::get_if<ContentOp>(&op);
      if (content == nullptr) continue;
      const std::string_view bytes = content->bytes;
      if (host && (content->nocase || std::any_of(bytes.begin(), bytes.end(), is_upper))) {
        builder.error_at(content->span, "signature.http_host.case", "http.host is always in lower case",
                         "write the pattern in lower case, without nocase; http.host.raw has the bytes as sent");
        return;
      }
      if (method && (bytes.starts_with(' ') || bytes.ends_with(' '))) {
        builder.error_at(content->span, "signature.http_method.blank", "http.method has no blanks at its ends");
        return;
      }
    }
  }
}

// The largest buffer that bsize lets through, as far as contents are measured by it; negative: no limit.
std::int64_t largest_size(const BufferSizeOp& test) {
  switch (test.mode) {
    case BufferSizeOp::Mode::kEqual: return static_cast<std::int64_t>(test.low);
    case BufferSizeOp::Mode::kLess: return static_cast<std::int64_t>(test.low);
    case BufferSizeOp::Mode::kRange: return static_cast<std::int64_t>(test.high);
    default: return -1;
  }
}

// bsize, and contents that need more.
void check_sizes(RuleBuilder& builder) {
  for (const BufferProgram& buffer : builder.signature().buffers) {
    const std::int64_t need = size_needed(buffer).bytes;
    for (const PayloadOp& op : buffer.ops) {
      const auto* size = std::get_if<BufferSizeOp>(&op);
      if (size == nullptr || largest_size(*size) < 0 || need <= largest_size(*size)) continue;
      builder.error_at(size->span, "signature.bsize.impossible",
                       "the contents need " + std::to_string(need) + " bytes, more than this lets through");
      return;
    }
  }
}

// The transport protocol that a header buffer or its absence leaves room for.
bool may_carry(RuleProtocol protocol, BufferId buffer) {
  const bool ip = protocol == RuleProtocol::kIp || protocol == RuleProtocol::kIpv4 || protocol == RuleProtocol::kIpv6 ||
                  protocol == RuleProtocol::kPkthdr;
  switch (buffer) {
    case BufferId::kTcpHeader: return may_carry_tcp(protocol) || protocol == RuleProtocol::kApplication || ip;
    case BufferId::kUdpHeader: return protocol == RuleProtocol::kUdp || protocol == RuleProtocol::kApplication || ip;
    case BufferId::kIcmpv4Header: return protocol == RuleProtocol::kIcmp || protocol == RuleProtocol::kIcmpv4 || ip;
    case BufferId::kIcmpv6Header: return protocol == RuleProtocol::kIcmp || protocol == RuleProtocol::kIcmpv6 || ip;
    default: return true;
  }
}

bool is_over_tcp_alone(const app::AppProtocolSet& protocols) {
  const auto all = app::all_protocols();
  return std::none_of(all.begin(), all.end(),
                      [&](const app::Protocol* p) { return protocols[app::index_of(p->id)] && p->over_udp; });
}

// A sticky buffer that nothing looks at, or that packets of the rule's protocol do not have.
void check_sticky_buffers(RuleBuilder& builder) {
  const Signature& s = builder.signature();
  for (const auto& [text, buffer] : builder.facts().sticky_buffers) {
    const bool used = std::any_of(s.buffers.begin(), s.buffers.end(), [id = buffer](const BufferProgram& program) {
      return program.buffer == id && !program.ops.empty();
    });
    if (!used) {
      builder.error(text, "signature.buffer.unused", "nothing looks at this buffer",
                    "a content or another option for it must follow");
      return;
    }
    const bool tcp_alone = s.protocol == RuleProtocol::kApplication && is_over_tcp_alone(s.app_protocols);
    if (!may_carry(s.protocol, buffer) || (tcp_alone && buffer == BufferId::kUdpHeader)) {
      builder.error(text, "signature.buffer.protocol",
                    "packets of a rule for " + std::string(builder.rule().protocol) + " have no such buffer");
      return;
    }
  }
}

// Buffers and conditions of protocols: which protocols and directions are left that have them all.
void check_transactions(RuleBuilder& builder) {
  Signature& s = builder.signature();
  const std::string_view whole = builder.rule().text;
  std::array<bool, 2> directions{!s.flow.to_client, !s.flow.to_server};
  const auto restrict_to = [&](const app::AppProtocolSet& protocols, std::array<bool, 2> there) {
    s.inspects_transactions = true;
    if (protocols.any()) s.app_protocols = s.app_protocols.any() ? s.app_protocols & protocols : protocols;
    if (protocols.any() && s.app_protocols.none()) {
      return builder.error(whole, "signature.buffer.protocol",
                           "no protocol has all the buffers and events of this rule");
    }
    for (std::size_t d = 0; d < 2; ++d) directions[d] = directions[d] && there[d];
    if (directions[0] || directions[1]) return true;
    return builder.error(whole, "signature.buffer.directions",
                         "buffers of the request and of the response, or flow:to_client with a buffer of the request, "
                         "do not go together");
  };
  for (const BufferProgram& buffer : s.buffers) {
    if (!is_application_buffer(buffer.buffer)) continue;
    const app::BufferEntry& entry = app::buffer_entry(buffer_number(buffer.buffer));
    if (entry.def->keyword == "http.header.raw" && !s.flow.to_server && !s.flow.to_client) {
      builder.error(whole, "signature.buffer.no_direction", "http.header.raw needs a direction",
                    "flow:to_server; or flow:to_client;");
      return;
    }
    if (entry.def->keyword == "file.data" && !may_carry_tcp(s.protocol)) {
      builder.error(whole, "signature.buffer.protocol",
                    "file.data is not there in a rule for " + std::string(builder.rule().protocol));
      return;
    }
    // Suricata takes bodies for data of files, which go both ways.
    const bool body = entry.def->keyword == "http.response_body" && s.flow.to_server;
    if (!restrict_to(entry.protocols, body ? std::array{true, true} : entry.directions)) return;
  }
  for (const TransactionCondition& condition : s.transaction_conditions) {
    if (!restrict_to(condition.protocols, {condition.progress[0] != 255, condition.progress[1] != 255})) return;
  }
  if (!s.file_conditions.empty()) restrict_to({}, {true, true});
  s.directions = directions;
}

// A digest is a word of fixed length in lower case: another length is a slip, upper case is meant all the same.
void check_digests(RuleBuilder& builder) {
  for (BufferProgram& buffer : builder.signature().buffers) {
    if (!is_application_buffer(buffer.buffer) || !buffer.transforms.empty()) continue;
    const app::BufferDef& def = *app::buffer_entry(buffer_number(buffer.buffer)).def;
    if (def.digest_length == 0) continue;
    for (PayloadOp& op : buffer.ops) {
      auto* content = std::get_if<ContentOp>(&op);
      if (content == nullptr) continue;
      if (content->bytes.size() != def.digest_length) {
        builder.error(builder.rule().text, "signature.buffer.digest_length",
                      std::string(def.keyword) + " has " + std::to_string(def.digest_length) +
                          " characters, a content of " + std::to_string(content->bytes.size()) + " never matches it");
        return;
      }
      content->bytes = to_lower(content->bytes);
    }
  }
}

void drop_empty_buffers(Signature& s) {
  std::erase_if(s.buffers, [](const BufferProgram& buffer) { return buffer.ops.empty(); });
}

}  // namespace

void check_rule(RuleBuilder& builder, bool excludes_addresses) {
  check_sticky_buffers(builder);
  drop_empty_buffers(builder.signature());
  check_sid(builder);
  check_digests(builder);
  check_transactions(builder);
  choose_payload_view(builder);
  choose_kind(builder, excludes_addresses);
  check_dsize(builder);
  check_patterns(builder);
  check_sizes(builder);
}

}  // namespace bulkhead::signatures
