#include "datapath/output/eve_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>

#include "sample_events.h"

namespace bulkhead::output {
namespace {

using nlohmann::json;
using namespace bulkhead::test;

EveSettings everything() {
  EveSettings s;
  s.alert.payload = s.alert.payload_printable = s.alert.packet = s.alert.verdict = true;
  s.alert.references = s.alert.rule_raw = true;
  s.drop.enabled = s.drop.alerts = s.drop.verdict = true;
  s.anomaly.decode = s.anomaly.stream = true;
  s.netflow = s.ethernet = s.community_id = s.pcap_file = true;
  s.pcap_file_name = "input.pcap";
  return s;
}

std::string line_of(const event::Event& event, EveSettings settings = {}) {
  EveJson eve(std::move(settings));
  return std::string(eve.format(event));
}

// ---- a checker for the part of JSON Schema that eve_schema.json uses ----------------------------------

class Schema {
 public:
  explicit Schema(json root) : root_(std::move(root)) {}
  // Empty when valid, else where and why.
  [[nodiscard]] std::string check(const json& value) const { return check(value, root_, "$"); }

 private:
  [[nodiscard]] static bool is_a(const json& value, const std::string& type) {
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "string") return value.is_string();
    if (type == "integer") return value.is_number_integer();
    if (type == "boolean") return value.is_boolean();
    return false;
  }
  [[nodiscard]] std::string check(const json& value, const json& schema, const std::string& at) const {
    static const std::set<std::string> kKnown{
        "$schema", "title",   "description", "$defs", "$ref",     "type",       "enum",     "const",
        "pattern", "minimum", "maximum",     "items", "minItems", "properties", "required", "additionalProperties",
        "oneOf"};
    for (const auto& [name, ignored] : schema.items()) {
      if (!kKnown.contains(name)) return at + ": the checker does not know \"" + name + "\"";
    }
    if (schema.contains("$ref")) {
      const std::string target = schema["$ref"];
      return check(value, root_.at(json::json_pointer(target.substr(1))), at);
    }
    if (schema.contains("type") && !is_a(value, schema["type"])) return at + ": not " + schema["type"].dump();
    if (schema.contains("const") && value != schema["const"]) return at + ": not " + schema["const"].dump();
    if (schema.contains("enum") &&
        std::find(schema["enum"].begin(), schema["enum"].end(), value) == schema["enum"].end()) {
      return at + ": not one of " + schema["enum"].dump();
    }
    if (schema.contains("pattern") &&
        !std::regex_search(value.get<std::string>(), std::regex(schema["pattern"].get<std::string>()))) {
      return at + ": " + value.dump() + " does not fit " + schema["pattern"].dump();
    }
    if (schema.contains("minimum") && value < schema["minimum"]) return at + ": too small";
    if (schema.contains("maximum") && value > schema["maximum"]) return at + ": too large";
    if (schema.contains("oneOf")) return one_of(value, schema["oneOf"], at);
    if (value.is_array()) {
      if (schema.contains("minItems") && value.size() < schema["minItems"]) return at + ": too few";
      for (std::size_t i = 0; i < value.size(); ++i) {
        if (auto why = check(value[i], schema.at("items"), at + "[" + std::to_string(i) + "]"); !why.empty())
          return why;
      }
    }
    return value.is_object() ? check_object(value, schema, at) : "";
  }
  [[nodiscard]] std::string check_object(const json& value, const json& schema, const std::string& at) const {
    const json none = json::object();
    const json& properties = schema.contains("properties") ? schema["properties"] : none;
    for (const auto& name : schema.value("required", json::array())) {
      if (!value.contains(name.get<std::string>())) return at + ": " + name.dump() + " is missing";
    }
    for (const auto& [name, member] : value.items()) {
      const std::string here = at + "." + name;
      if (properties.contains(name)) {
        if (auto why = check(member, properties[name], here); !why.empty()) return why;
      } else if (const json other = schema.value("additionalProperties", json(true)); other.is_boolean()) {
        if (!other.get<bool>()) return here + ": not in the schema";
      } else if (auto why = check(member, other, here); !why.empty()) {
        return why;
      }
    }
    return "";
  }
  [[nodiscard]] std::string one_of(const json& value, const json& choices, const std::string& at) const {
    std::string reasons;
    int fits = 0;
    for (const json& choice : choices) {
      const std::string why = check(value, choice, at);
      if (why.empty()) ++fits;
      reasons += "\n  " + why;
    }
    return fits == 1 ? "" : at + ": " + std::to_string(fits) + " alternatives fit" + reasons;
  }
  json root_;
};

const Schema& schema() {
  static const Schema instance(json::parse(std::ifstream(BULKHEAD_SOURCE_DIR "/datapath/output/eve_schema.json")));
  return instance;
}

// ---- tests --------------------------------------------------------------------------------------------

// Byte for byte what Suricata 7.0.10 prints for such an alert, but for the order of metadata values.
TEST(EveJson, AlertHasTheFieldsAndOrderOfSuricata) {
  event::AlertEvent e = sample_alert();
  e.header.vlan_count = 0;
  e.header.parent_id = 17;
  e.tunnel.reset();
  e.tx_id.reset();
  e.on_stream = false;
  e.target_is_source = 0;
  auto metadata = std::make_shared<event::FlowMetadata>();
  metadata->flowbits = {"traffic/id/mozilla", "foo"};
  e.metadata = metadata;
  EveSettings s;
  s.alert.payload = s.alert.payload_printable = s.alert.packet = s.alert.verdict = true;
  EXPECT_EQ(
      line_of(e, s),
      R"({"timestamp":"2016-07-13T22:42:07.388030+0000","flow_id":2019293753285740,"parent_id":17,"pcap_cnt":6,"event_type":"alert",)"
      R"("src_ip":"82.165.177.154","src_port":80,"dest_ip":"10.16.1.11","dest_port":54186,"proto":"TCP",)"
      R"("pkt_src":"wire/pcap","traffic":{"id":["mozilla"]},"metadata":{"flowbits":["foo"]},)"
      R"("alert":{"action":"blocked","gid":1,"signature_id":5,"rev":3,"signature":"t é \"x\"",)"
      R"("category":"Web Application Attack","severity":1,"metadata":{"created_at":["2020"],"tag":["a","b"],"updated_at":["2021"]}},)"
      R"("app_proto":"http","direction":"to_client","flow":{"pkts_toserver":3,"pkts_toclient":3,"bytes_toserver":263,)"
      R"("bytes_toclient":435,"start":"2016-07-13T22:42:07.011401+0000","src_ip":"10.16.1.11","dest_ip":"82.165.177.154",)"
      R"("src_port":54186,"dest_port":80},"payload":"R0VUIC//AQl4DQo=","payload_printable":"GET /...x\r\n","stream":0,)"
      R"("packet":"AAECAw==","packet_info":{"linktype":1},)"
      R"("verdict":{"action":"drop","reject-target":"to_client","reject":["tcp-reset"]}})"
      "\n");
}

