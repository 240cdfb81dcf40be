#include "signatures/compile/variables.h"

#include <type_traits>
#include <utility>

#include "signatures/compile/range_list.h"
#include "signatures/language/parser.h"

namespace bulkhead::signatures {

RuleVariables RuleVariables::defaults() {
  RuleVariables v;
  v.address_groups = {{"HOME_NET", "[192.168.0.0/16,10.0.0.0/8,172.16.0.0/12]"},
                      {"EXTERNAL_NET", "!$HOME_NET"},
                      {"HTTP_SERVERS", "$HOME_NET"},
                      {"SMTP_SERVERS", "$HOME_NET"},
                      {"SQL_SERVERS", "$HOME_NET"},
                      {"DNS_SERVERS", "$HOME_NET"},
                      {"TELNET_SERVERS", "$HOME_NET"},
                      {"AIM_SERVERS", "$EXTERNAL_NET"},
                      {"DC_SERVERS", "$HOME_NET"},
                      {"DNP3_SERVER", "$HOME_NET"},
                      {"DNP3_CLIENT", "$HOME_NET"},
                      {"MODBUS_CLIENT", "$HOME_NET"},
                      {"MODBUS_SERVER", "$HOME_NET"},
                      {"ENIP_CLIENT", "$HOME_NET"},
                      {"ENIP_SERVER", "$HOME_NET"}};
  v.port_groups = {{"HTTP_PORTS", "80"},
                   {"SHELLCODE_PORTS", "!80"},
                   {"ORACLE_PORTS", "1521"},
                   {"SSH_PORTS", "22"},
                   {"DNP3_PORTS", "20000"},
                   {"MODBUS_PORTS", "502"},
                   {"FILE_DATA_PORTS", "[$HTTP_PORTS,110,143]"},
                   {"FTP_PORTS", "21"},
                   {"GENEVE_PORTS", "6081"},
                   {"VXLAN_PORTS", "4789"},
                   {"TEREDO_PORTS", "3544"}};
  return v;
}

namespace {

struct AddressKind {
  using Range = IpRange;
  static constexpr std::string_view kSection = "vars.address-groups.";
  static auto parse(const SourceLines& lines, std::string_view text, Diagnostics& out) {
    return parse_addresses(lines, text, out);
  }
  static Range range(const AddressNode& node) { return node.range; }
  static std::vector<Range> everything() {
    const Byte zero[16] = {};
    return {{IpAddress::v4(zero), IpAddress::v4(zero).broadcast(0)},
            {IpAddress::v6(zero), IpAddress::v6(zero).broadcast(0)}};
  }
};

struct PortKind {
  using Range = PortRange;
  static constexpr std::string_view kSection = "vars.port-groups.";
  static auto parse(const SourceLines& lines, std::string_view text, Diagnostics& out) {
    return parse_ports(lines, text, out);
  }
  static Range range(const PortNode& node) { return {node.first, node.last}; }
  static std::vector<Range> everything() { return {PortRange{}}; }
};

template <typename Node>
using KindOf = std::conditional_t<std::is_same_v<Node, AddressNode>, AddressKind, PortKind>;

template <typename Range>
struct Collected {
  std::vector<Range> named, excluded;
};

}  // namespace

// The variables of one kind and the evaluation of nodes that use them.
template <typename Node>
class VariableResolver::Group {
 public:
  using Kind = KindOf<Node>;
  using Range = typename Kind::Range;

  Group(const std::map<std::string, std::string, std::less<>>& texts, Diagnostics& out) : texts_(texts), out_(out) {}

  // The merged ranges of a node; nullopt after an error.
  std::optional<std::vector<Range>> evaluate(const SourceLines& lines, const Node& node, bool& excludes) {
    Collected<Range> all;
    if (!collect(lines, node, false, all)) return std::nullopt;
    excludes |= !all.excluded.empty();
    if (all.named.empty()) all.named = Kind::everything();
    return subtract_ranges(merge_ranges(std::move(all.named)), merge_ranges(std::move(all.excluded)));
  }

 private:
  struct Variable {
    std::unique_ptr<SourceLines> lines;
    std::optional<Node> node;  // empty: its text is wrong, which has been reported
  };

  bool collect(const SourceLines& lines, const Node& node, bool negate, Collected<Range>& all) {
    negate = negate != node.negated;
    auto& side = negate ? all.excluded : all.named;
    switch (node.kind) {
      case Node::Kind::kRange: side.push_back(Kind::range(node)); return true;
      case Node::Kind::kAny:
        for (const Range& range : Kind::everything()) side.push_back(range);
        return true;
      case Node::Kind::kVariable: return collect_variable(lines, node, negate, all);
      case Node::Kind::kList:
        for (const Node& item : node.items) {
          if (!collect(lines, item, negate, all)) return false;
        }
        return true;
    }
    return false;
  }

