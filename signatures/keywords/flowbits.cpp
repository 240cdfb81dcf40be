// flowbits: named bits of a conversation, which one rule sets and others ask for.
//
//   flowbits:set|unset|toggle,NAME      done when the rule matches
//   flowbits:isset,NAME[|NAME ...]      any of them is set
//   flowbits:isnotset,NAME[|NAME ...]   any of them is not set
//   flowbits:noalert                    the same as noalert
//   flowbits:set,seen.login; flowbits:noalert;
//
// Rules that set a bit are inspected before those that ask for it.
#include "signatures/keywords/parse_number.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

struct Command {
  std::string_view name;
  FlowbitOp::Command command;
  bool is_check;
};
constexpr Command kCommands[] = {{"set", FlowbitOp::Command::kSet, false},
                                 {"unset", FlowbitOp::Command::kUnset, false},
                                 {"toggle", FlowbitOp::Command::kToggle, false},
                                 {"isset", FlowbitOp::Command::kIsSet, true},
                                 {"isnotset", FlowbitOp::Command::kIsNotSet, true}};

bool take_names(RuleBuilder& builder, std::string_view text, FlowbitOp& op) {
  for (const std::string_view name : split(text, '|')) {
    if (name.empty()) return builder.error(text, "signature.flowbits.name", "a bit without a name");
    if (name.find_first_of(" \t") != name.npos)
      return builder.error(name, "signature.flowbits.name", "a bit's name has no blanks");
    op.bits.push_back(builder.names().flowbits.id(name));
  }
  return true;
}

void apply(RuleBuilder& builder, const Option& option) {
  const std::size_t comma = option.value.find(',');
  const std::string_view word = trim_blanks(option.value.substr(0, comma));
  if (word == "noalert" && comma == std::string_view::npos) {
    builder.signature().no_alert = true;
    return;
  }
  const Command* command = nullptr;
  for (const Command& known : kCommands) {
    if (known.name == word) command = &known;
  }
  if (command == nullptr) {
    builder.error(word.empty() ? option.value : word, "signature.flowbits.command",
                  "\"" + printable(word) + "\" is no command of flowbits",
                  "one of set, unset, toggle, isset, isnotset, noalert");
    return;
  }
  FlowbitOp op;
  op.command = command->command;
  const std::string_view names =
      comma == std::string_view::npos ? std::string_view() : trim_blanks(option.value.substr(comma + 1));
  if (names.empty()) {
    builder.error(option.value, "signature.flowbits.name", std::string(word) + " needs the name of a bit");
    return;
  }
  if (!take_names(builder, names, op)) return;
  if (!command->is_check && op.bits.size() > 1) {
    builder.error(names, "signature.flowbits.list", "only isset and isnotset take several bits");
    return;
  }
  if (command->is_check) {
    builder.mark_beyond_addresses(option);
    builder.signature().flowbit_checks.push_back(std::move(op));
  } else {
    builder.signature().flowbit_changes.push_back(std::move(op));
  }
}

}  // namespace

const Keyword& keyword_flowbits() {
  static constexpr Keyword keyword{
      .name = "flowbits",
      .syntax = "flowbits:set|unset|toggle|isset|isnotset,NAME[|NAME ...]; flowbits:noalert;",
      .help = "Named bits of a conversation.",
      .example = "flowbits:isset,seen.login|seen.token; flowbits:set,seen.both; flowbits:noalert;",
      .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
