// ARP (RFC 826) for Ethernet and IPv4; other hardware and protocol types are counted and left alone.
//
//     0    2    4  5  6          8          14         18         24         28
//     | hw | pr |hl|pl| operation| sender mac| sender ip| target mac| target ip|
#include "datapath/decode/layers.h"

namespace bulkhead::decode {

void decode_arp(Context& c, ByteSpan bytes) {
  c.counters().arp.add();
  constexpr std::size_t kArpLength = 28;
  constexpr std::uint64_t kEthernetIpv4 = 0x0001'0800'0604ULL;
  if (bytes.size() < kArpLength) {
    c.view->truncated = true;
    return;
  }
  if (load_be64(bytes.data()) >> 16 != kEthernetIpv4) return;
  c.view->arp = bytes.data();
  c.view->arp_operation = load_be16(&bytes[6]);
}

}  // namespace bulkhead::decode
