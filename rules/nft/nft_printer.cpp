#include "rules/nft/nft_printer.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <map>

#include "datapath/base/ip_address.h"
#include "rules/model/protocol_names.h"

namespace bulkhead::rules {

namespace {

std::string hex(const Bytes& data) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "0x";
  for (const Byte b : data) {
    out += kHex[b >> 4];
    out += kHex[b & 15];
  }
  return out;
}

// What a register holds, as nft names it, and how values beside it are written.
struct Field {
  enum class Form : std::uint8_t {
    kHex,
    kNumber,
    kIpv4,
    kIpv6,
    kProtocol,
    kFamily,
    kEtherType,
    kName,
    kState,
    kHostNumber
  };
  std::string name;
  Form form = Form::kHex;
};

std::string state_words(const Bytes& data) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, data.data(), std::min<std::size_t>(data.size(), sizeof bits));
  static constexpr std::pair<std::uint32_t, const char*> kStates[] = {
      {1, "invalid"}, {2, "established"}, {4, "related"}, {8, "new"}, {64, "untracked"}};
  std::string out;
  for (const auto& [bit, word] : kStates) {
    if ((bits & bit) != 0) out += (out.empty() ? "" : ",") + std::string(word);
  }
  return out;
}

std::string number_text(const Bytes& data) {
  std::uint64_t value = 0;
  for (const Byte b : data) value = value << 8 | b;
  return std::to_string(value);
}

std::string host_number_text(const Bytes& data) {
  std::uint32_t value = 0;
  if (!data.empty()) std::memcpy(&value, data.data(), std::min<std::size_t>(data.size(), sizeof value));
  return std::to_string(value);
}

std::string value_text(const Field& field, const Bytes& data) {
  switch (field.form) {
    case Field::Form::kIpv4: return data.size() >= 4 ? IpAddress::v4(data.data()).to_string() : hex(data);
    case Field::Form::kIpv6: return data.size() >= 16 ? IpAddress::v6(data.data()).to_string() : hex(data);
    case Field::Form::kProtocol: return data.empty() ? hex(data) : protocol_name(data[0]);
    case Field::Form::kFamily:
      if (data.size() == 1 && data[0] == NFPROTO_IPV4) return "ipv4";
      if (data.size() == 1 && data[0] == NFPROTO_IPV6) return "ipv6";
      return hex(data);
    case Field::Form::kEtherType:
      if (data == Bytes{0x08, 0x00}) return "ip";
      if (data == Bytes{0x86, 0xdd}) return "ip6";
      if (data == Bytes{0x08, 0x06}) return "arp";
      if (data == Bytes{0x81, 0x00}) return "8021q";
      return hex(data);
    case Field::Form::kName: {
      const std::string_view text(reinterpret_cast<const char*>(data.data()), data.size());
      return '"' + std::string(text.substr(0, text.find('\0'))) + '"';
    }
    case Field::Form::kState: return state_words(data);
    case Field::Form::kNumber: return number_text(data);
    case Field::Form::kHostNumber: return host_number_text(data);
    case Field::Form::kHex: break;
  }
  return hex(data);
}

// Keeps what each register holds while a rule is printed.
class RulePrinter {
 public:
  std::string print(const NftRule& rule) {
    for (const Expression& expression : rule.expressions) std::visit(*this, expression);
    if (!rule.comment.empty()) word("comment \"" + rule.comment + "\"");
    return std::move(text_);
  }

