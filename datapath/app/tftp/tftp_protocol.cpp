// Trivial file transfer as the rest of the engine sees it.
#include <memory>

#include "datapath/app/protocol.h"
#include "datapath/app/tftp/tftp_parser.h"

namespace bulkhead::app {

namespace tftp {
namespace {

std::unique_ptr<AppParser> make_parser(const AppSettings&) {
  return std::make_unique<TftpParser>();
}

}  // namespace
}  // namespace tftp

const Protocol& protocol_tftp() {
  static constexpr Protocol protocol{.id = AppProtocol::tftp,
                                     .rule_prefix = "tftp",
                                     .over_udp = true,
                                     .complete = {tftp::kComplete, tftp::kComplete},
                                     .records = {"tftp"},
                                     .probe_datagram = tftp::probe_datagram,
                                     .make = tftp::make_parser};
  return protocol;
}

}  // namespace bulkhead::app
