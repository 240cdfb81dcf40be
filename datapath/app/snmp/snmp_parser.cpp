#include "datapath/app/snmp/snmp_parser.h"

#include <memory>
#include <string_view>
#include <utility>

namespace bulkhead::app::snmp {
namespace {

// Scanners send SNMP there, among other things, to hear what answers; the conversation is the answerer's.
constexpr std::uint16_t kDnsPort = 53;

std::string_view pdu_name(std::uint8_t number) {
  static constexpr std::string_view kNames[] = {"get_request",    "get_next_request", "response",
                                                "set_request",    "trap_v1",          "get_bulk_request",
                                                "inform_request", "trap_v2",          "report"};
  return kNames[number];
}

// RFC 1157 4.1.1, RFC 3416 3.
std::string error_name(std::uint32_t error) {
  static constexpr std::string_view kNames[] = {"NoError",
                                                "TooBig",
                                                "NoSuchName",
                                                "BadValue",
                                                "ReadOnly",
                                                "GenErr",
                                                "NoAccess",
                                                "WrongType",
                                                "WrongLength",
                                                "WrongEncoding",
                                                "WrongValue",
                                                "NoCreation",
                                                "InconsistentValue",
                                                "ResourceUnavailable",
                                                "CommitFailed",
                                                "UndoFailed",
                                                "AuthorizationError",
                                                "NotWritable",
                                                "InconsistentName"};
  return error < std::size(kNames) ? std::string(kNames[error]) : std::to_string(error);
}

std::string trap_name(std::uint32_t type) {
  static constexpr std::string_view kNames[] = {
      "coldStart", "warmStart", "linkDown", "linkUp", "authenticationFailure", "egpNeighborLoss", "enterpriseSpecific"};
  return type < std::size(kNames) ? std::string(kNames[type]) : std::to_string(type);
}

std::string snmp_object(const Message& m) {
  JsonText json;
  json.open_object();
  json.field("version", m.version);
  if (m.encrypted) {
    json.field("pdu_type", "encrypted");
    json.close_object();
    return json.take();
  }
  json.field("pdu_type", pdu_name(m.pdu));
  if (m.error != 0) json.field("error", error_name(m.error));
  if (m.pdu == pdu::kTrapV1) {
    json.field("trap_type", trap_name(m.trap_type));
    json.field("trap_oid", m.trap_oid);
    json.field("trap_address", m.trap_address);
  }
  if (!m.variables.empty()) {
    json.open_array("vars");
    for (std::size_t i = 0; i < m.variables.size(); ++i) json.element(m.variables[i]);
    json.close_array();
  }
  if (m.version != 3) json.bytes_field("community", m.community);
  if (m.has_user) json.bytes_field("usm", m.user);
  json.close_object();
  return json.take();
}

}  // namespace

Probe probe_datagram(const DatagramProbe& probe) {
  if (probe.server_port == kDnsPort) return Probe::kNo;
  Message message;
  return read_message(probe.data, message) ? Probe::kYes : Probe::kNo;
}

ParseResult SnmpParser::parse(Direction d, ByteSpan data, const ParseMoment&) {
  SnmpTransaction& tx = add(std::make_unique<SnmpTransaction>(d));
  if (!read_message(data, tx.message)) {
    tx.refused = true;
    tx.note(SnmpEvent::malformed_data);
    return {ParseResult::Status::kOk, data.size(), {}};
  }
  if (tx.message.unknown_security_model) tx.note(SnmpEvent::unknown_security_model);
  if (version_ == 0) version_ = tx.message.version;
  if (version_ != tx.message.version) tx.note(SnmpEvent::version_mismatch);
  return {ParseResult::Status::kOk, data.size(), {}};
}

void SnmpTransaction::write_records(std::vector<EveRecord>& out, const EveOptions&) const {
  if (refused) return;
  EveRecord record{"snmp", false, {}};
  record.as_sent = true;
  record.fields.emplace_back("snmp", snmp_object(message));
  out.push_back(std::move(record));
}

void SnmpTransaction::write_alert_fields(event::AppFields& out, const EveOptions&) const {
  if (!refused) out.emplace_back("snmp", snmp_object(message));
}

}  // namespace bulkhead::app::snmp
