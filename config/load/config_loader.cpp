#include "config/load/config_loader.h"

#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <random>
#include <set>
#include <thread>
#include <utility>

#include "config/load/event_type_names.h"
#include "datapath/app/known_patterns.h"
#include "datapath/base/check.h"

namespace bulkhead::config {

const std::vector<std::string>& event_type_names() {
  static const std::vector<std::string> names = {
      "alert", "anomaly", "arp",       "bittorrent-dht", "block",   "dcerpc",  "dhcp",      "dnp3",    "dns",
      "drop",  "enip",    "files",     "flow",           "frame",   "ftp",     "http",      "http2",   "ike",
      "krb5",  "mdns",    "modbus",    "mqtt",           "netflow", "nfs",     "pgsql",     "quic",    "rdp",
      "rfb",   "sip",     "smb",       "smtp",           "snmp",    "ssh",     "stats",     "stream",  "telnet",
      "tftp",  "tls",     "websocket", "redis",          "mysql",   "mongodb", "memcached", "stratum", "kafka",
      "amqp",  "nats",    "ldap",      "docker",         "kubelet", "etcd"};
  return names;
}

namespace {

std::chrono::seconds seconds(std::uint64_t n) {
  return std::chrono::seconds(static_cast<std::int64_t>(n));
}

bool has_wildcard(const std::string& pattern) {
  return pattern.find_first_of("*?[") != std::string::npos;
}

template <typename T>
struct Named {
  const char* name;
  T value;
};

template <typename T, std::size_t N>
T choice(const std::string& word, const Named<T> (&table)[N]) {
  for (const auto& entry : table) {
    if (word == entry.name) return entry.value;
  }
  BULKHEAD_CHECK(false);
  return table[0].value;
}

class Builder {
 public:
  Builder(const ConfigRequest& request, LoadedConfig& config, Diagnostics& diagnostics)
      : request_(request), out_(config.settings), values_(config.values), diagnostics_(diagnostics) {}

  void run() {
    inline_ = values_.text("engine.mode") == "ips";
    engine();
    capture();
    decoding();
    flows();
    streams();
    applications();
    exceptions();
    host_policies();
    events();
    outputs();
    response();
    segments();
    inline_queues();
    wires();
    dpdk_ports();
    guard();
    discovery();
    confinement();
    signatures();
    virtual_patches();
    policy();
  }

 private:
  [[nodiscard]] bool live() const { return request_.kind == RunKind::kLive; }
  std::uint32_t number32(std::string_view key) const { return static_cast<std::uint32_t>(values_.number(key)); }

  void engine() {
    out_.log_dir = request_.log_dir.empty() ? path("log-dir") : request_.log_dir;
    out_.log_level = values_.text("log-level");
    out_.workers = request_.workers.value_or(number32("workers"));
    if (out_.workers == 0) out_.workers = live() ? std::max(1U, std::thread::hardware_concurrency()) : 1;
    out_.pipeline.nice = -static_cast<int>(values_.number("boost"));
    out_.pcap_files = existing_files(literals(request_.pcap_files, "--pcap"));
    out_.seed = request_.seed;
    out_.pipeline.inline_mode = inline_;
  }

  void capture() {
    CaptureSettings& to = out_.capture;
    to.interfaces = values_.words("capture.interfaces");
    to.promiscuous = values_.flag("capture.promiscuous");
    to.snaplen = number32("capture.snaplen");
    to.block_bytes = number32("capture.block-size");
    to.blocks = number32("capture.blocks");
    to.block_timeout = std::chrono::milliseconds(values_.number("capture.block-timeout-ms"));
    to.kernel_bypass = values_.flag("capture.kernel-bypass");
    to.fanout_group = static_cast<std::uint16_t>(values_.number("capture.fanout-group"));
    if (to.fanout_group == 0) to.fanout_group = static_cast<std::uint16_t>(::getpid());
    const SettingValue& block = values_.get("capture.block-size");
    if ((to.block_bytes & (to.block_bytes - 1)) != 0) {
      diagnostics_.error(block.span, "settings.out_of_range", "capture.block-size: must be a power of two",
                         "write 1mb, 2mb or 4mb");
    }
  }

  void inline_queues() {
    static constexpr Named<rules::InlineFlows> kFlows[] = {{"none", rules::InlineFlows::kNothing},
                                                           {"policy", rules::InlineFlows::kPolicy},
                                                           {"all", rules::InlineFlows::kAll}};
    InlineSettings& to = out_.inline_queue;
    to.queue.flows = choice(values_.text("inline.flows"), kFlows);
    to.queue.first_queue = static_cast<std::uint16_t>(values_.number("inline.first-queue"));
    to.queue.queues = static_cast<std::uint16_t>(values_.number("inline.queues"));
    if (to.queue.queues == 0) {
      to.queue.queues = static_cast<std::uint16_t>(std::clamp(std::thread::hardware_concurrency(), 1U, 64U));
    }
    to.queue.fail_open = values_.text("inline.fail") == "open";
    to.queue.mark_shift = static_cast<std::uint8_t>(values_.number("inline.mark-shift"));
    to.max_packets = number32("inline.max-packets");
    to.batch_packets = number32("inline.batch");
    to.buffer_bytes = number32("inline.buffer");
    to.gather = std::chrono::microseconds(values_.number("inline.gather"));
  }

  void wires() {
    WireSettings& to = out_.wire;
    to.interfaces = interface_patterns("wire.interfaces");
    to.closed = values_.text("wire.fail") == "closed";
    to.workers = static_cast<std::uint16_t>(values_.number("wire.workers"));
    if (to.workers == 0) {
      to.workers = static_cast<std::uint16_t>(std::clamp(std::thread::hardware_concurrency(), 1U, 64U));
    }
    to.source.batch_packets = number32("wire.batch");
    to.source.buffer_bytes = number32("wire.buffer");
    to.source.gather = std::chrono::microseconds(values_.number("wire.gather"));
    to.source.sent_mark = out_.inline_queue.queue.decided_mark();
    to.source.mark_mask = out_.inline_queue.queue.mark_mask();
    // The same process id would be shared with the group of the tap.
    if (to.workers > 1) to.source.fanout_group = static_cast<std::uint16_t>(::getpid() ^ 0x8000);
    if (to.enabled() && out_.inline_queue.enabled()) {
      diagnostics_.error(values_.get("wire.interfaces").span, "settings.conflict",
                         "wire.interfaces: inline.flows would inspect the same packets a second time",
                         "set inline.flows: none, or name no interfaces");
    }
  }

