// Flows that taps leave to the kernel: a socket filter counts their packets instead of putting them into the ring.
//
//   user space   leave(tuple) writes two entries, one a direction        counts(handle), end(handle)
//   kernel       packet -> parse -> entry of its addresses and ports? -> count, not taken : taken
//
//   entry        128 bytes: key (source, destination, ports, protocol; as on the wire) | state | packets | bytes
//   table        array of BPF, mapped: writing an entry is no system call, so that confined workers may
//
// The filter does not take packets without options, tags and fragments, TCP without SYN, FIN and RST, UDP; everything
// else of such a flow still comes to the ring, so that its end and a new beginning are seen. Counts are those that the
// ring would have given: a super-packet is one packet, bytes include the link header.
//
// Thread   create() and allow() by the control thread; leave(), counts() and end() by any worker, each for its flows.
// Limits   kSlots entries; two places an entry. Without a place: leave() answers 0 and the flow stays in the ring.
// Errors   create(): bpf(2) with the kernel's words; it needs CAP_BPF.
// Source   bpf(2), Documentation/networking/filter.rst, include/uapi/linux/bpf.h
// Tests    tests/netns/tap_source_test.cpp (the filter), tests/netns/tap_bypass_netns_test.cpp (the daemon)
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "datapath/base/flow_key.h"
#include "datapath/base/result.h"
#include "datapath/bpf/bpf_calls.h"

struct bpf_insn;

namespace bulkhead::io {

class KernelBypass {
 public:
  static constexpr std::uint32_t kSlots = 65536;      // entries; 8 MiB
  static constexpr std::uint32_t kInterfaces = 4096;  // places for interfaces

  struct Counts {
    std::uint64_t packets = 0, bytes = 0;
  };
  // By direction: as in the tuple of leave(), and against it.
  using FlowCounts = std::array<Counts, 2>;

  // `snaplen`: what the filter answers for packets that are taken. `several`: of the interfaces of allow() alone.
  [[nodiscard]] static Result<std::shared_ptr<KernelBypass>> create(std::uint32_t snaplen, bool several);
  ~KernelBypass();
  KernelBypass(const KernelBypass&) = delete;
  KernelBypass& operator=(const KernelBypass&) = delete;

  // For SO_ATTACH_BPF.
  [[nodiscard]] int program() const { return program_.get(); }
  // In place of those before; false: two of them have no place together.
  [[nodiscard]] bool allow(const std::vector<std::uint32_t>& interfaces);

  // From now on the kernel counts it. 0: no place, or not a flow of TCP or UDP.
  [[nodiscard]] std::uint32_t leave(const FlowTuple& tuple);
  [[nodiscard]] FlowCounts counts(std::uint32_t handle) const;
  // The filter takes its packets again; what it counted until then.
  FlowCounts end(std::uint32_t handle);

  [[nodiscard]] std::uint64_t without_place() const { return without_place_.load(std::memory_order_relaxed); }

  struct Entry;
  // The filter as instructions, for create() and tests.
  [[nodiscard]] static std::vector<bpf_insn> filter(int table, int interfaces, std::uint32_t seed,
                                                    std::uint32_t snaplen);

 private:
  KernelBypass() = default;
  [[nodiscard]] std::uint32_t place(const std::array<std::uint32_t, 10>& key);

  bpf::BpfObject table_, interface_table_, program_;
  Entry* entries_ = nullptr;
  std::uint32_t* interfaces_ = nullptr;
  std::uint32_t seed_ = 0;
  std::mutex places_;                 // entries change hands: once a flow, not once a packet
  std::vector<std::uint32_t> other_;  // of an entry: that of the other direction
  std::atomic<std::uint64_t> without_place_{0};
};

}  // namespace bulkhead::io
