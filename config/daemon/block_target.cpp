#include "config/daemon/block_target.h"

#include <charconv>
#include <optional>

namespace bulkhead::config {

namespace {

struct End {
  IpAddress address;
  std::optional<std::uint16_t> port;
};

Error bad(const std::string& text, const std::string& why) {
  return {"read", "\"" + text + "\"", 0, why};
}

std::optional<std::uint16_t> port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

// ADDRESS, V4:PORT or [V6]:PORT.
Result<End> read_end(const std::string& text) {
  if (const auto address = IpAddress::parse(text)) return End{*address, std::nullopt};
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return bad(text, "not an address");
  std::string host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  const auto address = IpAddress::parse(host);
  const auto port = port_of(std::string_view(text).substr(colon + 1));
  if (!address) return bad(text, "not an address");
  if (!port) return bad(text, "not a port behind the colon");
  return End{*address, port};
}

}  // namespace

Result<rules::Block> block_target(const std::string& first, const std::string& second, const std::string& protocol) {
  rules::Block block;
  const auto from = read_end(first);
  if (!from) return from.error();
  block.tuple.source = from->address;
  if (second.empty()) {
    if (from->port) return bad(first, "one end of a flow; name the other one too");
    block.kind = rules::BlockKind::kSource;
    return block;
  }
  const auto to = read_end(second);
  if (!to) return to.error();
  if (to->address.family() != from->address.family()) return bad(second, "the other address family");
  if (from->port.has_value() != to->port.has_value()) return bad(second, "a flow needs a port at both ends");
  block.tuple.destination = to->address;
  if (!from->port) {
    block.kind = rules::BlockKind::kPair;
    return block;
  }
  if (!protocol.empty() && protocol != "tcp" && protocol != "udp") return bad(protocol, "write tcp or udp");
  block.kind = rules::BlockKind::kFlow;
  block.tuple.source_port = *from->port;
  block.tuple.destination_port = *to->port;
  block.tuple.protocol = protocol == "udp" ? ip_proto::kUdp : ip_proto::kTcp;
  return block;
}

}  // namespace bulkhead::config