  void operator()(const ExprPayload& e) { fields_[e.dreg] = payload_field(e); }
  void operator()(const ExprMeta& e) {
    switch (e.key) {
      case NFT_META_NFPROTO: fields_[e.dreg] = {"meta nfproto", Field::Form::kFamily}; break;
      case NFT_META_L4PROTO: fields_[e.dreg] = {"meta l4proto", Field::Form::kProtocol}; break;
      case NFT_META_PROTOCOL: fields_[e.dreg] = {"meta protocol", Field::Form::kEtherType}; break;
      case NFT_META_IIF: fields_[e.dreg] = {"iif", Field::Form::kHostNumber}; break;
      case NFT_META_IIFNAME: fields_[e.dreg] = {"iifname", Field::Form::kName}; break;
      case NFT_META_OIFNAME: fields_[e.dreg] = {"oifname", Field::Form::kName}; break;
      case NFT_META_MARK: fields_[e.dreg] = {"meta mark", Field::Form::kHostNumber}; break;
      default: fields_[e.dreg] = {"meta key " + std::to_string(e.key), Field::Form::kHex};
    }
  }
  void operator()(const ExprCt& e) {
    switch (e.key) {
      case NFT_CT_STATE: fields_[e.dreg] = {"ct state", Field::Form::kState}; break;
      case NFT_CT_STATUS: fields_[e.dreg] = {"ct status", Field::Form::kHostNumber}; break;
      case NFT_CT_DIRECTION: fields_[e.dreg] = {"ct direction", Field::Form::kNumber}; break;
      case NFT_CT_MARK: fields_[e.dreg] = {"ct mark", Field::Form::kHostNumber}; break;
      default: fields_[e.dreg] = {"ct key " + std::to_string(e.key), Field::Form::kHex};
    }
  }
  void operator()(const ExprBitwise& e) {
    mask_ = e.mask;
    Field field = fields_[e.sreg];
    if (field.form != Field::Form::kState) {
      const Field::Form form = field.form == Field::Form::kHostNumber ? field.form : Field::Form::kHex;
      field.name += " & " + value_text({"", form}, e.mask);
      const bool flips = std::any_of(e.flip.begin(), e.flip.end(), [](Byte b) { return b != 0; });
      if (flips) field.name += " ^ " + value_text({"", form}, e.flip);
    }
    fields_[e.dreg] = field;
  }
  void operator()(const ExprCmp& e) {
    static constexpr const char* kOps[] = {"", "!= ", "< ", "<= ", "> ", ">= "};
    const Field& field = fields_[e.sreg];
    const char* op = e.op < std::size(kOps) ? kOps[e.op] : "? ";
    // "ct state & (a|b) != 0" is what nft writes as "ct state a,b".
    if (field.form == Field::Form::kState && e.op == NFT_CMP_NEQ)
      return word(field.name + " " + value_text(field, mask_));
    word(field.name + " " + op + value_text(field, e.data));
  }
  void operator()(const ExprRange& e) {
    const Field& field = fields_[e.sreg];
    word(field.name + (e.op == NFT_RANGE_NEQ ? " != " : " ") + value_text(field, e.from) + "-" +
         value_text(field, e.to));
  }
  void operator()(const ExprLookup& e) {
    if (e.dreg && *e.dreg != kVerdictRegister) {
      // The value takes the key's place in what follows.
      const std::string name = key_from(e.sreg) + " map @" + e.set;
      fields_.clear();
      fields_[*e.dreg] = {name, Field::Form::kHex};
      return;
    }
    word(key_from(e.sreg) + (e.dreg ? " vmap @" : e.invert ? " != @" : " @") + e.set);
  }
  void operator()(const ExprVerdict& e) { word(print_verdict(e.verdict)); }
  void operator()(const ExprImmediate& e) { fields_[e.dreg] = {hex(e.data), Field::Form::kHex}; }
  void operator()(const ExprCounter& e) {
    word("counter packets " + std::to_string(e.packets) + " bytes " + std::to_string(e.bytes));
  }
  void operator()(const ExprLog& e) {
    word("log prefix \"" + e.prefix + "\"" + (e.group ? " group " + std::to_string(*e.group) : ""));
  }
  void operator()(const ExprLimit& e) { word(limit_text(e)); }
  void operator()(const ExprConnlimit& e) { word(open_text(e)); }
  void operator()(const ExprReject& e) {
    word(e.type == NFT_REJECT_TCP_RST ? std::string("reject with tcp reset")
                                      : "reject with icmpx code " + std::to_string(e.code));
  }
  void operator()(const ExprDynset& e) {
    std::string text = "update @" + e.set + " { " + key_from(e.sreg);
    if (e.timeout_ms != 0) text += " timeout " + std::to_string(e.timeout_ms) + "ms";
    if (e.limit) text += " " + limit_text(*e.limit);
    if (e.open) text += " " + open_text(*e.open);
    word(text + " }");
  }
  void operator()(const ExprExthdr& e) {
    static constexpr const char* kOps[] = {"ip6 extension ", "tcp option ", "ip option "};
    std::string name = (e.op < std::size(kOps) ? kOps[e.op] : "header ") + std::to_string(e.type);
    name += (e.flags & NFT_EXTHDR_F_PRESENT) != 0
                ? " present"
                : " @" + std::to_string(e.offset * 8) + "," + std::to_string(e.length * 8);
    fields_[e.dreg] = {name, e.length <= 4 ? Field::Form::kNumber : Field::Form::kHex};
  }
  void operator()(const ExprMetaSet& e) {
    word((e.key == NFT_META_MARK ? "meta mark" : "meta key " + std::to_string(e.key)) + " set " + key_from(e.sreg));
  }
  void operator()(const ExprCtSet& e) {
    word((e.key == NFT_CT_MARK ? "ct mark" : "ct key " + std::to_string(e.key)) + " set " + key_from(e.sreg));
  }
  void operator()(const ExprForward& e) { word("fwd to " + key_from(e.sreg)); }
  void operator()(const ExprTarget& e) {
    word("xt target \"" + e.name + "\" rev " + std::to_string(e.revision) + " " + hex(e.data));
  }
  void operator()(const ExprUnknown& e) { word("[" + e.name + " " + std::to_string(e.attributes.size()) + " bytes]"); }

