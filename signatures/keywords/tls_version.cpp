// tls.version: the version of TLS that the side which sends speaks; drafts of 1.3 count as 1.3.
//
//   tls.version:1.0|1.1|1.2|1.3|0xHHHH
//   tls.version:1.2;
#include <charconv>

#include "datapath/app/tls/tls_version.h"
#include "signatures/keywords/tls_condition.h"

namespace bulkhead::signatures {

namespace {

std::optional<std::uint16_t> version_of(std::string_view text) {
  if (text == "1.0") return app::tls::version::kTls10;
  if (text == "1.1") return app::tls::version::kTls11;
  if (text == "1.2") return app::tls::version::kTls12;
  if (text == "1.3") return app::tls::version::kTls13;
  constexpr std::size_t kHexLength = 6;
  if (text.size() != kHexLength || text.substr(0, 2) != "0x") return std::nullopt;
  std::uint16_t value = 0;
  const auto [end, error] = std::from_chars(text.data() + 2, text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

void apply(RuleBuilder& builder, const Option& option) {
  const auto wanted = version_of(option.value);
  if (!wanted) {
    builder.error(option.value, "signature.tls_version.syntax",
                  "expected 1.0, 1.1, 1.2, 1.3 or a number such as 0x0303");
    return;
  }
  add_tls_condition(builder, option, kTlsAny,
                    [wanted = *wanted](const app::tls::TlsTransaction& tx, bulkhead::Direction d) {
                      const std::uint16_t version = tx.side(d).version;
                      const bool draft = app::tls::is_draft13(version) && wanted == app::tls::version::kTls13;
                      return version == wanted || draft;
                    });
}

}  // namespace

const Keyword& keyword_tls_version() {
  static constexpr Keyword keyword{.name = "tls.version",
                                   .syntax = "tls.version:1.0|1.1|1.2|1.3;",
                                   .help = "The version of TLS that the side which sends speaks.",
                                   .example = "tls.version:1.2;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
