// What an HTTP request asks of a container engine (Docker Engine API, Podman's compatible one) or of a kubelet. HTTP
// stays HTTP for rules and records; this adds keywords (docker.*, kubelet.*) and records of its own.
//
//   POST /v1.43/containers/create?name=x   {"Image":"alpine","HostConfig":{"Privileged":true}}
//        docker, containers/create, object x, image alpine, flag privileged
//   POST /run/kube-system/proxy/main       cmd=id
//        kubelet, run, namespace kube-system, pod proxy, container main, command id
//
// Thread   pure function.
// In       method, URI (normalised), and what is kept of the body.
// Limits   32 flags, 1 KB of each text.
// Errors   none: what is no call of theirs has kind kNone.
// Source   docs.docker.com/engine/api, kubernetes pkg/kubelet/server (paths only)
// Tests    tests/unit/datapath/app/http/api_call_test.cpp, tests/golden/http/container-engine-and-kubelet/
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "datapath/base/json_text.h"

namespace bulkhead::app::http {

struct ApiCall {
  enum class Kind : std::uint8_t { kNone, kDocker, kKubelet };
  Kind kind = Kind::kNone;
  std::string version;    // docker: "1.43"
  std::string operation;  // "containers/create", "exec/start"; "run", "exec", "pods"
  std::string object;     // docker: id or name
  std::string image;
  std::string command;             // words joined by blanks
  std::vector<std::string> flags;  // docker: privileged, pid=host, bind=/:/host, cap_add=SYS_ADMIN ...
  std::string name_space, pod, container;

  [[nodiscard]] bool is_docker() const { return kind == Kind::kDocker; }
  [[nodiscard]] bool is_kubelet() const { return kind == Kind::kKubelet; }
  void write(JsonText& json) const;
};

struct ApiRequest {
  std::string_view method, uri, body;
  std::uint16_t server_port = 0;
};
[[nodiscard]] ApiCall classify_api_call(const ApiRequest& request);

}  // namespace bulkhead::app::http
