// SMTP as the rest of the engine sees it: how it is found, its buffers, its events.
#include <array>

#include "datapath/app/protocol.h"
#include "datapath/app/smtp/smtp_parser.h"

namespace bulkhead::app {

namespace smtp {
namespace {

using Kind = BufferDef::Kind;
constexpr std::array<std::uint8_t, 2> kAttachments{stage::kOpen, BufferDef::kNever};

constexpr BufferDef kBuffers[] = {
    {"file.data", "file_data", "", "The content of a file", Kind::kFiles, kAttachments, get_file_content},
    {"file.name", "", "", "The name of a file", Kind::kMulti, kAttachments, get_file_name},
};

constexpr EventDef kEvents[] = {
#define X(symbol, name, record, text) {name, record},
#include "datapath/app/smtp/smtp_events.def"
#undef X
};

std::unique_ptr<AppParser> make_parser(const AppSettings& settings) {
  return std::make_unique<SmtpParser>(settings);
}

}  // namespace
}  // namespace smtp

const Protocol& protocol_smtp() {
  static constexpr Protocol protocol{.id = AppProtocol::smtp,
                                     .rule_prefix = "smtp",
                                     .over_tcp = true,
                                     .complete = {smtp::stage::kComplete, smtp::stage::kComplete},
                                     .records = {"smtp"},
                                     .probe = smtp::probe_smtp,
                                     .make = smtp::make_parser,
                                     .buffers = smtp::kBuffers,
                                     .events = smtp::kEvents};
  return protocol;
}

}  // namespace bulkhead::app
