#include "config/load/config_loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "config/schema/sample_yaml.h"

namespace bulkhead::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A directory of files, removed at the end.
class TempDirectory {
 public:
  TempDirectory() {
    std::string name = testing::TempDir() + "bulkhead-load-XXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    path_ = name;
  }
  ~TempDirectory() { std::filesystem::remove_all(path_); }
  std::string write(const std::string& name, const std::string& text) const {
    const auto file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
    return file.string();
  }
  [[nodiscard]] std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

LoadedConfig load(const std::string& yaml, Diagnostics& diagnostics, ConfigRequest request = {}) {
  const TempDirectory directory;
  request.file = directory.write("bulkhead.yaml", yaml);
  return load_config(request, diagnostics);
}

LoadedConfig with_sets(std::vector<std::string> sets, RunKind kind = RunKind::kReplay) {
  ConfigRequest request;
  request.kind = kind;
  request.sets = std::move(sets);
  Diagnostics diagnostics;
  LoadedConfig config = load_config(request, diagnostics);
  for (const auto& d : diagnostics.all()) ADD_FAILURE() << Diagnostics::format(d);
  return config;
}

TEST(ConfigLoader, TheSampleFileChangesNothing) {
  Diagnostics diagnostics;
  const LoadedConfig from_file = load(sample_yaml(), diagnostics);
  for (const auto& d : diagnostics.all()) ADD_FAILURE() << Diagnostics::format(d);
  EXPECT_EQ(dump_yaml(from_file.values, false), dump_yaml(SettingValues(), false));
  const LoadedConfig none = with_sets({});
  EXPECT_EQ(from_file.settings.eve.alert.payload, none.settings.eve.alert.payload);
  EXPECT_EQ(from_file.settings.pipeline.stream.host_os_policy.size(), 1U);
}

TEST(ConfigLoader, DefaultsAreThoseOfTheShippedSuricataYaml) {
  const EngineSettings s = with_sets({}).settings;
  EXPECT_EQ(s.workers, 1U);
  EXPECT_FALSE(s.pipeline.inline_mode);
  EXPECT_TRUE(s.pipeline.checksum_auto);
  EXPECT_TRUE(s.pipeline.decode.verify_checksums);
  EXPECT_THAT(s.pipeline.decode.teredo_ports, ElementsAre(3544));
  EXPECT_FALSE(s.pipeline.decode.teredo_any_port);
  EXPECT_EQ(s.pipeline.stream.depth_bytes, 1U << 20);
  EXPECT_FALSE(s.pipeline.stream.midstream);
  EXPECT_EQ(s.pipeline.stream.inspect_moment, stream::InspectMoment::kAcknowledged);
  ASSERT_EQ(s.pipeline.stream.host_os_policy.size(), 1U);
  EXPECT_EQ(s.pipeline.stream.host_os_policy[0].second, stream::OverlapPolicy::kWindows);
  EXPECT_EQ(s.pipeline.stream.default_policy, stream::OverlapPolicy::kBsd);
  EXPECT_EQ(s.pipeline.flow.tcp.established, std::chrono::seconds(600));
  EXPECT_EQ(s.pipeline.flow.udp.fresh, std::chrono::seconds(30));
  EXPECT_EQ(s.pipeline.defrag.max_trackers, 65535U);
  EXPECT_EQ(s.signatures.packet_alert_max, 15);
  EXPECT_TRUE(s.eve.alert.enabled);
  EXPECT_FALSE(s.eve.drop.enabled);
  EXPECT_TRUE(s.eve.anomaly.applayer);
  EXPECT_FALSE(s.eve.anomaly.decode);
  EXPECT_EQ(s.signatures.addresses.size(), 15U);
  EXPECT_EQ(s.signatures.addresses[0].name, "AIM_SERVERS");
  EXPECT_EQ(s.signatures.ports.size(), 11U);
}

TEST(ConfigLoader, SetsReachTheirFields) {
  const EngineSettings s =
      with_sets({"engine.mode=ips", "engine.init-failure-fatal=yes", "stream.checksum-validation=no",
                 "decoder.teredo.ports=any", "stream.reassembly.depth=2mb", "flow-timeouts.tcp.new=7",
                 "action-order=[alert,pass,drop,reject]", "packet-alert-max=3", "eve.types=alert,drop,flow",
                 "eve.types.drop.flows=all", "eve.types.drop.alerts=yes", "eve.types.alert.payload-printable=yes",
                 "eve.types.alert.payload-buffer-size=8kb", "vlan.use-for-tracking=false",
                 "decoder.recursion-level.use-for-tracking=false", "stats.interval=1"})
          .settings;
  EXPECT_TRUE(s.pipeline.inline_mode);
  EXPECT_EQ(s.pipeline.stream.inspect_moment, stream::InspectMoment::kArrival);
  EXPECT_TRUE(s.signatures.failure_is_fatal);
  EXPECT_FALSE(s.pipeline.decode.verify_checksums);
  EXPECT_TRUE(s.pipeline.decode.teredo_any_port);
  EXPECT_EQ(s.pipeline.stream.depth_bytes, 2U << 20);
  EXPECT_EQ(s.pipeline.flow.tcp.fresh, std::chrono::seconds(7));
  EXPECT_EQ(s.signatures.action_order.front(), pipeline::RuleAction::kAlert);
  EXPECT_EQ(s.signatures.packet_alert_max, 3);
  EXPECT_EQ(s.pipeline.report.drops, pipeline::ReportSettings::Drops::kAll);
  EXPECT_TRUE(s.pipeline.report.drop_alerts);
  EXPECT_TRUE(s.pipeline.report.alert_payload);
  EXPECT_TRUE(s.eve.alert.payload_printable);
  EXPECT_FALSE(s.eve.alert.payload);
  EXPECT_EQ(s.pipeline.report.payload_limit, 8192U);
  EXPECT_FALSE(s.eve.stats);
  EXPECT_FALSE(s.pipeline.flow.vlan_in_key);
  EXPECT_FALSE(s.pipeline.flow.tunnel_depth_in_key);
}

TEST(ConfigLoader, ArgumentsOfAPortStayWithIt) {
  const EngineSettings s =
      with_sets({"dpdk.ports=[net_af_packet0,iface=eth1,qpairs=2,net_null0]", "dpdk.mode=wire", "dpdk.cores=[2,4]"})
          .settings;
  EXPECT_THAT(s.dpdk.ports, ElementsAre("net_af_packet0,iface=eth1,qpairs=2", "net_null0"));
  EXPECT_TRUE(s.dpdk.wire);
  EXPECT_THAT(s.dpdk.cores, ElementsAre(2, 4));
  EXPECT_FALSE(s.dpdk.no_huge);
  Diagnostics diagnostics;
  load("dpdk: {ports: [\"net_pcap0,rx_pcap=a\"], mode: wire, cores: [x]}\n", diagnostics);
  ASSERT_EQ(diagnostics.all().size(), 2U);
  EXPECT_EQ(diagnostics.all()[0].code, "settings.conflict");
  EXPECT_EQ(diagnostics.all()[1].code, "settings.bad_number");
}

TEST(ConfigLoader, HostPoliciesReplaceTheDefaultAsAWhole) {
  const EngineSettings s = with_sets({"host-os-policy.bsd=[0.0.0.0/0]", "host-os-policy.linux=[10.0.0.0/8,10.1.2.3]",
                                      "host-os-policy.hpux11=[]", "host-os-policy.macos=[fd00::/8]"})
                               .settings;
  const auto& policies = s.pipeline.stream.host_os_policy;
  ASSERT_EQ(policies.size(), 4U);
  EXPECT_EQ(policies[0].first.to_string(), "10.1.2.3/32") << "longest prefix first";
  EXPECT_EQ(policies[0].second, stream::OverlapPolicy::kLinux);
  EXPECT_EQ(policies[3].first.length, 0U);
  EXPECT_EQ(policies[3].second, stream::OverlapPolicy::kBsd);
  EXPECT_EQ(s.pipeline.defrag.host_policy[0].second, defrag::FragmentPolicy::kLinux);
}

TEST(ConfigLoader, CommandLineHostPoliciesReplaceTheFiles) {
  Diagnostics diagnostics;
  ConfigRequest request;
  request.sets = {"host-os-policy.linux=[10.0.0.0/8]"};
  const auto s =
      load("host-os-policy: {windows: [0.0.0.0/0], solaris: [10.9.0.0/16]}\n", diagnostics, request).settings;
  ASSERT_EQ(s.pipeline.stream.host_os_policy.size(), 1U);
  EXPECT_EQ(s.pipeline.stream.host_os_policy[0].second, stream::OverlapPolicy::kLinux);
}

TEST(ConfigLoader, UnknownSetsAreIgnoredAndListed) {
  const LoadedConfig config =
      with_sets({"eve.types.alert.dnp3=yes", "app-layer.protocols.modbus.enabled=yes", "stream.midstream=true"});
  EXPECT_THAT(config.ignored, ElementsAre("eve.types.alert.dnp3=yes", "app-layer.protocols.modbus.enabled=yes"));
  EXPECT_TRUE(config.settings.pipeline.stream.midstream);
}

TEST(ConfigLoader, EveTypesOfLaterProtocolsAreAccepted) {
  const EngineSettings s = with_sets({"eve.types=http,dns,alert,whatever"}).settings;
  EXPECT_TRUE(s.eve.alert.enabled);
  EXPECT_FALSE(s.eve.flow);
}

TEST(ConfigLoader, EveTypeCanBeSwitchedByItsOwnKey) {
  EXPECT_FALSE(with_sets({"eve.types.flow.enabled=no"}).settings.eve.flow);
  EXPECT_TRUE(with_sets({"eve.types.drop.enabled=yes"}).settings.eve.drop.enabled);
}

TEST(ConfigLoader, MetadataIsAFlagOrAMap) {
  EXPECT_FALSE(with_sets({"eve.types.alert.metadata=no"}).settings.eve.alert.rule_metadata);
  EXPECT_TRUE(with_sets({"eve.types.alert.metadata=yes"}).settings.eve.alert.rule_metadata);
  EXPECT_TRUE(with_sets({"eve.types.alert.metadata.rule.raw=true"}).settings.eve.alert.rule_raw);
  Diagnostics diagnostics;
  const auto s =
      load("eve:\n  types:\n    - alert:\n        metadata:\n          rule: {raw: yes, metadata: no}\n    - flow\n",
           diagnostics)
          .settings;
  EXPECT_EQ(diagnostics.error_count(), 0U);
  EXPECT_TRUE(s.eve.alert.rule_raw);
  EXPECT_FALSE(s.eve.alert.rule_metadata);
  EXPECT_FALSE(s.eve.anomaly.enabled);
}

TEST(ConfigLoader, PortVariablesStandInPortLists) {
  EXPECT_THAT(with_sets({"decoder.vxlan.ports=$VXLAN_PORTS"}).settings.pipeline.decode.vxlan_ports, ElementsAre(4789));
  EXPECT_THAT(with_sets({"vars.port-groups.VX=[8472,$VXLAN_PORTS]", "decoder.vxlan.ports=[$VX,1]"})
                  .settings.pipeline.decode.vxlan_ports,
              ElementsAre(1, 4789, 8472));
  ConfigRequest request;
  request.sets = {"vars.port-groups.A=$B", "vars.port-groups.B=$A", "decoder.vxlan.ports=$A"};
  Diagnostics diagnostics;
  (void)load_config(request, diagnostics);
  ASSERT_EQ(diagnostics.error_count(), 1U) << "a circle ends";
  EXPECT_EQ(diagnostics.all()[0].code, "settings.not_a_port_list");
}

TEST(ConfigLoader, AllErrorsOfAFileInOneRun) {
  Diagnostics diagnostics;
  (void)load(
      "stream:\n"
      "  midsteam: yes\n"
      "  memcap: 64megs\n"
      "netlink:\n"
      "  group: 40\n"
      "host-os-policy:\n"
      "  linux: [10.0.0.0/8, 10.0.0.0/40]\n"
      "eve:\n"
      "  types: [alrt]\n"
      "signatures: /nonexistent/*.rules\n"
      "policy: [/nonexistent/p.yaml]\n"
      "strem: 1\n",
      diagnostics);
  std::vector<std::string> codes;
  std::vector<std::uint32_t> lines;
  for (const auto& d : diagnostics.all()) {
    codes.push_back(d.code);
    lines.push_back(d.span.line);
  }
  EXPECT_THAT(codes,
              ElementsAre("settings.unknown_key", "settings.bad_size", "settings.out_of_range", "settings.bad_prefix",
                          "settings.unknown_key", "settings.bad_word", "settings.no_match", "settings.no_such_file"));
  EXPECT_THAT(lines, ElementsAre(2U, 3U, 5U, 7U, 12U, 9U, 10U, 11U));
  EXPECT_EQ(diagnostics.all()[0].hint, "did you mean midstream?");
  EXPECT_EQ(diagnostics.all()[3].span.column, 23U);
}

TEST(ConfigLoader, WrongShapesAreReported) {
  Diagnostics diagnostics;
  (void)load("stream: yes\nlog-dir: [a, b]\nworkers: {a: 1}\nsignatures: [[a]]\n", diagnostics);
  EXPECT_EQ(diagnostics.error_count(), 4U);
  for (const auto& d : diagnostics.all()) EXPECT_EQ(d.code, "settings.wrong_shape") << d.message;
}

TEST(ConfigLoader, BadSetsArePointedAt) {
  ConfigRequest request;
  request.sets = {"stream.midstream", "stream.midstream=perhaps"};
  Diagnostics diagnostics;
  (void)load_config(request, diagnostics);
  ASSERT_EQ(diagnostics.error_count(), 2U);
  EXPECT_EQ(Diagnostics::format(diagnostics.all()[1]),
            "--set:1:18-24: error[settings.bad_boolean]: stream.midstream: \"perhaps\" is neither yes nor no\n"
            "   1 | stream.midstream=perhaps\n"
            "     |                  ^^^^^^^\n"
            "  hint: write yes or no\n");
}

TEST(ConfigLoader, PathsOfTheFileStartAtItsDirectory) {
  const TempDirectory directory;
  directory.write("rules/a.rules", "");
  directory.write("rules/b.rules", "");
  directory.write("policy.yaml", "");
  ConfigRequest request;
  request.file = directory.write("bulkhead.yaml",
                                 "signatures: [rules/*.rules, rules/a.rules]\npolicy: policy.yaml\nlog-dir: logs\n");
  Diagnostics diagnostics;
  const EngineSettings s = load_config(request, diagnostics).settings;
  EXPECT_EQ(diagnostics.error_count(), 0U);
  EXPECT_THAT(s.signatures.files, ElementsAre(directory / "rules/a.rules", directory / "rules/b.rules"));
  EXPECT_THAT(s.policy.files, ElementsAre(directory / "policy.yaml"));
  EXPECT_EQ(s.eve_file, directory / "logs/eve.json");
}

TEST(ConfigLoader, OptionsOfTheCommandReplaceTheFiles) {
  const TempDirectory directory;
  const std::string mine = directory.write("mine.rules", "");
  ConfigRequest request;
  request.file = directory.write("bulkhead.yaml", "signatures: /nonexistent/*.rules\nworkers: 3\n");
  request.signatures = {mine};
  request.workers = 2;
  request.seed = 7;
  request.log_dir = "out";
  Diagnostics diagnostics;
  const EngineSettings s = load_config(request, diagnostics).settings;
  EXPECT_EQ(diagnostics.error_count(), 0U);
  EXPECT_THAT(s.signatures.files, ElementsAre(mine));
  EXPECT_EQ(s.workers, 2U);
  EXPECT_EQ(s.pipeline.flow.hash_seed, 7U);
  EXPECT_EQ(s.eve_file, "out/eve.json");
}

TEST(ConfigLoader, MissingInputsAreNamed) {
  const TempDirectory directory;
  ConfigRequest request;
  request.pcap_files = {"/nonexistent/a.pcap"};
  request.signatures = {directory / ""};
  request.inventory = "/nonexistent/i.yaml";
  request.sets = {"threshold-file=/nonexistent/t"};
  Diagnostics diagnostics;
  (void)load_config(request, diagnostics);
  EXPECT_EQ(diagnostics.error_count(), 4U);
  for (const auto& d : diagnostics.all()) EXPECT_EQ(d.code, "settings.no_such_file") << d.message;
}

TEST(ConfigLoader, LiveRunsDifferWhereTheyMust) {
  const EngineSettings a = with_sets({}, RunKind::kLive).settings;
  const EngineSettings b = with_sets({}, RunKind::kLive).settings;
  EXPECT_NE(a.pipeline.flow.hash_seed, b.pipeline.flow.hash_seed);
  EXPECT_FALSE(a.pipeline.checksum_auto);
  EXPECT_FALSE(a.pipeline.report.include_packet_number);
  EXPECT_EQ(a.output.mode, output::OutputMode::kLive);
  EXPECT_EQ(a.pipeline.stream.inspect_moment, stream::InspectMoment::kArrival);
  EXPECT_GE(a.workers, 1U);
  EXPECT_EQ(with_sets({}).settings.pipeline.flow.hash_seed, with_sets({}).settings.pipeline.flow.hash_seed);
}

TEST(ConfigLoader, ActionOrderWantsEachOnce) {
  ConfigRequest request;
  request.sets = {"action-order=[pass,drop,pass,alert]"};
  Diagnostics diagnostics;
  (void)load_config(request, diagnostics);
  EXPECT_EQ(diagnostics.error_count(), 1U);
}

TEST(ExpandGlob, PlainNamesAndPatterns) {
  const TempDirectory directory;
  const std::string a = directory.write("a.rules", "");
  const std::string odd = directory.write("x[1].rules", "");
  EXPECT_THAT(expand_glob(directory / "a*.rules"), ElementsAre(a));
  EXPECT_THAT(expand_glob(odd), ElementsAre(odd)) << "a name may have these letters";
  EXPECT_THAT(expand_glob(directory / "none*"), IsEmpty());
  EXPECT_THAT(expand_glob("plain"), ElementsAre("plain"));
}

TEST(ConfigLoader, GuardsOfPorts) {
  const LoadedConfig defaults = with_sets({});
  EXPECT_TRUE(defaults.settings.guard.enabled);
  EXPECT_THAT(defaults.settings.guard.rules.tunnel_ports, ElementsAre(4789, 8472, 6081));
  EXPECT_THAT(defaults.settings.guard.rules.tunnel_protocols, ElementsAre(4, 41, 47, 97, 115, 137));
  EXPECT_EQ(defaults.settings.policy.metadata.size(), 3U);
  EXPECT_EQ(defaults.settings.discovery.docker, DockerMode::kAuto);
  EXPECT_EQ(defaults.settings.discovery.docker_socket, "/run/docker.sock");
  EXPECT_EQ(defaults.settings.discovery.cri, DockerMode::kAuto);
  EXPECT_EQ(defaults.settings.discovery.cri_sockets.size(), 3U);
  EXPECT_EQ(defaults.settings.discovery.cri_poll, std::chrono::seconds(1));
  const LoadedConfig set = with_sets({"guard.ether-types=[0x88cc,34958]", "guard.tunnel-ports=[]", "guard.arp-rate=7",
                                      "guard.metadata=[]", "discovery.docker=no", "discovery.cri=yes",
                                      "discovery.cri-sockets=[/run/mine.sock]", "discovery.cri-poll-ms=200"});
  EXPECT_THAT(set.settings.guard.rules.ether_types, ElementsAre(0x88cc, 34958));
  EXPECT_THAT(set.settings.guard.rules.tunnel_ports, IsEmpty());
  EXPECT_EQ(set.settings.guard.rules.arp_per_second, 7U);
  EXPECT_THAT(set.settings.policy.metadata, IsEmpty());
  EXPECT_EQ(set.settings.discovery.docker, DockerMode::kNo);
  EXPECT_EQ(set.settings.discovery.cri, DockerMode::kYes);
  EXPECT_THAT(set.settings.discovery.cri_sockets, ElementsAre("/run/mine.sock"));
  EXPECT_EQ(set.settings.discovery.cri_poll, std::chrono::milliseconds(200));
  EXPECT_THAT(with_sets({"guard.enabled=no"}).settings.policy.metadata, IsEmpty());
  for (const char* bad : {"0x5ff", "88cc", "0x10000", "", "0x", "-1"}) {
    Diagnostics diagnostics;
    load("guard:\n  ether-types: ['" + std::string(bad) + "']\n", diagnostics);
    ASSERT_TRUE(diagnostics.has_errors()) << bad;
    EXPECT_EQ(diagnostics.all()[0].code, std::string(bad).empty() ? diagnostics.all()[0].code : "settings.bad_number");
  }
}

}  // namespace
}  // namespace bulkhead::config
