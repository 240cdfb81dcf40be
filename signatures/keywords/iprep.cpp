// iprep: what lists of addresses say about the ends of the packet.
//
//   iprep:any|src|dst|both,CATEGORY,<|>|=|!=|<=|>=,N      N from 0 to 127
//   iprep:any|src|dst|both,CATEGORY,isset|isnotset
//   iprep:src,BadHosts,>,30;
//
// Categories and lists are settings: reputation-categories-file, reputation-files. An address that no list names has
// no value and matches nothing but isnotset. As in Suricata, isnotset of one side also holds for the value 0; of any
// and both it does not.
#include "signatures/keywords/parse_number.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

enum class Side : std::uint8_t { kAny, kSource, kDestination, kBoth };

std::optional<Side> side_of(std::string_view word) {
  if (word == "any") return Side::kAny;
  if (word == "src") return Side::kSource;
  if (word == "dst") return Side::kDestination;
  if (word == "both") return Side::kBoth;
  return std::nullopt;
}

std::optional<NumberTest::Mode> mode_of(std::string_view sign) {
  using Mode = NumberTest::Mode;
  if (sign == "<") return Mode::kLess;
  if (sign == ">") return Mode::kGreater;
  if (sign == "=") return Mode::kEqual;
  if (sign == "!=") return Mode::kNotEqual;
  if (sign == "<=") return Mode::kLessEqual;
  if (sign == ">=") return Mode::kGreaterEqual;
  return std::nullopt;
}

struct Test {
  enum class Kind : std::uint8_t { kValue, kIsSet, kIsNotSet };
  Kind kind = Kind::kValue;
  NumberTest number;

  [[nodiscard]] bool holds(std::optional<std::uint8_t> value) const {
    if (kind == Kind::kIsSet) return value.has_value();
    if (kind == Kind::kIsNotSet) return value.value_or(0) == 0;
    return value && number.holds(*value);
  }
};

std::optional<Test> test_of(std::span<const std::string_view> words) {
  if (words.size() == 1 && words[0] == "isset") return Test{Test::Kind::kIsSet, {}};
  if (words.size() == 1 && words[0] == "isnotset") return Test{Test::Kind::kIsNotSet, {}};
  const auto mode = words.size() == 2 ? mode_of(words[0]) : std::nullopt;
  const auto number = words.size() == 2 ? parse_number<std::uint8_t>(words[1]) : std::nullopt;
  if (!mode || !number || *number > ReputationTable::kMostValue) return std::nullopt;
  return Test{Test::Kind::kValue, {*mode, *number, 0}};
}

void apply(RuleBuilder& builder, const Option& option) {
  const auto parts = split(option.value, ',');
  const auto side = side_of(parts[0]);
  const auto test = parts.size() > 2 ? test_of(std::span(parts).subspan(2)) : std::nullopt;
  if (!side || !test) {
    builder.error(option.value, "signature.iprep.syntax", "expected a side, a category and a comparison up to 127",
                  "iprep:src,BadHosts,>,30");
    return;
  }
  const ReputationTablePtr& table = builder.reputation();
  const auto category = table ? table->category(parts[1]) : std::nullopt;
  if (!category) {
    builder.error(parts[1].empty() ? option.value : parts[1], "signature.iprep.category",
                  "\"" + printable(parts[1]) + "\" is no category of the reputation lists",
                  "reputation-categories-file names them");
    return;
  }
  builder.add_address_condition(
      option, [table, side = *side, test = *test, category = *category](const MatchInput& input) {
        const decode::PacketView& packet = *input.packet;
        if (!packet.is_ip()) return false;
        const auto source = [&] { return test.holds(table->value(packet.source, category)); };
        const auto destination = [&] { return test.holds(table->value(packet.destination, category)); };
        const bool pair = side == Side::kAny || side == Side::kBoth;
        if (pair && test.kind == Test::Kind::kIsNotSet) {
          const bool source_unknown = !table->value(packet.source, category);
          const bool destination_unknown = !table->value(packet.destination, category);
          return side == Side::kAny ? source_unknown || destination_unknown : source_unknown && destination_unknown;
        }
        switch (side) {
          case Side::kAny: return source() || destination();
          case Side::kSource: return source();
          case Side::kDestination: return destination();
          case Side::kBoth: return source() && destination();
        }
        return false;
      });
}

}  // namespace

const Keyword& keyword_iprep() {
  static constexpr Keyword keyword{.name = "iprep",
                                   .syntax = "iprep:any|src|dst|both,CATEGORY,<|>|=|!=|<=|>=,N;",
                                   .help = "What lists of addresses say about the ends of the packet.",
                                   .example = "",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