  void dpdk_ports() {
    dpdk::DpdkSettings& to = out_.dpdk;
    // On the command line commas separate items: "iface=eth1" belongs to the port before it.
    for (const std::string& word : values_.words("dpdk.ports")) {
      if (!to.ports.empty() && word.substr(0, word.find(',')).find('=') != std::string::npos) {
        to.ports.back() += "," + word;
      } else {
        to.ports.push_back(word);
      }
    }
    for (const std::string& port : to.ports) out_.eve.port_names.push_back(port.substr(0, port.find(',')));
    to.wire = values_.text("dpdk.mode") == "wire";
    if (to.wire && to.ports.size() % 2 != 0) {
      diagnostics_.error(values_.get("dpdk.ports").span, "settings.conflict",
                         "dpdk.ports: the last port of a wire has no other end",
                         "name pairs of ports, or set dpdk.mode: tap");
    }
    to.workers = static_cast<std::uint16_t>(values_.number("dpdk.workers"));
    to.spread_by_address = values_.text("dpdk.spread-by") == "address";
    for (const auto& core : values_.get("dpdk.cores").items) {
      std::uint16_t number = 0;
      const char* end = core.text.data() + core.text.size();
      if (const auto read = std::from_chars(core.text.data(), end, number); read.ec != std::errc{} || read.ptr != end) {
        diagnostics_.error(core.span, "settings.bad_number",
                           "dpdk.cores: \"" + core.text + "\" is not the number of a core",
                           "write numbers as in /proc/cpuinfo: [2, 4]");
      }
      to.cores.push_back(number);
    }
    to.burst = static_cast<std::uint16_t>(values_.number("dpdk.burst"));
    to.receive_descriptors = to.send_descriptors = static_cast<std::uint16_t>(values_.number("dpdk.descriptors"));
    to.mbufs = number32("dpdk.packets");
    to.max_frame = static_cast<std::uint16_t>(values_.number("dpdk.max-frame"));
    to.idle = std::chrono::microseconds(values_.number("dpdk.idle-us"));
    to.no_huge = !values_.flag("dpdk.huge-pages");
    to.memory_mb = static_cast<std::uint32_t>(values_.number("dpdk.memory") >> 20);
    to.eal = values_.words("dpdk.eal");
    to.module = values_.text("dpdk.module").empty() ? "" : path("dpdk.module");
  }

  void decoding() {
    decode::DecodeSettings& to = out_.pipeline.decode;
    const std::string& checks = values_.text("pcap-file.checksum-checks");
    to.verify_checksums = values_.flag("stream.checksum-validation") && (live() || checks != "no");
    out_.pipeline.checksum_auto = !live() && checks == "auto";
    to.vxlan_enabled = values_.flag("decoder.vxlan.enabled");
    to.geneve_enabled = values_.flag("decoder.geneve.enabled");
    to.teredo_enabled = values_.flag("decoder.teredo.enabled");
    to.erspan_type1_enabled = values_.flag("decoder.erspan.typeI.enabled");
    to.ipip_enabled = values_.flag("decoder.ipv4.ipip.enabled");
    to.max_layers = static_cast<std::uint8_t>(values_.number("decoder.max-layers"));
    bool any = false;
    to.vxlan_ports = ports("decoder.vxlan.ports", any);
    to.geneve_ports = ports("decoder.geneve.ports", any);
    to.teredo_any_port = false;
    to.teredo_ports = ports("decoder.teredo.ports", to.teredo_any_port);

    defrag::DefragSettings& defrag = out_.pipeline.defrag;
    defrag.memcap_bytes = values_.number("defrag.memcap");
    defrag.max_trackers = number32("defrag.trackers");
    defrag.max_fragments = number32("defrag.max-frags");
    defrag.timeout = seconds(values_.number("defrag.timeout"));
  }

  // Port numbers of a list; $NAME stands for a port variable. `any` is allowed where the caller can use it.
  std::vector<std::uint16_t> ports(const std::string& key, bool& any) {
    std::vector<std::uint16_t> out;
    for (const auto& item : values_.get(key).items) add_ports(key, item.text, item.span, out, any, 0);
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
  }

  void add_ports(const std::string& key, const std::string& text, const SourceSpan& span,
                 std::vector<std::uint16_t>& out, bool& any, int depth) {
    constexpr int kMaxDepth = 8;
    if (text == "any" || text == "ANY") {
      any = true;
      return;
    }
    if (text.starts_with("$") && depth < kMaxDepth) {
      const auto variables = values_.group("vars.port-groups");
      const auto at = variables.find(text.substr(1));
      if (at != variables.end()) {
        const RawValue pieces = raw_from_text(at->second->text, span, true);
        for (const auto& piece : pieces.items) add_ports(key, piece.text, span, out, any, depth + 1);
        return;
      }
    }
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc() || end != text.data() + text.size()) {
      diagnostics_.error(span, "settings.not_a_port_list", key + ": \"" + text + "\" is not a plain list of ports",
                         "write port numbers, or $NAME of vars.port-groups that is a list of numbers");
      return;
    }
    out.push_back(port);
  }

  flow::ProtocolTimeouts timeouts(const std::string& protocol) const {
    const std::string start = "flow-timeouts." + protocol + ".";
    flow::ProtocolTimeouts out;
    out.fresh = seconds(values_.number(start + "new"));
    out.established = seconds(values_.number(start + "established"));
    out.closed = seconds(find_setting(start + "closed") ? values_.number(start + "closed") : 0);
    out.bypassed = seconds(values_.number(start + "bypassed"));
    return out;
  }

  void flows() {
    flow::FlowSettings& to = out_.pipeline.flow;
    to.max_flows = number32("flow.max-flows");
    to.tcp = timeouts("tcp");
    to.udp = timeouts("udp");
    to.icmp = timeouts("icmp");
    to.other = timeouts("default");
    to.vlan_in_key = values_.flag("vlan.use-for-tracking");
    to.tunnel_depth_in_key = values_.flag("decoder.recursion-level.use-for-tracking");
    if (request_.seed) {
      to.hash_seed = *request_.seed;
    } else if (live()) {
      std::random_device random;  // an attacker must not be able to aim at hash buckets
      to.hash_seed = (static_cast<std::uint64_t>(random()) << 32) ^ random();
    }
  }

