// How a container was started, by the runtime's own record of it: the OCI specification that it gave to runc, in the
// JSON text `info` of a verbose ContainerStatus.
//
//   containerd   { "pid", "config": { "linux": { "security_context": { "privileged" } } }, "runtimeSpec": { ... } }
//   CRI-O        { "pid", "privileged", "runtimeSpec": { ... } }
//   runtimeSpec  { "process": { "capabilities": { "bounding" }, "apparmorProfile", "selinuxLabel" },
//                  "linux": { "seccomp", "resources": { "memory", "cpu" } }, "mounts": [ { "type", "source" } ]
//                  }
//
// Thread   pure functions. Limits  those of the posture (rules/model/posture.h); the caller bounds the text.
// Errors   none for what is not there. Rules  of the capabilities those count that runtimes do not give by themselves.
// Source   opencontainers/runtime-spec config.md, config-linux.md
// Tests    tests/unit/rules/discovery/oci_posture_test.cpp, tests/fuzz/fuzz_cri_api.cpp
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>

#include "rules/model/posture.h"

namespace bulkhead::rules {

// None: there is no runtimeSpec in it.
[[nodiscard]] std::optional<Posture> oci_posture(const nlohmann::json& info);
// A mount of something of the node's.
void add_host_mount(Posture& posture, std::string_view source);
// Of a pod whose containers have these: what any of them may do, the limits that all of them have.
void join_posture(Posture& to, const Posture& other);

}  // namespace bulkhead::rules