TEST(EveJson, FlowHasTheFieldsAndOrderOfSuricata) {
  event::FlowEvent e = sample_flow();
  e.action = "";
  e.metadata.reset();
  EXPECT_EQ(
      line_of(e),
      R"({"timestamp":"2016-07-13T22:42:07.388030+0000","flow_id":2019293753285740,"event_type":"flow",)"
      R"("src_ip":"10.16.1.11","src_port":54186,"dest_ip":"82.165.177.154","dest_port":80,"proto":"TCP","app_proto":"http",)"
      R"("flow":{"pkts_toserver":6,"pkts_toclient":4,"bytes_toserver":425,"bytes_toclient":495,)"
      R"("start":"2016-07-13T22:42:07.011401+0000","end":"2016-07-13T22:42:09.573174+0000","age":2,"state":"closed",)"
      R"("reason":"shutdown","alerted":true},"tcp":{"tcp_flags":"1b","tcp_flags_ts":"1b","tcp_flags_tc":"1a",)"
      R"("syn":true,"fin":true,"psh":true,"ack":true,"state":"closed","ts_max_regions":1,"tc_max_regions":1}})"
      "\n");
}

TEST(EveJson, DropHasTheFieldsAndOrderOfSuricata) {
  EveSettings s;
  s.drop.enabled = s.drop.alerts = s.drop.verdict = true;
  event::DropEvent e = sample_drop();
  auto signature = std::make_shared<event::SignatureInfo>();
  signature->sid = 6;
  signature->message = "tt";
  e.signature = signature;
  EXPECT_EQ(
      line_of(e, s),
      R"({"timestamp":"2016-07-13T22:42:07.388030+0000","flow_id":2019293753285740,"pcap_cnt":6,"event_type":"drop",)"
      R"("src_ip":"82.165.177.154","src_port":80,"dest_ip":"10.16.1.11","dest_port":54186,"proto":"TCP",)"
      R"("pkt_src":"wire/pcap","direction":"to_server","drop":{"len":64,"tos":0,"ttl":63,"ipid":62182,)"
      R"("tcpseq":1620482629,"tcpack":0,"tcpwin":29200,"syn":true,"ack":false,"psh":false,"rst":false,"urg":false,)"
      R"("fin":false,"tcpres":0,"tcpurgp":0,"reason":"rules"},"verdict":{"action":"drop"},)"
      R"("alert":{"action":"blocked","gid":1,"signature_id":6,"rev":0,"signature":"tt","category":"","severity":3}})"
      "\n");
}

