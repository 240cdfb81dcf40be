// ftpbounce: PORT names another host than the client: the server is asked to connect somewhere else.
//
//   ftpbounce;
#include "datapath/app/ftp/ftp_transaction.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  builder.mark_beyond_addresses(option);
  builder.add_transaction_condition({app::AppProtocolSet().set(app::index_of(app::AppProtocol::ftp)),
                                     {0, app::BufferDef::kNever},
                                     std::string(option.text),
                                     [](const app::Protocol&, const app::Transaction& tx, bulkhead::Direction d) {
                                       return d == bulkhead::Direction::kToServer &&
                                              static_cast<const app::ftp::FtpTransaction&>(tx).names_other_host;
                                     }});
}

}  // namespace

const Keyword& keyword_ftpbounce() {
  static constexpr Keyword keyword{.name = "ftpbounce",
                                   .value = Keyword::Value::kNone,
                                   .syntax = "ftpbounce;",
                                   .help = "PORT names another host than the client.",
                                   .example = "ftpbounce;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
