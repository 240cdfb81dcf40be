#include "datapath/app/http/api_call.h"

#include <gtest/gtest.h>

namespace bulkhead::app::http {
namespace {

std::string call(std::string_view method, std::string_view uri, std::string_view body = "", std::uint16_t port = 80) {
  const ApiCall found = classify_api_call({method, uri, body, port});
  if (found.kind == ApiCall::Kind::kNone) return "";
  JsonText json;
  found.write(json);
  return (found.is_docker() ? "docker " : "kubelet ") + json.take();
}

TEST(ApiCall, ContainersAreCreatedWithWhatTheyMayDo) {
  EXPECT_EQ(call("POST", "/v1.43/containers/create?name=x",
                 R"({"Image":"alpine:3","Cmd":["sh","-c","id"],"HostConfig":{"Privileged":true,"PidMode":"host",)"
                 R"("NetworkMode":"bridge","Binds":["/:/host"],"CapAdd":["SYS_ADMIN"]}})"),
            R"(docker {"operation":"containers/create","api_version":"1.43","object":"x","image":"alpine:3",)"
            R"("command":"sh -c id","flags":["privileged","pid=host","bind=/:/host","cap_add=SYS_ADMIN"]})");
  EXPECT_EQ(
      call("POST", "/containers/create", R"({"Image":"a","HostConfig":{"Mounts":[{"Type":"bind","Source":"/etc"}]}})"),
      R"(docker {"operation":"containers/create","image":"a","flags":["mount=/etc"]})");
}

TEST(ApiCall, OperationsOfTheEngine) {
  EXPECT_EQ(call("GET", "/v1.24/containers/json?all=1"),
            R"(docker {"operation":"containers/list","api_version":"1.24"})");
  EXPECT_EQ(call("GET", "/v1.24/containers/abc/json"),
            R"(docker {"operation":"containers/inspect","api_version":"1.24","object":"abc"})");
  EXPECT_EQ(call("DELETE", "/v1.24/containers/abc"),
            R"(docker {"operation":"containers/remove","api_version":"1.24","object":"abc"})");
  EXPECT_EQ(
      call("POST", "/containers/abc/exec", R"({"Cmd":["cat","/etc/shadow"],"Privileged":true})"),
      R"(docker {"operation":"containers/exec","object":"abc","command":"cat /etc/shadow","flags":["privileged"]})");
  EXPECT_EQ(call("POST", "/exec/0123abcd/start", "{}"), R"(docker {"operation":"exec/start","object":"0123abcd"})");
  EXPECT_EQ(call("POST", "/v1.41/images/create?fromImage=evil%2Fminer&tag=latest"),
            R"(docker {"operation":"images/create","api_version":"1.41","image":"evil/miner:latest"})");
  EXPECT_EQ(call("GET", "/v4.0.0/libpod/info"), R"(docker {"operation":"info","api_version":"4.0.0"})");
  EXPECT_EQ(call("GET", "/_ping"), R"(docker {"operation":"_ping"})");
}

TEST(ApiCall, OperationsOfAKubelet) {
  EXPECT_EQ(
      call("POST", "/run/kube-system/proxy/main", "cmd=cat+%2Fvar%2Frun%2Fsecrets"),
      R"(kubelet {"operation":"run","namespace":"kube-system","pod":"proxy","container":"main","command":"cat /var/run/secrets"})");
  EXPECT_EQ(call("GET", "/exec/shop/web/nginx?command=sh&command=-c&command=id&input=1"),
            R"(kubelet {"operation":"exec","namespace":"shop","pod":"web","container":"nginx","command":"sh -c id"})");
  EXPECT_EQ(call("GET", "/runningpods/"), R"(kubelet {"operation":"running_pods"})");
  EXPECT_EQ(call("GET", "/pods", "", 10255), R"(kubelet {"operation":"pods"})");
}

TEST(ApiCall, OtherPathsAreNothing) {
  for (const char* uri : {"/", "/index.html", "/images/logo.png", "/version", "/info", "/pods", "/metrics",
                          "/run/a/b/c", "/exec/a/b/c", "/networks", "/v1/containers", "/api/v1/pods",
                          "/v2/library/alpine/manifests/1", "/containers", "/events", "*"}) {
    EXPECT_EQ(call("GET", uri), "") << uri;
  }
}

TEST(ApiCall, WhatIsKeptIsBounded) {
  std::string body = R"({"HostConfig":{"Binds":[)";
  for (int i = 0; i < 200; ++i) body += "\"" + std::string(2000, 'x') + "\",";
  const ApiCall found = classify_api_call({"POST", "/v1.43/containers/create", body, 80});
  EXPECT_EQ(found.flags.size(), 32U);
  EXPECT_LE(found.flags[0].size(), 1024U);
}

}  // namespace
}  // namespace bulkhead::app::http
