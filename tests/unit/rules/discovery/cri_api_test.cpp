#include "rules/discovery/cri_api.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "tests/unit/rules/discovery/cri_messages.h"

namespace bulkhead::rules {
namespace {

// As containerd 1.6 tells it, shortened.
constexpr const char* kContainerdInfo = R"({"pid":4711,"processStatus":"running","netNamespaceClosed":false,
  "image":"registry.k8s.io/pause:3.6","runtimeSpec":{"linux":{"namespaces":[{"type":"pid"},
  {"type":"network","path":"/var/run/netns/cni-1-2"}]}},
  "cniResult":{"Interfaces":{"cni0":{"IPConfigs":null,"Mac":"aa:00:00:00:00:01","Sandbox":""},
  "eth0":{"IPConfigs":[{"IP":"10.88.0.5","Gateway":"10.88.0.1"}],"Mac":"aa:00:00:00:00:05","Sandbox":"/var/run/netns/cni-1-2"},
  "lo":{"IPConfigs":[{"IP":"127.0.0.1"}],"Mac":"00:00:00:00:00:00","Sandbox":"/var/run/netns/cni-1-2"},
  "veth77":{"IPConfigs":null,"Mac":"aa:00:00:00:00:02","Sandbox":""}}}})";

// As CRI-O does: no process of the sandbox, and what CNI said as a text.
constexpr const char* kCrioInfo = R"({"image":"pause","pid":-1,"runtimeSpec":{"annotations":{
  "io.kubernetes.cri-o.CNIResult":"{\"cniVersion\":\"1.0.0\",\"interfaces\":[{\"name\":\"veth9\",\"mac\":\"aa:00:00:00:00:09\"},{\"name\":\"eth0\",\"mac\":\"aa:00:00:00:00:05\",\"sandbox\":\"/var/run/netns/x\"}],\"ips\":[{\"interface\":1,\"address\":\"10.88.0.5/16\"}]}"},
  "linux":{"namespaces":[{"type":"network","path":"/var/run/netns/x"}]}}})";

