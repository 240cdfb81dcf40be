// A page that teaches (config/explanations) as a terminal shows it: headings bold, paragraphs filled to its width,
// Chinese characters two columns wide.
//
// Thread   the main thread. Tests  tests/unit/config/cli/explanation_text_test.cpp
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/cli/terminal.h"
#include "config/explanations/explanation.h"

namespace bulkhead::config::cli {

[[nodiscard]] std::string page_text(const explanations::Page& page, explanations::Language language,
                                    const Terminal& terminal);

// Names of pages: those of one kind, or of all.
[[nodiscard]] std::vector<std::string> page_names(std::optional<explanations::Kind> kind = std::nullopt);
// "Pages about packs: control-plane, ..." and so on, a line a kind, folded.
[[nodiscard]] std::string page_name_lines();

// A line that says where more is told about what has these names (codes of diagnostics, detectors); empty where there
// is nothing.
[[nodiscard]] std::string explain_line(const std::vector<std::string>& names, const Terminal& terminal,
                                       explanations::Kind kind = explanations::Kind::kDiagnostic);

// {"kind", "name", "language", "title", "attack": [{"id", "name"}], "body": Markdown}
[[nodiscard]] nlohmann::json page_json(const explanations::Page& page, explanations::Language language);

// Lines of at most `width` columns, `indent` blanks before each but the first.
[[nodiscard]] std::string filled(std::string_view text, std::size_t width, std::size_t indent);

}  // namespace bulkhead::config::cli
