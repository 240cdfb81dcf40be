#include "rules/nft/nft_ruleset.h"

#include <algorithm>

namespace bulkhead::rules {

const char* to_string(NftFamily family) {
  switch (family) {
    case NftFamily::kUnspec: return "unspec";
    case NftFamily::kInet: return "inet";
    case NftFamily::kIp: return "ip";
    case NftFamily::kArp: return "arp";
    case NftFamily::kNetdev: return "netdev";
    case NftFamily::kBridge: return "bridge";
    case NftFamily::kIp6: return "ip6";
  }
  return "unspec";
}

const char* to_string(NftOp op) {
  switch (op) {
    case NftOp::kAddTable: return "NFT_MSG_NEWTABLE";
    case NftOp::kDeleteTable: return "NFT_MSG_DELTABLE";
    case NftOp::kAddChain: return "NFT_MSG_NEWCHAIN";
    case NftOp::kDeleteChain: return "NFT_MSG_DELCHAIN";
    case NftOp::kFlushChain: return "NFT_MSG_DELRULE";
    case NftOp::kAddRule: return "NFT_MSG_NEWRULE";
    case NftOp::kAddSet: return "NFT_MSG_NEWSET";
    case NftOp::kDeleteSet: return "NFT_MSG_DELSET";
    case NftOp::kAddElements: return "NFT_MSG_NEWSETELEM";
    case NftOp::kDeleteElements:
    case NftOp::kFlushElements: return "NFT_MSG_DELSETELEM";
  }
  return "NFT_MSG";
}

const std::string* set_of(const Expression& expression) {
  if (const auto* lookup = std::get_if<ExprLookup>(&expression)) return &lookup->set;
  const auto* update = std::get_if<ExprDynset>(&expression);
  return update == nullptr ? nullptr : &update->set;
}

ExprCounter NftRule::counter() const {
  ExprCounter sum;
  for (const Expression& expression : expressions) {
    if (const auto* counter = std::get_if<ExprCounter>(&expression)) {
      sum.packets += counter->packets;
      sum.bytes += counter->bytes;
    }
  }
  return sum;
}

std::uint32_t type_length(NftType type) {
  switch (type) {
    case NftType::kVerdict: return 0;
    case NftType::kIpv4: return 4;
    case NftType::kIpv6: return 16;
    case NftType::kEther: return 6;
    case NftType::kEtherType: return 2;
    case NftType::kProtocol: return 1;
    case NftType::kService: return 2;
    case NftType::kMark: return 4;
    case NftType::kInterfaceIndex: return 4;
    case NftType::kInterface: return 16;
  }
  return 0;
}

std::uint32_t concat_type(const std::vector<NftType>& fields) {
  std::uint32_t type = 0;
  for (const NftType field : fields) type = (type << 6) | static_cast<std::uint32_t>(field);
  return type;
}

std::vector<NftType> concat_fields(std::uint32_t type) {
  std::vector<NftType> fields;
  for (; type != 0; type >>= 6) fields.insert(fields.begin(), static_cast<NftType>(type & 63));
  return fields;
}

namespace {

std::uint32_t length_of(const std::vector<NftType>& fields) {
  if (fields.size() == 1) return type_length(fields[0]);
  std::uint32_t length = 0;
  for (const NftType field : fields) length += (type_length(field) + 3) & ~3U;
  return length;
}

}  // namespace

std::uint32_t NftSet::key_length() const {
  return length_of(key);
}
std::uint32_t NftSet::data_length() const {
  return length_of(data);
}

const NftChain* NftTable::chain(std::string_view chain_name) const {
  const auto found =
      std::find_if(chains.begin(), chains.end(), [&](const NftChain& c) { return c.name == chain_name; });
  return found == chains.end() ? nullptr : &*found;
}

const NftSet* NftTable::set(std::string_view set_name) const {
  const auto found = std::find_if(sets.begin(), sets.end(), [&](const NftSet& s) { return s.name == set_name; });
  return found == sets.end() ? nullptr : &*found;
}

const NftTable* NftRuleset::table(NftFamily family, std::string_view name) const {
  const auto found = std::find_if(tables.begin(), tables.end(),
                                  [&](const NftTable& t) { return t.family == family && t.name == name; });
  return found == tables.end() ? nullptr : &*found;
}

std::string NftCommand::object() const {
  const std::string where = std::string("table ") + to_string(family) + " " + table;
  switch (op) {
    case NftOp::kAddTable:
    case NftOp::kDeleteTable: return where;
    case NftOp::kAddChain:
    case NftOp::kDeleteChain:
    case NftOp::kFlushChain: return "chain " + name + " in " + where;
    case NftOp::kAddRule:
      return "rule " + (rule.comment.empty() ? "" : rule.comment + " ") + "in chain " + name + " of " + where;
    default: return "set " + name + " in " + where;
  }
}

}  // namespace bulkhead::rules
