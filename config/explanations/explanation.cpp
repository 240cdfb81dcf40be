#include "config/explanations/explanation.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <tuple>

#include "config/explanations/page_texts.h"

namespace bulkhead::config::explanations {

namespace {

using Titles = std::array<std::string_view, kSections>;

constexpr std::array<std::string_view, 4> kKinds = {"pack", "detector", "finding", "diagnostic"};
constexpr Titles kAttackEnglish = {"What it is", "How the attack works", "How to fix it", "How to tune it",
                                   "What it does not see"};
constexpr Titles kAttackChinese = {"它是什么", "攻击如何进行", "如何修复", "如何调整", "它看不到什么"};
constexpr Titles kMistakeEnglish = {"What it means", "What the mistake does", "How to fix it", "How to tune it",
                                    "What it does not see"};
constexpr Titles kMistakeChinese = {"它说明什么", "这个错误的后果", "如何改正", "如何调整", "它看不到什么"};

std::string_view next_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

void add_words(std::string_view text, std::vector<std::string_view>& out) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end != 0) out.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

// How much of `word` this pattern says: 0 nothing, the more the closer.
std::size_t closeness(std::string_view pattern, std::string_view word) {
  if (pattern == word) return word.size() + 1;
  if (pattern.ends_with(".*")) {
    const std::string_view above = pattern.substr(0, pattern.size() - 2);
    const bool below = word == above || (word.starts_with(above) && word[above.size()] == '.');
    return below ? above.size() : 0;
  }
  const std::size_t dash = pattern.find('-');
  const auto sid = number(word);
  if (!sid || dash == std::string_view::npos) return 0;
  const auto first = number(pattern.substr(0, dash)), last = number(pattern.substr(dash + 1));
  return first && last && *first <= *sid && *sid <= *last ? 1 : 0;
}

struct Library {
  std::vector<Page> english, chinese;
  Library() {
    std::string why;
    for (const PageText& text : page_texts()) {
      auto page = read_page(text.file, text.text, why);
      if (page) (page->language == Language::kEnglish ? english : chinese).push_back(*std::move(page));
    }
    std::sort(english.begin(), english.end(),
              [](const Page& a, const Page& b) { return std::tie(a.kind, a.name) < std::tie(b.kind, b.name); });
  }
};
const Library& library() {
  static const Library kLibrary;
  return kLibrary;
}

// detectors/scan.zh.md
bool read_file_name(std::string_view file, Page& page) {
  const std::size_t slash = file.find('/');
  if (slash == std::string_view::npos || !file.ends_with(".md")) return false;
  std::string_view folder = file.substr(0, slash);
  if (!folder.ends_with('s')) return false;
  folder.remove_suffix(1);
  const auto kind = find_kind(folder);
  std::string_view name = file.substr(slash + 1, file.size() - slash - 4);
  if (name.ends_with(".zh")) {
    name.remove_suffix(3);
    page.language = Language::kChinese;
  }
  page.kind = kind.value_or(Kind::kPack);
  page.name = name;
  return kind.has_value() && !name.empty();
}

}  // namespace

std::string_view to_string(Kind kind) {
  return kKinds[static_cast<std::size_t>(kind)];
}

std::optional<Kind> find_kind(std::string_view word) {
  const auto at = std::find(kKinds.begin(), kKinds.end(), word);
  if (at == kKinds.end()) return std::nullopt;
  return static_cast<Kind>(at - kKinds.begin());
}

std::string_view to_string(Language language) {
  return language == Language::kEnglish ? "en" : "zh";
}

std::optional<Language> find_language(std::string_view word) {
  if (word == "en") return Language::kEnglish;
  if (word == "zh") return Language::kChinese;
  return std::nullopt;
}

Language language_of_environment() {
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing here sets it
    if (value == nullptr || *value == '\0') continue;
    return std::string_view(value).starts_with("zh") ? Language::kChinese : Language::kEnglish;
  }
  return Language::kEnglish;
}

const std::array<std::string_view, kSections>& sections(Kind kind, Language language) {
  const bool english = language == Language::kEnglish;
  if (kind == Kind::kDiagnostic) return english ? kMistakeEnglish : kMistakeChinese;
  return english ? kAttackEnglish : kAttackChinese;
}

std::optional<Page> read_page(std::string_view file, std::string_view text, std::string& why) {
  Page page;
  const auto wrong = [&](const std::string& what) -> std::optional<Page> {
    why = std::string(file) + ": " + what;
    return std::nullopt;
  };
  if (!read_file_name(file, page)) return wrong("its name is not KINDs/NAME.md or KINDs/NAME.zh.md");
  while (!text.empty()) {
    std::string_view line = next_line(text);
    if (line.empty()) break;
    if (take_prefix(line, "title: ")) {
      page.title = line;
    } else if (take_prefix(line, "attack: ") && line.find(' ') != std::string_view::npos) {
      page.attack.push_back({line.substr(0, line.find(' ')), line.substr(line.find(' ') + 1)});
    } else if (take_prefix(line, "covers: ")) {
      add_words(line, page.covers);
    } else {
      return wrong("cannot read \"" + std::string(line) + "\" of its head");
    }
  }
  if (page.title.empty()) return wrong("it has no title");
  if (page.language == Language::kChinese && (!page.attack.empty() || !page.covers.empty())) {
    return wrong("a translation has a title alone in its head");
  }
  page.body = text;
  std::size_t at = 0;
  const auto& wanted = sections(page.kind, page.language);
  while (!text.empty()) {
    std::string_view line = next_line(text);
    if (!take_prefix(line, "## ")) continue;
    if (at == wanted.size() || line != wanted[at]) return wrong("section \"" + std::string(line) + "\" is not there");
    ++at;
  }
  if (at != wanted.size()) return wrong("section \"" + std::string(wanted[at]) + "\" is missing");
  if (!page.body.starts_with("## ")) return wrong("it begins with something else than its first section");
  return page;
}

const std::vector<Page>& pages() {
  return library().english;
}

const Page& in_language(const Page& page, Language language) {
  if (language == Language::kEnglish) return page;
  for (const Page& other : library().chinese) {
    if (other.kind == page.kind && other.name == page.name) return other;
  }
  return page;
}

const Page* find_page(std::string_view word, std::optional<Kind> kind) {
  const Page* best = nullptr;
  std::size_t nearest = 0;
  for (const Page& page : pages()) {
    if (kind && page.kind != *kind) continue;
    if (page.name == word) return &page;
    for (const std::string_view pattern : page.covers) {
      const std::size_t close = closeness(pattern, word);
      if (close > nearest) nearest = close, best = &page;
    }
  }
  return best;
}

}  // namespace bulkhead::config::explanations
