// What the Kubernetes API server answers, as far as policies need it: lists, lines of a watch, and the objects in them.
//
// Thread   pure functions.
// In       JSON of anybody who can make objects in the cluster: nothing is believed to be there or of a type.
// Limits   kMaxKubernetesAnswer bytes of a list; of an object the first kMostAddresses, kMostPorts.
// Posture  what any container of a pod may do; a limit is there when all of them have it. Limits of processes are the
//          kubelet's and not to be seen here: they count as there. Raw packets are in containerd's default set and not
//          in CRI-O's.
// Errors   Result: no JSON, no list, an object without a name. Unknown types of events are KubernetesEvent::kOther.
// Source   kubernetes.io/docs/reference/using-api/api-concepts (lists, watches, bookmarks, 410 Gone)
// Tests    tests/unit/rules/discovery/kubernetes_api_test.cpp, tests/fuzz/fuzz_kubernetes_api.cpp
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "datapath/base/ip_address.h"
#include "datapath/base/result.h"
#include "rules/model/workload.h"

namespace bulkhead::rules {

inline constexpr std::size_t kMaxKubernetesAnswer = std::size_t{64} << 20;

// One object; which fields are filled is decided by the kind that was asked for.
struct KubernetesObject {
  std::string name_space;  // empty: of the whole cluster
  std::string name;
  Labels labels;

  std::string uid;  // from here on: of pods
  std::string node;
  bool host_network = false;
  bool ended = false;  // Succeeded, Failed: its addresses are somebody else's
  std::vector<IpAddress> addresses;
  std::vector<WorkloadPort> ports;
  std::string image, image_digest;  // of its first container
  Posture posture;                  // of all its containers together

  std::string manifest;  // of policies: the object as it came, without what the server writes for itself

  [[nodiscard]] std::string key() const { return name_space + "/" + name; }
};

enum class KubernetesKind : std::uint8_t { kNamespace, kPod, kPolicy };

struct KubernetesList {
  std::vector<KubernetesObject> objects;
  std::string version;       // to watch from
  std::string next;          // of the next page; empty: this was the last
  std::size_t left_out = 0;  // objects that cannot be read
};

struct KubernetesEvent {
  enum class Type : std::uint8_t { kPut, kDeleted, kBookmark, kError, kOther };
  Type type = Type::kOther;
  KubernetesObject object;  // kPut, kDeleted
  std::string version;      // all but kError: to go on from
  int code = 0;             // kError: 410: the version is too old
  std::string text;         // kError
};

[[nodiscard]] Result<KubernetesList> parse_kubernetes_list(std::string_view json, KubernetesKind kind);
[[nodiscard]] Result<KubernetesEvent> parse_kubernetes_event(std::string_view line, KubernetesKind kind);

}  // namespace bulkhead::rules
