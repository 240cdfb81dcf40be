// tls.subject, tls.issuerdn, tls.fingerprint: text within a field of the server's certificate; the old forms of
// tls.cert_subject, tls.cert_issuer and tls.cert_fingerprint.
//
//   tls.subject:[!]"CN=example.org"
//   tls.fingerprint:[!]"90:86:a4:3b:..."
#include "signatures/keywords/tls_condition.h"
#include "signatures/language/source_lines.h"

namespace bulkhead::signatures {

namespace {

constexpr std::size_t kFingerprint = 59;  // 20 bytes as "aa:bb:..."

template <std::string app::tls::Certificate::*field>
void add_text(RuleBuilder& builder, const Option& option, std::string wanted) {
  add_tls_condition(builder, option, kTlsServerCertificate,
                    [wanted = std::move(wanted), negated = option.negated](const app::tls::TlsTransaction& tx,
                                                                           bulkhead::Direction d) {
                      const auto& certificate = tx.side(d).certificate;
                      return certificate && (((*certificate).*field).find(wanted) != std::string::npos) != negated;
                    });
}

template <std::string app::tls::Certificate::*field>
void apply_name(RuleBuilder& builder, const Option& option) {
  if (option.argument.find('|') != std::string_view::npos) {
    builder.error(option.argument, "signature.tls_name.bar", "'|' cannot be part of this text",
                  "use tls.cert_subject or tls.cert_issuer with content");
    return;
  }
  add_text<field>(builder, option, std::string(option.argument));
}

void apply_fingerprint(RuleBuilder& builder, const Option& option) {
  if (option.argument.size() != kFingerprint) {
    builder.error(option.argument, "signature.tls_fingerprint.length",
                  "a fingerprint has 20 bytes, written as \"90:86:a4:...\"");
    return;
  }
  add_text<&app::tls::Certificate::fingerprint>(builder, option, to_lower(option.argument));
}

}  // namespace

const Keyword& keyword_tls_subject() {
  static constexpr Keyword keyword{.name = "tls.subject",
                                   .quotes = Keyword::Quotes::kRequired,
                                   .may_negate = true,
                                   .syntax = "tls.subject:[!]\"TEXT\";",
                                   .help = "Text within the subject of the server's certificate.",
                                   .example = "tls.subject:\"CN=example.org\";",
                                   .apply = apply_name<&app::tls::Certificate::subject>};
  return keyword;
}

const Keyword& keyword_tls_issuerdn() {
  static constexpr Keyword keyword{.name = "tls.issuerdn",
                                   .quotes = Keyword::Quotes::kRequired,
                                   .may_negate = true,
                                   .syntax = "tls.issuerdn:[!]\"TEXT\";",
                                   .help = "Text within the issuer of the server's certificate.",
                                   .example = "tls.issuerdn:\"O=Example\";",
                                   .apply = apply_name<&app::tls::Certificate::issuer>};
  return keyword;
}

const Keyword& keyword_tls_fingerprint() {
  static constexpr Keyword keyword{
      .name = "tls.fingerprint",
      .quotes = Keyword::Quotes::kRequired,
      .may_negate = true,
      .syntax = "tls.fingerprint:[!]\"AA:BB:...\";",
      .help = "The SHA-1 of the server's certificate.",
      .example = "tls.fingerprint:\"90:86:a4:3b:f5:cf:1b:2e:4e:f7:97:96:f9:de:ba:b9:66:35:86:3f\";",
      .apply = apply_fingerprint};
  return keyword;
}

}  // namespace bulkhead::signatures
