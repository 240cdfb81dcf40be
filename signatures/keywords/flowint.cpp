// flowint: named numbers of a conversation.
//
//   flowint:NAME,=|+|-,N|NAME                    set, add, subtract, done when the rule matches
//   flowint:NAME,<|<=|==|!=|>=|>,N|NAME          compare; a number that was never set does not match
//   flowint:NAME,isset|isnotset                  (notset is the same as isnotset)
//   flowint:logins,+,1;   flowint:logins,>,5;
//
// Numbers have 32 bits; they stop at 0 and at the largest.
#include "signatures/keywords/parse_number.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

struct Command {
  std::string_view name;
  FlowintOp::Command command;
  bool is_check;
  bool has_value;
};
using C = FlowintOp::Command;
constexpr Command kCommands[] = {
    {"=", C::kSet, false, true},       {"+", C::kAdd, false, true},          {"-", C::kSubtract, false, true},
    {"<", C::kLess, true, true},       {"<=", C::kLessEqual, true, true},    {"==", C::kEqual, true, true},
    {"!=", C::kNotEqual, true, true},  {">=", C::kGreaterEqual, true, true}, {">", C::kGreater, true, true},
    {"isset", C::kIsSet, true, false}, {"notset", C::kNotSet, true, false},  {"isnotset", C::kNotSet, true, false}};

bool is_name(std::string_view name) {
  if (name.empty() || !((name[0] >= 'a' && name[0] <= 'z') || (name[0] >= 'A' && name[0] <= 'Z'))) return false;
  for (const char c : name) {
    const bool fine =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '/';
    if (!fine) return false;
  }
  return true;
}

bool take_value(RuleBuilder& builder, const Option& option, const std::vector<std::string_view>& parts, FlowintOp& op) {
  if (parts.size() != 3)
    return builder.error(option.value, "signature.flowint.value", std::string(parts[1]) + " needs one number or name");
  if (const auto number = parse_number<std::uint32_t>(parts[2])) {
    op.value = *number;
    return true;
  }
  if (!is_name(parts[2])) {
    return builder.error(parts[2].empty() ? option.value : parts[2], "signature.flowint.value",
                         "expected a number from 0 to 4294967295 or a name");
  }
  op.value_variable = builder.names().flowints.id(parts[2]);
  return true;
}

void apply(RuleBuilder& builder, const Option& option) {
  builder.mark_beyond_addresses(option);
  const auto parts = split(option.value, ',');
  if (!is_name(parts[0])) {
    builder.error(parts[0].empty() ? option.value : parts[0], "signature.flowint.name",
                  "a name begins with a letter and has letters, digits, '_', '.' and '/'");
    return;
  }
  const Command* command = nullptr;
  for (const Command& known : kCommands) {
    if (parts.size() > 1 && known.name == parts[1]) command = &known;
  }
  if (command == nullptr) {
    builder.error(option.value, "signature.flowint.command", "expected a command behind the name",
                  "one of = + - < <= == != >= > isset isnotset");
    return;
  }
  FlowintOp op;
  op.command = command->command;
  op.variable = builder.names().flowints.id(parts[0]);
  if (command->has_value && !take_value(builder, option, parts, op)) return;
  auto& list = command->is_check ? builder.signature().flowint_checks : builder.signature().flowint_changes;
  list.push_back(op);
}

}  // namespace

const Keyword& keyword_flowint() {
  static constexpr Keyword keyword{.name = "flowint",
                                   .syntax = "flowint:NAME,=|+|-|<|<=|==|!=|>=|>,N|NAME; flowint:NAME,isset|isnotset;",
                                   .help = "Named numbers of a conversation.",
                                   .example = "flowint:logins,+,1; flowint:logins,isset;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
