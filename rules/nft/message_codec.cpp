#include "rules/nft/message_codec.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include <algorithm>

#include "rules/nft/expression_codec.h"

namespace bulkhead::rules {

namespace {

constexpr std::size_t kElementsPerMessageBytes = 48 << 10;

constexpr std::uint16_t nft_type(std::uint8_t message) {
  return static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | message);
}

void append_header(std::vector<Byte>& out, std::uint16_t type, std::uint16_t flags, std::uint32_t sequence,
                   std::uint8_t family, std::uint16_t resource) {
  nlmsghdr header{};
  header.nlmsg_type = type;
  header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  header.nlmsg_seq = sequence;
  nfgenmsg generic{};
  generic.nfgen_family = family;
  generic.version = NFNETLINK_V0;
  generic.res_id = htons(resource);
  const auto* h = reinterpret_cast<const Byte*>(&header);
  out.insert(out.end(), h, h + sizeof header);
  const auto* g = reinterpret_cast<const Byte*>(&generic);
  out.insert(out.end(), g, g + sizeof generic);
}

void set_length(std::vector<Byte>& bytes, std::size_t at) {
  const auto length = static_cast<std::uint32_t>(bytes.size() - at);
  std::memcpy(&bytes[at], &length, sizeof length);
}

}  // namespace

