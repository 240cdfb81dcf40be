// geoip: the country of the packet's ends.
//
//   geoip:[any|src|dst|both,][!]COUNTRY[,[!]COUNTRY...]      any when no side is named
//   geoip:src,CN,RU;      geoip:dst,!DE,!AT;
//
// Countries are two letters (ISO 3166-1). With '!' the country is none of those named. The database is a setting,
// geoip-database; an address without a country matches nothing.
#include <algorithm>

#include "signatures/keywords/parse_number.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

struct Test {
  bool any = false, source = false, destination = false;
  bool negated = false;
  std::vector<std::string> countries;

  [[nodiscard]] bool holds(const GeoDatabase& database, const IpAddress& address) const {
    const auto country = database.country(address);
    if (!country) return false;
    return (std::find(countries.begin(), countries.end(), *country) != countries.end()) != negated;
  }
};

bool take_side(std::string_view word, Test& test) {
  if (word == "any") {
    test.any = true;
  } else if (word == "src" || word == "dst" || word == "both") {
    test.source = word != "dst";
    test.destination = word != "src";
  } else {
    return false;
  }
  return true;
}

bool is_country(std::string_view word) {
  return word.size() == 2 && std::all_of(word.begin(), word.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

void apply(RuleBuilder& builder, const Option& option) {
  Test test;
  auto parts = split(option.value, ',');
  if (take_side(parts[0], test)) {
    parts.erase(parts.begin());
  } else {
    test.any = true;
  }
  for (std::string_view word : parts) {
    const bool negated = word.starts_with('!');
    if (negated) word.remove_prefix(1);
    if (!is_country(word) || (!test.countries.empty() && negated != test.negated)) {
      builder.error(word.empty() ? option.value : word, "signature.geoip.country",
                    "expected countries of two capital letters, all with '!' or none");
      return;
    }
    test.negated = negated;
    test.countries.emplace_back(word);
  }
  if (test.countries.empty()) {
    builder.error(option.value, "signature.geoip.country", "expected a country behind the side");
    return;
  }
  const GeoDatabasePtr& database = builder.geo();
  if (!database) {
    builder.error(
        option.text, "signature.geoip.no_database", "there is no database of countries",
        geo_lookup_is_built() ? "the setting geoip-database names one" : "this program was built without libmaxminddb");
    return;
  }
  builder.add_address_condition(option, [database, test = std::move(test)](const MatchInput& input) {
    const decode::PacketView& packet = *input.packet;
    if (!packet.is_ip()) return false;
    if (test.any) return test.holds(*database, packet.source) || test.holds(*database, packet.destination);
    return (!test.source || test.holds(*database, packet.source)) &&
           (!test.destination || test.holds(*database, packet.destination));
  });
}

}  // namespace

const Keyword& keyword_geoip() {
  static constexpr Keyword keyword{.name = "geoip",
                                   .syntax = "geoip:[any|src|dst|both,][!]COUNTRY[,...];",
                                   .help = "The country of the packet's ends.",
                                   .example = "",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