TEST(EveJson, EveryEventFitsTheSchema) {
  EveJson full(everything()), plain{EveSettings{}};
  std::set<std::string> seen;
  for (const event::Event& event : all_sample_events()) {
    for (EveJson* eve : {&full, &plain}) {
      std::istringstream lines{std::string(eve->format(event))};
      for (std::string line; std::getline(lines, line);) {
        const json value = json::parse(line);
        EXPECT_EQ(schema().check(value), "") << line;
        seen.insert(value["event_type"]);
      }
    }
  }
  EXPECT_THAT(seen, testing::ElementsAre("alert", "anomaly", "block", "drop", "flow", "netflow", "stats"));
}

TEST(EveJson, TheSchemaRefusesWhatDoesNotBelong) {
  const json good = json::parse(line_of(sample_alert(), everything()));
  ASSERT_EQ(schema().check(good), "");
  json bad = good;
  bad["alert"]["severity"] = "1";
  EXPECT_NE(schema().check(bad), "");
  bad = good;
  bad["alert"]["new"] = 1;
  EXPECT_NE(schema().check(bad), "");
  bad = good;
  bad.erase("timestamp");
  EXPECT_NE(schema().check(bad), "");
  bad = good;
  bad["timestamp"] = "yesterday";
  EXPECT_NE(schema().check(bad), "");
  bad = good;
  bad["event_type"] = "flow";
  EXPECT_NE(schema().check(bad), "");
}

TEST(EveJson, TypesThatAreOffGiveNothing) {
  EveSettings off;
  off.alert.enabled = off.flow = off.anomaly.enabled = off.block = off.stats = off.drop.policy = false;
  for (const event::Event& event : all_sample_events()) EXPECT_EQ(line_of(event, off), "");
  EXPECT_EQ(line_of(event::Event{}), "");
}

TEST(EveJson, AnomalyTypesAndDropsByDefault) {
  event::AnomalyEvent e = sample_anomaly();
  EXPECT_NE(line_of(e), "") << "applayer is on";
  e.type = "decode";
  EXPECT_EQ(line_of(e), "");
  e.type = "stream";
  EXPECT_EQ(line_of(e), "");
  EXPECT_EQ(line_of(sample_drop()), "");
  EXPECT_NE(line_of(sample_policy_drop()), "") << "refusals by policy are always of interest";
}

TEST(EveJson, PolicyOfADrop) {
  const json value = json::parse(line_of(sample_policy_drop()));
  EXPECT_EQ(value["drop"]["policy"], (json{{"rule", "default/web-only[2]"},
                                           {"file", "web.yaml"},
                                           {"line", 14},
                                           {"from", "intruder"},
                                           {"to", "db"},
                                           {"audit", true}}));
}

TEST(EveJson, DirectionOnlyWithAFlow) {
  event::DropEvent e = sample_policy_drop();
  EXPECT_TRUE(json::parse(line_of(e)).contains("direction"));
  e.header.flow_id = 0;
  EXPECT_FALSE(json::parse(line_of(e)).contains("direction"));
}

TEST(EveJson, BlockFields) {
  EXPECT_EQ(json::parse(line_of(sample_block()))["block"], (json{{"action", "add"},
                                                                 {"kind", "flow"},
                                                                 {"reason", "alert 5"},
                                                                 {"signature_id", 5},
                                                                 {"ttl", 300},
                                                                 {"latency_us", 41},
                                                                 {"error", "none"}}));
}

