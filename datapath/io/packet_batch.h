// A burst of packets as a source hands them over, bytes borrowed from the source.
//
// Layout   bytes start with the link header named by link_type; `captured` of `wire_length` bytes
//          are present (snaplen). A VLAN tag that the NIC or kernel took out of the frame stands in
//          `vlan`. A GSO super-packet (up to 64 KB) is one packet with gso_segment_size set.
// Lifetime until PacketSource::release(batch).
// Thread   one worker.
#pragma once

#include <cstdint>
#include <vector>

#include "datapath/base/byte_reader.h"
#include "datapath/base/timestamp.h"

namespace bulkhead::io {

// LINKTYPE_ numbers of https://www.tcpdump.org/linktypes.html; others reach the decoder as they are.
enum class LinkType : std::uint16_t {
  kNull = 0,
  kEthernet = 1,
  kPpp = 9,
  kRawOld = 12,
  kRaw = 101,
  kLoop = 108,
  kLinuxSll = 113,
  kIpv4 = 228,
  kIpv6 = 229,
  kLinuxSll2 = 276,
};

// What is known about the TCP/UDP checksum before looking.
enum class ChecksumState : std::uint8_t {
  kUnknown,  // verify it
  kValid,    // verified by hardware or kernel
  kPartial,  // not filled in yet (VIRTIO_NET_HDR_F_NEEDS_CSUM): normal between local containers
};

struct OutOfBandVlan {
  std::uint16_t tpid = 0;  // 0x8100 or 0x88a8, host order
  std::uint16_t tci = 0;   // priority, DEI, id; host order
  bool present = false;
};

enum class PacketVerdict : std::uint8_t { kAccept, kDrop, kReject };

struct RawPacket {
  const Byte* data = nullptr;
  std::uint32_t captured = 0;
  std::uint32_t wire_length = 0;
  Timestamp time;
  Timestamp clock;  // replay: latest time of the capture so far, for timers of any number of workers; 0: as `time`
  std::uint64_t number = 0;  // from 1 in the order of the source: EVE pcap_cnt
  std::uint32_t interface_index = 0;
  bool leaves = false;  // a tap read it on its way out of the interface: that does not say who sent it
  LinkType link_type = LinkType::kEthernet;
  ChecksumState checksum = ChecksumState::kUnknown;
  std::uint16_t gso_segment_size = 0;  // bytes of payload per wire segment; 0: not a super-packet
  OutOfBandVlan vlan;
  // Written by the worker, read by inline sources.
  PacketVerdict verdict = PacketVerdict::kAccept;
  bool flow_decided = false;  // nothing of its flow needs to come again: it passes
  ByteSpan rewritten;         // what goes on in place of the packet, from the same header on; empty: as it came

  [[nodiscard]] ByteSpan bytes() const { return {data, captured}; }
};

struct PacketBatch {
  std::vector<RawPacket> packets;   // capacity is the burst size; sources never grow past it
  std::uint64_t source_cookie = 0;  // the source's own handle (ring block, file window)
  void clear() {
    packets.clear();
    source_cookie = 0;
  }
};

}  // namespace bulkhead::io
