#include "signatures/language/threshold_file.h"

#include <array>
#include <span>
#include <string>
#include <utility>

#include "signatures/language/config_line.h"
#include "signatures/language/list_parser.h"
#include "signatures/language/parser.h"

namespace bulkhead::signatures {

namespace {

template <typename T>
struct Choice {
  std::string_view word;
  T value;
};

using Kind = ThresholdLine::Kind;
using Type = ThresholdLine::Type;
using Track = ThresholdLine::Track;
using NewAction = ThresholdLine::NewAction;

constexpr std::array<Choice<Kind>, 4> kKinds{{{"threshold", Kind::kThreshold},
                                              {"event_filter", Kind::kThreshold},
                                              {"suppress", Kind::kSuppress},
                                              {"rate_filter", Kind::kRateFilter}}};
constexpr std::array<Choice<Type>, 3> kTypes{
    {{"limit", Type::kLimit}, {"threshold", Type::kThreshold}, {"both", Type::kBoth}}};
constexpr std::array<Choice<Track>, 4> kTracks{{{"by_src", Track::kSource},
                                                {"by_dst", Track::kDestination},
                                                {"by_both", Track::kBoth},
                                                {"by_rule", Track::kRule}}};
constexpr std::array<Choice<Track>, 3> kSuppressTracks{
    {{"by_src", Track::kSource}, {"by_dst", Track::kDestination}, {"by_either", Track::kEither}}};
constexpr std::array<Choice<NewAction>, 6> kActions{{{"alert", NewAction::kAlert},
                                                     {"drop", NewAction::kDrop},
                                                     {"pass", NewAction::kPass},
                                                     {"log", NewAction::kLog},
                                                     {"sdrop", NewAction::kDrop},
                                                     {"reject", NewAction::kReject}}};

// Reads the parts of one line in their fixed order; the first error ends the line.
class ThresholdLineParser {
 public:
  ThresholdLineParser(const SourceLines& lines, std::string_view text, Diagnostics& out)
      : lines_(lines), line_(text), report_(lines, out), out_(out) {
    entry_.text = trim_blanks(text);
  }

  std::optional<ThresholdLine> run() {
    const bool fine = choose(kKinds, "line", entry_.kind) && number("gen_id", entry_.gid, false) &&
                      number("sig_id", entry_.sid) && rest_of_kind() && at_end();
    if (!fine) return std::nullopt;
    return std::move(entry_);
  }

 private:
  bool rest_of_kind() {
    switch (entry_.kind) {
      case Kind::kThreshold:
        return named(kTypes, "type", entry_.type) && named(kTracks, "track", entry_.track) && count_and_seconds();
      case Kind::kRateFilter:
        return named(kTracks, "track", entry_.track) && count_and_seconds() &&
               named(kActions, "new_action", entry_.new_action) && number("timeout", entry_.timeout_seconds);
      case Kind::kSuppress: return line_.at_end() || (named(kSuppressTracks, "track", entry_.track) && addresses());
    }
    return false;
  }

  bool count_and_seconds() {
    if (!number("count", entry_.count)) return false;
    if (entry_.count == 0) return fail(last_, ".count", "count is at least 1");
    return number("seconds", entry_.seconds);
  }

  // ", name" in front of every part but the first.
  bool part(std::string_view name, bool comma = true) {
    if (comma && !line_.skip(',')) return fail(line_.rest(), ".syntax", "expected ', " + std::string(name) + "'");
    if (!line_.skip_word(name)) return fail(line_.rest(), ".syntax", "expected '" + std::string(name) + "'");
    return true;
  }

  bool number(std::string_view name, std::uint32_t& value, bool comma = true) {
    if (!part(name, comma)) return false;
    const std::string_view before = line_.rest();
    const auto parsed = line_.number<std::uint32_t>();
    last_ = before.substr(0, before.find_first_of(", \t"));
    if (!parsed) return fail(last_, ".number", std::string(name) + " needs a number from 0 to 4294967295");
    value = *parsed;
    return true;
  }

  template <typename T, std::size_t N>
  bool named(const std::array<Choice<T>, N>& choices, std::string_view name, T& value) {
    return part(name) && choose(choices, name, value);
  }

  template <typename T, std::size_t N>
  bool choose(const std::array<Choice<T>, N>& choices, std::string_view name, T& value) {
    const std::string_view word = line_.word();
    std::string known;
    for (const Choice<T>& choice : choices) {
      if (choice.word == word) {
        value = choice.value;
        return true;
      }
      known.append(known.empty() ? "" : ", ").append(choice.word);
    }
    return fail(word.empty() ? line_.rest() : word, ".choice",
                "\"" + printable(word) + "\" is not a " + std::string(name), "one of " + known);
  }

  bool addresses() {
    if (!part("ip")) return false;
    entry_.addresses = parse_addresses(lines_, line_.rest(), out_);
    line_ = ConfigLine(line_.rest().substr(line_.rest().size()));
    return entry_.addresses.has_value();
  }

  bool at_end() { return line_.at_end() || fail(line_.rest(), ".trailing_text", "text behind the end of the line"); }

  bool fail(std::string_view where, const char* code, std::string message, std::string hint = {}) {
    report_.error(where, "signature.threshold_file" + std::string(code), std::move(message), std::move(hint));
    return false;
  }

  const SourceLines& lines_;
  ConfigLine line_;
  LineReporter report_;
  Diagnostics& out_;
  ThresholdLine entry_;
  std::string_view last_;
};

}  // namespace

ThresholdFile parse_thresholds(SourceFilePtr file, Diagnostics& out) {
  ThresholdFile result;
  result.lines = std::make_shared<const SourceLines>(std::move(file), "signature.threshold_file", out);
  for (const LogicalLine& line : result.lines->lines()) {
    if (line.comment) continue;
    if (auto entry = ThresholdLineParser(*result.lines, line.text, out).run())
      result.entries.push_back(std::move(*entry));
  }
  return result;
}

}  // namespace bulkhead::signatures
