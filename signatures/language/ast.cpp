#include "signatures/language/ast.h"

namespace bulkhead::signatures {

bool AddressNode::operator==(const AddressNode& other) const {
  if (kind != other.kind || negated != other.negated) return false;
  return kind == Kind::kList ? items == other.items : text == other.text && range == other.range;
}

bool PortNode::operator==(const PortNode& other) const {
  if (kind != other.kind || negated != other.negated) return false;
  return kind == Kind::kList ? items == other.items : text == other.text && first == other.first && last == other.last;
}

bool Rule::operator==(const Rule& other) const {
  return action == other.action && protocol == other.protocol && source == other.source &&
         source_ports == other.source_ports && direction == other.direction && destination == other.destination &&
         destination_ports == other.destination_ports && options == other.options && enabled == other.enabled;
}

}  // namespace bulkhead::signatures
