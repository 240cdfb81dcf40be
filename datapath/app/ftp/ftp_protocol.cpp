// FTP as the rest of the engine sees it: control connections, and data connections that were announced.
#include <array>

#include "datapath/app/ftp/ftp_data_parser.h"
#include "datapath/app/ftp/ftp_parser.h"
#include "datapath/app/protocol.h"

namespace bulkhead::app {

namespace ftp {
namespace {

using Kind = BufferDef::Kind;
constexpr std::array<std::uint8_t, 2> kBoth{stage::kOpen, stage::kOpen};

constexpr BufferDef kDataBuffers[] = {
    {"file.data", "file_data", "", "The content of a file", Kind::kFiles, kBoth, get_file_content},
    {"file.name", "", "", "The name of a file", Kind::kMulti, kBoth, get_file_name},
};

constexpr EventDef kEvents[] = {
#define X(symbol, name, record, text) {name, record},
#include "datapath/app/ftp/ftp_events.def"
#undef X
};

std::unique_ptr<AppParser> make_control(const AppSettings& settings) {
  return std::make_unique<FtpParser>(settings);
}
std::unique_ptr<AppParser> make_data(const AppSettings& settings) {
  return std::make_unique<FtpDataParser>(settings);
}

}  // namespace
}  // namespace ftp

const Protocol& protocol_ftp() {
  static constexpr Protocol protocol{.id = AppProtocol::ftp,
                                     .rule_prefix = "ftp",
                                     .over_tcp = true,
                                     .complete = {ftp::stage::kComplete, ftp::stage::kComplete},
                                     .records = {"ftp"},
                                     .probe = ftp::probe_ftp,
                                     .make = ftp::make_control,
                                     .buffers = {},
                                     .events = ftp::kEvents};
  return protocol;
}

const Protocol& protocol_ftp_data() {
  static constexpr Protocol protocol{.id = AppProtocol::ftp_data,
                                     .rule_prefix = "ftp-data",
                                     .over_tcp = true,
                                     .complete = {ftp::stage::kComplete, ftp::stage::kComplete},
                                     .records = {"ftp_data"},
                                     .probe = nullptr,
                                     .make = ftp::make_data,
                                     .buffers = ftp::kDataBuffers,
                                     .events = {}};
  return protocol;
}

}  // namespace bulkhead::app
