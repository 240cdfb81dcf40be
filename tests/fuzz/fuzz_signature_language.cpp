// Rule files of any bytes: no crash, every span inside the file, and what parses survives printing.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "signatures/language/classification.h"
#include "signatures/language/parser.h"
#include "signatures/language/printer.h"
#include "signatures/language/reference_config.h"
#include "signatures/language/threshold_file.h"

namespace {

using namespace bulkhead;
using namespace bulkhead::signatures;

void require(bool condition) {
  if (!condition) std::abort();
}

void check_span(const SourceSpan& span) {
  if (span.line == 0) return;
  require(span.line <= span.file->line_count());
  require(span.column >= 1 && span.column - 1 <= span.file->text().size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(data[i]);
  const auto source = std::make_shared<const SourceFile>("fuzz.rules", text);

  Diagnostics out;
  const RuleFile file = parse_rules(source, out);
  require(file.rejected == 0 || out.has_errors());
  for (const Rule& rule : file.rules) {
    for (const Option& option : rule.options) {
      check_span(file.span(option.text));
      check_span(file.span(option.argument));
    }
  }
  for (const auto& diagnostic : out.all()) {
    check_span(diagnostic.span);
    require(!Diagnostics::format(diagnostic).empty());
  }

  Diagnostics again_out;
  const RuleFile again = parse_rules("printed", print(file), again_out);
  require(!again_out.has_errors());
  require(again.rules == file.rules);

  Diagnostics rest;
  (void)parse_classifications(source, rest);
  (void)parse_references(source, rest);
  (void)parse_thresholds(source, rest);
  for (const auto& diagnostic : rest.all()) check_span(diagnostic.span);
  return 0;
}
