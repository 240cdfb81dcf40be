// VLAN tags (IEEE 802.1Q 9.3, 802.1ad): priority 3, DEI 1, id 12 bits, then the next EtherType.
#include "datapath/decode/layers.h"

namespace bulkhead::decode {

namespace {
constexpr std::size_t kVlanHeader = 4;
}

bool push_vlan(PacketView& view, std::uint16_t tci) {
  if (view.vlan_count >= kMaxVlanTags) return false;
  view.vlan_id[view.vlan_count++] = tci & 0x0fff;
  return true;
}

void decode_vlan(Context& c, ByteSpan bytes) {
  DecodeCounters& counters = c.counters();
  Counter* const by_depth[kMaxVlanTags] = {&counters.vlan, &counters.vlan_qinq, &counters.vlan_qinqinq};
  if (c.view->vlan_count < kMaxVlanTags) by_depth[c.view->vlan_count]->add();
  if (c.view->vlan_count >= kMaxVlanTags) return c.note(DecodeEvent::vlan_too_many_layers);
  if (bytes.size() < kVlanHeader) return c.fail(DecodeEvent::vlan_header_too_small);
  if (!c.enter_layer()) return;
  static_cast<void>(push_vlan(*c.view, load_be16(bytes.data())));
  if (!decode_network(c, load_be16(&bytes[2]), bytes.subspan(kVlanHeader))) c.fail(DecodeEvent::vlan_unknown_type);
}

}  // namespace bulkhead::decode
