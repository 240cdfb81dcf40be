#include "config/cli/explanation_text.h"

#include <algorithm>
#include <array>

namespace bulkhead::config::cli {

namespace {

using explanations::Kind;
using explanations::Language;
using explanations::Page;

constexpr std::size_t kWidest = 100;  // lines that are longer are hard to read
constexpr std::size_t kMostNamed = 4;

std::string_view character_at(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  return text.substr(0, size);
}

// East Asian ones begin with U+2E80.
bool is_wide(std::string_view character) {
  return character.size() >= 3 && character >= "\xe2\xba\x80";
}

bool is_one_of(std::string_view character, std::string_view all) {
  return character.size() > 1 && all.find(character) != std::string_view::npos;
}
// No line begins with the former, and none ends with the latter.
bool closes(std::string_view character) {
  return is_one_of(character, "，。、；：！？）」』》”");
}
bool opens(std::string_view character) {
  return is_one_of(character, "（「『《“");
}

// What stays together: a word, or one wide character with the punctuation about it.
struct Piece {
  std::string_view text;
  std::size_t width = 0;
  bool after_blank = false;
};

std::vector<Piece> pieces_of(std::string_view text) {
  std::vector<Piece> out;
  bool blank = false, line_end = false, sticks = false, was_wide = false;
  while (!text.empty()) {
    const std::string_view c = character_at(text);
    text.remove_prefix(c.size());
    if (c == " " || c == "\n") {
      blank = true;
      line_end = c == "\n";
      continue;
    }
    const bool wide = is_wide(c) || closes(c) || opens(c);
    const bool joins = !blank && !out.empty() && (sticks || closes(c) || (!wide && !was_wide));
    if (joins) {
      Piece& last = out.back();
      last.text = {last.text.data(), last.text.size() + c.size()};
      last.width += is_wide(c) ? 2 : 1;
    } else {
      // A line's end inside of Chinese text is no blank.
      const bool gap = blank && !out.empty() && !(line_end && was_wide && wide);
      out.push_back({c, is_wide(c) ? 2U : 1U, gap});
    }
    sticks = opens(c);
    was_wide = wide;
    blank = line_end = false;
  }
  return out;
}

std::string coloured(std::string_view text, const Terminal& terminal) {
  if (!terminal.colour) return std::string(text);
  std::string out;
  while (!text.empty()) {
    const std::size_t open = text.find('`'), close = open == text.npos ? open : text.find('`', open + 1);
    out += text.substr(0, open);
    if (close == text.npos) {
      if (open != text.npos) out += text.substr(open);
      return out;
    }
    out += terminal.cyan(text.substr(open + 1, close - open - 1));
    text.remove_prefix(close + 1);
  }
  return out;
}

std::string body_text(std::string_view body, std::size_t width, const Terminal& terminal) {
  std::string out, paragraph;
  bool item = false, code = false;
  const auto end_paragraph = [&] {
    if (paragraph.empty()) return;
    const std::size_t indent = item ? 4 : 2;
    out += item ? "  - " : "  ";
    out += coloured(filled(paragraph, width - indent, indent), terminal) + "\n";
    paragraph.clear();
    item = false;
  };
  while (!body.empty()) {
    const std::size_t end = std::min(body.find('\n'), body.size());
    const std::string_view line = body.substr(0, end);
    body.remove_prefix(std::min(end + 1, body.size()));
    if (line.starts_with("```")) {
      end_paragraph();
      code = !code;
    } else if (code) {
      out += (line.empty() ? "" : "      " + terminal.cyan(line)) + "\n";
    } else if (line.starts_with("## ")) {
      end_paragraph();
      out += "\n" + terminal.bold(line.substr(3)) + "\n";
    } else if (line.empty()) {
      end_paragraph();
    } else if (line.starts_with("- ")) {
      end_paragraph();
      item = true;
      paragraph = line.substr(2);
    } else {
      if (!paragraph.empty()) paragraph += '\n';
      paragraph += line.substr(std::min(line.find_first_not_of(' '), line.size()));
    }
  }
  end_paragraph();
  return out;
}

}  // namespace

std::string filled(std::string_view text, std::size_t width, std::size_t indent) {
  std::string out;
  std::size_t column = 0;
  for (const Piece& piece : pieces_of(text)) {
    const std::size_t gap = piece.after_blank ? 1 : 0;
    if (column != 0 && column + gap + piece.width > width) {
      out += "\n" + std::string(indent, ' ');
      column = 0;
    } else if (column != 0 && gap != 0) {
      out += ' ';
      ++column;
    }
    out += piece.text;
    column += piece.width;
  }
  return out;
}

std::string page_text(const Page& page, Language language, const Terminal& terminal) {
  const Page& shown = explanations::in_language(page, language);
  const std::size_t width = std::clamp<std::size_t>(terminal.width, 40, kWidest);
  std::string out = terminal.bold(shown.title) + "  " +
                    terminal.dim("(" + std::string(to_string(page.kind)) + " " + std::string(page.name) + ")") + "\n";
  for (const explanations::Technique& technique : page.attack) {
    out += "  ATT&CK " + std::string(technique.id) + "  " + std::string(technique.name) + "\n";
  }
  return out + body_text(shown.body, width, terminal);
}

std::vector<std::string> page_names(std::optional<Kind> kind) {
  std::vector<std::string> out;
  for (const Page& page : explanations::pages()) {
    if (!kind || page.kind == *kind) out.emplace_back(page.name);
  }
  return out;
}

std::string page_name_lines() {
  std::string out;
  for (const Kind kind : {Kind::kPack, Kind::kDetector, Kind::kFinding, Kind::kDiagnostic}) {
    std::string line = "Pages about " + std::string(to_string(kind)) + "s: ";
    bool first = true;
    for (const std::string& name : page_names(kind)) {
      line += (first ? "" : ", ") + name;
      first = false;
    }
    out += filled(line, kWidest, 2) + "\n";
  }
  return out;
}

nlohmann::json page_json(const Page& page, Language language) {
  const Page& shown = explanations::in_language(page, language);
  nlohmann::json attack = nlohmann::json::array();
  for (const explanations::Technique& technique : page.attack) {
    attack.push_back({{"id", technique.id}, {"name", technique.name}});
  }
  return {{"kind", to_string(page.kind)}, {"name", page.name},           {"language", to_string(shown.language)},
          {"title", shown.title},         {"attack", std::move(attack)}, {"body", shown.body}};
}

std::string explain_line(const std::vector<std::string>& names, const Terminal& terminal, Kind kind) {
  std::vector<const Page*> told;
  std::vector<std::string> named;
  bool more = false;
  for (const std::string& name : names) {
    const Page* page = explanations::find_page(name, kind);
    if (page == nullptr || std::find(told.begin(), told.end(), page) != told.end()) continue;
    told.push_back(page);
    if (named.size() < kMostNamed)
      named.push_back(name);
    else
      more = true;
  }
  if (named.empty()) return {};
  std::string out = terminal.cyan("explain:") + " bulkhead explain " + named.front();
  for (std::size_t i = 1; i < named.size(); ++i) out += (i == 1 ? "; also " : ", ") + named[i];
  return out + (more ? ", ..." : "") + "\n";
}

}  // namespace bulkhead::config::cli
