// Settings of the application layer; names in operators' files in brackets.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "datapath/app/application_protocol.h"
#include "datapath/app/dhcp/dhcp_settings.h"
#include "datapath/app/dns/dns_settings.h"
#include "datapath/app/file.h"
#include "datapath/app/ftp/ftp_settings.h"
#include "datapath/app/hash_needs.h"
#include "datapath/app/http/http_settings.h"
#include "datapath/app/http2/http2_settings.h"
#include "datapath/app/mqtt/mqtt_settings.h"
#include "datapath/app/pgsql/pgsql_settings.h"
#include "datapath/app/smtp/smtp_settings.h"
#include "datapath/app/ssh/ssh_settings.h"
#include "datapath/app/tls/tls_settings.h"
#include "datapath/app/websocket/websocket_settings.h"

namespace bulkhead::app {

// What the records contain [eve.types.*].
struct EveOptions {
  dns::DnsEveOptions dns;
  dhcp::DhcpEveOptions dhcp;
  bool http_extended = true;                                         // [eve.types.http.extended]
  std::vector<std::string> http_custom;                              // [eve.types.http.custom] further headers by name
  bool http_request_headers = false, http_response_headers = false;  // [eve.types.http.dump-all-headers]
  bool mqtt_passwords = true;                                        // [eve.types.mqtt.passwords]
  std::uint32_t mqtt_string_limit = 0;                               // [eve.types.mqtt.string-log-limit] 0: none
  bool pgsql_passwords = false;                                      // [eve.types.pgsql.passwords]
  bool alert_http_body = false, alert_http_body_printable = false;   // [eve.types.alert.http-body(-printable)]
  bool tls_extended = true;                                          // [eve.types.tls.extended]
  std::vector<std::string> tls_custom;                   // [eve.types.tls.custom] these fields and no others
  bool tls_ja4 = false;                                  // [eve.types.tls.ja4]
  bool smtp_extended = false;                            // [eve.types.smtp.extended] some fields more
  std::vector<std::string> smtp_custom;                  // [eve.types.smtp.custom] further fields by name
  bool smtp_subject_md5 = false, smtp_body_md5 = false;  // [eve.types.smtp.md5]
};

// What parsers make when a rule looks at it.
struct FeatureNeeds {
  bool ja3 = false, ja4 = false, hassh = false;
};

struct AppSettings {
  AppSettings() { enabled.set(); }

  AppProtocolSet enabled;                        // [app-layer.protocols.NAME.enabled]
  AppProtocolSet not_over_tcp, not_over_udp;     // [app-layer.protocols.NAME.tcp|udp.enabled] switched off
  std::uint32_t max_transactions = 4096;         // live ones of a flow; beyond, the flow's parser is stopped
  std::uint32_t detect_bytes = 4096;             // of a direction that are looked at to find the protocol
  std::uint32_t max_pending_bytes = 256 * 1024;  // that a parser may leave for later
  bool hash_md5 = false, hash_sha1 = false, hash_sha256 = false;  // of files: asked for by records or rules
  FileTaps* file_taps = nullptr;                                  // where files are followed; outlives the workers
  [[nodiscard]] FileMaking files() const { return {hash_md5, hash_sha1, hash_sha256, file_taps}; }
  http::HttpSettings http;
  ssh::SshSettings ssh;
  tls::TlsSettings tls;
  ftp::FtpSettings ftp;
  smtp::SmtpSettings smtp;
  http2::Http2Settings http2;
  mqtt::MqttSettings mqtt;
  pgsql::PgsqlSettings pgsql;
  websocket::WebSocketSettings websocket;

  // Which records are wanted [eve.types]: transactions that no one wants to see are not formatted.
  std::vector<std::string> records;
  bool file_records = false;
  bool anomalies = false;
  bool alert_fields = true;  // [eve.types.alert.metadata.app-layer]
  EveOptions eve;
};

}  // namespace bulkhead::app