BatchEncoder::BatchEncoder(std::uint32_t first_sequence) : first_(first_sequence) {
  append_header(bytes_, NFNL_MSG_BATCH_BEGIN, 0, first_, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
  set_length(bytes_, 0);
}

std::size_t BatchEncoder::open(const NftCommand& command, std::uint16_t type, std::uint16_t flags, std::size_t index) {
  owners_.push_back(index);
  last_message_ = bytes_.size();
  append_header(bytes_, nft_type(static_cast<std::uint8_t>(type)), flags, last_sequence(),
                static_cast<std::uint8_t>(command.family), 0);
  return last_message_;
}

void BatchEncoder::close_message(std::size_t at) {
  set_length(bytes_, at);
}

void BatchEncoder::add(const NftCommand& command, std::size_t index) {
  AttributeWriter out(bytes_);
  switch (command.op) {
    case NftOp::kAddTable: {
      const std::size_t at = open(command, NFT_MSG_NEWTABLE, NLM_F_CREATE, index);
      out.text(NFTA_TABLE_NAME, command.table);
      out.be32(NFTA_TABLE_FLAGS, command.owned ? std::uint32_t{NFT_TABLE_F_OWNER} : 0U);
      return close_message(at);
    }
    case NftOp::kDeleteTable: {
      const std::size_t at = open(command, NFT_MSG_DELTABLE, 0, index);
      out.text(NFTA_TABLE_NAME, command.table);
      return close_message(at);
    }
    case NftOp::kAddChain: return add_chain(command, index);
    case NftOp::kDeleteChain: {
      const std::size_t at = open(command, NFT_MSG_DELCHAIN, 0, index);
      out.text(NFTA_CHAIN_TABLE, command.table);
      out.text(NFTA_CHAIN_NAME, command.name);
      return close_message(at);
    }
    case NftOp::kFlushChain: {
      const std::size_t at = open(command, NFT_MSG_DELRULE, 0, index);
      out.text(NFTA_RULE_TABLE, command.table);
      out.text(NFTA_RULE_CHAIN, command.name);
      return close_message(at);
    }
    case NftOp::kAddRule: return add_rule(command, index);
    case NftOp::kAddSet: return add_set(command, index);
    case NftOp::kDeleteSet: {
      const std::size_t at = open(command, NFT_MSG_DELSET, 0, index);
      out.text(NFTA_SET_TABLE, command.table);
      out.text(NFTA_SET_NAME, command.name);
      return close_message(at);
    }
    case NftOp::kAddElements: return add_elements(command, NFT_MSG_NEWSETELEM, NLM_F_CREATE, index);
    case NftOp::kDeleteElements: return add_elements(command, NFT_MSG_DELSETELEM, 0, index);
    case NftOp::kFlushElements: {  // no list: all of them
      const std::size_t at = open(command, NFT_MSG_DELSETELEM, 0, index);
      out.text(NFTA_SET_ELEM_LIST_TABLE, command.table);
      out.text(NFTA_SET_ELEM_LIST_SET, command.name);
      return close_message(at);
    }
  }
}

void BatchEncoder::add_chain(const NftCommand& command, std::size_t index) {
  AttributeWriter out(bytes_);
  const std::size_t at = open(command, NFT_MSG_NEWCHAIN, NLM_F_CREATE, index);
  out.text(NFTA_CHAIN_TABLE, command.table);
  out.text(NFTA_CHAIN_NAME, command.name);
  if (command.hook) {
    const std::size_t nest = out.open(NFTA_CHAIN_HOOK);
    out.be32(NFTA_HOOK_HOOKNUM, command.hook->number);
    out.be32(NFTA_HOOK_PRIORITY, static_cast<std::uint32_t>(command.hook->priority));
    if (!command.hook->device.empty()) out.text(NFTA_HOOK_DEV, command.hook->device);
    out.close(nest);
    out.be32(NFTA_CHAIN_POLICY, command.hook->policy);
    out.text(NFTA_CHAIN_TYPE, command.hook->type);
  }
  close_message(at);
}

void BatchEncoder::add_rule(const NftCommand& command, std::size_t index) {
  AttributeWriter out(bytes_);
  const std::size_t at = open(command, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, index);
  out.text(NFTA_RULE_TABLE, command.table);
  out.text(NFTA_RULE_CHAIN, command.name);
  const std::size_t nest = out.open(NFTA_RULE_EXPRESSIONS);
  for (const Expression& expression : command.rule.expressions) encode_expression(out, expression);
  fits_ = out.close(nest) && fits_;
  const bool compat = std::any_of(command.rule.expressions.begin(), command.rule.expressions.end(),
                                  [](const Expression& e) { return std::holds_alternative<ExprTarget>(e); });
  if (compat) {  // which packets the rule is for, in x_tables' terms: any protocol
    const std::size_t terms = out.open(NFTA_RULE_COMPAT);
    out.be32(NFTA_RULE_COMPAT_PROTO, 0);
    out.be32(NFTA_RULE_COMPAT_FLAGS, 0);
    out.close(terms);
  }
  if (!command.rule.comment.empty()) out.bytes(NFTA_RULE_USERDATA, encode_comment(command.rule.comment));
  close_message(at);
}

void BatchEncoder::add_set(const NftCommand& command, std::size_t index) {
  AttributeWriter out(bytes_);
  const NftSet& set = command.set;
  const std::size_t at = open(command, NFT_MSG_NEWSET, NLM_F_CREATE, index);
  out.text(NFTA_SET_TABLE, command.table);
  out.text(NFTA_SET_NAME, command.name);
  std::uint32_t flags = 0;
  if (set.interval) flags |= NFT_SET_INTERVAL;
  const bool concat_ranges = set.interval && set.key.size() > 1;
  if (concat_ranges) flags |= NFT_SET_CONCAT;
  if (set.verdict_map || !set.data.empty()) flags |= NFT_SET_MAP;
  if (set.timeouts) flags |= NFT_SET_TIMEOUT;
  if (set.from_packets) flags |= NFT_SET_EVAL;
  out.be32(NFTA_SET_FLAGS, flags);
  out.be32(NFTA_SET_KEY_TYPE, concat_type(set.key));
  out.be32(NFTA_SET_KEY_LEN, set.key_length());
  if (set.verdict_map) {
    out.be32(NFTA_SET_DATA_TYPE, NFT_DATA_VERDICT);
    out.be32(NFTA_SET_DATA_LEN, 0);
  } else if (!set.data.empty()) {
    out.be32(NFTA_SET_DATA_TYPE, concat_type(set.data));
    out.be32(NFTA_SET_DATA_LEN, set.data_length());
  }
  out.be32(NFTA_SET_ID, static_cast<std::uint32_t>(index + 1));  // the kernel asks for one; names do the work
  if (set.size != 0 || concat_ranges) {
    const std::size_t desc = out.open(NFTA_SET_DESC);
    if (set.size != 0) out.be32(NFTA_SET_DESC_SIZE, set.size);
    // Field lengths only with ranges: the kernel refuses them otherwise.
    if (concat_ranges) {
      const std::size_t concat = out.open(NFTA_SET_DESC_CONCAT);
      for (const NftType field : set.key) {
        const std::size_t element = out.open(NFTA_LIST_ELEM);
        out.be32(NFTA_SET_FIELD_LEN, type_length(field));
        out.close(element);
      }
      out.close(concat);
    }
    out.close(desc);
  }
  close_message(at);
}

void BatchEncoder::add_elements(const NftCommand& command, std::uint16_t type, std::uint16_t flags, std::size_t index) {
  AttributeWriter out(bytes_);
  std::size_t i = 0;
  while (i < command.set.elements.size()) {
    const std::size_t at = open(command, type, flags, index);
    out.text(NFTA_SET_ELEM_LIST_TABLE, command.table);
    out.text(NFTA_SET_ELEM_LIST_SET, command.name);
    const std::size_t nest = out.open(NFTA_SET_ELEM_LIST_ELEMENTS);
    while (i < command.set.elements.size() && out.size() - nest < kElementsPerMessageBytes) {
      encode_element(out, command.set.elements[i++]);
    }
    fits_ = out.close(nest) && fits_;
    close_message(at);
  }
}

bool BatchEncoder::finish() {
  if (!owners_.empty()) {
    nlmsghdr last{};
    std::memcpy(&last, &bytes_[last_message_], sizeof last);
    last.nlmsg_flags |= NLM_F_ACK;
    std::memcpy(&bytes_[last_message_], &last, sizeof last);
  }
  const std::size_t at = bytes_.size();
  append_header(bytes_, NFNL_MSG_BATCH_END, 0, last_sequence() + 1, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
  set_length(bytes_, at);
  return fits_;
}

std::size_t BatchEncoder::command_of(std::uint32_t sequence) const {
  const std::uint32_t offset = sequence - first_;
  return offset == 0 || offset > owners_.size() ? npos : owners_[offset - 1];
}

std::vector<Byte> encode_dump(std::uint8_t message, NftFamily family, const std::string& table, const std::string& set,
                              std::uint32_t sequence) {
  std::vector<Byte> bytes;
  append_header(bytes, nft_type(message), NLM_F_DUMP, sequence, static_cast<std::uint8_t>(family), 0);
  AttributeWriter out(bytes);
  // Table and set names have the numbers 1 and 2 in rules, sets and element lists alike.
  static_assert(NFTA_RULE_TABLE == 1 && NFTA_SET_TABLE == 1 && NFTA_SET_ELEM_LIST_TABLE == 1);
  if (!table.empty()) out.text(NFTA_SET_ELEM_LIST_TABLE, table);
  if (!set.empty()) out.text(NFTA_SET_ELEM_LIST_SET, set);
  set_length(bytes, 0);
  return bytes;
}

bool decode_table(ByteSpan body, std::string& name) {
  AttributeReader reader(body);
  Attribute attribute;
  while (reader.next(attribute)) {
    if (attribute.type == NFTA_TABLE_NAME) name = attribute.text();
  }
  return !reader.broken();
}

bool decode_chain(ByteSpan body, std::string& table, NftChain& out) {
  AttributeReader reader(body);
  Attribute attribute;
  NftHook hook;
  bool is_base = false;
  while (reader.next(attribute)) {
    switch (attribute.type) {
      case NFTA_CHAIN_TABLE: table = attribute.text(); break;
      case NFTA_CHAIN_NAME: out.name = attribute.text(); break;
      case NFTA_CHAIN_HOOK:
        is_base = true;
        hook.number = find_attribute(attribute.value, NFTA_HOOK_HOOKNUM).be32();
        hook.priority = static_cast<std::int32_t>(find_attribute(attribute.value, NFTA_HOOK_PRIORITY).be32());
        hook.device = find_attribute(attribute.value, NFTA_HOOK_DEV).text();
        break;
      case NFTA_CHAIN_POLICY: hook.policy = attribute.be32(); break;
      case NFTA_CHAIN_TYPE: hook.type = attribute.text(); break;
      default: break;
    }
  }
  if (is_base) out.hook = hook;
  return !reader.broken();
}

bool decode_rule(ByteSpan body, DecodedRule& out) {
  AttributeReader reader(body);
  Attribute attribute;
  bool good = true;
  while (reader.next(attribute)) {
    switch (attribute.type) {
      case NFTA_RULE_TABLE: out.table = attribute.text(); break;
      case NFTA_RULE_CHAIN: out.chain = attribute.text(); break;
      case NFTA_RULE_HANDLE: out.rule.handle = attribute.be64(); break;
      case NFTA_RULE_EXPRESSIONS: good = decode_expressions(attribute.value, out.rule.expressions) && good; break;
      case NFTA_RULE_USERDATA: out.rule.comment = decode_comment(attribute.value); break;
      default: break;
    }
  }
  return good && !reader.broken();
}

bool decode_set(ByteSpan body, std::string& table, NftSet& out) {
  AttributeReader reader(body);
  Attribute attribute;
  while (reader.next(attribute)) {
    switch (attribute.type) {
      case NFTA_SET_TABLE: table = attribute.text(); break;
      case NFTA_SET_NAME: out.name = attribute.text(); break;
      case NFTA_SET_FLAGS: {
        const std::uint32_t flags = attribute.be32();
        out.interval = (flags & NFT_SET_INTERVAL) != 0;
        out.timeouts = (flags & NFT_SET_TIMEOUT) != 0;
        out.from_packets = (flags & NFT_SET_EVAL) != 0;
        break;
      }
      case NFTA_SET_KEY_TYPE: out.key = concat_fields(attribute.be32()); break;
      case NFTA_SET_DATA_TYPE:
        out.verdict_map = attribute.be32() == NFT_DATA_VERDICT;
        if (!out.verdict_map) out.data = concat_fields(attribute.be32());
        break;
      case NFTA_SET_DESC: out.size = find_attribute(attribute.value, NFTA_SET_DESC_SIZE).be32(); break;
      default: break;
    }
  }
  return !reader.broken();
}

bool decode_set_elements(ByteSpan body, std::vector<NftElement>& out) {
  AttributeReader reader(body);
  Attribute attribute;
  bool good = true;
  while (reader.next(attribute)) {
    if (attribute.type == NFTA_SET_ELEM_LIST_ELEMENTS) good = decode_elements(attribute.value, out) && good;
  }
  return good && !reader.broken();
}

}  // namespace bulkhead::rules