TEST(EveJson, StatsNestByDots) {
  EXPECT_EQ(
      line_of(sample_stats()),
      R"({"timestamp":"2016-07-13T22:42:07.388030+0000","event_type":"stats","stats":{"uptime":8,"capture":{"kernel_drops":1},)"
      R"("decoder":{"bytes":900,"event":{"ipv4":{"trunc_pkt":2},"ipv6":{"frag_overlap":3}},"pkts":10},)"
      R"("flow":{"memcap":0},"top":7}})"
      "\n");
}

TEST(EveJson, NetflowHasOneRecordPerDirection) {
  EveSettings s;
  s.flow = false;
  s.netflow = true;
  std::istringstream lines(line_of(sample_flow(), s));
  std::string first, second, none;
  std::getline(lines, first);
  std::getline(lines, second);
  EXPECT_FALSE(std::getline(lines, none));
  const json to_server = json::parse(first), to_client = json::parse(second);
  EXPECT_EQ(to_server["src_port"], 54186);
  EXPECT_EQ(to_server["netflow"]["pkts"], 6);
  EXPECT_EQ(to_server["netflow"]["min_ttl"], 64);
  EXPECT_EQ(to_server["tcp"]["tcp_flags"], "1b");
  EXPECT_EQ(to_client["src_port"], 80);
  EXPECT_EQ(to_client["netflow"]["bytes"], 495);
  EXPECT_EQ(to_client["netflow"]["min_ttl"], 49);
  EXPECT_EQ(to_client["tcp"]["tcp_flags"], "1a");
}

TEST(EveJson, AddressesVlansTunnelsAndIcmp) {
  event::AlertEvent e = sample_alert();
  e.header.tuple = {*IpAddress::parse("2001:db8::1"), *IpAddress::parse("fe80::2"), 0, 0, ip_proto::kIcmpv6};
  e.header.has_ports = false;
  e.header.has_icmp = true;
  e.header.icmp_type = 128;
  const json value = json::parse(line_of(e));
  EXPECT_EQ(value["src_ip"], "2001:0db8:0000:0000:0000:0000:0000:0001");
  EXPECT_EQ(value["proto"], "IPv6-ICMP");
  EXPECT_EQ(value["icmp_type"], 128);
  EXPECT_FALSE(value.contains("src_port"));
  EXPECT_FALSE(value["flow"].contains("src_port"));
  EXPECT_EQ(value["vlan"], json::array({1, 10}));
  EXPECT_EQ(value["tunnel"], (json{{"src_ip", "2.2.2.2"},
                                   {"src_port", 0},
                                   {"dest_ip", "1.1.1.1"},
                                   {"dest_port", 0},
                                   {"proto", "GRE"},
                                   {"depth", 1},
                                   {"pcap_cnt", 3},
                                   {"pkt_src", "wire/pcap"}}));
}

TEST(EveJson, TargetKeywordNamesBothEnds) {
  event::AlertEvent e = sample_alert();
  e.target_is_source = 2;
  json alert = json::parse(line_of(e))["alert"];
  EXPECT_EQ(alert["target"], (json{{"ip", "10.16.1.11"}, {"port", 54186}}));
  EXPECT_EQ(alert["source"], (json{{"ip", "82.165.177.154"}, {"port", 80}}));
  e.target_is_source = 1;
  alert = json::parse(line_of(e))["alert"];
  EXPECT_EQ(alert["target"], (json{{"ip", "82.165.177.154"}, {"port", 80}}));
}

TEST(EveJson, MetadataAndEtherFollowTheirSettings) {
  EveSettings s;
  json value = json::parse(line_of(sample_flow(), s));
  EXPECT_EQ(value["traffic"], (json{{"id", {"mozilla"}}, {"label", {"web"}}}));
  EXPECT_EQ(value["metadata"]["flowbits"], json::array({"foo"}));
  EXPECT_EQ(value["metadata"]["flowints"], (json{{"cnt", -1}}));
  EXPECT_EQ(value["metadata"]["flowvars"], json::parse(R"([{"fkey":"GET"},{"key":"name","value":"value"}])"));
  EXPECT_FALSE(value.contains("ether"));
  s.metadata = false;
  s.ethernet = true;
  value = json::parse(line_of(sample_flow(), s));
  EXPECT_FALSE(value.contains("metadata") || value.contains("traffic"));
  EXPECT_EQ(value["ether"], json::parse(R"({"dest_macs":["64:00:f1:e1:03:03"],"src_macs":["64:00:f1:e1:02:02"]})"));
  s.alert.flow = s.alert.rule_metadata = false;
  value = json::parse(line_of(sample_alert(), s));
  EXPECT_FALSE(value.contains("flow") || value["alert"].contains("metadata"));
  EXPECT_EQ(value["ether"], json::parse(R"({"dest_mac":"64:00:f1:e1:03:03","src_mac":"64:00:f1:e1:02:02"})"));
}

