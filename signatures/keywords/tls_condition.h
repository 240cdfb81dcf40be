// Conditions on what a TLS conversation has said, for the keywords that are no buffers.
//
// Thread   control thread; `holds` runs on workers.
// Tests    tests/unit/signatures/keywords/tls_keywords_test.cpp
#pragma once

#include <utility>

#include "datapath/app/tls/tls_transaction.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

using TlsProgress = std::array<std::uint8_t, 2>;  // by Direction

// `holds(const TlsTransaction&, Direction)`; `from`: the progress from which on it can be judged, 255: never.
template <typename Holds>
void add_tls_condition(RuleBuilder& builder, const Option& option, TlsProgress from, Holds holds) {
  builder.mark_beyond_addresses(option);
  builder.add_transaction_condition(
      {app::AppProtocolSet().set(app::index_of(app::AppProtocol::tls)), from, std::string(option.text),
       [holds = std::move(holds)](const app::Protocol&, const app::Transaction& tx, bulkhead::Direction d) {
         return holds(static_cast<const app::tls::TlsTransaction&>(tx), d);
       }});
}

inline constexpr TlsProgress kTlsAny{0, 0};
inline constexpr TlsProgress kTlsServerCertificate{255, app::tls::stage::kCertificate};

}  // namespace bulkhead::signatures
