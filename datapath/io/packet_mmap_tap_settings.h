// What the operator sets about a tap on live interfaces.
//
// Memory   block_bytes * block_count per worker (64 MiB as set here): kernel memory, mapped, never swapped.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace bulkhead::io {

class KernelBypass;

struct PacketMmapTapSettings {
  // One: bound to it. Several: one socket on all interfaces with a filter, each packet read once per interface
  // that it passes. None: every interface of the network namespace.
  std::vector<std::string> interfaces;
  bool promiscuous = true;
  // Packets that this node sends through the interface. Off suits a set of interfaces where every packet comes in
  // through one of them, so that it is not read twice.
  bool outgoing = true;

  std::uint32_t block_bytes = 1U << 20;  // a multiple of the page size, at least 128 KiB: holds a super-packet
  std::uint32_t block_count = 64;
  std::chrono::milliseconds retire_timeout{1};  // a block that is not full is handed over after this
  std::uint32_t snaplen = 256 * 1024;           // bytes kept of a packet; a GSO super-packet has up to 64 KiB

  // Members with the same group share the packets by flow hash; 0: no sharing. Unique per network namespace.
  std::uint16_t fanout_group = 0;
  // Another thread sees to interfaces that go and come (tend()); else receive() does, which opens sockets then.
  bool tended = false;

  // Flows that are left to the kernel do not come to the ring; null: everything comes.
  std::shared_ptr<KernelBypass> bypass;

  bool fanout_defragment = true;  // the kernel joins IPv4 fragments first, so that a flow stays with one member
};

}  // namespace bulkhead::io