TEST(EveJson, NetflowTurnsTheAddressesOfBothEndsRound) {
  EveSettings s;
  s.flow = false;
  s.netflow = s.ethernet = true;
  EveJson eve(s);
  const std::string lines(eve.format(event::Event(sample_flow())));
  const json back = json::parse(lines.substr(lines.find('\n') + 1));
  EXPECT_EQ(back["ether"], json::parse(R"({"dest_macs":["64:00:f1:e1:02:02"],"src_macs":["64:00:f1:e1:03:03"]})"));
}

TEST(EveJson, AClientBehindAProxyStandsInTheAlertOrBesideTheRecord) {
  event::AlertEvent alert = sample_alert();
  alert.forwarded_for = "10.3.3.3";
  EXPECT_EQ(json::parse(line_of(alert))["alert"]["xff"], "10.3.3.3");
  event::AppEvent record;
  record.type = "http";
  record.forwarded_for = "10.3.3.3";
  EXPECT_EQ(json::parse(line_of(record))["xff"], "10.3.3.3");
}

TEST(EveJson, AFlowTellsGapsBypassAndExceptionPolicies) {
  event::FlowEvent e = sample_flow();
  e.gap_to_client = true;
  e.state = "bypassed";
  e.exceptions = {{"stream_midstream", "bypass"}};
  EveSettings s;
  json value = json::parse(line_of(e, s));
  EXPECT_EQ(value["tcp"]["tc_gap"], true);
  EXPECT_FALSE(value["tcp"].contains("ts_gap"));
  EXPECT_EQ(value["flow"]["bypass"], "local");
  EXPECT_EQ(value["flow"]["bypassed"]["pkts_toserver"], 0);
  e.in_kernel = event::KernelShare{{7, 8}, {700, 801}};
  const json left = json::parse(line_of(e, s));
  EXPECT_EQ(left["flow"]["bypass"], "capture");
  EXPECT_EQ(left["flow"]["bypassed"],
            json::parse(R"({"pkts_toserver":7,"pkts_toclient":8,"bytes_toserver":700,"bytes_toclient":801})"));
  EXPECT_FALSE(value["flow"].contains("exception_policy"));
  s.flow_exception_policy = true;
  value = json::parse(line_of(e, s));
  EXPECT_EQ(value["flow"]["exception_policy"], json::parse(R"([{"target":"stream_midstream","policy":"bypass"}])"));
}

TEST(EveJson, CountersCanTellThreadsAndWhatTheyGrewBy) {
  EveSettings s;
  s.stats_threads = s.stats_deltas = true;
  EveJson eve(s);
  event::StatsEvent e;
  e.counters = {{"decoder.pkts", 10}, {"flow.active", 5}};
  e.threads = {{"W#01", {{"decoder.pkts", 10}}}};
  static_cast<void>(eve.format(event::Event(e)));
  e.counters = {{"decoder.pkts", 25}, {"flow.active", 3}};
  e.threads = {{"W#01", {{"decoder.pkts", 12}}}};
  const json stats = json::parse(eve.format(event::Event(e)))["stats"];
  EXPECT_EQ(stats["decoder"], json::parse(R"({"pkts":25,"pkts_delta":15})"));
  EXPECT_EQ(stats["flow"], json::parse(R"({"active":3,"active_delta":-2})"));
  EXPECT_EQ(stats["threads"]["W#01"]["decoder"], json::parse(R"({"pkts":12,"pkts_delta":2})"));
}

TEST(EveJson, PayloadIsCutForStreamsOnly) {
  EveSettings s;
  s.alert.payload_printable = true;
  s.alert.payload_buffer_size = 3;
  event::AlertEvent e = sample_alert();
  EXPECT_EQ(json::parse(line_of(e, s))["payload_printable"], "GET");
  e.on_stream = false;
  EXPECT_EQ(json::parse(line_of(e, s))["payload_printable"], "GET /...x\r\n");
}