 private:
  static std::string open_text(const ExprConnlimit& e) {
    return std::string("ct count ") + ((e.flags & NFT_CONNLIMIT_F_INV) != 0 ? "over " : "") + std::to_string(e.count);
  }
  static std::string limit_text(const ExprLimit& e) {
    return "limit rate " + std::string((e.flags & NFT_LIMIT_F_INV) != 0 ? "over " : "") + std::to_string(e.rate) +
           (e.type == NFT_LIMIT_PKT_BYTES ? " bytes/" : "/") + std::to_string(e.unit_seconds) + "s burst " +
           std::to_string(e.burst);
  }
  void word(const std::string& w) {
    if (!text_.empty()) text_ += ' ';
    text_ += w;
    // A condition has used its registers up.
    fields_.clear();
  }
  [[nodiscard]] std::string key_from(Register first) const {
    std::string key;
    for (auto at = fields_.find(first); at != fields_.end(); ++at) {
      key += (key.empty() ? "" : " . ") + at->second.name;
    }
    return key;
  }
  static Field payload_field(const ExprPayload& e) {
    using Form = Field::Form;
    if (e.base == NFT_PAYLOAD_NETWORK_HEADER && e.length == 4 && e.offset == 12) return {"ip saddr", Form::kIpv4};
    if (e.base == NFT_PAYLOAD_NETWORK_HEADER && e.length == 4 && e.offset == 16) return {"ip daddr", Form::kIpv4};
    if (e.base == NFT_PAYLOAD_NETWORK_HEADER && e.length == 4 && e.offset == 14) return {"arp saddr ip", Form::kIpv4};
    if (e.base == NFT_PAYLOAD_NETWORK_HEADER && e.length == 16 && e.offset == 8) return {"ip6 saddr", Form::kIpv6};
    if (e.base == NFT_PAYLOAD_NETWORK_HEADER && e.length == 16 && e.offset == 24) return {"ip6 daddr", Form::kIpv6};
    if (e.base == NFT_PAYLOAD_TRANSPORT_HEADER && e.length == 2 && e.offset == 0) return {"th sport", Form::kNumber};
    if (e.base == NFT_PAYLOAD_TRANSPORT_HEADER && e.length == 2 && e.offset == 2) return {"th dport", Form::kNumber};
    if (e.base == NFT_PAYLOAD_LL_HEADER && e.length == 2 && e.offset == 12) return {"ether type", Form::kEtherType};
    static constexpr const char* kBases[] = {"ll", "nh", "th", "ih"};
    return {std::string("@") + (e.base < std::size(kBases) ? kBases[e.base] : "?") + "," +
                std::to_string(e.offset * 8) + "," + std::to_string(e.length * 8),
            e.length == 1 ? Form::kNumber : Form::kHex};
  }

  std::string text_;
  std::map<Register, Field> fields_;
  Bytes mask_;
};

Field::Form form_of(NftType type) {
  switch (type) {
    case NftType::kIpv4: return Field::Form::kIpv4;
    case NftType::kIpv6: return Field::Form::kIpv6;
    case NftType::kProtocol: return Field::Form::kProtocol;
    case NftType::kService: return Field::Form::kNumber;
    case NftType::kInterface: return Field::Form::kName;
    case NftType::kEtherType: return Field::Form::kEtherType;
    case NftType::kInterfaceIndex: return Field::Form::kHostNumber;
    default: return Field::Form::kHex;
  }
}

std::string key_text(const NftSet& set, const Bytes& key) {
  std::string out;
  std::size_t at = 0;
  for (const NftType type : set.key) {
    const std::size_t length = type_length(type);
    if (at + length > key.size()) return hex(key);
    const Bytes part(key.begin() + static_cast<std::ptrdiff_t>(at),
                     key.begin() + static_cast<std::ptrdiff_t>(at + length));
    out += (at == 0 ? "" : " . ") + value_text({"", form_of(type)}, part);
    at += set.key.size() == 1 ? length : (length + 3) & ~std::size_t{3};
  }
  return out;
}

