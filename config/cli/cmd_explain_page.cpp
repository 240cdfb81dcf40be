// bulkhead explain NAME: the page about a pack, a detector, a finding or a diagnostic.
#include <unistd.h>

#include <cstdio>

#include "config/cli/commands.h"
#include "config/cli/explanation_text.h"
#include "config/cli/terminal.h"
#include "config/control/control_protocol.h"

namespace bulkhead::config::cli {

bool names_a_page(const std::string& first, const std::string& second) {
  return second.empty() || explanations::find_kind(first).has_value();
}

int cmd_explain_page(const ExplainPageOptions& options) {
  const auto kind = options.name.empty() ? std::nullopt : explanations::find_kind(options.kind);
  const std::string& word = options.name.empty() ? options.kind : options.name;
  const explanations::Page* page = explanations::find_page(word, kind);
  if (page == nullptr) {
    std::fprintf(stderr, "error: there is no page about \"%s\"\n", word.c_str());
    const std::string near = nearest_word(word, page_names(kind));
    if (!near.empty()) std::fprintf(stderr, "  hint: did you mean %s?\n", near.c_str());
    std::fputs(near.empty() ? "  hint: bulkhead list explanations has all; a flow needs FROM TO PORT\n" : "", stderr);
    return kExitBadInput;
  }
  const auto language = explanations::find_language(options.language).value_or(explanations::language_of_environment());
  const std::string text = options.json ? control::text_of(page_json(*page, language), 2) + "\n"
                                        : page_text(*page, language, Terminal::of(STDOUT_FILENO));
  std::fputs(text.c_str(), stdout);
  return kExitFine;
}

}  // namespace bulkhead::config::cli
