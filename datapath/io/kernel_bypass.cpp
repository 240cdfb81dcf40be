#include "datapath/io/kernel_bypass.h"

#include <arpa/inet.h>
#include <linux/bpf.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <random>
#include <string>
#include <utility>

#include "datapath/bpf/bpf_assembler.h"

namespace bulkhead::io {

namespace {

constexpr std::size_t kWords = 10;  // source 4, destination 4, ports, protocol
using Key = std::array<std::uint32_t, kWords>;
constexpr std::uint32_t kMultiplier = 0x9e3779b1;  // 2^32 / golden ratio

// Both places of a key. The filter computes the same.
std::array<std::uint32_t, 2> places_of(const Key& key, std::uint32_t seed) {
  std::uint32_t h = seed;
  for (const std::uint32_t word : key) {
    h = (h ^ word) * kMultiplier;
    h ^= h >> 15;
  }
  return {h & (KernelBypass::kSlots - 1), (h >> 16 ^ h * kMultiplier) & (KernelBypass::kSlots - 1)};
}

std::array<std::uint32_t, 2> places_of_interface(std::uint32_t index) {
  return {index & (KernelBypass::kInterfaces - 1), (index * kMultiplier >> 16) & (KernelBypass::kInterfaces - 1)};
}

Key key_of(const IpAddress& source, const IpAddress& destination, std::uint16_t source_port,
           std::uint16_t destination_port, std::uint8_t protocol) {
  Key key{};
  const std::size_t size = source.is_v6() ? 16 : 4;
  std::memcpy(key.data(), source.bytes().data(), size);
  std::memcpy(key.data() + 4, destination.bytes().data(), size);
  const std::uint16_t ports[2] = {htons(source_port), htons(destination_port)};
  std::memcpy(&key[8], ports, sizeof ports);
  key[9] = protocol | (source.is_v6() ? 0x600U : 0x400U);
  return key;
}

Result<bpf::BpfObject> make_array(std::uint32_t value_size, std::uint32_t entries, const char* name) {
  return bpf::make_map({.value_size = value_size, .entries = entries, .flags = BPF_F_MMAPABLE}, name);
}

constexpr std::int32_t kLookup = BPF_FUNC_map_lookup_elem, kLoadBytes = BPF_FUNC_skb_load_bytes_relative;

}  // namespace

struct alignas(128) KernelBypass::Entry {
  Key key;
  std::uint32_t state;  // 1: counted by the filter
  std::uint32_t used;   // this side's: it has an owner
  std::uint64_t packets, bytes;
};

std::vector<bpf_insn> KernelBypass::filter(int table, int interfaces, std::uint32_t seed, std::uint32_t snaplen) {
  // Places on the stack, from its top down.
  constexpr int kKey = -40, kHeader = -80, kIndex = -84;
  enum { r0, r1, r2, r3, r4, r5, context, protocol, hash, at, frame };
  bpf::BpfAssembler a;
  const auto take = a.label(), v6 = a.label(), v4 = a.label(), transport = a.label(), udp = a.label(),
             ports = a.label();
  a.move(context, r1);
  const auto look_up = [&](int map, bpf::BpfAssembler::Label without) {  // by the number at kIndex
    a.map(r1, map);
    a.move(r2, frame);
    a.add(r2, kIndex);
    a.call(kLookup);
    a.jump_if(BPF_JEQ, r0, 0, without);
  };
  if (interfaces >= 0) {
    const auto known = a.label(), refuse = a.label();
    a.load(BPF_W, protocol, context, offsetof(__sk_buff, ifindex));
    for (const bool second : {false, true}) {
      const auto next = a.label();
      a.alu32_by(BPF_MOV, at, protocol);
      if (second) {
        a.alu32(BPF_MUL, at, kMultiplier);
        a.alu32(BPF_RSH, at, 16);
      }
      a.alu32(BPF_AND, at, kInterfaces - 1);
      a.store(BPF_W, frame, kIndex, at);
      look_up(interfaces, next);
      a.load(BPF_W, r1, r0, 0);
      a.jump32_if_by(BPF_JEQ, r1, protocol, known);
      a.here(next);
    }
    a.here(refuse);
    a.set(r0, 0);
    a.leave();
    a.here(known);
  }
  a.load(BPF_W, r0, context, offsetof(__sk_buff, vlan_present));
  a.jump_if(BPF_JNE, r0, 0, take);
  for (int word = 0; word < static_cast<int>(kWords); ++word) a.store_value(BPF_W, frame, kKey + 4 * word, 0);
  // `size` bytes from `offset` of the network header on.
  const auto load_bytes = [&](int offset_register, std::int32_t offset, std::int32_t size) {
    a.move(r1, context);
    if (offset_register >= 0) {
      a.move(r2, offset_register);
    } else {
      a.set(r2, offset);
    }
    a.move(r3, frame);
    a.add(r3, kHeader);
    a.set(r4, size);
    a.set(r5, BPF_HDR_START_NET);
    a.call(kLoadBytes);
    a.jump_if(BPF_JNE, r0, 0, take);
  };
  const auto copy = [&](int from, int to, int words) {
    for (int word = 0; word < words; ++word) {
      a.load(BPF_W, r0, frame, kHeader + from + 4 * word);
      a.store(BPF_W, frame, kKey + to + 4 * word, r0);
    }
  };
  a.load(BPF_W, r0, context, offsetof(__sk_buff, protocol));
  a.jump_if(BPF_JEQ, r0, htons(0x0800), v4);
  a.jump_if(BPF_JEQ, r0, htons(0x86dd), v6);
  a.jump(take);

  a.here(v4);
  load_bytes(-1, 0, 20);
  a.load(BPF_B, r0, frame, kHeader);
  a.jump_if(BPF_JNE, r0, 0x45, take);
  a.load(BPF_H, r0, frame, kHeader + 6);
  a.alu32(BPF_AND, r0, htons(0x3fff));
  a.jump_if(BPF_JNE, r0, 0, take);
  a.load(BPF_B, protocol, frame, kHeader + 9);
  copy(12, 0, 1);
  copy(16, 16, 1);
  a.set(hash, 20);
  a.set(at, 0x400);
  a.jump(transport);

  a.here(v6);
  load_bytes(-1, 0, 40);
  a.load(BPF_B, protocol, frame, kHeader + 6);
  copy(8, 0, 8);
  a.set(hash, 40);
  a.set(at, 0x600);

  a.here(transport);
  a.op(BPF_ALU64 | BPF_OR | BPF_X, at, protocol, 0, 0);
  a.store(BPF_W, frame, kKey + 36, at);
  a.jump_if(BPF_JEQ, protocol, ip_proto::kUdp, udp);
  a.jump_if(BPF_JNE, protocol, ip_proto::kTcp, take);
  load_bytes(hash, 0, 14);
  a.load(BPF_B, r0, frame, kHeader + 13);
  a.alu32(BPF_AND, r0, 0x07);  // FIN, SYN, RST
  a.jump_if(BPF_JNE, r0, 0, take);
  a.jump(ports);
  a.here(udp);
  load_bytes(hash, 0, 4);
  a.here(ports);
  copy(0, 32, 1);

  a.set32(hash, seed);
  for (int word = 0; word < static_cast<int>(kWords); ++word) {
    a.load(BPF_W, r0, frame, kKey + 4 * word);
    a.alu32_by(BPF_XOR, hash, r0);
    a.alu32(BPF_MUL, hash, kMultiplier);
    a.alu32_by(BPF_MOV, r0, hash);
    a.alu32(BPF_RSH, r0, 15);
    a.alu32_by(BPF_XOR, hash, r0);
  }
  for (const bool second : {false, true}) {
    const auto next = a.label();
    a.alu32_by(BPF_MOV, at, hash);
    if (second) {
      a.alu32(BPF_MUL, at, kMultiplier);
      a.alu32_by(BPF_MOV, r0, hash);
      a.alu32(BPF_RSH, r0, 16);
      a.alu32_by(BPF_XOR, at, r0);
    }
    a.alu32(BPF_AND, at, kSlots - 1);
    a.store(BPF_W, frame, kIndex, at);
    look_up(table, next);
    a.load(BPF_W, r1, r0, offsetof(Entry, state));
    a.jump_if(BPF_JNE, r1, 1, next);
    for (int word = 0; word < static_cast<int>(kWords); ++word) {
      a.load(BPF_W, r1, r0, 4 * word);
      a.load(BPF_W, r2, frame, kKey + 4 * word);
      a.jump32_if_by(BPF_JNE, r1, r2, next);
    }
    a.set(r1, 1);
    a.op(BPF_STX | BPF_ATOMIC | BPF_DW, r0, r1, offsetof(Entry, packets), BPF_ADD);
    a.load(BPF_W, r1, context, offsetof(__sk_buff, len));
    a.op(BPF_STX | BPF_ATOMIC | BPF_DW, r0, r1, offsetof(Entry, bytes), BPF_ADD);
    a.set(r0, 0);
    a.leave();
    a.here(next);
  }
  a.here(take);
  a.set32(r0, snaplen);
  a.leave();
  return a.done();
}

Result<std::shared_ptr<KernelBypass>> KernelBypass::create(std::uint32_t snaplen, bool several) {
  std::shared_ptr<KernelBypass> out(new KernelBypass);
  out->seed_ = std::random_device{}();
  out->other_.resize(kSlots);
  auto table = make_array(sizeof(Entry), kSlots, "bh_bypass");
  if (!table) return table.error();
  out->table_ = std::move(*table);
  void* map = ::mmap(nullptr, sizeof(Entry) * kSlots, PROT_READ | PROT_WRITE, MAP_SHARED, out->table_.get(), 0);
  if (map == MAP_FAILED) return errno_error("mmap", "table of flows");
  out->entries_ = static_cast<Entry*>(map);
  if (several) {
    auto interfaces = make_array(sizeof(std::uint32_t), kInterfaces, "bh_interfaces");
    if (!interfaces) return interfaces.error();
    out->interface_table_ = std::move(*interfaces);
    // Values of an array take eight bytes each at least.
    map = ::mmap(nullptr, 8 * kInterfaces, PROT_READ | PROT_WRITE, MAP_SHARED, out->interface_table_.get(), 0);
    if (map == MAP_FAILED) return errno_error("mmap", "table of interfaces");
    out->interfaces_ = static_cast<std::uint32_t*>(map);
  }
  auto program =
      bpf::load_program(BPF_PROG_TYPE_SOCKET_FILTER,
                        filter(out->table_.get(), out->interface_table_.get(), out->seed_, snaplen), "bh_bypass");
  if (!program) return program.error();
  out->program_ = std::move(*program);
  return out;
}

KernelBypass::~KernelBypass() {
  if (entries_ != nullptr) ::munmap(entries_, sizeof(Entry) * kSlots);
  if (interfaces_ != nullptr) ::munmap(interfaces_, 8 * kInterfaces);
}

bool KernelBypass::allow(const std::vector<std::uint32_t>& interfaces) {
  if (interfaces_ == nullptr) return true;
  const auto slot = [&](std::uint32_t place) -> std::atomic_ref<std::uint32_t> {
    return std::atomic_ref<std::uint32_t>(interfaces_[2 * place]);
  };
  for (std::uint32_t i = 0; i < kInterfaces; ++i) {
    const std::uint32_t there = slot(i).load();
    if (there != 0 && std::find(interfaces.begin(), interfaces.end(), there) == interfaces.end()) slot(i).store(0);
  }
  for (const std::uint32_t index : interfaces) {
    const auto [one, two] = places_of_interface(index);
    if (slot(one).load() == index || slot(two).load() == index) continue;
    if (slot(one).load() == 0) {
      slot(one).store(index);
    } else if (slot(two).load() == 0) {
      slot(two).store(index);
    } else {
      return false;
    }
  }
  return true;
}

// An entry with that key, not yet counted; 0: none, and its place 0 is never given.
std::uint32_t KernelBypass::place(const Key& key) {
  for (const std::uint32_t at : places_of(key, seed_)) {
    Entry& entry = entries_[at];
    if (at == 0 || entry.used != 0) continue;
    entry.key = key;
    entry.used = 1;
    entry.packets = entry.bytes = 0;
    return at;
  }
  return 0;
}

std::uint32_t KernelBypass::leave(const FlowTuple& t) {
  if (t.protocol != ip_proto::kTcp && t.protocol != ip_proto::kUdp) return 0;
  const std::lock_guard lock(places_);
  const std::uint32_t there = place(key_of(t.source, t.destination, t.source_port, t.destination_port, t.protocol));
  const std::uint32_t back =
      there == 0 ? 0 : place(key_of(t.destination, t.source, t.destination_port, t.source_port, t.protocol));
  if (back == 0) {
    if (there != 0) entries_[there].used = 0;
    without_place_.fetch_add(1, std::memory_order_relaxed);
    return 0;
  }
  other_[there] = back;
  for (const std::uint32_t at : {there, back}) {
    std::atomic_ref<std::uint32_t>(entries_[at].state).store(1, std::memory_order_release);
  }
  return there;
}

KernelBypass::FlowCounts KernelBypass::counts(std::uint32_t handle) const {
  FlowCounts out;
  for (std::size_t d = 0; d < 2; ++d) {
    Entry& entry = entries_[d == 0 ? handle : other_[handle]];
    out[d].packets = std::atomic_ref<std::uint64_t>(entry.packets).load(std::memory_order_relaxed);
    out[d].bytes = std::atomic_ref<std::uint64_t>(entry.bytes).load(std::memory_order_relaxed);
  }
  return out;
}

KernelBypass::FlowCounts KernelBypass::end(std::uint32_t handle) {
  const std::lock_guard lock(places_);
  const std::uint32_t back = other_[handle];
  for (const std::uint32_t at : {handle, back}) std::atomic_ref<std::uint32_t>(entries_[at].state).store(0);
  // A filter that runs at this moment on another core may count one packet more, which is lost to the books.
  const FlowCounts out = counts(handle);
  entries_[handle].used = entries_[back].used = 0;
  return out;
}

}  // namespace bulkhead::io
