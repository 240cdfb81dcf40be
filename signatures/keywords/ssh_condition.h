// Conditions on the banners of an SSH conversation, for the old keywords that are no buffers.
//
// Thread   control thread; `holds` runs on workers.
// Tests    tests/unit/signatures/keywords/tls_keywords_test.cpp
#pragma once

#include <utility>

#include "datapath/app/ssh/ssh_transaction.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

// `holds(const SshSide&)` of the side that sends, once its banner is there.
template <typename Holds>
void add_banner_condition(RuleBuilder& builder, const Option& option, Holds holds) {
  builder.mark_beyond_addresses(option);
  builder.add_transaction_condition(
      {app::AppProtocolSet().set(app::index_of(app::AppProtocol::ssh)),
       {app::ssh::stage::kBanner, app::ssh::stage::kBanner},
       std::string(option.text),
       [holds = std::move(holds)](const app::Protocol&, const app::Transaction& tx, bulkhead::Direction d) {
         const app::ssh::SshSide& side = static_cast<const app::ssh::SshTransaction&>(tx).side(d);
         return !side.software.empty() && holds(side);
       }});
}

}  // namespace bulkhead::signatures
