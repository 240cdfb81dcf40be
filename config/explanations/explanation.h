// Pages that teach: what a pack, a detector, a finding or a diagnostic is about, how the attack works or what the
// mistake does, what to do about it and how to tune it; each in English and Chinese.
//
//   title: Port scan                          head, to the first empty line; a Chinese page has its title alone
//   attack: T1046 Network Service Discovery   ATT&CK, any number
//   covers: lint.policy.* 6100000-6100199     what else leads here: codes of diagnostics (.* for all below), sids,
//                                             reasons of the guard of ports
//   ## What it is                             then sections(kind) in their order, as Markdown (README.md)
//
// Thread   any; the pages are read once and never change.
// Errors   a page that is not in this form is left out; a test reads every one.
// Tests    tests/unit/config/explanations/explanation_test.cpp, tests/explanations/explanations_test.py
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bulkhead::config::explanations {

enum class Kind : std::uint8_t { kPack, kDetector, kFinding, kDiagnostic };
[[nodiscard]] std::string_view to_string(Kind kind);  // "pack"
[[nodiscard]] std::optional<Kind> find_kind(std::string_view word);

enum class Language : std::uint8_t { kEnglish, kChinese };
[[nodiscard]] std::string_view to_string(Language language);  // "en", "zh"
[[nodiscard]] std::optional<Language> find_language(std::string_view word);
// As LC_ALL, LC_MESSAGES or LANG say.
[[nodiscard]] Language language_of_environment();

struct Technique {
  std::string_view id, name;  // T1046, Network Service Discovery
};

struct Page {
  Kind kind = Kind::kPack;
  std::string_view name;  // scan
  Language language = Language::kEnglish;
  std::string_view title;
  std::vector<Technique> attack;         // in English pages
  std::vector<std::string_view> covers;  // in English pages
  std::string_view body;                 // from the first heading on
};

inline constexpr std::size_t kSections = 5;
[[nodiscard]] const std::array<std::string_view, kSections>& sections(Kind kind, Language language);

// `file` as in PageText. Nothing, and `why`, where the text is not a page.
[[nodiscard]] std::optional<Page> read_page(std::string_view file, std::string_view text, std::string& why);

// By kind, then name; English ones alone, for their translations have the same names.
[[nodiscard]] const std::vector<Page>& pages();
// The translation of a page, or the page itself.
[[nodiscard]] const Page& in_language(const Page& page, Language language);

// By name, or by what a page covers: "scan", "lint.shadowed", "6100001", "guard/arp-sender". Null: there is none.
[[nodiscard]] const Page* find_page(std::string_view word, std::optional<Kind> kind = std::nullopt);

}  // namespace bulkhead::config::explanations