  [[nodiscard]] stream::UrgentPolicy urgent_policy(const char* key) const {
    using P = stream::UrgentPolicy;
    const std::string& word = values_.text(key);
    return word == "drop" ? P::kDrop : word == "oob" ? P::kOob : word == "gap" ? P::kGap : P::kInline;
  }

  void streams() {
    stream::StreamSettings& to = out_.pipeline.stream;
    const std::string& moment = values_.text("stream.inline");
    const bool on_arrival = moment == "yes" || (moment == "auto" && (inline_ || live()));
    to.inspect_moment = on_arrival ? stream::InspectMoment::kArrival : stream::InspectMoment::kAcknowledged;
    to.judge_copies = moment == "yes" || (moment == "auto" && inline_);
    to.midstream = values_.flag("stream.midstream");
    to.async_oneside = values_.flag("stream.async-oneside");
    to.depth_bytes =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(values_.number("stream.reassembly.depth"), UINT32_MAX));
    to.session_memcap_bytes = values_.number("stream.memcap");
    to.reassembly_memcap_bytes = values_.number("stream.reassembly.memcap");
    to.look_back_bytes = number32("stream.reassembly.look-back");
    to.max_segments = number32("stream.reassembly.max-segments");
    to.urgent_policy = urgent_policy("stream.reassembly.urgent.policy");
    to.urgent_limit_policy = urgent_policy("stream.reassembly.urgent.oob-limit-policy");
    to.max_synack_queued = static_cast<std::uint8_t>(values_.number("stream.max-synack-queued"));
    to.drop_invalid = values_.flag("stream.drop-invalid");
    to.bypass = values_.flag("stream.bypass");
  }

  void applications() {
    app::AppSettings& to = out_.pipeline.app;
    for (std::size_t i = app::kFirstAppProtocol; i < app::kAppProtocolCount; ++i) {
      const std::string key = "app-layer.protocols." + std::string(app::name_of(static_cast<app::AppProtocol>(i)));
      // "detection-only" finds the protocol as well; its parser then has nothing to say that anybody asked for.
      if (find_setting(key + ".enabled") != nullptr) to.enabled.set(i, values_.flag(key + ".enabled"));
      const auto switched_off = [&](const std::string& setting) {
        return find_setting(setting) != nullptr && !values_.flag(setting);
      };
      to.not_over_tcp.set(i, switched_off(key + ".tcp.enabled"));
      to.not_over_udp.set(i, switched_off(key + ".udp.enabled"));
      if (app::is_own_name(static_cast<app::AppProtocol>(i)) && !values_.flag("app-layer.own-protocols")) {
        to.enabled.reset(i);
      }
    }
    app::http::HttpSettings& http = to.http;
    const std::string key = "app-layer.protocols.http.libhtp.default-config.";
    http.request.limit = values_.number(key + "request-body-limit");
    http.response.limit = values_.number(key + "response-body-limit");
    http.request.min_inspect = number32(key + "request-body-minimal-inspect-size");
    http.request.window = number32(key + "request-body-inspect-window");
    http.response.min_inspect = number32(key + "response-body-minimal-inspect-size");
    http.response.window = number32(key + "response-body-inspect-window");
    http.decompress_layers = number32(key + "response-body-decompress-layer-limit");
    const std::string& body = values_.text(key + "http-body-inline");
    http.body_inline = body == "yes" || body == "true" || (body == "auto" && inline_);
    http.double_decode_path = values_.flag(key + "double-decode-path");
    http.double_decode_query = values_.flag(key + "double-decode-query");
    http.lzma = values_.flag(key + "lzma-enabled");
    http.lzma_memlimit = values_.number(key + "lzma-memlimit");
    http.bomb_limit = values_.number(key + "compression-bomb-limit");
    app::tls::TlsSettings& tls = to.tls;
    tls.ja3 = fingerprints("app-layer.protocols.tls.ja3-fingerprints");
    tls.ja4 = fingerprints("app-layer.protocols.tls.ja4-fingerprints");
    tls.encryption = encryption_handling("app-layer.protocols.tls.encryption-handling");
    to.ssh.hassh = fingerprints("app-layer.protocols.ssh.hassh");
    to.ssh.encryption = encryption_handling("app-layer.protocols.ssh.encryption-handling");
    mail_and_files();
    messages();
  }

  app::Fingerprints fingerprints(const std::string& key) const {
    const std::string& word = values_.text(key);
    if (word == "auto") return app::Fingerprints::kAuto;
    return word == "yes" || word == "true" ? app::Fingerprints::kYes : app::Fingerprints::kNo;
  }

  app::EncryptionHandling encryption_handling(const std::string& key) const {
    const std::string& word = values_.text(key);
    if (word == "bypass") return app::EncryptionHandling::kBypass;
    return word == "full" ? app::EncryptionHandling::kFull : app::EncryptionHandling::kDefault;
  }

  void mail_and_files() {
    app::smtp::SmtpSettings& smtp = out_.pipeline.app.smtp;
    const std::string key = "app-layer.protocols.smtp.";
    smtp.mime.decode = values_.flag(key + "mime.decode-mime");
    smtp.mime.base64 = values_.flag(key + "mime.decode-base64");
    smtp.mime.quoted_printable = values_.flag(key + "mime.decode-quoted-printable");
    smtp.mime.header_value_depth = number32(key + "mime.header-value-depth");
    smtp.mime.extract_urls = values_.flag(key + "mime.extract-urls");
    smtp.mime.schemes = values_.words(key + "mime.extract-urls-schemes");
    smtp.mime.log_scheme = values_.flag(key + "mime.log-url-scheme");
    smtp.mime.body_md5 = values_.flag(key + "mime.body-md5");
    smtp.raw_extraction = values_.flag(key + "raw-extraction") && !smtp.mime.decode;
    smtp.content.limit = values_.number(key + "inspected-tracker.content-limit");
    smtp.content.min_inspect = number32(key + "inspected-tracker.content-inspect-min-size");
    smtp.content.window = number32(key + "inspected-tracker.content-inspect-window");
    app::ftp::FtpSettings& ftp = out_.pipeline.app.ftp;
    ftp.max_line = number32("app-layer.protocols.ftp.max-line-length");
    ftp.max_transactions = number32("app-layer.protocols.ftp.max-tx");
    ftp.memcap = values_.number("app-layer.protocols.ftp.memcap");
  }

