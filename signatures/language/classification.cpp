#include "signatures/language/classification.h"

#include <optional>
#include <utility>

#include "signatures/language/config_line.h"
#include "signatures/language/list_parser.h"

namespace bulkhead::signatures {

const Classification* ClassificationTable::find(std::string_view name) const {
  const auto found = by_name_.find(to_lower(name));
  return found == by_name_.end() ? nullptr : &found->second;
}

bool ClassificationTable::add(Classification entry) {
  std::string name = entry.name;
  return by_name_.emplace(std::move(name), std::move(entry)).second;
}

namespace {

std::optional<Classification> parse_line(std::string_view text, const LineReporter& report) {
  const auto fail = [&](std::string_view part, const char* code, const char* message) {
    report.error(part, code, message, "config classification: name,description,priority");
    return std::nullopt;
  };
  constexpr const char* kSyntax = "signature.classification.syntax";
  ConfigLine line(text);
  if (!line.skip_word("config") || !line.skip_word("classification") || !line.skip(':')) {
    return fail(trim_blanks(text), kSyntax, "not a classification line");
  }
  const std::string_view name = line.word();
  if (!is_config_name(name)) return fail(name.empty() ? line.rest() : name, kSyntax, "expected the name of the class");
  // The description may have commas of its own: the last one parts it from the priority.
  const std::size_t comma = line.rest().rfind(',');
  if (!line.rest().starts_with(',') || comma == 0) {
    return fail(line.rest(), kSyntax, "expected a description and a priority behind the name");
  }
  Classification entry;
  entry.name = to_lower(name);
  entry.description = trim_blanks(line.rest().substr(1, comma - 1));
  const std::string_view priority_text = trim_blanks(line.rest().substr(comma + 1));
  const auto priority = ConfigLine(priority_text).number<std::uint8_t>();
  if (!priority || *priority == 0) {
    return fail(priority_text, "signature.classification.priority", "a priority is a number from 1 to 255");
  }
  entry.priority = *priority;
  return entry;
}

}  // namespace

ClassificationTable parse_classifications(SourceFilePtr file, Diagnostics& out) {
  const SourceLines lines(std::move(file), "signature.classification", out);
  const LineReporter report(lines, out);
  ClassificationTable table;
  for (const LogicalLine& line : lines.lines()) {
    if (line.comment) continue;
    auto entry = parse_line(line.text, report);
    if (!entry) continue;
    entry->span = lines.span(line.text);
    const std::string name = entry->name;
    if (!table.add(std::move(*entry))) {
      report.warning(line.text, "signature.classification.duplicate", "class \"" + name + "\" is already defined",
                     "the first line counts");
    }
  }
  return table;
}

}  // namespace bulkhead::signatures
