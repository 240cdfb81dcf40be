// ssl_state: the message of the handshake that came last.
//
//   ssl_state:[!]STATE[|[!]STATE...]   STATE: client_hello, server_hello, client_keyx, server_keyx, unknown
//   ssl_state:client_hello;
//
// With several, one of them is enough; a negated one holds while the last message is another.
#include <algorithm>

#include "signatures/keywords/tls_condition.h"

namespace bulkhead::signatures {

namespace {

std::uint8_t state_of(std::string_view word) {
  namespace state = app::tls::state;
  static constexpr std::pair<std::string_view, std::uint8_t> kNames[] = {{"client_hello", state::kClientHello},
                                                                         {"server_hello", state::kServerHello},
                                                                         {"client_keyx", state::kClientKeyExchange},
                                                                         {"server_keyx", state::kServerKeyExchange},
                                                                         {"unknown", state::kUnknown}};
  const auto* at = std::find_if(std::begin(kNames), std::end(kNames), [&](const auto& n) { return n.first == word; });
  return at == std::end(kNames) ? std::uint8_t{0} : at->second;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

void apply(RuleBuilder& builder, const Option& option) {
  std::uint8_t wanted = 0, negated = 0;
  std::string_view rest = option.value;
  for (bool more = true; more;) {
    const std::size_t bar = rest.find_first_of("|,");
    more = bar != std::string_view::npos;
    std::string_view word = trimmed(rest.substr(0, bar));
    if (more) rest.remove_prefix(bar + 1);
    const bool no = !word.empty() && word.front() == '!';
    if (no) word.remove_prefix(1);
    const std::uint8_t state = state_of(word);
    if (state == 0) {
      builder.error(word.empty() ? option.value : word, "signature.ssl_state.unknown",
                    "expected client_hello, server_hello, client_keyx, server_keyx or unknown");
      return;
    }
    wanted |= state;
    if (no) negated |= state;
  }
  add_tls_condition(builder, option, kTlsAny,
                    [wanted, negated](const app::tls::TlsTransaction& tx, bulkhead::Direction) {
                      const unsigned last = tx.last_messages;
                      return ((last & wanted) ^ negated) != 0;
                    });
}

}  // namespace

const Keyword& keyword_ssl_state() {
  static constexpr Keyword keyword{.name = "ssl_state",
                                   .syntax = "ssl_state:[!]STATE[|[!]STATE...];",
                                   .help = "The message of the TLS handshake that came last.",
                                   .example = "ssl_state:client_hello;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
