#include "signatures/keywords/host_bits.h"

namespace bulkhead::signatures {

std::optional<HostbitOp::Command> host_bit_command(std::string_view word) {
  if (word == "set") return HostbitOp::Command::kSet;
  if (word == "unset") return HostbitOp::Command::kUnset;
  if (word == "toggle") return HostbitOp::Command::kToggle;
  if (word == "isset") return HostbitOp::Command::kIsSet;
  if (word == "isnotset") return HostbitOp::Command::kIsNotSet;
  return std::nullopt;
}

// Bits of hosts leave a rule "IP only", as in Suricata: one that asks for nothing else is judged once a flow and
// direction.
void add_host_bit(RuleBuilder& builder, const HostbitOp& op) {
  if (op.command == HostbitOp::Command::kIsSet || op.command == HostbitOp::Command::kIsNotSet) {
    builder.signature().hostbit_checks.push_back(op);
  } else {
    builder.signature().hostbit_changes.push_back(op);
  }
}

}  // namespace bulkhead::signatures
