// ftpdata_command: what a data connection of FTP carries: a file that is fetched or one that is stored.
//
//   ftpdata_command:retr|stor
//   ftpdata_command:retr;
//
// As in Suricata, retr looks at what goes to the client and stor at what goes to the server, whoever opened the
// connection.
#include "datapath/app/ftp/ftp_transaction.h"
#include "signatures/keywords/rule_builder.h"

namespace bulkhead::signatures {

namespace {

void apply(RuleBuilder& builder, const Option& option) {
  const std::string word = to_lower(option.value);
  if (word != "retr" && word != "stor") {
    builder.error(option.value, "signature.ftpdata_command.syntax", "expected retr or stor");
    return;
  }
  builder.mark_beyond_addresses(option);
  const bool fetched = word == "retr";
  builder.add_transaction_condition(
      {app::AppProtocolSet().set(app::index_of(app::AppProtocol::ftp_data)),
       {fetched ? app::BufferDef::kNever : std::uint8_t{0}, fetched ? std::uint8_t{0} : app::BufferDef::kNever},
       std::string(option.text),
       [fetched](const app::Protocol&, const app::Transaction& tx, bulkhead::Direction d) {
         const bool to_client = d == bulkhead::Direction::kToClient;
         return to_client == fetched &&
                static_cast<const app::ftp::FtpDataTransaction&>(tx).command == (fetched ? "RETR" : "STOR");
       }});
}

}  // namespace

const Keyword& keyword_ftpdata_command() {
  static constexpr Keyword keyword{.name = "ftpdata_command",
                                   .quotes = Keyword::Quotes::kRefused,
                                   .syntax = "ftpdata_command:retr|stor;",
                                   .help = "A file is fetched or stored over FTP.",
                                   .example = "ftpdata_command:retr;",
                                   .apply = apply};
  return keyword;
}

}  // namespace bulkhead::signatures
