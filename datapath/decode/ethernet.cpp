// Ethernet II and the headers that an EtherType announces (IEEE 802.3, 802.1BR, 802.1ah, Cisco FabricPath).
//
//     0              6              12     14
//     | destination  | source       | type | payload ...
#include "datapath/decode/layers.h"

namespace bulkhead::decode {

namespace {

constexpr std::size_t kEthernetHeader = 14, kDceHeader = 16, kVntagHeader = 6, kBackboneHeader = 18;
constexpr std::uint16_t kFirstEtherType = 0x0600;  // below: a length, and LLC (802.2) follows

void decode_dce(Context& c, ByteSpan bytes) {
  if (bytes.size() < kDceHeader) return c.fail(DecodeEvent::dce_pkt_too_small);
  decode_ethernet(c, bytes.subspan(2));
}

void decode_vntag(Context& c, ByteSpan bytes) {
  c.counters().vntag.add();
  if (bytes.size() < kVntagHeader) return c.fail(DecodeEvent::vntag_header_too_small);
  if (!decode_network(c, load_be16(&bytes[4]), bytes.subspan(kVntagHeader))) c.fail(DecodeEvent::vntag_unknown_type);
}

// I-TAG (4 bytes), customer destination and source, customer EtherType.
void decode_8021ah(Context& c, ByteSpan bytes) {
  c.counters().ieee8021ah.add();
  if (bytes.size() < kBackboneHeader) return c.fail(DecodeEvent::ieee8021ah_header_too_small);
  static_cast<void>(decode_network(c, load_be16(&bytes[16]), bytes.subspan(kBackboneHeader)));
}

}  // namespace

void decode_ethernet(Context& c, ByteSpan bytes) {
  if (!c.enter_layer()) return;
  c.counters().ethernet.add();
  if (bytes.size() < kEthernetHeader) return c.fail(DecodeEvent::ethernet_pkt_too_small);
  c.view->ethernet = bytes.data();
  static_cast<void>(decode_network(c, load_be16(&bytes[12]), bytes.subspan(kEthernetHeader)));
}

bool decode_network(Context& c, std::uint16_t type, ByteSpan bytes) {
  c.view->ether_type = type;
  switch (type) {
    case ether_type::kIpv4: decode_ipv4(c, bytes); return true;
    case ether_type::kIpv6: decode_ipv6(c, bytes); return true;
    case ether_type::kVlan:
    case ether_type::kQinQ:
    case ether_type::kQinQOld: decode_vlan(c, bytes); return true;
    case ether_type::kArp: decode_arp(c, bytes); return true;
    case ether_type::kMplsUnicast:
    case ether_type::kMplsMulticast: decode_mpls(c, bytes); return true;
    case ether_type::kPppoeSession: decode_pppoe_session(c, bytes); return true;
    case ether_type::kPppoeDiscovery: decode_pppoe_discovery(c, bytes); return true;
    case ether_type::kDce: decode_dce(c, bytes); return true;
    case ether_type::kVntag: decode_vntag(c, bytes); return true;
    case ether_type::k8021ah: decode_8021ah(c, bytes); return true;
    case ether_type::kNsh: decode_nsh(c, bytes); return true;
    default: break;
  }
  c.counters().unknown_ethertype.add();
  // An 802.3 frame with LLC (spanning tree and the like) is nothing wrong under a VLAN tag.
  return type < kFirstEtherType;
}

}  // namespace bulkhead::decode
