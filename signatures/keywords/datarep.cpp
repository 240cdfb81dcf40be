// datarep: the number that a set gives the sticky buffer, compared.
//
//   datarep:NAME,>|<|==,N[,type TYPE][,load FILE][,state FILE][,memcap N][,hashsize N]      N from 0 to 65535
//   datarep:domains,>,200,load domains.rep,type string;
//
// A line of the file is a value as in dataset, a comma and the number. What the set does not name does not match.
#include "signatures/keywords/dataset_options.h"
#include "signatures/keywords/parse_number.h"

namespace bulkhead::signatures {

namespace {

std::optional<Compare> comparison(std::string_view sign) {
  if (sign == ">") return Compare::kGreater;
  if (sign == "<") return Compare::kLess;
  if (sign == "==") return Compare::kEqual;
  return std::nullopt;
}

void apply(RuleBuilder& builder, const Option& option) {
  const auto parts = split(option.value, ',');
  const auto compare = parts.size() > 2 ? comparison(parts[1]) : std::nullopt;
  const auto number = parts.size() > 2 ? parse_number<std::uint16_t>(parts[2]) : std::nullopt;
  if (!compare || !number) {
    builder.error(option.value, "signature.datarep.syntax", "expected a name, one of > < ==, and a number up to 65535",
                  "datarep:domains,>,200,load domains.rep,type string");
    return;
  }
  DatasetPtr set = open_dataset(builder, option, parts[0], std::span(parts).subspan(3), true);
  if (set) builder.payload().emplace_back(DatarepOp{*compare, *number, std::move(set), builder.span(option.text)});
}

}  // namespace

const Keyword& keyword_datarep() {
  static constexpr Keyword keyword{.name = "datarep",
                                   .syntax = "datarep:NAME,>|<|==,N[,type TYPE][,load FILE];",
                                   .help = "The number that a set gives the sticky buffer, compared.",
                                   .example = "ip.src; datarep:hosts,>,20,type ip;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