  void messages() {
    app::AppSettings& to = out_.pipeline.app;
    to.http2.max_streams = number32("app-layer.protocols.http2.max-streams");
    to.http2.max_table = number32("app-layer.protocols.http2.max-table-size");
    to.http2.max_reassembly = number32("app-layer.protocols.http2.max-reassembly-size");
    to.websocket.max_payload = number32("app-layer.protocols.websocket.max-payload-size");
    to.mqtt.max_message = number32("app-layer.protocols.mqtt.max-msg-length");
    to.mqtt.subscribe_topics = number32("app-layer.protocols.mqtt.subscribe-topic-match-limit");
    to.mqtt.unsubscribe_topics = number32("app-layer.protocols.mqtt.unsubscribe-topic-match-limit");
  }

  // Records of protocols: the types of the list that are made by parsers.
  void application_events(const std::set<std::string>& types) {
    app::AppSettings& to = out_.pipeline.app;
    // The others are no protocol's: with them alone no transaction is formatted.
    static const std::set<std::string> kNotOfProtocols = {"alert", "anomaly", "block",  "drop",  "files",
                                                          "flow",  "netflow", "packet", "stats", "stream"};
    std::set_difference(types.begin(), types.end(), kNotOfProtocols.begin(), kNotOfProtocols.end(),
                        std::back_inserter(to.records));
    if (types.contains("ftp")) to.records.emplace_back("ftp_data");
    to.file_records = types.contains("files");
    to.anomalies = out_.eve.anomaly.enabled && out_.eve.anomaly.applayer;
    to.alert_fields = out_.eve.alert.app_layer;
    app::EveOptions& eve = to.eve;
    // As in the reference: a list of types on the command line leaves the short form unless the long one is asked for.
    const bool listed = values_.origin("eve.types") == SettingOrigin::kCommandLine;
    const bool asked = values_.origin("eve.types.http.extended") != SettingOrigin::kDefault;
    eve.http_extended = (asked || !listed) && values_.flag("eve.types.http.extended");
    eve.http_custom = values_.words("eve.types.http.custom");
    const bool tls_asked = values_.origin("eve.types.tls.extended") != SettingOrigin::kDefault;
    eve.tls_extended = (tls_asked || !listed) && values_.flag("eve.types.tls.extended");
    eve.tls_custom = values_.words("eve.types.tls.custom");
    eve.tls_ja4 = values_.flag("eve.types.tls.ja4");
    const std::string& headers = values_.text("eve.types.http.dump-all-headers");
    eve.http_request_headers = headers == "both" || headers == "request";
    eve.http_response_headers = headers == "both" || headers == "response";
    eve.mqtt_passwords = values_.flag("eve.types.mqtt.passwords");
    eve.mqtt_string_limit = number32("eve.types.mqtt.string-log-limit");
    eve.pgsql_passwords = values_.flag("eve.types.pgsql.passwords");
    eve.alert_http_body = values_.flag("eve.types.alert.http-body");
    eve.alert_http_body_printable = values_.flag("eve.types.alert.http-body-printable");
    dns_events(eve.dns);
    eve.dhcp.extended = values_.flag("eve.types.dhcp.extended");
    const auto has = [](const std::vector<std::string>& words, std::string_view word) {
      return std::find(words.begin(), words.end(), word) != words.end();
    };
    eve.smtp_extended = values_.flag("eve.types.smtp.extended");
    eve.smtp_custom = values_.words("eve.types.smtp.custom");
    eve.smtp_subject_md5 = has(values_.words("eve.types.smtp.md5"), "subject");
    eve.smtp_body_md5 = has(values_.words("eve.types.smtp.md5"), "body");
    const std::vector<std::string> hashes = values_.words("eve.types.files.force-hash");
    const auto wants = [&](const char* name) { return has(hashes, name); };
    to.hash_md5 = wants("md5");
    to.hash_sha1 = wants("sha1");
    to.hash_sha256 = wants("sha256");
  }

  void dns_events(app::dns::DnsEveOptions& to) {
    to.requests = values_.flag("eve.types.dns.requests");
    to.responses = values_.flag("eve.types.dns.responses");
    const std::vector<std::string> formats = values_.words("eve.types.dns.formats");
    const auto has = [&](const char* name) { return std::find(formats.begin(), formats.end(), name) != formats.end(); };
    const bool any = has("detailed") || has("grouped");  // none of the two: both
    to.detailed = has("detailed") || !any;
    to.grouped = has("grouped") || !any;
    for (std::string type : values_.words("eve.types.dns.types")) {
      std::transform(type.begin(), type.end(), type.begin(), [](unsigned char c) { return std::toupper(c); });
      to.types.push_back(std::move(type));
    }
  }

  // A policy of its own, else the general one. Without verdicts (ids) nothing can be dropped.
  pipeline::ExceptionPolicy exception_policy(const std::string& key, bool midstream = false) const {
    using P = pipeline::ExceptionPolicy;
    static constexpr std::pair<std::string_view, P> kNames[] = {
        {"ignore", P::kIgnore}, {"pass-packet", P::kPassPacket}, {"pass-flow", P::kPassFlow},
        {"bypass", P::kBypass}, {"drop-packet", P::kDropPacket}, {"drop-flow", P::kDropFlow},
        {"reject", P::kReject}};
    const std::string& own = values_.text(key);
    const std::string& word = own.empty() ? values_.text("exception-policy") : own;
    P policy = inline_ && !midstream ? P::kDropFlow : P::kIgnore;  // auto
    for (const auto& [name, value] : kNames) {
      if (name == word) policy = value;
    }
    return policy >= P::kDropPacket && !inline_ ? P::kIgnore : policy;
  }

  void exceptions() {
    using E = pipeline::Exception;
    pipeline::ExceptionPolicies& to = out_.pipeline.exceptions;
    to.of(E::kMidstream) = exception_policy("stream.midstream-policy", values_.flag("stream.midstream"));
    to.of(E::kStreamMemcap) = exception_policy("stream.memcap-policy");
    to.of(E::kReassemblyMemcap) = exception_policy("stream.reassembly.memcap-policy");
    to.of(E::kDefragMemcap) = exception_policy("defrag.memcap-policy");
    to.of(E::kAppLayerError) = exception_policy("app-layer.error-policy");
  }

  struct HostPolicy {
    const char* name;
    stream::OverlapPolicy stream;
    defrag::FragmentPolicy fragment;  // Novak 2005, table 1
  };