  bool collect_variable(const SourceLines& lines, const Node& node, bool negate, Collected<Range>& all) {
    const std::string name(node.name());
    const Variable* variable = find(lines, node);
    if (variable == nullptr || !variable->node) return false;
    if (!open_.insert(name).second) {
      out_.error(lines.span(node.text), "signature.variable.recursive", "variable " + name + " is defined by itself");
      return false;
    }
    const bool fine = collect(*variable->lines, *variable->node, negate, all);
    open_.erase(name);
    return fine;
  }

  const Variable* find(const SourceLines& lines, const Node& node) {
    const auto known = parsed_.find(node.name());
    if (known != parsed_.end()) return &known->second;
    const auto text = texts_.find(node.name());
    if (text == texts_.end()) {
      out_.error(lines.span(node.text), "signature.variable.unknown",
                 "variable " + std::string(node.name()) + " is not defined", suggestion(node.name()));
      return nullptr;
    }
    Variable variable;
    auto file = std::make_shared<const SourceFile>(std::string(Kind::kSection) + text->first, text->second);
    variable.lines = std::make_unique<SourceLines>(std::move(file), "signature.variable", out_);
    if (variable.lines->lines().size() == 1) {
      variable.node = Kind::parse(*variable.lines, variable.lines->lines()[0].text, out_);
    } else {
      out_.error({variable.lines->file(), 1, 1, 0}, "signature.variable.empty", "the variable has no value");
    }
    return &parsed_.emplace(text->first, std::move(variable)).first->second;
  }

  std::string suggestion(std::string_view name) const {
    std::vector<std::string> names;
    for (const auto& [known, text] : texts_) names.push_back(known);
    const std::string near = nearest_word(name, names);
    return near.empty() ? "variables stand under vars in the configuration" : "did you mean $" + near + "?";
  }

  const std::map<std::string, std::string, std::less<>>& texts_;
  Diagnostics& out_;
  std::map<std::string, Variable, std::less<>> parsed_;
  std::set<std::string> open_;  // variables being evaluated
};

// Longer lists stand in one rule each.
constexpr std::size_t kMostKnownText = 64;

VariableResolver::VariableResolver(const RuleVariables& variables, Diagnostics& out)
    : addresses_(std::make_unique<Group<AddressNode>>(variables.address_groups, out)),
      ports_(std::make_unique<Group<PortNode>>(variables.port_groups, out)),
      out_(out) {}

VariableResolver::~VariableResolver() = default;

std::optional<AddressSet> VariableResolver::addresses(const SourceLines& lines, const AddressNode& node,
                                                      bool& excludes) {
  AddressSet set;
  if (node.kind == AddressNode::Kind::kAny && !node.negated) return set;
  const std::string key = (node.negated ? "!" : "") + std::string(node.text.substr(0, kMostKnownText + 1));
  if (const auto known = known_addresses_.find(key); known != known_addresses_.end()) {
    excludes |= known->second.excludes;
    return known->second.set;
  }
  bool has_exclusion = false;
  auto ranges = addresses_->evaluate(lines, node, has_exclusion);
  excludes |= has_exclusion;
  if (!ranges) return std::nullopt;
  if (ranges->empty()) {
    out_.error(lines.span(node.text), "signature.address.empty", "no address is left",
               "'!' takes away from what the list names without it");
    return std::nullopt;
  }
  set.any = *ranges == AddressKind::everything();
  if (!set.any) {
    const auto middle =
        std::stable_partition(ranges->begin(), ranges->end(), [](const IpRange& range) { return range.first.is_v4(); });
    set.v4 = std::vector<IpRange>(ranges->begin(), middle);
    set.v6 = std::vector<IpRange>(middle, ranges->end());
  }
  if (node.text.size() <= kMostKnownText) known_addresses_.emplace(key, KnownAddresses{set, has_exclusion});
  return set;
}

std::optional<PortSet> VariableResolver::ports(const SourceLines& lines, const PortNode& node) {
  PortSet set;
  if (node.kind == PortNode::Kind::kAny && !node.negated) return set;
  const std::string key = (node.negated ? "!" : "") + std::string(node.text.substr(0, kMostKnownText + 1));
  if (const auto known = known_ports_.find(key); known != known_ports_.end()) return known->second;
  bool excludes = false;
  auto ranges = ports_->evaluate(lines, node, excludes);
  if (!ranges) return std::nullopt;
  if (ranges->empty()) {
    out_.error(lines.span(node.text), "signature.port.empty", "no port is left",
               "'!' takes away from what the list names without it");
    return std::nullopt;
  }
  set.any = *ranges == PortKind::everything();
  if (!set.any) set.ranges = std::move(*ranges);
  if (node.text.size() <= kMostKnownText) known_ports_.emplace(key, set);
  return set;
}

}  // namespace bulkhead::signatures
