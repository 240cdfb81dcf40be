// SSH as the rest of the engine sees it: how it is found, its buffers, its events.
#include <array>

#include "datapath/app/protocol.h"
#include "datapath/app/ssh/ssh_parser.h"
#include "datapath/app/ssh/ssh_transaction.h"

namespace bulkhead::app {

namespace ssh {
namespace {

using Kind = BufferDef::Kind;
constexpr std::uint8_t kNever = BufferDef::kNever;
constexpr std::array<std::uint8_t, 2> kBanners{stage::kBanner, stage::kBanner};
constexpr std::array<std::uint8_t, 2> kClientOffer{stage::kKeyExchange, kNever};
constexpr std::array<std::uint8_t, 2> kServerOffer{kNever, stage::kKeyExchange};

template <std::string SshSide::*field>
bool get_text(Transaction& tx, Direction d, std::uint32_t, BufferView& out) {
  const std::string& text = static_cast<SshTransaction&>(tx).side(d).*field;
  if (text.empty()) return false;
  out.bytes = {reinterpret_cast<const Byte*>(text.data()), text.size()};
  return true;
}

// clang-format off
constexpr BufferDef kBuffers[] = {
    {"ssh.proto", "ssh_proto", "", "The version in a banner, \"2.0\"", Kind::kSingle, kBanners, get_text<&SshSide::protocol>},
    {"ssh.software", "ssh_software", "", "The software in a banner", Kind::kSingle, kBanners, get_text<&SshSide::software>},
    {"ssh.hassh", "", "", "HASSH of the client, MD5", Kind::kSingle, kClientOffer, get_text<&SshSide::hassh>, 0, Feature::kHassh, 32},
    {"ssh.hassh.string", "", "", "HASSH of the client as text", Kind::kSingle, kClientOffer, get_text<&SshSide::hassh_text>, 0, Feature::kHassh},
    {"ssh.hassh.server", "", "", "HASSH of the server, MD5", Kind::kSingle, kServerOffer, get_text<&SshSide::hassh>, 0, Feature::kHassh, 32},
    {"ssh.hassh.server.string", "", "", "HASSH of the server as text", Kind::kSingle, kServerOffer, get_text<&SshSide::hassh_text>, 0, Feature::kHassh},
};

constexpr EventDef kEvents[] = {
#define X(symbol, name, record, text) {name, record},
#include "datapath/app/ssh/ssh_events.def"
#undef X
};
// clang-format on

std::unique_ptr<AppParser> make_parser(const AppSettings& settings) {
  return std::make_unique<SshParser>(settings);
}

}  // namespace
}  // namespace ssh

const Protocol& protocol_ssh() {
  static constexpr Protocol protocol{.id = AppProtocol::ssh,
                                     .rule_prefix = "ssh",
                                     .over_tcp = true,
                                     .complete = {ssh::stage::kFinished, ssh::stage::kFinished},
                                     .records = {"ssh"},
                                     .probe = ssh::probe_ssh,
                                     .make = ssh::make_parser,
                                     .buffers = ssh::kBuffers,
                                     .events = ssh::kEvents};
  return protocol;
}

}  // namespace bulkhead::app