  // Lists of the command line replace those of the file, those the default, as a whole: a mixture would
  // leave the default 0.0.0.0/0 in force.
  void host_policies() {
    using S = stream::OverlapPolicy;
    using F = defrag::FragmentPolicy;
    static constexpr HostPolicy kPolicies[] = {{"windows", S::kWindows, F::kWindows},
                                               {"bsd", S::kBsd, F::kBsd},
                                               {"bsd-right", S::kBsdRight, F::kBsdRight},
                                               {"old-linux", S::kOldLinux, F::kLinux},
                                               {"linux", S::kLinux, F::kLinux},
                                               {"old-solaris", S::kOldSolaris, F::kFirst},
                                               {"solaris", S::kSolaris, F::kSolaris},
                                               {"hpux10", S::kHpux10, F::kBsd},
                                               {"hpux11", S::kHpux11, F::kFirst},
                                               {"irix", S::kIrix, F::kBsd},
                                               {"macos", S::kMacos, F::kFirst},
                                               {"vista", S::kVista, F::kWindows},
                                               {"windows2k3", S::kWindows2k3, F::kWindows}};
    SettingOrigin newest = SettingOrigin::kDefault;
    for (const auto& policy : kPolicies) {
      newest = std::max(newest, values_.origin("host-os-policy." + std::string(policy.name)));
    }
    auto& streams = out_.pipeline.stream;
    auto& fragments = out_.pipeline.defrag;
    streams.host_os_policy.clear();
    fragments.host_policy.clear();
    for (const auto& policy : kPolicies) {
      const SettingValue& value = values_.get("host-os-policy." + std::string(policy.name));
      if (value.origin != newest) continue;
      for (const auto& item : value.items) {
        const auto prefix = IpPrefix::parse(item.text);
        if (!prefix) continue;  // reported by the table
        streams.host_os_policy.emplace_back(*prefix, policy.stream);
        fragments.host_policy.emplace_back(*prefix, policy.fragment);
      }
    }
    const auto longer = [](const auto& a, const auto& b) { return a.first.length > b.first.length; };
    std::stable_sort(streams.host_os_policy.begin(), streams.host_os_policy.end(), longer);
    std::stable_sort(fragments.host_policy.begin(), fragments.host_policy.end(), longer);
    streams.default_policy = S::kBsd;
    fragments.default_policy = F::kBsd;
  }

  // Types in the list, less those with `enabled: no`, and those with `enabled: yes`.
  std::set<std::string> event_types() {
    std::set<std::string> types;
    if (!values_.flag("eve.enabled") && !any_output(values_)) return types;
    for (const auto& item : values_.get("eve.types").items) {
      const auto& known = event_type_names();
      if (std::find(known.begin(), known.end(), item.text) != known.end()) {
        types.insert(item.text);
      } else if (values_.origin("eve.types") == SettingOrigin::kFile) {
        const std::string near = nearest_word(item.text, known);
        diagnostics_.error(item.span, "settings.bad_word", "eve.types: there is no event type \"" + item.text + "\"",
                           near.empty() ? "" : "did you mean " + near + "?");
      }
    }
    for (const auto& name : event_type_names()) {
      const std::string key = "eve.types." + name + ".enabled";
      if (!find_setting(key) || values_.origin(key) == SettingOrigin::kDefault) continue;
      if (values_.flag(key)) {
        types.insert(name);
      } else {
        types.erase(name);
      }
    }
    return types;
  }

  void events() {
    const std::set<std::string> types = event_types();
    out_.eve_enabled = values_.flag("eve.enabled");
    const std::filesystem::path file(values_.text("eve.filename"));
    out_.eve_file = file.is_absolute() ? file.string() : (std::filesystem::path(out_.log_dir) / file).string();
    out_.eve_rotation.rotate_bytes = values_.number("eve.rotate-size");
    out_.eve_rotation.rotate_interval = seconds(values_.number("eve.rotate-interval"));
    out_.eve_rotation.rotate_keep = number32("eve.rotate-keep");
    pipeline::FileStoreSettings& store = out_.file_store;
    store.enabled = values_.flag("file-store.enabled");
    const std::filesystem::path directory(values_.text("file-store.dir"));
    store.directory =
        directory.is_absolute() ? directory.string() : (std::filesystem::path(out_.log_dir) / directory).string();
    store.force = values_.flag("file-store.force-filestore");
    store.write_fileinfo = values_.flag("file-store.write-fileinfo");
    store.depth = values_.number("file-store.stream-depth");
    store.max_open_files = number32("file-store.max-open-files");
    alert_events(types.contains("alert"));
    output::EveSettings& to = out_.eve;
    to.anomaly.enabled = types.contains("anomaly");
    to.anomaly.decode = values_.flag("eve.types.anomaly.types.decode");
    to.anomaly.stream = values_.flag("eve.types.anomaly.types.stream");
    to.anomaly.applayer = values_.flag("eve.types.anomaly.types.applayer");
    to.drop.enabled = types.contains("drop");
    to.drop.policy = values_.flag("eve.types.drop.policy");
    to.drop.alerts = values_.flag("eve.types.drop.alerts");
    to.drop.flows_start = values_.text("eve.types.drop.flows") == "start";
    to.drop.verdict = values_.flag("eve.types.drop.verdict");
    to.flow = types.contains("flow");
    to.flow_exception_policy = values_.flag("eve.types.flow.exception-policy");
    to.netflow = types.contains("netflow");
    to.block = types.contains("block");
    application_events(types);
    stream_records_ = types.contains("stream");
    to.stats = types.contains("stats");
    to.stats_totals = values_.flag("eve.types.stats.totals");
    to.stats_threads = values_.flag("eve.types.stats.threads");
    to.stats_deltas = values_.flag("eve.types.stats.deltas");
    to.metadata = values_.flag("eve.metadata");
    to.ethernet = values_.flag("eve.ethernet");
    to.community_id = values_.flag("eve.community-id");
    to.community_id_seed = static_cast<std::uint16_t>(values_.number("eve.community-id-seed"));
    to.pcap_file = values_.flag("eve.pcap-file");
    if (!out_.pcap_files.empty()) to.pcap_file_name = out_.pcap_files.front();
    reports();
  }

