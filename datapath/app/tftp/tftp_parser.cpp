#include "datapath/app/tftp/tftp_parser.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

namespace bulkhead::app::tftp {
namespace {

constexpr std::uint16_t kRead = 1, kWrite = 2;

// The text up to the next zero, taken off the front; false: there is no zero.
bool take_text(std::string_view& from, std::string& to) {
  const std::size_t end = from.find('\0');
  if (end == std::string_view::npos) return false;
  to = from.substr(0, end);
  from.remove_prefix(end + 1);
  return true;
}

}  // namespace

bool read_request(ByteSpan data, Request& out) {
  if (data.size() < 4) return false;
  const std::uint16_t opcode = load_be16(data.data());
  if (opcode != kRead && opcode != kWrite) return false;
  out.write = opcode == kWrite;
  std::string_view rest(reinterpret_cast<const char*>(data.data()) + 2, data.size() - 2);
  if (!take_text(rest, out.file) || !take_text(rest, out.mode)) return false;
  std::transform(out.mode.begin(), out.mode.end(), out.mode.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 'a' - 'A') : c; });
  return !out.file.empty() && (out.mode == "octet" || out.mode == "netascii" || out.mode == "mail");
}

Probe probe_datagram(const DatagramProbe& probe) {
  Request request;
  return probe.direction == Direction::kToServer && read_request(probe.data, request) ? Probe::kYes : Probe::kNo;
}

ParseResult TftpParser::parse(Direction d, ByteSpan data, const ParseMoment&) {
  Request request;
  if (read_request(data, request)) add(std::make_unique<TftpTransaction>(d)).request = std::move(request);
  return {ParseResult::Status::kOk, data.size(), {}};
}

void TftpTransaction::write_records(std::vector<EveRecord>& out, const EveOptions&) const {
  JsonText json;
  json.open_object();
  json.field("packet", request.write ? "write" : "read");
  json.bytes_field("file", request.file);
  json.field("mode", request.mode);
  json.close_object();
  EveRecord record{"tftp", false, {}};
  record.as_sent = true;
  record.add("tftp", json);
  out.push_back(std::move(record));
}

}  // namespace bulkhead::app::tftp
