#include "signatures/language/printer.h"

namespace bulkhead::signatures {

namespace {

template <typename Node>
void append_node(const Node& node, std::string& out) {
  if (node.negated) out += '!';
  if (node.kind != Node::Kind::kList) {
    out += node.text;
    return;
  }
  out += '[';
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    if (i > 0) out += ',';
    append_node(node.items[i], out);
  }
  out += ']';
}

void append_rule(const Rule& rule, std::string& out) {
  if (!rule.enabled) out += "# ";
  out.append(rule.action) += ' ';
  out.append(rule.protocol) += ' ';
  append_node(rule.source, out);
  out += ' ';
  append_node(rule.source_ports, out);
  out += rule.direction == RuleDirection::kBoth ? " <> " : " -> ";
  append_node(rule.destination, out);
  out += ' ';
  append_node(rule.destination_ports, out);
  out += " (";
  for (const Option& option : rule.options) {
    if (&option != rule.options.data()) out += ' ';
    out += option.name;
    if (option.has_value) out.append(":").append(option.value);
    if (out.back() == '\\') out += ' ';  // or the backslash would escape the ';'
    out += ';';
  }
  out += ')';
}

}  // namespace

std::string print(const AddressNode& node) {
  std::string out;
  append_node(node, out);
  return out;
}

std::string print(const PortNode& node) {
  std::string out;
  append_node(node, out);
  return out;
}

std::string print(const Rule& rule) {
  std::string out;
  append_rule(rule, out);
  return out;
}

std::string print(const RuleFile& file) {
  std::string out;
  for (const Rule& rule : file.rules) {
    append_rule(rule, out);
    out += '\n';
  }
  return out;
}

}  // namespace bulkhead::signatures
