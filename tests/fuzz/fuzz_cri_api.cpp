// Whatever sits behind a runtime's socket: the first byte chooses the answer. Ids that come out are fit for a request,
// texts for JSON, and what a pod is said to have is bounded.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "datapath/base/check.h"
#include "datapath/base/text_encoding.h"
#include "rules/discovery/cri_api.h"
#include "rules/discovery/grpc_session.h"

using namespace bulkhead;
using namespace bulkhead::rules;

namespace {

void check_id(std::string_view id) {
  BULKHEAD_CHECK(!id.empty() && id.size() <= 128 && id.find('/') == std::string_view::npos && is_utf8(id));
}

void check_posture(const Posture& posture) {
  for (const auto* list : {&posture.capabilities, &posture.sockets, &posture.host_paths}) {
    BULKHEAD_CHECK(list->size() <= Posture::kMostListed);
  }
  static_cast<void>(findings_of(posture));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 6) {
    case 0: {
      const auto sandbox = parse_cri_sandbox(text);
      if (!sandbox) break;
      check_id(sandbox->id);
      BULKHEAD_CHECK(!sandbox->name.empty() && is_utf8(sandbox->name) && is_utf8(sandbox->name_space));
      BULKHEAD_CHECK(sandbox->labels.size() <= kMostCriLabels && sandbox->addresses.size() <= kMostCriAddresses);
      for (const auto& [key, value] : sandbox->labels) BULKHEAD_CHECK(key.size() <= kMaxCriText && is_utf8(value));
      BULKHEAD_CHECK(sandbox->network_namespace.empty() || sandbox->network_namespace.starts_with('/'));
      BULKHEAD_CHECK(sandbox->pid >= 0 && sandbox->host_interfaces.size() <= 16);
      break;
    }
    case 1: {
      const auto container = parse_cri_container(text);
      if (!container) break;
      check_id(container->id);
      BULKHEAD_CHECK(container->image.size() <= kMaxCriText && is_utf8(container->image));
      if (container->posture) check_posture(*container->posture);
      break;
    }
    case 2:
    case 3: {
      const auto list = data[0] % 6 == 2 ? parse_cri_sandboxes(text) : parse_cri_containers(text);
      if (!list) break;
      BULKHEAD_CHECK(list->size() <= kMostCriObjects);
      for (const CriEntry& entry : *list) check_id(entry.id);
      break;
    }
    case 4: {
      const auto event = parse_cri_event(text);
      if (event) check_id(event->container);
      static_cast<void>(parse_cri_version(text));
      break;
    }
    case 5: {
      GrpcFrames frames;
      std::size_t bytes = 0;
      static_cast<void>(frames.feed(text.substr(0, text.size() / 2)) && frames.feed(text.substr(text.size() / 2)));
      while (const auto message = frames.next()) bytes += message->size();
      BULKHEAD_CHECK(bytes <= text.size() && grpc_text(text).size() <= kMaxGrpcText);
      break;
    }
    default: break;
  }
  return 0;
}
