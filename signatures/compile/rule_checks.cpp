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
    if (!may_carry(s.protocol, buffer)) {
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
    if (entry.def->keyword == "http.header.raw" && directions[0] && directions[1]) {
      builder.error(whole, "signature.buffer.no_direction", "http.header.raw needs a direction",
                    "flow:to_server; or flow:to_client;");
      return;
    }
    if (!restrict_to(entry.protocols, entry.directions)) return;
  }
  for (const TransactionCondition& condition : s.transaction_conditions) {
    if (!restrict_to(condition.protocols, {condition.progress[0] != 255, condition.progress[1] != 255})) return;
  }
  if (!s.file_conditions.empty()) restrict_to({}, {true, true});
  s.directions = directions;
}

void drop_empty_buffers(Signature& s) {
  std::erase_if(s.buffers, [](const BufferProgram& buffer) { return buffer.ops.empty(); });
}

}  // namespace

void check_rule(RuleBuilder& builder, bool excludes_addresses) {
  check_sticky_buffers(builder);
  drop_empty_buffers(builder.signature());
  check_sid(builder);
  check_transactions(builder);
  choose_payload_view(builder);
  choose_kind(builder, excludes_addresses);
  check_dsize(builder);
}

}  // namespace bulkhead::signatures
