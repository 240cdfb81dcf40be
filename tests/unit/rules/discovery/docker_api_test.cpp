#include "rules/discovery/docker_api.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

namespace bulkhead::rules {
namespace {

using Json = nlohmann::json;

std::string recorded(const std::string& name) {
  std::ifstream file(BULKHEAD_SOURCE_DIR "/tests/data/docker/" + name);
  std::stringstream out;
  out << file.rdbuf();
  EXPECT_FALSE(out.str().empty()) << name;
  return out.str();
}

std::string error_of(const Result<DockerContainer>& result) {
  return result ? "none" : result.error().text;
}

TEST(DockerApi, AContainerOnTwoNetworks) {
  const auto web = parse_container(recorded("web.json"));
  ASSERT_TRUE(web) << web.error().to_string();
  EXPECT_EQ(web->name, "web");
  EXPECT_EQ(web->id.size(), 64U);
  EXPECT_TRUE(web->running);
  EXPECT_EQ(web->pid, 16613);
  EXPECT_FALSE(web->host_network);
  EXPECT_EQ(web->labels, (Labels{{"app", "web"}, {"tier", "front"}}));
  ASSERT_EQ(web->endpoints.size(), 2U);
  EXPECT_EQ(web->endpoints[0].network, "back");
  EXPECT_EQ(web->endpoints[0].mac->to_string(), "02:42:ac:1e:02:02");
  EXPECT_EQ(web->endpoints[0].addresses, std::vector{*IpAddress::parse("172.30.2.2")});
  EXPECT_EQ(web->endpoints[1].network, "front");
  EXPECT_EQ(web->endpoints[1].addresses,
            (std::vector{*IpAddress::parse("172.30.1.2"), *IpAddress::parse("fd30:1::2")}));
}

TEST(DockerApi, HostNetworkAndNoNetwork) {
  const auto host = parse_container(recorded("hostnet.json"));
  ASSERT_TRUE(host);
  EXPECT_TRUE(host->host_network);
  EXPECT_TRUE(host->endpoints.empty());
  const auto none = parse_container(recorded("nonet.json"));
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->host_network);
  EXPECT_TRUE(none->endpoints.empty());
}

TEST(DockerApi, TheImageAndWhatTheContainerMay) {
  const auto web = parse_container(recorded("web.json"));
  ASSERT_TRUE(web);
  EXPECT_TRUE(web->image_digest.starts_with("sha256:"));
  EXPECT_FALSE(web->image.empty());
  EXPECT_FALSE(web->posture.privileged);
  EXPECT_TRUE(web->posture.raw_packets) << "the engine's default set has NET_RAW";
  Json top = Json::parse(recorded("web.json"));
  Json& host = top["HostConfig"];
  host["Privileged"] = true;
  host["PidMode"] = "host";
  host["SecurityOpt"] = {"seccomp=unconfined"};
  host["CapAdd"] = {"CAP_NET_ADMIN", "sys_ptrace"};
  host["CapDrop"] = {"NET_RAW"};
  host["Memory"] = 1048576;
  host["NanoCpus"] = 500000000;
  host["PidsLimit"] = 100;
  host["Binds"] = {"/var/run/docker.sock:/var/run/docker.sock", "/srv:/srv"};
  top["Mounts"] = {{{"Type", "bind"}, {"Source", "/etc"}}, {{"Type", "volume"}, {"Source", "/var/lib/docker"}}};
  const auto wide = parse_container(top.dump());
  ASSERT_TRUE(wide);
  Posture expected;
  expected.privileged = expected.host_pid = expected.unconfined = true;
  expected.memory_limit = expected.cpu_limit = expected.process_limit = true;
  expected.capabilities = {"NET_ADMIN", "SYS_PTRACE"};
  expected.sockets = {"/var/run/docker.sock"};
  expected.host_paths = {"/etc"};
  EXPECT_EQ(wide->posture, expected);
  host = {{"NetworkMode", "x"}, {"CapDrop", {"ALL"}}, {"Memory", "much"}, {"CapAdd", 7}};
  top["Mounts"] = "none";
  const auto odd = parse_container(top.dump());
  ASSERT_TRUE(odd);
  EXPECT_EQ(odd->posture, Posture{});
}

TEST(DockerApi, ListsAndNetworks) {
  const auto ids = parse_container_ids(recorded("containers.json"));
  ASSERT_TRUE(ids);
  ASSERT_EQ(ids->size(), 3U);
  EXPECT_TRUE((*ids)[2].starts_with("900885ab4c1d"));
  const auto networks = parse_networks(recorded("networks.json"));
  ASSERT_TRUE(networks);
  std::map<std::string, std::string> bridges;
  for (const DockerNetwork& network : *networks) bridges[network.name] = network.bridge;
  EXPECT_EQ(bridges, (std::map<std::string, std::string>{{"back", "br-2dea1d343e46"},
                                                         {"bridge", "docker0"},
                                                         {"front", "br-f02582c52e76"},
                                                         {"host", ""},
                                                         {"none", ""}}));
}

TEST(DockerApi, Events) {
  std::istringstream lines(recorded("events.json"));
  std::string line;
  std::vector<DockerEvent> events;
  while (std::getline(lines, line)) {
    const auto event = parse_docker_event(line);
    ASSERT_TRUE(event) << line;
    events.push_back(*event);
  }
  ASSERT_EQ(events.size(), 12U);
  EXPECT_EQ(events[4].type + " " + events[4].action, "container start");
  EXPECT_TRUE(events[4].id.starts_with("900885ab4c1d"));
  EXPECT_EQ(events[5].type + " " + events[5].action, "network connect");
  EXPECT_EQ(events[5].container, events[4].id);
}

TEST(DockerApi, BadJsonAndMissingKeysAreSaid) {
  const std::string whole = recorded("web.json");
  for (std::size_t cut = 0; cut + 1 < whole.size(); cut += 97) {
    EXPECT_EQ(error_of(parse_container(whole.substr(0, cut))), "no JSON object") << cut;
  }
  const auto without = [&](const char* pointer) {
    Json json = Json::parse(whole);
    const Json::json_pointer at(pointer);
    json[at.parent_pointer()].erase(at.back());
    return error_of(parse_container(json.dump()));
  };
  EXPECT_EQ(without("/Id"), "no key Id");
  EXPECT_EQ(without("/Name"), "no key Name");
  EXPECT_EQ(without("/State"), "no key State.Running");
  EXPECT_EQ(without("/State/Running"), "no key State.Running");
  EXPECT_EQ(without("/NetworkSettings"), "no key NetworkSettings.Networks");
  EXPECT_EQ(without("/NetworkSettings/Networks"), "no key NetworkSettings.Networks");
  for (const char* spare : {"/Config", "/Config/Labels", "/HostConfig", "/State/Pid", "/Mounts"}) {
    EXPECT_EQ(without(spare), "none") << spare;
  }
}

TEST(DockerApi, WrongTypesAndValues) {
  const std::string whole = recorded("web.json");
  const auto with = [&](const char* pointer, const Json& value) {
    Json json = Json::parse(whole);
    json[Json::json_pointer(pointer)] = value;
    return parse_container(json.dump());
  };
  EXPECT_EQ(error_of(with("/Id", 7)), "no key Id");
  EXPECT_EQ(error_of(with("/Id", "../../etc")), "no key Id") << "it will stand in a path";
  EXPECT_EQ(error_of(with("/State/Running", "yes")), "no key State.Running");
  EXPECT_EQ(error_of(with("/NetworkSettings/Networks", 1)), "no key NetworkSettings.Networks");
  EXPECT_EQ(with("/State/Pid", 1e300)->pid, 0);
  EXPECT_EQ(with("/State/Pid", -4)->pid, 0);
  EXPECT_EQ(with("/State/Pid", std::int64_t{1} << 40)->pid, 0);
  EXPECT_TRUE(with("/NetworkSettings/Networks", nullptr)->endpoints.empty());
  EXPECT_TRUE(with("/Config/Labels", Json::array({1}))->labels.empty());
  EXPECT_EQ(with("/Config/Labels", Json{{"a", "b"}, {"c", 1}})->labels, (Labels{{"a", "b"}}));
  const auto bad_address = with("/NetworkSettings/Networks/back/IPAddress", "172.30.2.999");
  EXPECT_TRUE(bad_address->endpoints[0].addresses.empty());
  const auto bad_mac = with("/NetworkSettings/Networks/back/MacAddress", "02:42");
  EXPECT_FALSE(bad_mac->endpoints[0].mac.has_value());
  const auto bad_endpoint = with("/NetworkSettings/Networks/back", Json::array());
  EXPECT_EQ(bad_endpoint->endpoints[0].network_id, "");
  EXPECT_EQ(with("/Name", std::string(1000, 'n'))->name.size(), 255U);
}

TEST(DockerApi, OtherAnswersThatAreNone) {
  EXPECT_FALSE(parse_container_ids("{}"));
  EXPECT_FALSE(parse_container_ids("[{}]"));
  EXPECT_FALSE(parse_container_ids("[1"));
  EXPECT_TRUE(parse_container_ids("[]")->empty());
  EXPECT_FALSE(parse_networks("null"));
  EXPECT_FALSE(parse_networks("[{\"Name\":\"x\"}]"));
  EXPECT_FALSE(parse_docker_event("[]"));
  EXPECT_FALSE(parse_docker_event("{\"Type\":\"container\"}"));
  EXPECT_FALSE(parse_docker_event(""));
  EXPECT_FALSE(parse_container(std::string(kMaxDockerAnswer + 1, ' ')));
}

TEST(DockerApi, IdsAreHexDigits) {
  EXPECT_TRUE(is_docker_id("900885ab4c1d"));
  for (const char* bad : {"", "ABC", "g0", "a/b", "a b"}) EXPECT_FALSE(is_docker_id(bad)) << bad;
  EXPECT_FALSE(is_docker_id(std::string(65, 'a')));
}

}  // namespace
}  // namespace bulkhead::rules
