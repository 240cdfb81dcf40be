// One conversation: the state that every later step hangs on.
//
// Thread   the worker owning the flow table; no locks.
// Lifetime from the first packet until FlowTable hands it to the end callback.
// Units    packets and bytes as captured, with link header (bytes_toserver in EVE).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <utility>

#include "datapath/base/flow_key.h"
#include "datapath/base/timestamp.h"
#include "datapath/flow/flow_watch.h"
#include "datapath/flow/mac_list.h"

namespace bulkhead::flow {

enum class FlowState : std::uint8_t { kNew, kEstablished, kClosed, kBypassed };
enum class FlowEndReason : std::uint8_t { kTimeout, kForced, kShutdown };
enum class FlowAction : std::uint8_t { kNone, kPass, kDrop };  // what rules decided about all later packets

// State that a later component keeps with a flow (the stream engine, the matcher, a detector).
class FlowExtension {
 public:
  FlowExtension() = default;
  FlowExtension(const FlowExtension&) = delete;
  FlowExtension& operator=(const FlowExtension&) = delete;
  virtual ~FlowExtension() = default;
  // The flow is turned round: what goes by direction changes places.
  virtual void turn() {}
};

// Who owns which place in Flow::extensions.
enum class ExtensionSlot : std::uint8_t { kStream, kApplication, kSignatures, kPolicy, kBehaviour, kCount };
inline constexpr std::size_t kExtensionSlots = static_cast<std::size_t>(ExtensionSlot::kCount);

struct FlowDirectionCounts {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint8_t tcp_flags = 0;  // all flags seen in this direction
  std::uint8_t min_ttl = 0;
  std::uint8_t max_ttl = 0;
};

struct Flow {
  FlowKey key;
  FlowTuple client;  // the first packet's tuple: source is the client, until turn()
  std::uint64_t hash = 0;
  std::uint64_t id = 0;            // EVE flow_id: from key, start time and first packet; never 0
  std::uint64_t first_packet = 0;  // number of the packet that made it
  Timestamp start;
  Timestamp last;
  std::array<FlowDirectionCounts, 2> counts;  // by Direction
  FlowWatch watch;
  FlowState state = FlowState::kNew;
  FlowAction action = FlowAction::kNone;
  bool alerted = false;
  bool elsewhere = false;               // tap: an inline worker judges and reports it; nothing is done here
  std::uint8_t exceptions = 0;          // which exception policies were applied to it (pipeline/exception_policy.h)
  std::array<bool, 2> drop_reported{};  // by Direction: a drop event has been written
  bool seen_to_server = false, seen_to_client = false;
  bool is_tcp_midstream = false;
  bool payload_inspection = true;  // off: nothing more to see (depth, encrypted, pass)
  std::uint8_t vlan_count = 0;
  std::array<std::uint16_t, 3> vlan_id{};
  std::uint8_t icmp_type[2] = {0, 0}, icmp_code[2] = {0, 0};  // by Direction: first request, first reply
  std::uint32_t esp_spi = 0;
  std::uint32_t generation = 0;       // of the snapshot that last looked at it
  std::uint32_t interface_index = 0;  // where the first packet came in; 0: file
  std::unique_ptr<FlowMacs> macs;     // noted only where records show them
  std::array<std::unique_ptr<FlowExtension>, kExtensionSlots> extensions;

  [[nodiscard]] FlowExtension* extension(ExtensionSlot slot) const {
    return extensions[static_cast<std::size_t>(slot)].get();
  }
  void set_extension(ExtensionSlot slot, std::unique_ptr<FlowExtension> e) {
    extensions[static_cast<std::size_t>(slot)] = std::move(e);
  }
  // What was taken for the client is the server: exchanges everything that goes by direction, extensions too.
  void turn();
  // Both sides have been heard; for TCP: the handshake is complete. Written by FlowTable and the stream engine.
  [[nodiscard]] bool established() const { return state == FlowState::kEstablished; }
};

inline void Flow::turn() {
  if (macs != nullptr) std::swap(macs->client, macs->server);
  std::swap(client.source, client.destination);
  std::swap(client.source_port, client.destination_port);
  std::swap(counts[0], counts[1]);
  std::swap(drop_reported[0], drop_reported[1]);
  std::swap(seen_to_server, seen_to_client);
  watch.turn();
  for (const auto& each : extensions) {
    if (each != nullptr) each->turn();
  }
}

}  // namespace bulkhead::flow
