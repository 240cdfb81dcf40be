// filestore: a rule that matches has files stored (settings file-store).
//
//   filestore[:DIRECTION[,SCOPE]]   DIRECTION request|to_server, response|to_client, both; SCOPE file|tx|ssn|flow
//   filestore:both,tx;
//
// Without anything: the files that the rule matched. The rule then needs a file to match.
#include "signatures/keywords/file_condition.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

bool read(std::string_view text, FileStoring& out) {
  const std::size_t comma = text.find(',');
  const std::string direction = to_lower(trimmed(text.substr(0, comma)));
  out.matched_direction = false;
  out.to_server = direction == "request" || direction == "to_server" || direction == "both";
  out.to_client = direction == "response" || direction == "to_client" || direction == "both";
  if (!out.to_server && !out.to_client) return false;
  if (comma == std::string_view::npos) return true;
  const std::string scope = to_lower(trimmed(text.substr(comma + 1)));
  if (scope == "file") return true;
  if (scope == "tx") {
    out.scope = FileStoring::Scope::kTransaction;
    return true;
  }
  out.scope = FileStoring::Scope::kFlow;
  return scope == "ssn" || scope == "flow";
}

void apply(RuleBuilder& builder, const Option& option) {
  FileStoring storing;
  if (!option.value.empty() && !read(option.value, storing)) {
    builder.error(option.value, "signature.filestore.syntax", "expected a direction and maybe a scope",
                  "filestore:both,tx; directions are request, response, both; scopes are file, tx, flow");
    return;
  }
  builder.signature().file_storing = storing;
  add_file_condition(builder, option, [](const app::File&) { return FileAnswer::kYes; });
}

}  // namespace

const Keyword& keyword_filestore() {
  static constexpr Keyword keyword{.name = "filestore",
                                   .value = Keyword::Value::kOptional,
                                   .quotes = Keyword::Quotes::kRefused,
                                   .syntax = "filestore[:DIRECTION[,SCOPE]];",
                                   .help = "Stores the files that the rule matches.",
                                   .example = "filestore:both,tx;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
