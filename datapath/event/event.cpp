#include "datapath/event/event.h"

namespace bulkhead::event {

std::string_view name_of(PacketSourceName source) {
  switch (source) {
    case PacketSourceName::kWire: return "wire/pcap";
    case PacketSourceName::kTunnel4: return "ipv4 tunnel";
    case PacketSourceName::kTunnel6: return "ipv6 tunnel";
    case PacketSourceName::kGreTunnel: return "gre tunnel";
    case PacketSourceName::kVxlanTunnel: return "vxlan encapsulation";
    case PacketSourceName::kGeneveTunnel: return "geneve encapsulation";
    case PacketSourceName::kTeredoTunnel: return "teredo tunnel";
    case PacketSourceName::kErspanTunnel: return "erspan tunnel";
    case PacketSourceName::kDefrag: return "defrag";
    case PacketSourceName::kFlowTimeout: return "stream (flow timeout)";
  }
  return "wire/pcap";
}

}  // namespace bulkhead::event
