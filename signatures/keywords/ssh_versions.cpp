// ssh.protoversion, ssh.softwareversion: what a banner says; the old forms of ssh.proto and ssh.software.
//
//   ssh.protoversion:VERSION|2_compat     2_compat: 2.0 and 1.99
//   ssh.softwareversion:NAME              the whole name: PuTTY_Release_0.72
#include <algorithm>

#include "signatures/keywords/ssh_condition.h"

namespace bulkhead::signatures {

namespace {

void apply_protocol(RuleBuilder& builder, const Option& option) {
  const std::string_view value = option.argument;
  const bool number = !value.empty() && std::all_of(value.begin(), value.end(),
                                                    [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
  if (!number && value != "2_compat") {
    builder.error(option.value, "signature.ssh_protoversion.syntax", "expected a version such as 2.0, or 2_compat");
    return;
  }
  add_banner_condition(builder, option, [wanted = std::string(value)](const app::ssh::SshSide& side) {
    return wanted == "2_compat" ? side.protocol == "2.0" || side.protocol == "1.99" : side.protocol == wanted;
  });
}

void apply_software(RuleBuilder& builder, const Option& option) {
  add_banner_condition(builder, option, [wanted = std::string(option.argument)](const app::ssh::SshSide& side) {
    return side.software == wanted;
  });
}

}  // namespace

const Keyword& keyword_ssh_protoversion() {
  static constexpr Keyword keyword{.name = "ssh.protoversion",
                                   .quotes = Keyword::Quotes::kOptional,
                                   .syntax = "ssh.protoversion:VERSION|2_compat;",
                                   .help = "The version in an SSH banner; ssh.proto does the same with content.",
                                   .example = "ssh.protoversion:2_compat;",
                                   .apply = apply_protocol};
  return keyword;
}

const Keyword& keyword_ssh_softwareversion() {
  static constexpr Keyword keyword{.name = "ssh.softwareversion",
                                   .quotes = Keyword::Quotes::kOptional,
                                   .syntax = "ssh.softwareversion:NAME;",
                                   .help = "The software in an SSH banner; ssh.software does the same with content.",
                                   .example = "ssh.softwareversion:PuTTY_Release_0.72;",
                                   .apply = apply_software};
  return keyword;
}

}  // namespace bulkhead::signatures
