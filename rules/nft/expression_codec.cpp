#include "rules/nft/expression_codec.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>

#include <algorithm>
#include <utility>

namespace bulkhead::rules {

namespace {

// The wire has two numberings: 16-byte registers 1 to 4, and 4-byte registers from NFT_REG32_00.
std::uint32_t wire_register(Register slot) {
  return slot % 4 == 0 ? slot / 4U : slot + std::uint32_t{NFT_REG32_00} - kFirstRegister;
}
Register slot_of(std::uint32_t wire) {
  const std::uint32_t slot = wire < NFT_REG32_00 ? wire * 4 : wire - NFT_REG32_00 + kFirstRegister;
  return static_cast<Register>(slot);
}

void encode_value(AttributeWriter& out, std::uint16_t type, const Bytes& data) {
  const std::size_t at = out.open(type);
  out.bytes(NFTA_DATA_VALUE, data);
  out.close(at);
}

void encode_verdict(AttributeWriter& out, std::uint16_t type, const NftVerdict& verdict) {
  const std::size_t data = out.open(type);
  const std::size_t nest = out.open(NFTA_DATA_VERDICT);
  out.be32(NFTA_VERDICT_CODE, static_cast<std::uint32_t>(verdict.code));
  if (!verdict.chain.empty()) out.text(NFTA_VERDICT_CHAIN, verdict.chain);
  out.close(nest);
  out.close(data);
}

Bytes decode_value(ByteSpan data) {
  return find_attribute(data, NFTA_DATA_VALUE).copy();
}

bool decode_verdict(ByteSpan data, NftVerdict& out) {
  const Attribute verdict = find_attribute(data, NFTA_DATA_VERDICT);
  if (verdict.type != NFTA_DATA_VERDICT) return false;
  out.code = static_cast<std::int32_t>(find_attribute(verdict.value, NFTA_VERDICT_CODE).be32());
  out.chain = find_attribute(verdict.value, NFTA_VERDICT_CHAIN).text();
  return true;
}

// Writes name and attributes of each kind.
struct Encoder {
  AttributeWriter& out;

  template <typename Body>
  void nest(const char* name, Body body) {
    const std::size_t element = out.open(NFTA_LIST_ELEM);
    out.text(NFTA_EXPR_NAME, name);
    const std::size_t data = out.open(NFTA_EXPR_DATA);
    body();
    out.close(data);
    out.close(element);
  }

