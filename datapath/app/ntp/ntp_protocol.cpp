// Network time as the rest of the engine sees it.
#include <memory>

#include "datapath/app/ntp/ntp_parser.h"
#include "datapath/app/protocol.h"

namespace bulkhead::app {

namespace ntp {
namespace {

constexpr EventDef kEvents[] = {{"malformed_data", "malformed_data", {}}};

std::unique_ptr<AppParser> make_parser(const AppSettings&) {
  return std::make_unique<NtpParser>();
}

}  // namespace
}  // namespace ntp

const Protocol& protocol_ntp() {
  static constexpr Protocol protocol{.id = AppProtocol::ntp,
                                     .rule_prefix = "ntp",
                                     .over_udp = true,
                                     .complete = {ntp::kComplete, ntp::kComplete},
                                     .probe_datagram = ntp::probe_datagram,
                                     .make = ntp::make_parser,
                                     .events = ntp::kEvents};
  return protocol;
}

}  // namespace bulkhead::app
