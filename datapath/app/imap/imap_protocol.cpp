// IMAP and POP3 as the rest of the engine sees them.
#include "datapath/app/imap/mailbox_parser.h"
#include "datapath/app/protocol.h"

namespace bulkhead::app {

namespace {

template <AppProtocol kProtocol>
std::unique_ptr<AppParser> make_mailbox(const AppSettings&) {
  return std::make_unique<imap::MailboxParser>(kProtocol);
}

}  // namespace

const Protocol& protocol_imap() {
  static constexpr Protocol protocol{.id = AppProtocol::imap,
                                     .rule_prefix = "imap",
                                     .over_tcp = true,
                                     .probe = imap::probe_imap,
                                     .make = make_mailbox<AppProtocol::imap>,
                                     .buffers = {},
                                     .events = {}};
  return protocol;
}

const Protocol& protocol_pop3() {
  static constexpr Protocol protocol{.id = AppProtocol::pop3,
                                     .rule_prefix = "pop3",
                                     .over_tcp = true,
                                     .probe = imap::probe_pop3,
                                     .make = make_mailbox<AppProtocol::pop3>,
                                     .buffers = {},
                                     .events = {}};
  return protocol;
}

}  // namespace bulkhead::app