// Bytes of the network never break the output.
TEST(EveJson, AnyBytesGiveValidUtf8) {
  auto signature = std::make_shared<event::SignatureInfo>();
  event::AlertEvent e = sample_alert();
  auto metadata = std::make_shared<event::FlowMetadata>();
  std::uint32_t random = 1;
  for (int round = 0; round < 500; ++round) {
    std::string bytes;
    for (int i = 0; i < round % 40; ++i) {
      random = random * 1664525 + 1013904223;
      bytes += static_cast<char>(random >> 24);
    }
    signature->message = bytes;
    signature->metadata = {{bytes, bytes}};
    metadata->flowvars = {{bytes, bytes}};
    metadata->flowbits = {bytes};
    e.signature = signature;
    e.metadata = metadata;
    e.payload = bytes;
    const std::string line = line_of(e, everything());
    json value;
    ASSERT_NO_THROW(value = json::parse(line)) << line;
    ASSERT_NO_THROW(static_cast<void>(value.dump())) << "not UTF-8";
    EXPECT_EQ(line.find('\n'), line.size() - 1) << "one line";
  }
  signature->message = "bad \xff\n";
  EXPECT_EQ(json::parse(line_of(e))["alert"]["signature"], "bad \\xff\\x0a");
}

TEST(EveJson, TheBufferIsReused) {
  EveJson eve(everything());
  const event::Event alert = sample_alert();
  const char* first = eve.format(alert).data();
  const std::string text(eve.format(alert));
  for (int i = 0; i < 1000; ++i) {
    const std::string_view again = eve.format(alert);
    ASSERT_EQ(again.data(), first);
    ASSERT_EQ(again, text);
  }
}

// The texts are those that datapath/app/dns writes (dns_parser_test.cpp).
TEST(EveJson, RecordsOfDhcpFitTheSchema) {
  event::AppEvent e;
  e.header = sample_alert().header;
  e.header.app_protocol = {};
  e.type = "dhcp";
  e.fields.emplace_back(
      "dhcp",
      R"({"type":"reply","id":287454020,"client_mac":"02:00:00:00:00:01","assigned_ip":"10.0.0.5",)"
      R"("client_ip":"0.0.0.0","relay_ip":"0.0.0.0","next_server_ip":"10.0.0.1","dhcp_type":"ack",)"
      R"("hostname":"h","params":["subnet_mask"],"client_id":"02:ab","lease_time":3600,"routers":["10.0.0.1"]})");
  EXPECT_EQ(schema().check(json::parse(line_of(e))), "");
}

TEST(EveJson, RecordsOfDnsFitTheSchema) {
  const char* const objects[] = {
      R"({"version":2,"type":"query","id":1,"rrname":"a.b","rrtype":"A","tx_id":0,"opcode":0})",
      R"({"version":2,"type":"answer","id":1,"flags":"8583","qr":true,"aa":true,"rd":true,"ra":true,"opcode":0,)"
      R"("rrname":"a.b","rrtype":"A","rcode":"NXDOMAIN","answers":[)"
      R"({"rrname":"a.b","rrtype":"SRV","ttl":60,"srv":{"priority":1,"weight":2,"port":3,"name":"t"}},)"
      R"({"rrname":"a.b","rrtype":"SSHFP","ttl":60,"sshfp":{"fingerprint":"ab:cd","algo":2,"type":1}}],)"
      R"("grouped":{"SRV":[{"priority":1,"weight":2,"port":3,"name":"t"}]},)"
      R"("authorities":[{"rrname":"a.b","rrtype":"SOA","ttl":60,"soa":{"mname":"m","rname":"r","serial":1,"refresh":2,)"
      R"("retry":3,"expire":4,"minimum":5}}]})"};
  for (const char* const object : objects) {
    event::AppEvent e;
    e.header = sample_alert().header;
    e.header.app_protocol = {};
    e.type = "dns";
    e.fields.emplace_back("dns", object);
    const json written = json::parse(line_of(e));
    EXPECT_EQ(schema().check(written), "");
    EXPECT_EQ(written["dns"], json::parse(object));
  }
}

}  // namespace
}  // namespace bulkhead::output