  void alert_events(bool enabled) {
    output::EveAlertSettings& to = out_.eve.alert;
    const std::string key = "eve.types.alert.";
    // `metadata: no` turns all of it off; as a map it chooses.
    const SettingValue& metadata = values_.get("eve.types.alert.metadata");
    const bool any = metadata.origin == SettingOrigin::kDefault || metadata.flag;
    to.enabled = enabled;
    to.payload = values_.flag(key + "payload");
    to.payload_printable = values_.flag(key + "payload-printable");
    to.payload_buffer_size = values_.number(key + "payload-buffer-size");
    to.packet = values_.flag(key + "packet");
    to.flow = any && values_.flag(key + "metadata.flow");
    to.app_layer = any && values_.flag(key + "metadata.app-layer");
    to.rule_metadata = any && values_.flag(key + "metadata.rule.metadata");
    to.rule_raw = any && values_.flag(key + "metadata.rule.raw");
    out_.signatures.keep_text = to.rule_raw;
    to.references = any && values_.flag(key + "metadata.rule.reference");
    to.tagged_packets = values_.flag(key + "tagged-packets");
    to.verdict = values_.flag(key + "verdict");
  }

  pipeline::ForwardedForSettings forwarded_for(const std::string& key) const {
    using Mode = pipeline::ForwardedForSettings::Mode;
    pipeline::ForwardedForSettings out;
    if (!values_.flag(key + "enabled")) return out;
    out.mode = values_.text(key + "mode") == "overwrite" ? Mode::kOverwrite : Mode::kExtraData;
    out.forward = values_.text(key + "deployment") == "forward";
    out.header = values_.text(key + "header");
    return out;
  }

  // What the pipeline must make so that the writer has what it was asked for.
  void reports() {
    const output::EveSettings& eve = out_.eve;
    pipeline::ReportSettings& to = out_.pipeline.report;
    using Drops = pipeline::ReportSettings::Drops;
    to.flow_events = eve.flow || eve.netflow;
    to.decode_anomalies = eve.anomaly.enabled && eve.anomaly.decode;
    if (stream_records_) {
      to.stream_all = values_.flag("eve.types.stream.all");
      to.stream_events = values_.flag("eve.types.stream.event-set");
      to.stream_states = values_.flag("eve.types.stream.state-update");
      to.stream_retransmissions = values_.flag("eve.types.stream.spurious-retransmission");
    }
    to.stream_anomalies = eve.anomaly.enabled && eve.anomaly.stream;
    to.drops = !eve.drop.enabled ? Drops::kNone : eve.drop.flows_start ? Drops::kStart : Drops::kAll;
    to.drop_alerts = eve.drop.alerts;
    to.alert_payload = eve.alert.payload || eve.alert.payload_printable;
    to.alert_packet = eve.alert.packet;
    to.payload_limit = static_cast<std::uint32_t>(eve.alert.payload_buffer_size);
    to.alert_metadata = eve.metadata;
    to.ethernet = eve.ethernet;
    to.guess_transaction = values_.flag("detect.guess-applayer-tx");
    to.record_xff = forwarded_for("eve.xff.");
    to.alert_xff = values_.flag("eve.types.alert.xff.enabled") ? forwarded_for("eve.types.alert.xff.") : to.record_xff;
    to.include_packet_number = !live();
  }

  void outputs() {
    out_.output.mode = live() ? output::OutputMode::kLive : output::OutputMode::kReplay;
    out_.output.ring_capacity = values_.number("output.ring-capacity");
    out_.output.flush_interval = std::chrono::milliseconds(values_.number("output.flush-interval-ms"));
    out_.outputs = outputs_settings(values_, out_.log_dir, diagnostics_);
    out_.netlink.enabled = live() && values_.flag("netlink.enabled");
    out_.netlink.group = number32("netlink.group");
    out_.stats.enabled = values_.flag("stats.enabled");
    out_.stats.interval = seconds(values_.number("stats.interval"));
  }

  std::vector<std::string> interface_patterns(const char* key) {
    const SettingValue& value = values_.get(key);
    std::vector<std::string> out = values_.words(key);
    for (const std::string& word : out) {
      const bool star_inside = word.find('*') < word.size() - 1;
      if (!star_inside && word.size() <= 15) continue;
      diagnostics_.error(value.span, "settings.bad_interface",
                         std::string(key) + ": \"" + word + "\" is not the name of an interface",
                         star_inside ? "* stands only at the end: veth*" : "a name has at most 15 letters");
    }
    return out;
  }

  // Numbers of a list of words, decimal or with 0x.
  template <typename Number>
  std::vector<Number> numbers(const char* key, std::uint32_t first, std::uint32_t last) {
    std::vector<Number> out;
    for (const RawItem& item : values_.get(key).items) {
      const bool hex = item.text.starts_with("0x");
      const char* const begin = item.text.data() + (hex ? 2 : 0);
      const char* const end = item.text.data() + item.text.size();
      std::uint32_t number = 0;
      const auto [stop, error] = std::from_chars(begin, end, number, hex ? 16 : 10);
      if (error == std::errc() && stop == end && number >= first && number <= last) {
        out.push_back(static_cast<Number>(number));
        continue;
      }
      diagnostics_.error(item.span, "settings.bad_number",
                         std::string(key) + ": \"" + item.text + "\" is no number here",
                         "from " + std::to_string(first) + " to " + std::to_string(last) + ", decimal or 0x88cc");
    }
    return out;
  }

  void guard() {
    rules::GuardSettings& to = out_.guard.rules;
    out_.guard.enabled = values_.flag("guard.enabled");
    to.ether_types = numbers<std::uint16_t>("guard.ether-types", 0x600, 0xffff);
    to.tunnel_ports = numbers<std::uint16_t>("guard.tunnel-ports", 1, 65535);
    to.tunnel_protocols = numbers<std::uint8_t>("guard.tunnel-protocols", 0, 255);
    to.arp_per_second = number32("guard.arp-rate");
    to.nd_per_second = number32("guard.nd-rate");
    to.max_macs = number32("guard.max-macs");
    to.logs_per_second = number32("guard.log-rate");
    to.log_group = static_cast<std::uint16_t>(values_.number("guard.log-group"));
    if (!out_.guard.enabled) return;
    for (const auto& item : values_.get("guard.metadata").items) {
      if (const auto prefix = IpPrefix::parse(item.text)) out_.policy.metadata.push_back(*prefix);
    }
  }

  void discovery() {
    static constexpr Named<DockerMode> kModes[] = {
        {"auto", DockerMode::kAuto}, {"yes", DockerMode::kYes}, {"no", DockerMode::kNo}};
    out_.discovery.docker = choice(values_.text("discovery.docker"), kModes);
    out_.discovery.docker_socket = path("discovery.docker-socket");
    out_.discovery.cri = choice(values_.text("discovery.cri"), kModes);
    out_.discovery.cri_sockets = values_.words("discovery.cri-sockets");
    out_.discovery.cri_poll = std::chrono::milliseconds(values_.number("discovery.cri-poll-ms"));
    out_.discovery.node_name = values_.text("discovery.node-name");
    out_.discovery.kubernetes = choice(values_.text("discovery.kubernetes"), kModes);
    out_.discovery.kubernetes_server = values_.text("discovery.kubernetes-server");
    out_.discovery.kubernetes_credentials = path("discovery.kubernetes-credentials");
  }