std::string type_word(NftType type) {
  switch (type) {
    case NftType::kVerdict: return "verdict";
    case NftType::kIpv4: return "ipv4_addr";
    case NftType::kIpv6: return "ipv6_addr";
    case NftType::kEther: return "ether_addr";
    case NftType::kEtherType: return "ether_type";
    case NftType::kProtocol: return "inet_proto";
    case NftType::kService: return "inet_service";
    case NftType::kMark: return "mark";
    case NftType::kInterfaceIndex: return "iface_index";
    case NftType::kInterface: return "ifname";
  }
  return "type " + std::to_string(static_cast<std::uint32_t>(type));
}

std::string print_chain(const NftChain& chain) {
  std::string out = "\tchain " + chain.name + " {\n";
  if (chain.hook) {
    out += "\t\ttype " + chain.hook->type + " hook " + std::to_string(chain.hook->number) + " priority " +
           std::to_string(chain.hook->priority) +
           (chain.hook->device.empty() ? "" : " device \"" + chain.hook->device + "\"") + "; policy " +
           (chain.hook->policy == NF_DROP ? "drop" : "accept") + ";\n";
  }
  for (const NftRule& rule : chain.rules) out += "\t\t" + print_rule(rule) + "\n";
  return out + "\t}\n";
}

}  // namespace

std::string print_verdict(const NftVerdict& verdict) {
  switch (verdict.code) {
    case NF_DROP: return "drop";
    case NF_ACCEPT: return "accept";
    case NFT_CONTINUE: return "continue";
    case NFT_RETURN: return "return";
    case NFT_JUMP: return "jump " + verdict.chain;
    case NFT_GOTO: return "goto " + verdict.chain;
    default: return "verdict " + std::to_string(verdict.code);
  }
}

std::string print_rule(const NftRule& rule) {
  return RulePrinter().print(rule);
}

std::string print_element(const NftSet& set, const NftElement& element) {
  std::string out = element.interval_end ? "end " : "";
  out += key_text(set, element.key);
  if (!element.key_end.empty()) out += " - " + key_text(set, element.key_end);
  if (element.timeout_ms != 0) out += " timeout " + std::to_string(element.timeout_ms) + "ms";
  if (element.expires_ms != 0) out += " expires " + std::to_string(element.expires_ms) + "ms";
  if (!element.comment.empty()) out += " comment \"" + element.comment + "\"";
  if (element.verdict) out += " : " + print_verdict(*element.verdict);
  if (!element.data.empty())
    out += " : " + value_text({"", form_of(set.data.empty() ? NftType::kMark : set.data[0])}, element.data);
  return out;
}

std::string print_set(const NftSet& set, std::size_t elements) {
  std::string out =
      std::string("\t") + (set.verdict_map || !set.data.empty() ? "map " : "set ") + set.name + " {\n\t\ttype ";
  for (std::size_t i = 0; i < set.key.size(); ++i) out += (i == 0 ? "" : " . ") + type_word(set.key[i]);
  if (set.verdict_map) out += " : verdict";
  for (std::size_t i = 0; i < set.data.size(); ++i) out += (i == 0 ? " : " : " . ") + type_word(set.data[i]);
  out += "\n";
  if (set.size != 0) out += "\t\tsize " + std::to_string(set.size) + "\n";
  if (set.interval || set.timeouts || set.from_packets) {
    std::string flags;
    for (const auto& [on, name] :
         {std::pair{set.interval, "interval"}, {set.timeouts, "timeout"}, {set.from_packets, "dynamic"}}) {
      if (on) flags += (flags.empty() ? "" : ",") + std::string(name);
    }
    out += "\t\tflags " + flags + "\n";
  }
  for (std::size_t i = 0; i < std::min(elements, set.elements.size()); ++i) {
    out += (i == 0 ? "\t\telements = { " : ",\n\t\t             ") + print_element(set, set.elements[i]);
  }
  if (set.elements.size() > elements)
    out += ",\n\t\t             ... " + std::to_string(set.elements.size() - elements) + " more";
  if (!set.elements.empty() && elements != 0) out += " }\n";
  return out + "\t}\n";
}

std::string print_ruleset(const NftRuleset& ruleset, std::size_t elements) {
  std::string out;
  for (const NftTable& table : ruleset.tables) {
    out += std::string("table ") + to_string(table.family) + " " + table.name + " {\n";
    for (const NftSet& set : table.sets) out += print_set(set, elements);
    for (const NftChain& chain : table.chains) out += print_chain(chain);
    out += "}\n";
  }
  return out;
}

}  // namespace bulkhead::rules
