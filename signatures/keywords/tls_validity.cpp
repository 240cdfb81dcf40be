// tls_cert_notbefore, tls_cert_notafter, tls_cert_expired, tls_cert_valid: the dates of the server's certificate, and
// whether the time of the packet is between them.
//
//   tls_cert_notafter:[<|>]DATE   tls_cert_notbefore:DATE<>DATE   DATE: YYYY[-MM[-DD[(T| )HH[:MM[:SS]]]]]
//   tls_cert_notbefore:<2015-10-22T23:59:59;
//
// A date that names less than a second stands for its first second.
#include <chrono>

#include "signatures/keywords/tls_condition.h"

namespace bulkhead::signatures {

namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::optional<std::int64_t> parse_date(std::string_view text) {
  int part[6] = {0, 1, 1, 0, 0, 0};
  static constexpr int kDigits[] = {4, 2, 2, 2, 2, 2};
  static constexpr std::string_view kBefore[] = {"", "-", "-", "T ", ":", ":"};
  text = trimmed(text);
  std::size_t at = 0;
  for (std::size_t i = 0; i < 6 && (i == 0 || at < text.size()); ++i) {
    if (i > 0 && kBefore[i].find(text[at++]) == std::string_view::npos) return std::nullopt;
    part[i] = 0;
    for (int n = 0; n < kDigits[i]; ++n, ++at) {
      if (at >= text.size() || text[at] < '0' || text[at] > '9') return std::nullopt;
      part[i] = part[i] * 10 + (text[at] - '0');
    }
  }
  if (at != text.size()) return std::nullopt;
  using namespace std::chrono;
  const year_month_day date{year(part[0]), month(static_cast<unsigned>(part[1])), day(static_cast<unsigned>(part[2]))};
  if (!date.ok() || part[3] > 23 || part[4] > 59 || part[5] > 60) return std::nullopt;
  return sys_days(date).time_since_epoch().count() * std::int64_t{86400} + part[3] * 3600 + part[4] * 60 + part[5];
}

struct DateTest {
  enum class Mode : std::uint8_t { kEqual, kBefore, kAfter, kBetween };
  Mode mode = Mode::kEqual;
  std::int64_t low = 0, high = 0;
  [[nodiscard]] bool holds(std::int64_t value) const {
    switch (mode) {
      case Mode::kEqual: return value == low;
      case Mode::kBefore: return value < low;
      case Mode::kAfter: return value > low;
      case Mode::kBetween: return value > low && value < high;
    }
    return false;
  }
};

std::optional<DateTest> parse_test(std::string_view text) {
  text = trimmed(text);
  DateTest test;
  if (const std::size_t range = text.find("<>"); range != std::string_view::npos) {
    const auto low = parse_date(text.substr(0, range)), high = parse_date(text.substr(range + 2));
    if (!low || !high || *high <= *low) return std::nullopt;
    test = {DateTest::Mode::kBetween, *low, *high};
    return test;
  }
  if (!text.empty() && (text.front() == '<' || text.front() == '>')) {
    test.mode = text.front() == '<' ? DateTest::Mode::kBefore : DateTest::Mode::kAfter;
    text.remove_prefix(1);
  }
  const auto date = parse_date(text);
  if (!date) return std::nullopt;
  test.low = *date;
  return test;
}

template <std::int64_t app::tls::Certificate::*date>
void apply_date(RuleBuilder& builder, const Option& option) {
  const auto test = parse_test(option.value);
  if (!test) {
    builder.error(option.value, "signature.tls_validity.syntax",
                  "expected a date such as 2015-10-22 or 2015-10-22T23:59:59, with < or > before it, or DATE<>DATE");
    return;
  }
  add_tls_condition(builder, option, kTlsServerCertificate,
                    [test = *test](const app::tls::TlsTransaction& tx, bulkhead::Direction d) {
                      const auto& certificate = tx.side(d).certificate;
                      return certificate && test.holds((*certificate).*date);
                    });
}

void apply_now(RuleBuilder& builder, const Option& option, bool valid) {
  add_tls_condition(
      builder, option, kTlsServerCertificate, [valid](const app::tls::TlsTransaction& tx, bulkhead::Direction d) {
        const auto& certificate = tx.side(d).certificate;
        if (!certificate) return false;
        const std::int64_t now = tx.certificate_time;
        return valid ? certificate->not_before <= now && now <= certificate->not_after : certificate->not_after < now;
      });
}
void apply_valid(RuleBuilder& builder, const Option& option) {
  apply_now(builder, option, true);
}
void apply_expired(RuleBuilder& builder, const Option& option) {
  apply_now(builder, option, false);
}

}  // namespace

const Keyword& keyword_tls_cert_notbefore() {
  static constexpr Keyword keyword{.name = "tls_cert_notbefore",
                                   .syntax = "tls_cert_notbefore:[<|>]DATE[<>DATE];",
                                   .help = "The date from which on the server's certificate is valid.",
                                   .example = "tls_cert_notbefore:<2015-10-22T23:59:59;",
                                   .apply = apply_date<&app::tls::Certificate::not_before>};
  return keyword;
}

const Keyword& keyword_tls_cert_notafter() {
  static constexpr Keyword keyword{.name = "tls_cert_notafter",
                                   .syntax = "tls_cert_notafter:[<|>]DATE[<>DATE];",
                                   .help = "The date until which the server's certificate is valid.",
                                   .example = "tls_cert_notafter:>2015;",
                                   .apply = apply_date<&app::tls::Certificate::not_after>};
  return keyword;
}

const Keyword& keyword_tls_cert_valid() {
  static constexpr Keyword keyword{.name = "tls_cert_valid",
                                   .value = Keyword::Value::kNone,
                                   .syntax = "tls_cert_valid;",
                                   .help = "The server's certificate is valid at the time of the packet.",
                                   .example = "tls_cert_valid;",
                                   .apply = apply_valid};
  return keyword;
}

const Keyword& keyword_tls_cert_expired() {
  static constexpr Keyword keyword{.name = "tls_cert_expired",
                                   .value = Keyword::Value::kNone,
                                   .syntax = "tls_cert_expired;",
                                   .help = "The server's certificate is no longer valid at the time of the packet.",
                                   .example = "tls_cert_expired;",
                                   .apply = apply_expired};
  return keyword;
}

}  // namespace bulkhead::signatures