  void confinement() {
    static constexpr Named<sandbox::SandboxMode> kModes[] = {
        {"on", sandbox::SandboxMode::kOn}, {"off", sandbox::SandboxMode::kOff}, {"log", sandbox::SandboxMode::kLog}};
    out_.file = request_.file;
    out_.reload_on_change = values_.flag("reload.watch");
    out_.sandbox.mode = choice(values_.text("sandbox.mode"), kModes);
    for (const auto& item : values_.get("sandbox.read").items) {
      out_.sandbox.read.push_back(resolve(item.text, values_.origin("sandbox.read")));
    }
  }

  void segments() {
    SegmentSettings& to = out_.segments;
    to.closed = interface_patterns("segments.closed");
    to.fail_closed = interface_patterns("segments.fail-closed");
    to.lease = seconds(values_.number("segments.lease"));
    to.grace = seconds(values_.number("segments.grace"));
    using Scope = std::optional<rules::PathScope>;
    static constexpr Named<Scope> kScopes[] = {
        {"no", std::nullopt}, {"bridge", rules::PathScope::kBridge}, {"all", rules::PathScope::kAll}};
    to.fast_path = choice(values_.text("segments.fast-path"), kScopes);
  }

  void response() {
    ResponseSettings& to = out_.response;
    static constexpr Named<ResponseMode> kModes[] = {{"off", ResponseMode::kOff},
                                                     {"observe", ResponseMode::kObserve},
                                                     {"simulate", ResponseMode::kSimulate},
                                                     {"enforce", ResponseMode::kEnforce}};
    using rules::ResponseStep;
    static constexpr Named<ResponseStep> kSteps[] = {{"log", ResponseStep::kLog},
                                                     {"limit", ResponseStep::kLimit},
                                                     {"flow", ResponseStep::kFlow},
                                                     {"edge", ResponseStep::kEdge},
                                                     {"quarantine", ResponseStep::kQuarantine}};
    to.mode = choice(values_.text("response.mode"), kModes);
    rules::LadderSettings& ladder = to.ladder;
    ladder.first = choice(values_.text("response.first-step"), kSteps);
    ladder.last = choice(values_.text("response.last-step"), kSteps);
    if (ladder.last < ladder.first) {
      diagnostics_.error(values_.get("response.last-step").span, "settings.out_of_range",
                         "response.last-step: lies before response.first-step",
                         "the ladder is log, limit, flow, edge, quarantine");
    }
    ladder.ttl = seconds(values_.number("response.ttl"));
    ladder.max_ttl = std::max(ladder.ttl, seconds(values_.number("response.max-ttl")));
    ladder.growth = number32("response.growth");
    ladder.memory = seconds(values_.number("response.memory"));
    ladder.settle = seconds(values_.number("response.settle"));
    ladder.max_per_minute = number32("response.max-per-minute");
    ladder.max_share_percent = number32("response.max-share");
    ladder.breaker_refusals = number32("response.breaker-refusals");
    ladder.breaker_pause = seconds(values_.number("response.breaker-pause"));
    to.limit_packets = number32("response.limit-packets");
    to.reset = values_.flag("response.reset");
    auto_limit(to.auto_limit, ladder);
    for (const auto& item : values_.get("response.safe-list").items) {
      if (const auto prefix = IpPrefix::parse(item.text)) ladder.safe_list.push_back(*prefix);
    }
  }

  void auto_limit(AutoLimitSettings& to, rules::LadderSettings& ladder) {
    static constexpr Named<std::optional<behaviour::Severity>> kSeverities[] = {
        {"off", std::nullopt},
        {"low", behaviour::Severity::kLow},
        {"medium", behaviour::Severity::kMedium},
        {"high", behaviour::Severity::kHigh}};
    to.severity = choice(values_.text("response.auto-limit.severity"), kSeverities);
    const auto codes = [&](const char* key) {
      const auto words = values_.words(key);
      return std::set<std::string>(words.begin(), words.end());
    };
    to.findings = codes("response.auto-limit.findings");
    to.always = codes("response.auto-limit.always");
    ladder.limit_ttl = seconds(values_.number("response.auto-limit.ttl"));
    to.resources = values_.flag("response.auto-limit.resources");
    constexpr std::int64_t kLeastMemory = std::int64_t{6} << 20;  // the engine takes no less
    to.wanted.memory = static_cast<std::int64_t>(values_.number("response.auto-limit.memory"));
    if (to.wanted.memory != 0) to.wanted.memory = std::max(to.wanted.memory, kLeastMemory);
    to.wanted.processes = static_cast<std::int64_t>(values_.number("response.auto-limit.processes"));
    to.wanted.cpu_quota =
        static_cast<std::int64_t>(values_.number("response.auto-limit.cpu")) * rules::ContainerLimits::kCpuPeriod / 100;
    to.state_file = (std::filesystem::path(out_.log_dir) / values_.text("response.auto-limit.state-file")).string();
  }

  void signatures() {
    SignatureSettings& to = out_.signatures;
    to.files = request_.signatures.empty() ? matching_files(values_.get("signatures").items, "signatures")
                                           : matching_files(literals(request_.signatures, "--signatures"), "");
    to.classification_file = existing_path("classification-file");
    to.reference_file = existing_path("reference-config-file");
    to.threshold_file = existing_path("threshold-file");
    to.cache_dir = path("cache-dir");
    to.data_dir = path("default-data-dir");
    to.reputation_categories = existing_path("reputation-categories-file");
    to.geoip_database = existing_path("geoip-database");
    for (const auto& item : values_.get("reputation-files").items) {
      std::filesystem::path file(item.text);
      const std::string directory = path("default-reputation-path");
      if (file.is_relative() && !directory.empty()) file = directory / file;
      if (check_readable(file.string(), item.span)) to.reputation_files.push_back(file.string());
    }
    to.failure_is_fatal = values_.flag("engine.init-failure-fatal");
    const auto most = static_cast<std::uint16_t>(values_.number("packet-alert-max"));
    to.packet_alert_max = most == 0 ? 15 : most;
    to.stream_chunk = {number32("stream.reassembly.toserver-chunk-size"),
                       number32("stream.reassembly.toclient-chunk-size")};
    to.addresses = variables("vars.address-groups");
    to.ports = variables("vars.port-groups");
    action_order();
  }

