// Whatever an API server, or somebody in its place, answers: the first byte chooses the kind and the form. Nothing is
// thrown, names are fit for a key, what an object is said to have is bounded, and a stream in pieces is the stream.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "datapath/base/check.h"
#include "rules/discovery/http_docker_client.h"
#include "rules/discovery/kubernetes_api.h"

using namespace bulkhead;
using namespace bulkhead::rules;

namespace {

void check(const KubernetesObject& object, KubernetesKind kind) {
  BULKHEAD_CHECK(!object.name.empty() && object.name.size() <= 253 && object.name_space.size() <= 253);
  BULKHEAD_CHECK(object.name.find('/') == std::string::npos && object.name_space.find('/') == std::string::npos);
  BULKHEAD_CHECK(object.addresses.size() <= 16 && object.ports.size() <= 256 && object.labels.size() <= 256);
  BULKHEAD_CHECK(!object.host_network || object.addresses.empty());
  BULKHEAD_CHECK((kind == KubernetesKind::kPolicy) == !object.manifest.empty());
}

void one_line(std::string_view line, KubernetesKind kind) {
  const auto event = parse_kubernetes_event(line, kind);
  if (!event) return;
  const bool has_object = event->type == KubernetesEvent::Type::kPut || event->type == KubernetesEvent::Type::kDeleted;
  if (has_object) check(event->object, kind);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto kind = static_cast<KubernetesKind>(data[0] % 3);
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  if (data[0] / 3 % 2 == 0) {
    const auto list = parse_kubernetes_list(text, kind);
    if (!list) return 0;
    for (const KubernetesObject& object : list->objects) check(object, kind);
    return 0;
  }
  // In two pieces, cut anywhere.
  LineSplitter lines;
  std::size_t bytes = 0;
  const std::size_t cut = text.empty() ? 0 : data[1] % text.size();
  const auto line = [&](std::string_view whole) {
    bytes += whole.size();
    one_line(whole, kind);
    return true;
  };
  static_cast<void>(lines.feed(text.substr(0, cut), line));
  static_cast<void>(lines.feed(text.substr(cut), line));
  BULKHEAD_CHECK(bytes <= text.size());
  return 0;
}
