// Which worker gets a packet of a capture file: all packets that may belong to one flow, its
// fragments and the ICMP errors about it go to one worker.
//
// In       a frame of any link type. Out  a number that is the same for both directions of an
//          address pair; 0 where no address can be read (ARP, unknown link types).
// Limits   looks at the outermost addresses only; flows inside tunnels follow their tunnel.
// Thread   pure function. Tests  tests/unit/datapath/pipeline/dispatch_test.cpp
#pragma once

#include <cstdint>

#include "datapath/io/packet_batch.h"

namespace bulkhead::pipeline {

[[nodiscard]] std::uint64_t dispatch_hash(const io::RawPacket& raw);

}  // namespace bulkhead::pipeline
