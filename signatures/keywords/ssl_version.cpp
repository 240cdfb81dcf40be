// ssl_version: the version that the side which sends speaks is one of a list, or none of it.
//
//   ssl_version:VERSION[,VERSION...]   VERSION: sslv2, sslv3, tls1.0, tls1.1, tls1.2, tls1.3
//   ssl_version:!VERSION[,!VERSION...]
#include <algorithm>
#include <vector>

#include "datapath/app/tls/tls_version.h"
#include "signatures/keywords/tls_condition.h"
#include "signatures/language/source_lines.h"

namespace bulkhead::signatures {

namespace {

std::optional<std::uint16_t> version_of(const std::string& text) {
  namespace version = app::tls::version;
  static constexpr std::pair<std::string_view, std::uint16_t> kNames[] = {
      {"sslv2", version::kSsl2},   {"sslv3", version::kSsl3},   {"tls1.0", version::kTls10},
      {"tls1.1", version::kTls11}, {"tls1.2", version::kTls12}, {"tls1.3", version::kTls13}};
  const auto* at = std::find_if(std::begin(kNames), std::end(kNames), [&](const auto& n) { return n.first == text; });
  return at == std::end(kNames) ? std::nullopt : std::optional(at->second);
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

void apply(RuleBuilder& builder, const Option& option) {
  std::vector<std::uint16_t> wanted;
  bool negated = false;
  std::string_view rest = option.value;
  for (bool more = true; more;) {
    const std::size_t comma = rest.find(',');
    more = comma != std::string_view::npos;
    std::string_view word = trimmed(rest.substr(0, comma));
    if (more) rest.remove_prefix(comma + 1);
    const bool no = !word.empty() && word.front() == '!';
    if (no) word.remove_prefix(1);
    const auto version = version_of(to_lower(word));
    if (!version) {
      builder.error(option.value, "signature.ssl_version.syntax",
                    "expected versions out of sslv2, sslv3, tls1.0, tls1.1, tls1.2, tls1.3");
      return;
    }
    if (!wanted.empty() && no != negated) {
      builder.error(option.value, "signature.ssl_version.mixed", "either all versions are negated or none is");
      return;
    }
    if (std::find(wanted.begin(), wanted.end(), *version) != wanted.end()) {
      builder.error(word, "signature.ssl_version.twice", "this version is in the list already");
      return;
    }
    negated = no;
    wanted.push_back(*version);
  }
  add_tls_condition(builder, option, kTlsAny,
                    [wanted, negated](const app::tls::TlsTransaction& tx, bulkhead::Direction d) {
                      std::uint16_t version = tx.side(d).version;
                      if (version == app::tls::version::kUnknown) return false;
                      if (app::tls::is_draft13(version)) version = app::tls::version::kTls13;
                      return (std::find(wanted.begin(), wanted.end(), version) != wanted.end()) != negated;
                    });
}

}  // namespace

const Keyword& keyword_ssl_version() {
  static constexpr Keyword keyword{.name = "ssl_version",
                                   .syntax = "ssl_version:[!]VERSION[,[!]VERSION...];",
                                   .help = "The version of SSL or TLS is one of a list.",
                                   .example = "ssl_version:tls1.0,tls1.1;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