  void virtual_patches() {
    static constexpr Named<patches::Grade> kGrades[] = {{"low", patches::Grade::kLow},
                                                        {"medium", patches::Grade::kMedium},
                                                        {"high", patches::Grade::kHigh},
                                                        {"critical", patches::Grade::kCritical}};
    patches::PatchSettings& to = out_.patches;
    to.reports = path("patches.reports");
    to.exploited = existing_path("patches.exploited");
    to.enable = values_.flag("patches.enable");
    to.protect = values_.words("patches.protect");
    to.drop_from = choice(values_.text("patches.drop-from"), kGrades);
  }

  void action_order() {
    static constexpr Named<pipeline::RuleAction> kActions[] = {{"pass", pipeline::RuleAction::kPass},
                                                               {"drop", pipeline::RuleAction::kDrop},
                                                               {"reject", pipeline::RuleAction::kReject},
                                                               {"alert", pipeline::RuleAction::kAlert}};
    const SettingValue& value = values_.get("action-order");
    std::vector<pipeline::RuleAction> order;
    for (const auto& item : value.items) {
      const auto action = choice(item.text, kActions);
      if (std::find(order.begin(), order.end(), action) == order.end()) order.push_back(action);
    }
    if (order.size() != 4 || value.items.size() != 4) {
      diagnostics_.error(value.span, "settings.bad_word",
                         "action-order: wants each of pass, drop, reject and alert once");
      return;
    }
    out_.signatures.action_order = std::move(order);
  }

  std::vector<RuleVariable> variables(const std::string& group) const {
    std::vector<RuleVariable> out;
    for (const auto& [name, value] : values_.group(group)) {
      SourceSpan span = value->span;
      if (!span.file)
        span = {std::make_shared<SourceFile>(std::string(group).append(".").append(name), value->text), 1, 1,
                static_cast<std::uint32_t>(value->text.size())};
      out.push_back({name, value->text, span});
    }
    return out;
  }

  void policy() {
    out_.policy.files = request_.policies.empty() ? matching_files(values_.get("policy").items, "policy")
                                                  : matching_files(literals(request_.policies, "--policy"), "");
    if (request_.inventory.empty()) {
      out_.policy.inventory = existing_path("inventory");
    } else {
      const auto found = existing_files(literals({request_.inventory}, "--inventory"));
      if (!found.empty()) out_.policy.inventory = found.front();
    }
  }

  // --- paths ---

  [[nodiscard]] std::string resolve(const std::string& text, SettingOrigin origin) const {
    if (text.empty() || origin != SettingOrigin::kFile) return text;
    const std::filesystem::path given(text);
    if (given.is_absolute()) return text;
    const std::filesystem::path directory = std::filesystem::path(request_.file).parent_path();
    return directory.empty() ? text : (directory / given).lexically_normal().string();
  }
  [[nodiscard]] std::string path(std::string_view key) const {
    const SettingValue& value = values_.get(key);
    return resolve(value.text, value.origin);
  }

  static std::vector<RawItem> literals(const std::vector<std::string>& words, const std::string& option) {
    std::vector<RawItem> items;
    for (const auto& word : words) {
      const auto file = std::make_shared<SourceFile>(option, word);
      items.push_back({word, {file, 1, 1, static_cast<std::uint32_t>(word.size())}});
    }
    return items;
  }

  bool check_readable(const std::string& file, const SourceSpan& span) {
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0) {
      diagnostics_.error(span, "settings.no_such_file", file + ": " + std::strerror(errno),
                         file == "-" ? "/dev/stdin is what is piped in" : "");
      return false;
    }
    if (S_ISDIR(status.st_mode)) {
      diagnostics_.error(span, "settings.no_such_file", file + " is a directory", "name its files: " + file + "/*");
      return false;
    }
    if (::access(file.c_str(), R_OK) != 0) {
      diagnostics_.error(span, "settings.no_such_file", file + ": " + std::strerror(errno));
      return false;
    }
    return true;
  }

  std::string existing_path(std::string_view key) {
    std::string file = path(key);
    if (file.empty() || !check_readable(file, values_.get(key).span)) return {};
    return file;
  }

  std::vector<std::string> existing_files(const std::vector<RawItem>& items) {
    std::vector<std::string> files;
    for (const auto& item : items) {
      if (check_readable(item.text, item.span)) files.push_back(item.text);
    }
    return files;
  }

  std::vector<std::string> matching_files(const std::vector<RawItem>& patterns, std::string_view key) {
    const SettingOrigin origin = key.empty() ? SettingOrigin::kCommandLine : values_.origin(key);
    std::vector<std::string> files;
    for (const auto& item : patterns) {
      const std::string pattern = resolve(item.text, origin);
      const auto found = expand_glob(pattern);
      if (found.empty()) {
        diagnostics_.error(item.span, "settings.no_match", pattern + " matches no file");
      }
      for (const auto& file : found) {
        const bool known = std::find(files.begin(), files.end(), file) != files.end();
        if (!known && check_readable(file, item.span)) files.push_back(file);
      }
    }
    return files;
  }

  const ConfigRequest& request_;
  EngineSettings& out_;
  const SettingValues& values_;
  Diagnostics& diagnostics_;
  bool inline_ = false;
  bool stream_records_ = false;
};

}  // namespace

std::vector<std::string> expand_glob(const std::string& pattern) {
  if (!has_wildcard(pattern)) return {pattern};
  glob_t found{};
  std::vector<std::string> files;
  if (::glob(pattern.c_str(), GLOB_MARK, nullptr, &found) == 0) {
    for (std::size_t i = 0; i < found.gl_pathc; ++i) {
      std::string file = found.gl_pathv[i];
      if (!file.ends_with('/')) files.push_back(std::move(file));
    }
  }
  ::globfree(&found);
  // A file whose name has one of these letters.
  if (files.empty() && std::filesystem::exists(pattern)) files.push_back(pattern);
  return files;
}

LoadedConfig load_config(const ConfigRequest& request, Diagnostics& diagnostics) {
  LoadedConfig config;
  config.values = read_settings(request.file, request.sets, diagnostics, config.ignored);
  Builder(request, config, diagnostics).run();
  return config;
}

}  // namespace bulkhead::config