  void operator()(const ExprPayload& e) {
    nest("payload", [&] {
      out.be32(NFTA_PAYLOAD_DREG, wire_register(e.dreg));
      out.be32(NFTA_PAYLOAD_BASE, e.base);
      out.be32(NFTA_PAYLOAD_OFFSET, e.offset);
      out.be32(NFTA_PAYLOAD_LEN, e.length);
    });
  }
  void operator()(const ExprMeta& e) {
    nest("meta", [&] {
      out.be32(NFTA_META_KEY, e.key);
      out.be32(NFTA_META_DREG, wire_register(e.dreg));
    });
  }
  void operator()(const ExprCt& e) {
    nest("ct", [&] {
      out.be32(NFTA_CT_KEY, e.key);
      out.be32(NFTA_CT_DREG, wire_register(e.dreg));
      if (e.direction) out.u8(NFTA_CT_DIRECTION, *e.direction);
    });
  }
  void operator()(const ExprCmp& e) {
    nest("cmp", [&] {
      out.be32(NFTA_CMP_SREG, wire_register(e.sreg));
      out.be32(NFTA_CMP_OP, e.op);
      encode_value(out, NFTA_CMP_DATA, e.data);
    });
  }
  void operator()(const ExprRange& e) {
    nest("range", [&] {
      out.be32(NFTA_RANGE_SREG, wire_register(e.sreg));
      out.be32(NFTA_RANGE_OP, e.op);
      encode_value(out, NFTA_RANGE_FROM_DATA, e.from);
      encode_value(out, NFTA_RANGE_TO_DATA, e.to);
    });
  }
  void operator()(const ExprBitwise& e) {
    nest("bitwise", [&] {
      out.be32(NFTA_BITWISE_SREG, wire_register(e.sreg));
      out.be32(NFTA_BITWISE_DREG, wire_register(e.dreg));
      out.be32(NFTA_BITWISE_LEN, static_cast<std::uint32_t>(e.mask.size()));
      out.be32(NFTA_BITWISE_OP, NFT_BITWISE_BOOL);
      encode_value(out, NFTA_BITWISE_MASK, e.mask);
      encode_value(out, NFTA_BITWISE_XOR, e.flip);
    });
  }
  void operator()(const ExprLookup& e) {
    nest("lookup", [&] {
      out.text(NFTA_LOOKUP_SET, e.set);
      out.be32(NFTA_LOOKUP_SREG, wire_register(e.sreg));
      if (e.dreg) out.be32(NFTA_LOOKUP_DREG, wire_register(*e.dreg));
      if (e.invert) out.be32(NFTA_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
    });
  }
  void operator()(const ExprVerdict& e) {
    nest("immediate", [&] {
      out.be32(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
      encode_verdict(out, NFTA_IMMEDIATE_DATA, e.verdict);
    });
  }
  void operator()(const ExprImmediate& e) {
    nest("immediate", [&] {
      out.be32(NFTA_IMMEDIATE_DREG, wire_register(e.dreg));
      encode_value(out, NFTA_IMMEDIATE_DATA, e.data);
    });
  }
  void operator()(const ExprCounter& e) {
    nest("counter", [&] {
      out.be64(NFTA_COUNTER_BYTES, e.bytes);
      out.be64(NFTA_COUNTER_PACKETS, e.packets);
    });
  }
  void operator()(const ExprLog& e) {
    nest("log", [&] {
      if (!e.prefix.empty()) out.text(NFTA_LOG_PREFIX, e.prefix);
      if (e.group) {
        out.be16(NFTA_LOG_GROUP, *e.group);
      } else {
        out.be32(NFTA_LOG_LEVEL, e.level);
      }
    });
  }
  void operator()(const ExprLimit& e) {
    nest("limit", [&] { limit_fields(e); });
  }
  void limit_fields(const ExprLimit& e) {
    out.be64(NFTA_LIMIT_RATE, e.rate);
    out.be64(NFTA_LIMIT_UNIT, e.unit_seconds);
    out.be32(NFTA_LIMIT_BURST, e.burst);
    out.be32(NFTA_LIMIT_TYPE, e.type);
    out.be32(NFTA_LIMIT_FLAGS, e.flags);
  }
  void operator()(const ExprConnlimit& e) {
    nest("connlimit", [&] { connlimit_fields(e); });
  }
  void connlimit_fields(const ExprConnlimit& e) {
    out.be32(NFTA_CONNLIMIT_COUNT, e.count);
    out.be32(NFTA_CONNLIMIT_FLAGS, e.flags);
  }
  void operator()(const ExprReject& e) {
    nest("reject", [&] {
      out.be32(NFTA_REJECT_TYPE, e.type);
      if (e.type != NFT_REJECT_TCP_RST) out.u8(NFTA_REJECT_ICMP_CODE, e.code);
    });
  }
  void operator()(const ExprDynset& e) {
    nest("dynset", [&] {
      out.text(NFTA_DYNSET_SET_NAME, e.set);
      out.be32(NFTA_DYNSET_OP, e.op);
      out.be32(NFTA_DYNSET_SREG_KEY, wire_register(e.sreg));
      if (e.timeout_ms != 0) out.be64(NFTA_DYNSET_TIMEOUT, e.timeout_ms);
      if (!e.limit && !e.open) return;
      const std::size_t at = out.open(NFTA_DYNSET_EXPR);
      out.text(NFTA_EXPR_NAME, e.limit ? "limit" : "connlimit");
      const std::size_t data = out.open(NFTA_EXPR_DATA);
      e.limit ? limit_fields(*e.limit) : connlimit_fields(*e.open);
      out.close(data);
      out.close(at);
    });
  }
  void operator()(const ExprExthdr& e) {
    nest("exthdr", [&] {
      out.be32(NFTA_EXTHDR_DREG, wire_register(e.dreg));
      out.u8(NFTA_EXTHDR_TYPE, e.type);
      out.be32(NFTA_EXTHDR_OFFSET, e.offset);
      out.be32(NFTA_EXTHDR_LEN, e.length);
      if (e.flags != 0) out.be32(NFTA_EXTHDR_FLAGS, e.flags);
      if (e.op != 0) out.be32(NFTA_EXTHDR_OP, e.op);
    });
  }
  void operator()(const ExprMetaSet& e) {
    nest("meta", [&] {
      out.be32(NFTA_META_KEY, e.key);
      out.be32(NFTA_META_SREG, wire_register(e.sreg));
    });
  }
  void operator()(const ExprCtSet& e) {
    nest("ct", [&] {
      out.be32(NFTA_CT_KEY, e.key);
      out.be32(NFTA_CT_SREG, wire_register(e.sreg));
    });
  }
  void operator()(const ExprForward& e) {
    nest("fwd", [&] { out.be32(NFTA_FWD_SREG_DEV, wire_register(e.sreg)); });
  }
  void operator()(const ExprTarget& e) {
    nest("target", [&] {
      out.text(NFTA_TARGET_NAME, e.name);
      out.be32(NFTA_TARGET_REV, e.revision);
      out.bytes(NFTA_TARGET_INFO, e.data);
    });
  }
  void operator()(const ExprUnknown& e) {
    const std::size_t element = out.open(NFTA_LIST_ELEM);
    out.text(NFTA_EXPR_NAME, e.name);
    out.bytes(NFTA_EXPR_DATA | NLA_F_NESTED_FLAG, e.attributes);
    out.close(element);
  }
  static constexpr std::uint16_t NLA_F_NESTED_FLAG = 0x8000;
};

// The attributes of one expression by number.
class Fields {
 public:
  explicit Fields(ByteSpan data) {
    AttributeReader reader(data);
    Attribute attribute;
    while (reader.next(attribute)) {
      if (attribute.type >= kMax) continue;
      seen_[attribute.type] = true;
      list_[attribute.type] = attribute;
    }
  }
  [[nodiscard]] bool has(std::size_t type) const { return seen_[type]; }
  [[nodiscard]] const Attribute& operator[](std::size_t type) const { return list_[type]; }
  [[nodiscard]] Register reg(std::size_t type) const {
    const std::uint32_t wire = list_[type].be32();
    bad_register_ |= wire > NFT_REG32_15 || (wire > NFT_REG_4 && wire < NFT_REG32_00);
    return bad_register_ ? kVerdictRegister : slot_of(wire);
  }
  // A register was asked for that does not exist.
  [[nodiscard]] bool bad_register() const { return bad_register_; }
  [[nodiscard]] Bytes value(std::size_t type) const { return decode_value(list_[type].value); }

 private:
  static constexpr std::size_t kMax = 16;
  Attribute list_[kMax];
  bool seen_[kMax] = {};
  mutable bool bad_register_ = false;
};

using Decoder = std::optional<Expression> (*)(const Fields&);

std::optional<Expression> decode_payload(const Fields& f) {
  if (!f.has(NFTA_PAYLOAD_DREG) || f.has(NFTA_PAYLOAD_SREG)) return std::nullopt;
  return ExprPayload{f[NFTA_PAYLOAD_BASE].be32(), f[NFTA_PAYLOAD_OFFSET].be32(), f[NFTA_PAYLOAD_LEN].be32(),
                     f.reg(NFTA_PAYLOAD_DREG)};
}
std::optional<Expression> decode_meta(const Fields& f) {
  if (f.has(NFTA_META_SREG)) return ExprMetaSet{f[NFTA_META_KEY].be32(), f.reg(NFTA_META_SREG)};
  if (!f.has(NFTA_META_DREG)) return std::nullopt;
  return ExprMeta{f[NFTA_META_KEY].be32(), f.reg(NFTA_META_DREG)};
}
std::optional<Expression> decode_ct(const Fields& f) {
  if (f.has(NFTA_CT_SREG)) return ExprCtSet{f[NFTA_CT_KEY].be32(), f.reg(NFTA_CT_SREG)};
  if (!f.has(NFTA_CT_DREG)) return std::nullopt;
  ExprCt e{f[NFTA_CT_KEY].be32(), std::nullopt, f.reg(NFTA_CT_DREG)};
  if (f.has(NFTA_CT_DIRECTION)) e.direction = f[NFTA_CT_DIRECTION].u8();
  return e;
}
std::optional<Expression> decode_cmp(const Fields& f) {
  return ExprCmp{f[NFTA_CMP_OP].be32(), f.value(NFTA_CMP_DATA), f.reg(NFTA_CMP_SREG)};
}
std::optional<Expression> decode_range(const Fields& f) {
  return ExprRange{f[NFTA_RANGE_OP].be32(), f.value(NFTA_RANGE_FROM_DATA), f.value(NFTA_RANGE_TO_DATA),
                   f.reg(NFTA_RANGE_SREG)};
}
std::optional<Expression> decode_bitwise(const Fields& f) {
  if (f.has(NFTA_BITWISE_OP) && f[NFTA_BITWISE_OP].be32() != NFT_BITWISE_BOOL) return std::nullopt;
  return ExprBitwise{f.value(NFTA_BITWISE_MASK), f.value(NFTA_BITWISE_XOR), f.reg(NFTA_BITWISE_SREG),
                     f.reg(NFTA_BITWISE_DREG)};
}
std::optional<Expression> decode_lookup(const Fields& f) {
  ExprLookup e;
  e.set = f[NFTA_LOOKUP_SET].text();
  e.sreg = f.reg(NFTA_LOOKUP_SREG);
  if (f.has(NFTA_LOOKUP_DREG)) e.dreg = f.reg(NFTA_LOOKUP_DREG);
  e.invert = (f[NFTA_LOOKUP_FLAGS].be32() & NFT_LOOKUP_F_INV) != 0;
  return e;
}
std::optional<Expression> decode_immediate(const Fields& f) {
  NftVerdict verdict;
  if (decode_verdict(f[NFTA_IMMEDIATE_DATA].value, verdict)) return ExprVerdict{std::move(verdict)};
  return ExprImmediate{f.value(NFTA_IMMEDIATE_DATA), f.reg(NFTA_IMMEDIATE_DREG)};
}
std::optional<Expression> decode_counter(const Fields& f) {
  return ExprCounter{f[NFTA_COUNTER_PACKETS].be64(), f[NFTA_COUNTER_BYTES].be64()};
}
std::optional<Expression> decode_log(const Fields& f) {
  ExprLog e;
  e.prefix = f[NFTA_LOG_PREFIX].text();
  if (f.has(NFTA_LOG_GROUP)) {
    e.group = f[NFTA_LOG_GROUP].be16();
  } else if (f.has(NFTA_LOG_LEVEL)) {
    e.level = f[NFTA_LOG_LEVEL].be32();
  }
  return e;
}
ExprLimit limit_of(const Fields& f) {
  return ExprLimit{f[NFTA_LIMIT_RATE].be64(), f[NFTA_LIMIT_UNIT].be64(), f[NFTA_LIMIT_BURST].be32(),
                   f[NFTA_LIMIT_TYPE].be32(), f[NFTA_LIMIT_FLAGS].be32()};
}
std::optional<Expression> decode_limit(const Fields& f) {
  return limit_of(f);
}
ExprConnlimit connlimit_of(const Fields& f) {
  return {f[NFTA_CONNLIMIT_COUNT].be32(), f[NFTA_CONNLIMIT_FLAGS].be32()};
}
std::optional<Expression> decode_connlimit(const Fields& f) {
  return connlimit_of(f);
}
std::optional<Expression> decode_reject(const Fields& f) {
  return ExprReject{f[NFTA_REJECT_TYPE].be32(), f[NFTA_REJECT_ICMP_CODE].u8()};
}

std::optional<Expression> decode_dynset(const Fields& f) {
  if (f.has(NFTA_DYNSET_SREG_DATA) || f.has(NFTA_DYNSET_EXPRESSIONS)) return std::nullopt;
  ExprDynset e{f[NFTA_DYNSET_SET_NAME].text(),
               f[NFTA_DYNSET_TIMEOUT].be64(),
               f[NFTA_DYNSET_OP].be32(),
               f.reg(NFTA_DYNSET_SREG_KEY),
               std::nullopt,
               std::nullopt};
  if (!f.has(NFTA_DYNSET_EXPR)) return e;
  const ByteSpan inner = f[NFTA_DYNSET_EXPR].value;
  const std::string name = find_attribute(inner, NFTA_EXPR_NAME).text();
  const Fields fields(find_attribute(inner, NFTA_EXPR_DATA).value);
  if (name == "limit") {
    e.limit = limit_of(fields);
  } else if (name == "connlimit") {
    e.open = connlimit_of(fields);
  } else {
    return std::nullopt;
  }
  return e;
}
std::optional<Expression> decode_exthdr(const Fields& f) {
  if (!f.has(NFTA_EXTHDR_DREG) || f.has(NFTA_EXTHDR_SREG)) return std::nullopt;
  return ExprExthdr{f[NFTA_EXTHDR_OP].be32(),  f[NFTA_EXTHDR_TYPE].u8(),    f[NFTA_EXTHDR_OFFSET].be32(),
                    f[NFTA_EXTHDR_LEN].be32(), f[NFTA_EXTHDR_FLAGS].be32(), f.reg(NFTA_EXTHDR_DREG)};
}

std::optional<Expression> decode_forward(const Fields& f) {
  if (!f.has(NFTA_FWD_SREG_DEV) || f.has(NFTA_FWD_SREG_ADDR)) return std::nullopt;
  return ExprForward{f.reg(NFTA_FWD_SREG_DEV)};
}

std::optional<Expression> decode_target(const Fields& f) {
  return ExprTarget{f[NFTA_TARGET_NAME].text(), f[NFTA_TARGET_REV].be32(), f[NFTA_TARGET_INFO].copy()};
}

constexpr std::pair<std::string_view, Decoder> kDecoders[] = {{"payload", decode_payload},
                                                              {"meta", decode_meta},
                                                              {"ct", decode_ct},
                                                              {"cmp", decode_cmp},
                                                              {"range", decode_range},
                                                              {"bitwise", decode_bitwise},
                                                              {"lookup", decode_lookup},
                                                              {"immediate", decode_immediate},
                                                              {"counter", decode_counter},
                                                              {"log", decode_log},
                                                              {"limit", decode_limit},
                                                              {"reject", decode_reject},
                                                              {"connlimit", decode_connlimit},
                                                              {"dynset", decode_dynset},
                                                              {"exthdr", decode_exthdr},
                                                              {"fwd", decode_forward},
                                                              {"target", decode_target}};

Expression decode_expression(const std::string& name, ByteSpan data) {
  for (const auto& [known, decode] : kDecoders) {
    if (name != known) continue;
    const Fields fields(data);
    auto expression = decode(fields);
    if (expression && !fields.bad_register()) return std::move(*expression);
  }
  return ExprUnknown{name, {data.begin(), data.end()}};
}

}  // namespace

void encode_expression(AttributeWriter& out, const Expression& expression) {
  std::visit(Encoder{out}, expression);
}

bool decode_expressions(ByteSpan list, std::vector<Expression>& out) {
  AttributeReader reader(list);
  Attribute element;
  while (reader.next(element)) {
    if (element.type != NFTA_LIST_ELEM) continue;
    const std::string name = find_attribute(element.value, NFTA_EXPR_NAME).text();
    out.push_back(decode_expression(name, find_attribute(element.value, NFTA_EXPR_DATA).value));
  }
  return !reader.broken();
}

void encode_element(AttributeWriter& out, const NftElement& element) {
  const std::size_t at = out.open(NFTA_LIST_ELEM);
  encode_value(out, NFTA_SET_ELEM_KEY, element.key);
  if (!element.key_end.empty()) encode_value(out, NFTA_SET_ELEM_KEY_END, element.key_end);
  if (element.verdict) encode_verdict(out, NFTA_SET_ELEM_DATA, *element.verdict);
  if (!element.data.empty()) encode_value(out, NFTA_SET_ELEM_DATA, element.data);
  if (element.interval_end) out.be32(NFTA_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END);
  if (element.timeout_ms != 0) out.be64(NFTA_SET_ELEM_TIMEOUT, element.timeout_ms);
  if (!element.comment.empty()) out.bytes(NFTA_SET_ELEM_USERDATA, encode_comment(element.comment));
  out.close(at);
}

bool decode_elements(ByteSpan list, std::vector<NftElement>& out) {
  AttributeReader reader(list);
  Attribute entry;
  while (reader.next(entry)) {
    if (entry.type != NFTA_LIST_ELEM) continue;
    const Fields f(entry.value);
    NftElement element;
    element.key = f.value(NFTA_SET_ELEM_KEY);
    if (f.has(NFTA_SET_ELEM_KEY_END)) element.key_end = f.value(NFTA_SET_ELEM_KEY_END);
    NftVerdict verdict;
    if (decode_verdict(f[NFTA_SET_ELEM_DATA].value, verdict)) element.verdict = std::move(verdict);
    if (!element.verdict && f.has(NFTA_SET_ELEM_DATA)) element.data = f.value(NFTA_SET_ELEM_DATA);
    element.interval_end = (f[NFTA_SET_ELEM_FLAGS].be32() & NFT_SET_ELEM_INTERVAL_END) != 0;
    element.timeout_ms = f[NFTA_SET_ELEM_TIMEOUT].be64();
    element.expires_ms = f[NFTA_SET_ELEM_EXPIRATION].be64();
    element.comment = decode_comment(f[NFTA_SET_ELEM_USERDATA].value);
    out.push_back(std::move(element));
  }
  return !reader.broken();
}

Bytes encode_comment(const std::string& comment) {
  const std::size_t length = std::min(comment.size(), kMaxComment);
  Bytes out(2 + length + 1);  // type 0, length, text, end
  out[1] = static_cast<Byte>(length + 1);
  std::copy_n(comment.begin(), length, out.begin() + 2);
  return out;
}

std::string decode_comment(ByteSpan user_data) {
  ByteReader reader(user_data);
  while (reader.remaining() >= 2) {
    const std::uint8_t type = reader.u8();
    const ByteSpan value = reader.bytes(reader.u8());
    if (type != 0 || reader.failed()) continue;
    const std::string_view text(reinterpret_cast<const char*>(value.data()), value.size());
    return std::string(text.substr(0, text.find('\0')));
  }
  return {};
}

}  // namespace bulkhead::rules
