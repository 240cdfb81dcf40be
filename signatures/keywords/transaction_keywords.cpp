#include "signatures/keywords/transaction_keywords.h"

#include <deque>
#include <utility>

#include "signatures/keywords/parse_number.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

const app::NumberName* find_name(std::span<const app::NumberName> names, std::string_view text) {
  for (const app::NumberName& name : names) {
    if (equals_ignoring_case(name.name, text)) return &name;
  }
  return nullptr;
}

std::string listed(std::span<const app::NumberName> names) {
  std::string out;
  for (const app::NumberName& name : names) out.append(out.empty() ? "" : ", ").append(name.name);
  return out;
}

ValueTest parse_flags(const app::NumberDef& def, std::string_view text, std::string& error) {
  std::uint64_t set = 0, clear = 0;
  for (std::string_view word : split(text, ',')) {
    const bool negated = word.starts_with('!');
    if (negated) word = trim_blanks(word.substr(1));
    const app::NumberName* flag = find_name(def.names, word);
    if (flag == nullptr) {
      error = "\"" + printable(word) + "\" is none of " + listed(def.names);
      return {};
    }
    (negated ? clear : set) |= flag->value;
  }
  if ((set & clear) != 0) {
    error = "a flag cannot be set and clear at once";
    return {};
  }
  return [set, clear](std::uint64_t value) { return (value & set) == set && (value & clear) == 0; };
}

// 1kb: as sizes in settings.
std::uint64_t unit_of(std::string_view& text) {
  constexpr std::pair<std::string_view, std::uint64_t> kUnits[] = {
      {"kb", 1ULL << 10}, {"mb", 1ULL << 20}, {"gb", 1ULL << 30}};
  const std::string lower = to_lower(text);
  for (const auto& [unit, factor] : kUnits) {
    if (!lower.ends_with(unit)) continue;
    text = trim_blanks(text.substr(0, text.size() - unit.size()));
    return factor;
  }
  return 1;
}

void apply_number(RuleBuilder& builder, const Option& option) {
  const app::NumberEntry* entry = app::find_number(to_lower(option.name));
  if (entry == nullptr) return;
  const std::string_view text = option.quoted ? option.argument : option.value;
  std::string error;
  ValueTest test = parse_value_test(*entry->def, text, error);
  if (!test) {
    const bool flags = entry->def->kind == app::NumberDef::Kind::kFlags;
    builder.error(option.value, flags ? "signature.number.flags" : "signature.number.syntax", error);
    return;
  }
  builder.mark_beyond_addresses(option);
  builder.add_transaction_condition(
      {entry->protocols, entry->progress, std::string(option.text),
       [entry, test = std::move(test)](const app::Protocol& protocol, const app::Transaction& tx,
                                       bulkhead::Direction d) {
         const app::NumberDef* def = entry->by_protocol[app::index_of(protocol.id)];
         return def != nullptr && def->has(d) && any_number(*def, tx, d, test);
       }});
}

void apply_own_test(RuleBuilder& builder, const Option& option) {
  const app::OwnTestEntry* entry = app::find_own_test(to_lower(option.name));
  if (entry == nullptr) return;
  // A protocol's text may mean something else to each protocol that has the keyword.
  std::array<app::TestDef::Test, app::kAppProtocolCount> tests;
  for (std::size_t p = 0; p < tests.size(); ++p) {
    if (entry->by_protocol[p] == nullptr) continue;
    std::string error;
    tests[p] = entry->by_protocol[p]->compile(option.quoted ? option.argument : option.value, error);
    if (tests[p]) continue;
    builder.error(option.value.empty() ? option.text : option.value, "signature.transaction_test.syntax", error,
                  std::string(entry->def->syntax));
    return;
  }
  builder.mark_beyond_addresses(option);
  builder.add_transaction_condition(
      {entry->protocols, entry->progress, std::string(option.text),
       [entry, tests = std::move(tests)](const app::Protocol& protocol, const app::Transaction& tx,
                                         bulkhead::Direction d) {
         const std::size_t p = app::index_of(protocol.id);
         return entry->by_protocol[p] != nullptr && entry->by_protocol[p]->has(d) && tests[p](tx, d);
       }});
}

}  // namespace

ValueTest parse_value_test(const app::NumberDef& def, std::string_view text, std::string& error) {
  text = trim_blanks(text);
  if (def.kind == app::NumberDef::Kind::kFlags) return parse_flags(def, text, error);
  const bool negated = text.starts_with('!');
  if (const app::NumberName* name = find_name(def.names, negated ? trim_blanks(text.substr(1)) : text)) {
    return [negated, wanted = name->value](std::uint64_t value) { return (value == wanted) != negated; };
  }
  const std::uint64_t unit = unit_of(text);
  if (auto test = parse_number_test(text, def.max / unit)) {
    test->low *= unit;
    test->high *= unit;
    return [test = *test](std::uint64_t value) { return test.holds(value); };
  }
  error = "expected a number up to " + std::to_string(def.max) + " such as 5, >5 or 3-7";
  if (!def.names.empty()) error += ", or one of " + listed(def.names);
  return {};
}

bool any_number(const app::NumberDef& def, const app::Transaction& tx, bulkhead::Direction d, const ValueTest& test) {
  std::uint64_t value = 0;
  for (std::uint32_t i = 0; def.get(tx, d, i, value); ++i) {
    if (test(value)) return true;
    if (def.kind == app::NumberDef::Kind::kSingle) return false;
  }
  return false;
}

const std::vector<Keyword>& transaction_keywords() {
  static std::deque<std::string> texts;  // the views of the keywords
  static const std::vector<Keyword> keywords = [] {
    std::vector<Keyword> all;
    const auto keep = [](std::string text) { return std::string_view(texts.emplace_back(std::move(text))); };
    for (const app::NumberEntry& entry : app::all_numbers()) {
      const std::string name(entry.def->keyword);
      const auto& names = entry.def->names;
      const bool flags = entry.def->kind == app::NumberDef::Kind::kFlags;
      all.push_back({.name = entry.def->keyword,
                     .alias = entry.def->alias,
                     .quotes = Keyword::Quotes::kOptional,
                     .may_negate = true,
                     .syntax = keep(flags           ? name + ":[!]FLAG[,[!]FLAG...];"
                                    : names.empty() ? name + ":[<|>|<=|>=|!]N;  " + name + ":LOW-HIGH;"
                                                    : name + ":[!]NAME|N;"),
                     .help = entry.def->help,
                     .example = keep(name + ":" + (names.empty() ? "1" : std::string(names.front().name)) + ";"),
                     .apply = apply_number});
    }
    for (const app::OwnTestEntry& entry : app::all_own_tests()) {
      all.push_back({.name = entry.def->keyword,
                     .alias = entry.def->alias,
                     .value = entry.def->needs_value ? Keyword::Value::kRequired : Keyword::Value::kOptional,
                     .quotes = Keyword::Quotes::kOptional,
                     .may_negate = true,
                     .syntax = entry.def->syntax,
                     .help = entry.def->help,
                     .example = entry.def->example,
                     .apply = apply_own_test});
    }
    return all;
  }();
  return keywords;
}

}  // namespace bulkhead::signatures
