#include "rules/discovery/kubernetes_api.h"

#include <gtest/gtest.h>

namespace bulkhead::rules {
namespace {

TEST(KubernetesApi, PodsOfAList) {
  const auto list = parse_kubernetes_list(R"({"kind":"PodList","apiVersion":"v1",
    "metadata":{"resourceVersion":"41","continue":"abc"},"items":[
    {"metadata":{"name":"web-1","namespace":"shop","uid":"u-1","labels":{"app":"web","odd":7}},
     "spec":{"nodeName":"n1","containers":[{"image":"shop/web:1","ports":[{"name":"http","containerPort":8080},
       {"containerPort":53,"protocol":"UDP"},{"containerPort":700000},{"containerPort":"x"}]}]},
     "status":{"phase":"Running","podIP":"10.1.0.4","podIPs":[{"ip":"10.1.0.4"},{"ip":"fd00::4"},{"ip":"nonsense"}],
       "containerStatuses":[{"imageID":"docker.io/shop/web@sha256:00ff"}]}},
    {"metadata":{"name":"proxy","namespace":"kube-system"},"spec":{"hostNetwork":true},
     "status":{"phase":"Running","podIP":"192.0.2.1"}},
    {"metadata":{"name":"job","namespace":"shop"},"status":{"phase":"Succeeded","podIP":"10.1.0.9"}},
    {"metadata":{"namespace":"shop"}},{"metadata":{"name":"../x","namespace":"shop"}},7]})",
                                          KubernetesKind::kPod);
  ASSERT_TRUE(list);
  EXPECT_EQ(list->version, "41");
  EXPECT_EQ(list->next, "abc");
  EXPECT_EQ(list->left_out, 3U);
  ASSERT_EQ(list->objects.size(), 3U);
  const KubernetesObject& web = list->objects[0];
  EXPECT_EQ(web.key(), "shop/web-1");
  EXPECT_EQ(web.labels, (Labels{{"app", "web"}}));
  EXPECT_EQ(web.node, "n1");
  EXPECT_EQ(web.addresses.size(), 2U);
  ASSERT_EQ(web.ports.size(), 2U);
  EXPECT_EQ(web.ports[0].name, "http");
  EXPECT_EQ(web.ports[1].protocol, 17);
  EXPECT_EQ(web.image, "shop/web:1");
  EXPECT_EQ(web.image_digest, "sha256:00ff");
  EXPECT_TRUE(list->objects[1].host_network);
  EXPECT_TRUE(list->objects[1].addresses.empty()) << "the node's";
  EXPECT_TRUE(list->objects[2].ended);
}

Posture posture_of_pod(const std::string& spec, const std::string& status = "{}") {
  const auto event = parse_kubernetes_event(
      R"({"type":"ADDED","object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":"p","namespace":"n",)"
      R"("resourceVersion":"1"},"spec":)" +
          spec + R"(,"status":)" + status + "}}",
      KubernetesKind::kPod);
  EXPECT_TRUE(event);
  return event ? event->object.posture : Posture{};
}
std::vector<std::string> codes_of(const Posture& posture) {
  std::vector<std::string> out;
  for (const PostureFinding& finding : findings_of(posture)) out.emplace_back(finding.code);
  return out;
}
using Words = std::vector<std::string>;

TEST(KubernetesApi, WhatAnyContainerOfAPodMayDo) {
  EXPECT_EQ(codes_of(posture_of_pod(R"({"containers":[{"securityContext":{"capabilities":{"drop":["ALL"]}},
    "resources":{"limits":{"memory":"64Mi","cpu":"1"}}}]})")),
            Words{});
  EXPECT_EQ(codes_of(posture_of_pod(R"({"containers":[{}]})")), (Words{"net-raw", "no-limits"}));
  EXPECT_EQ(codes_of(posture_of_pod(R"({"hostPID":true,"hostIPC":true,"hostNetwork":true,
    "securityContext":{"seccompProfile":{"type":"Unconfined"}},
    "volumes":[{"hostPath":{"path":"/run/containerd/containerd.sock"}},{"hostPath":{"path":"/etc/"}},{"emptyDir":{}}],
    "containers":[{"resources":{"limits":{"memory":"1Gi","cpu":"1"}},
                   "securityContext":{"privileged":true,"capabilities":{"add":["CAP_SYS_ADMIN","NET_ADMIN"]}}}]})")),
            (Words{"privileged", "runtime-socket", "host-path", "host-processes", "host-network", "host-ipc",
                   "unconfined", "capability", "net-admin"}));
}