std::string recorded(const std::string& name) {
  std::ifstream file(BULKHEAD_SOURCE_DIR "/tests/data/cri/" + name + ".pb", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(CriApi, AnswersOfContainerd) {
  EXPECT_EQ(parse_cri_version(recorded("version"))->runtime, "containerd");
  EXPECT_EQ(parse_cri_sandboxes(recorded("sandboxes"))->size(), 2U);
  const auto containers = parse_cri_containers(recorded("containers"));
  ASSERT_TRUE(containers);
  ASSERT_EQ(containers->size(), 2U);
  EXPECT_NE((*containers)[0].sandbox, (*containers)[1].sandbox);

  const auto web = parse_cri_sandbox(recorded("web"));
  ASSERT_TRUE(web) << web.error().to_string();
  EXPECT_EQ(web->name_space + "/" + web->name, "shop/web");
  EXPECT_EQ(web->labels, (Labels{{"app", "web"}}));
  ASSERT_EQ(web->addresses.size(), 1U);
  EXPECT_EQ(web->addresses[0].to_string(), "10.99.0.2");
  EXPECT_EQ(web->pid, 23980);
  EXPECT_TRUE(web->network_namespace.starts_with("/var/run/netns/cni-"));
  EXPECT_EQ(web->mac->to_string(), "92:b6:3d:9f:42:93");
  EXPECT_EQ(web->host_interfaces, (std::vector<std::string>{"cni0", "veth55162bbf"}));
  EXPECT_FALSE(web->host_network || web->host_pid || web->host_ipc);
  const auto server = parse_cri_container(recorded("web-container"));
  ASSERT_TRUE(server && server->posture);
  EXPECT_TRUE(server->running);
  EXPECT_EQ(server->image, "localhost/lab/box:1");
  EXPECT_TRUE(server->image_digest.starts_with("sha256:"));
  EXPECT_FALSE(server->posture->privileged);
  EXPECT_TRUE(server->posture->raw_packets);
  EXPECT_TRUE(server->posture->capabilities.empty());
  EXPECT_TRUE(server->posture->host_paths.empty());

  const auto agent = parse_cri_sandbox(recorded("agent"));
  ASSERT_TRUE(agent);
  EXPECT_TRUE(agent->host_network);
  EXPECT_TRUE(agent->network_namespace.empty());
  const auto root = parse_cri_container(recorded("agent-container"));
  ASSERT_TRUE(root && root->posture);
  EXPECT_TRUE(root->posture->privileged);
  EXPECT_EQ(root->posture->sockets, std::vector<std::string>{"/tmp/cri-lab/containerd.sock"});
}

TEST(CriApi, Requests) {
  EXPECT_EQ(ready_sandboxes_request(), std::string("\x0a\x04\x12\x02\x08\x00", 6));
  EXPECT_EQ(running_containers_request(), std::string("\x0a\x04\x12\x02\x08\x01", 6));
  EXPECT_EQ(status_request("ab"), std::string("\x0a\x02"
                                              "ab\x10\x01"));
}

TEST(CriApi, Version) {
  const auto version = parse_cri_version(
      ProtobufWriter().bytes(1, "0.1.0").bytes(2, "containerd").bytes(3, "1.6.20").bytes(4, "v1").text());
  ASSERT_TRUE(version);
  EXPECT_EQ(version->runtime + " " + version->version, "containerd 1.6.20");
  EXPECT_FALSE(parse_cri_version(""));
}

TEST(CriApi, SandboxOfContainerd) {
  SandboxFields fields;
  fields.labels = {{"app", "web"}, {"io.kubernetes.pod.name", "web"}, {"io.kubernetes.pod.uid", "u-1"}};
  fields.addresses = {"10.88.0.5", "fd00::5"};
  fields.info = kContainerdInfo;
  const auto sandbox = parse_cri_sandbox(sandbox_status(fields));
  ASSERT_TRUE(sandbox) << sandbox.error().to_string();
  EXPECT_EQ(sandbox->name_space + "/" + sandbox->name + " " + sandbox->uid, "shop/web u-1");
  EXPECT_EQ(sandbox->labels, (Labels{{"app", "web"}})) << "kubelet's own are left out";
  ASSERT_EQ(sandbox->addresses.size(), 2U);
  EXPECT_EQ(sandbox->addresses[1].to_string(), "fd00::5");
  EXPECT_TRUE(sandbox->ready);
  EXPECT_EQ(sandbox->pid, 4711);
  EXPECT_EQ(sandbox->network_namespace, "/var/run/netns/cni-1-2");
  ASSERT_TRUE(sandbox->mac.has_value());
  EXPECT_EQ(sandbox->mac->to_string(), "aa:00:00:00:00:05");
  EXPECT_EQ(sandbox->host_interfaces, (std::vector<std::string>{"cni0", "veth77"}));
  EXPECT_FALSE(sandbox->host_network || sandbox->host_pid || sandbox->host_ipc);
}

TEST(CriApi, SandboxOfCrio) {
  SandboxFields fields;
  fields.info = kCrioInfo;
  const auto sandbox = parse_cri_sandbox(sandbox_status(fields));
  ASSERT_TRUE(sandbox);
  EXPECT_EQ(sandbox->pid, 0);
  EXPECT_EQ(sandbox->network_namespace, "/var/run/netns/x");
  ASSERT_TRUE(sandbox->mac.has_value());
  EXPECT_EQ(sandbox->mac->to_string(), "aa:00:00:00:00:05");
  EXPECT_EQ(sandbox->host_interfaces, std::vector<std::string>{"veth9"});
}

TEST(CriApi, SandboxOfTheNode) {
  SandboxFields fields;
  fields.network = fields.pid = fields.ipc = 2;
  fields.state = 1;
  fields.name_space = "";
  const auto sandbox = parse_cri_sandbox(sandbox_status(fields));
  ASSERT_TRUE(sandbox);
  EXPECT_TRUE(sandbox->host_network && sandbox->host_pid && sandbox->host_ipc);
  EXPECT_FALSE(sandbox->ready);
  EXPECT_EQ(sandbox->name_space, "default");
  EXPECT_TRUE(sandbox->network_namespace.empty());
}

TEST(CriApi, SandboxesThatCannotBe) {
  const auto why = [](const SandboxFields& fields) {
    const auto sandbox = parse_cri_sandbox(sandbox_status(fields));
    return sandbox ? std::string("fine") : sandbox.error().text;
  };
  SandboxFields fields;
  fields.id = "../../etc";
  EXPECT_EQ(why(fields), "an id is none");
  fields = {};
  fields.name = "";
  EXPECT_EQ(why(fields), "a sandbox without name");
  fields = {};
  fields.name = "a\xff";
  EXPECT_EQ(why(fields), "a text is no UTF-8");
  fields = {};
  fields.labels = {{"app", std::string(kMaxCriText + 1, 'x')}};
  EXPECT_EQ(why(fields), "a text is too long");
  fields.labels.clear();
  for (std::size_t i = 0; i <= kMostCriLabels; ++i) fields.labels.emplace_back("l" + std::to_string(i), "");
  EXPECT_EQ(why(fields), "too many labels");
  fields.labels.pop_back();
  EXPECT_EQ(why(fields), "fine");
  fields = {};
  for (int i = 0; i < 65; ++i) fields.addresses.push_back("10.1.0." + std::to_string(i));
  EXPECT_EQ(why(fields), "too many addresses");
  const std::string cut = sandbox_status({}).substr(0, 20);
  EXPECT_EQ(parse_cri_sandbox(cut).error().text, "it is no protocol buffer");
  EXPECT_EQ(parse_cri_sandbox("").error().text, "a sandbox without id");
}

TEST(CriApi, InfoThatCannotBeReadLeavesItUnknown) {
  for (const char* info : {"{", "[]", "null", R"({"pid":"x","runtimeSpec":[]})", R"({"pid":99999999999})",
                           R"({"runtimeSpec":{"linux":{"namespaces":[{"type":"network","path":"relative"}]}}})",
                           R"({"cniResult":{"Interfaces":{"eth0":{"IPConfigs":[{"IP":7}],"Mac":"aa"}}}})"}) {
    SandboxFields fields;
    fields.info = info;
    const auto sandbox = parse_cri_sandbox(sandbox_status(fields));
    ASSERT_TRUE(sandbox) << info;
    EXPECT_EQ(sandbox->pid, 0);
    EXPECT_TRUE(sandbox->network_namespace.empty() && !sandbox->mac) << info;
  }
}

TEST(CriApi, Lists) {
  const auto ids = [](const Result<std::vector<CriEntry>>& list) {
    std::string out;
    if (!list) return list.error().text;
    for (const CriEntry& entry : *list) out += entry.id + "/" + entry.sandbox + " ";
    return out;
  };
  EXPECT_EQ(ids(parse_cri_sandboxes(sandbox_list({"a", "b"}))), "a/ b/ ");
  EXPECT_EQ(ids(parse_cri_sandboxes(sandbox_list({"a"}, 1))), "") << "not ready, though asked for ready ones";
  EXPECT_EQ(ids(parse_cri_sandboxes("")), "");
  EXPECT_EQ(ids(parse_cri_sandboxes(sandbox_list({""}))), "an id is none");
  EXPECT_EQ(ids(parse_cri_containers(container_list({{"c", "a"}, {"d", "a"}}))), "c/a d/a ");
  EXPECT_EQ(ids(parse_cri_containers(container_list({{"c", "a"}}, 2))), "");
  EXPECT_EQ(ids(parse_cri_containers(sandbox_list({"c"}))), "a container without sandbox");
  EXPECT_EQ(ids(parse_cri_containers("\x0a\x05")), "it is no protocol buffer");
  EXPECT_EQ(ids(parse_cri_sandboxes(sandbox_list(std::vector<std::string>(kMostCriObjects + 1, "a")))),
            "the list is too long");
}

TEST(CriApi, Container) {
  ContainerFields fields;
  fields.mounts = {"/run/containerd/containerd.sock", "/srv"};
  fields.info = R"({"pid":12,"runtimeSpec":{"process":{}},"config":{}})";
  const auto container = parse_cri_container(container_status(fields));
  ASSERT_TRUE(container) << container.error().to_string();
  EXPECT_EQ(container->name, "server");
  EXPECT_TRUE(container->running);
  EXPECT_EQ(container->image, "registry/shop/web:1.2");
  EXPECT_EQ(container->image_digest, "sha256:0011");
  EXPECT_EQ(container->pid, 12);
  ASSERT_TRUE(container->posture.has_value());
  EXPECT_EQ(container->posture->sockets, std::vector<std::string>{"/run/containerd/containerd.sock"});
  fields.info = "";
  fields.reference = "no-digest";
  fields.state = 2;
  const auto plain = parse_cri_container(container_status(fields));
  ASSERT_TRUE(plain);
  EXPECT_FALSE(plain->posture.has_value()) << "nobody told";
  EXPECT_TRUE(plain->image_digest.empty());
  EXPECT_FALSE(plain->running);
  EXPECT_FALSE(parse_cri_container(""));
}

TEST(CriApi, Events) {
  const auto event = parse_cri_event(ProtobufWriter().bytes(1, "c1").number(2, 2).number(3, 1700).text());
  ASSERT_TRUE(event);
  EXPECT_EQ(event->container, "c1");
  EXPECT_EQ(event->type, 2U);
  EXPECT_FALSE(parse_cri_event(""));
  EXPECT_FALSE(parse_cri_event("\xff"));
}

}  // namespace
}  // namespace bulkhead::rules
