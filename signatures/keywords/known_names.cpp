#include "signatures/keywords/known_names.h"

#include <algorithm>
#include <iterator>
#include <span>

#include "signatures/keywords/keyword.h"
#include "signatures/language/source_lines.h"

namespace bulkhead::signatures {

namespace {

// Each list is sorted; a test says so.
constexpr std::string_view kProtocolKeywords[] = {
    "cip_service",
    "dce_iface",
    "dce_opnum",
    "dce_stub_data",
    "dcerpc.iface",
    "dcerpc.opnum",
    "dcerpc.stub_data",
    "dhcp.leasetime",
    "dhcp.rebinding_time",
    "dhcp.renewal_time",
    "dnp3.data",
    "dnp3_func",
    "dnp3_ind",
    "dnp3_obj",
    "dns.opcode",
    "enip_command",
    "file.magic",
    "filemagic",
    "frame",
    "http2.errorcode",
    "http2.frametype",
    "http2.header_name",
    "http2.priority",
    "http2.settings",
    "http2.size_update",
    "http2.window",
    "http2_header_name",
    "ike.chosen_sa_attribute",
    "ike.exchtype",
    "ike.init_spi",
    "ike.key_exchange_payload",
    "ike.key_exchange_payload_length",
    "ike.nonce_payload",
    "ike.nonce_payload_length",
    "ike.resp_spi",
    "ike.vendor",
    "ja3.hash",
    "ja3.string",
    "ja3_hash",
    "ja3_string",
    "ja3s.hash",
    "ja3s.string",
    "ja3s_hash",
    "ja3s_string",
    "ja4.hash",
    "krb5.cname",
    "krb5.sname",
    "krb5.ticket_encryption",
    "krb5_cname",
    "krb5_err_code",
    "krb5_msg_type",
    "krb5_sname",
    "modbus",
    "mqtt.connack.session_present",
    "mqtt.connect.clientid",
    "mqtt.connect.flags",
    "mqtt.connect.password",
    "mqtt.connect.username",
    "mqtt.connect.willmessage",
    "mqtt.connect.willtopic",
    "mqtt.flags",
    "mqtt.protocol_version",
    "mqtt.publish.message",
    "mqtt.publish.topic",
    "mqtt.qos",
    "mqtt.reason_code",
    "mqtt.subscribe.topic",
    "mqtt.type",
    "mqtt.unsubscribe.topic",
    "nfs.version",
    "nfs_procedure",
    "quic.cyu.hash",
    "quic.cyu.string",
    "quic.sni",
    "quic.ua",
    "quic.version",
    "rfb.name",
    "rfb.secresult",
    "rfb.sectype",
    "sip.method",
    "sip.protocol",
    "sip.request_line",
    "sip.response_line",
    "sip.stat_code",
    "sip.stat_msg",
    "sip.uri",
    "smb.named_pipe",
    "smb.ntlmssp_domain",
    "smb.ntlmssp_user",
    "smb.share",
    "smb_named_pipe",
    "smb_share",
    "snmp.community",
    "snmp.pdu_type",
    "snmp.usm",
    "snmp.version",
    "ssh.hassh",
    "ssh.hassh.server",
    "ssh.hassh.server.string",
    "ssh.hassh.string",
    "ssh.proto",
    "ssh.protoversion",
    "ssh.software",
    "ssh.softwareversion",
    "ssh_proto",
    "ssh_software",
    "ssl_state",
    "ssl_version",
    "tls.cert_chain_len",
    "tls.cert_fingerprint",
    "tls.cert_issuer",
    "tls.cert_serial",
    "tls.cert_subject",
    "tls.certs",
    "tls.fingerprint",
    "tls.issuerdn",
    "tls.random",
    "tls.random_bytes",
    "tls.random_time",
    "tls.sni",
    "tls.subject",
    "tls.version",
    "tls_cert_expired",
    "tls_cert_fingerprint",
    "tls_cert_issuer",
    "tls_cert_notafter",
    "tls_cert_notbefore",
    "tls_cert_serial",
    "tls_cert_subject",
    "tls_cert_valid",
    "tls_certs",
    "tls_random",
    "tls_random_bytes",
    "tls_random_time",
    "tls_sni",
    "tls_store",
    "tls_version",
};

constexpr std::string_view kOtherKeywords[] = {"config", "lua", "luajit", "nfq_set_mark", "replace", "template2"};

constexpr std::string_view kApplicationProtocols[] = {
    "bittorrent-dht", "dcerpc", "dhcp",  "dnp3", "dns",  "enip", "ftp",    "ftp-data", "http", "http1",
    "http2",          "ike",    "ikev2", "imap", "krb5", "ldap", "modbus", "mqtt",     "nfs",  "ntp",
    "pgsql",          "quic",   "rdp",   "rfb",  "sip",  "smb",  "smtp",   "snmp",     "ssh",  "ssl",
    "telnet",         "tftp",   "tls"};

bool holds(std::span<const std::string_view> names, std::string_view name) {
  return std::binary_search(names.begin(), names.end(), std::string_view(to_lower(name)));
}

}  // namespace

UnbuiltKeyword unbuilt_keyword(std::string_view name) {
  if (find_keyword(name) != nullptr) return UnbuiltKeyword::kNo;
  if (holds(kProtocolKeywords, name)) return UnbuiltKeyword::kProtocol;
  return holds(kOtherKeywords, name) ? UnbuiltKeyword::kOther : UnbuiltKeyword::kNo;
}

bool is_application_protocol(std::string_view name) {
  return holds(kApplicationProtocols, name);
}

const std::vector<std::string>& all_keyword_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all(std::begin(kProtocolKeywords), std::end(kProtocolKeywords));
    all.insert(all.end(), std::begin(kOtherKeywords), std::end(kOtherKeywords));
    for (const Keyword* keyword : all_keywords()) {
      all.emplace_back(keyword->name);
      if (!keyword->alias.empty()) all.emplace_back(keyword->alias);
    }
    std::sort(all.begin(), all.end());
    return all;
  }();
  return names;
}

}  // namespace bulkhead::signatures