TEST(KubernetesApi, OneContainerOfSeveralIsEnough) {
  const std::string tight =
      R"({"securityContext":{"capabilities":{"drop":["NET_RAW"]}},"resources":{"limits":{"memory":"1Mi","cpu":"1"}}})";
  EXPECT_EQ(codes_of(posture_of_pod(R"({"initContainers":[{"securityContext":{"privileged":true,
    "capabilities":{"drop":["ALL"]}}}],"containers":[)" +
                                    tight + "]}")),
            Words{"privileged"});
  EXPECT_EQ(codes_of(posture_of_pod("{\"containers\":[" + tight + ",{}]}")), (Words{"net-raw", "no-limits"}));
  // CRI-O leaves raw packets out by itself.
  EXPECT_EQ(codes_of(posture_of_pod(R"({"containers":[{"resources":{"limits":{"memory":"1Mi","cpu":"1"}}}]})",
                                    R"({"containerStatuses":[{"containerID":"cri-o://00ff"}]})")),
            Words{});
  EXPECT_EQ(codes_of(posture_of_pod(R"({"containers":[7,{"securityContext":3,"resources":[]}],"volumes":"x"})")),
            (Words{"net-raw", "no-limits"}))
      << "nothing is believed to be of a type";
}

TEST(KubernetesApi, APolicyIsKeptWithoutWhatTheServerWrites) {
  const auto of = [](const std::string& version) {
    return parse_kubernetes_event(
        R"({"type":"MODIFIED","object":{"kind":"NetworkPolicy","apiVersion":"networking.k8s.io/v1",
      "metadata":{"name":"db","namespace":"shop","resourceVersion":")" +
            version + R"(","managedFields":[{"a":)" + version + R"(}]},"spec":{"podSelector":{}},"status":{"x":)" +
            version + "}}}",
        KubernetesKind::kPolicy);
  };
  const auto one = of("7"), other = of("8");
  ASSERT_TRUE(one && other);
  EXPECT_EQ(one->type, KubernetesEvent::Type::kPut);
  EXPECT_EQ(one->version, "7");
  EXPECT_EQ(one->object.manifest, other->object.manifest);
  EXPECT_NE(one->object.manifest.find("podSelector"), std::string::npos);
  EXPECT_EQ(one->object.manifest.find("managedFields"), std::string::npos);
  // In a list the items do not say what they are.
  const auto list = parse_kubernetes_list(R"({"kind":"NetworkPolicyList","apiVersion":"networking.k8s.io/v1",
    "metadata":{"resourceVersion":"9"},"items":[{"metadata":{"name":"db","namespace":"shop"},"spec":{"podSelector":{}}}]})",
                                          KubernetesKind::kPolicy);
  ASSERT_TRUE(list);
  EXPECT_EQ(list->objects.at(0).manifest, one->object.manifest);
}

TEST(KubernetesApi, Events) {
  const auto gone = parse_kubernetes_event(
      R"({"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old resource version"}})",
      KubernetesKind::kPod);
  ASSERT_TRUE(gone);
  EXPECT_EQ(gone->type, KubernetesEvent::Type::kError);
  EXPECT_EQ(gone->code, 410);
  const auto mark = parse_kubernetes_event(
      R"({"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"99"}}})", KubernetesKind::kPod);
  ASSERT_TRUE(mark);
  EXPECT_EQ(mark->type, KubernetesEvent::Type::kBookmark);
  EXPECT_EQ(mark->version, "99");
  const auto gone_pod = parse_kubernetes_event(
      R"({"type":"DELETED","object":{"metadata":{"name":"a","namespace":"b","resourceVersion":"3"}}})",
      KubernetesKind::kPod);
  ASSERT_TRUE(gone_pod);
  EXPECT_EQ(gone_pod->type, KubernetesEvent::Type::kDeleted);
  const auto future = parse_kubernetes_event(R"({"type":"NEWS","object":{}})", KubernetesKind::kPod);
  ASSERT_TRUE(future);
  EXPECT_EQ(future->type, KubernetesEvent::Type::kOther);
}

TEST(KubernetesApi, WhatIsNoAnswerIsAnError) {
  for (const char* bad : {"", "{", "[]", "7", R"({"items":{}})", R"({"kind":"Status"})"})
    EXPECT_FALSE(parse_kubernetes_list(bad, KubernetesKind::kPod)) << bad;
  for (const char* bad : {"", "{", "[]", R"({"type":7,"object":{}})", R"({"type":"ADDED","object":{}})",
                          R"({"type":"ADDED"})", R"({"type":"ADDED","object":{"metadata":{"name":"a"}}})"})
    EXPECT_FALSE(parse_kubernetes_event(bad, KubernetesKind::kPod)) << bad;
  const auto empty =
      parse_kubernetes_list(R"({"items":null,"metadata":{"resourceVersion":"1"}})", KubernetesKind::kPod);
  ASSERT_TRUE(empty) << "so the server writes a list of nothing";
  EXPECT_TRUE(empty->objects.empty());
}

}  // namespace
}  // namespace bulkhead::rules
