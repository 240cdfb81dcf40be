#include "signatures/language/reference_config.h"

#include <optional>
#include <utility>

#include "signatures/language/config_line.h"
#include "signatures/language/list_parser.h"

namespace bulkhead::signatures {

const ReferenceSystem* ReferenceTable::find(std::string_view name) const {
  const auto found = by_name_.find(to_lower(name));
  return found == by_name_.end() ? nullptr : &found->second;
}

bool ReferenceTable::add(ReferenceSystem entry) {
  std::string name = entry.name;
  return by_name_.emplace(std::move(name), std::move(entry)).second;
}

namespace {

std::optional<ReferenceSystem> parse_line(std::string_view text, const LineReporter& report) {
  const auto fail = [&](std::string_view part, const char* message) {
    report.error(part, "signature.reference_config.syntax", message, "config reference: system url-prefix");
    return std::nullopt;
  };
  ConfigLine line(text);
  if (!line.skip_word("config") || !line.skip_word("reference") || !line.skip(':')) {
    return fail(trim_blanks(text), "not a reference line");
  }
  const std::string_view name = line.word();
  if (!is_config_name(name)) return fail(name.empty() ? line.rest() : name, "expected the name of the system");
  if (line.at_end()) return fail(name, "expected a URL prefix behind the name");
  return ReferenceSystem{to_lower(name), std::string(line.rest()), {}};
}

}  // namespace

ReferenceTable parse_references(SourceFilePtr file, Diagnostics& out) {
  const SourceLines lines(std::move(file), "signature.reference_config", out);
  const LineReporter report(lines, out);
  ReferenceTable table;
  for (const LogicalLine& line : lines.lines()) {
    if (line.comment) continue;
    auto entry = parse_line(line.text, report);
    if (!entry) continue;
    entry->span = lines.span(line.text);
    const std::string name = entry->name;
    if (!table.add(std::move(*entry))) {
      report.warning(line.text, "signature.reference_config.duplicate", "system \"" + name + "\" is already defined",
                     "the first line counts");
    }
  }
  return table;
}

}  // namespace bulkhead::signatures
