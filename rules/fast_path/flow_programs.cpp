#include "rules/fast_path/flow_programs.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>

#include <cstddef>
#include <cstring>
#include <iterator>

#include "datapath/base/flow_key.h"
#include "datapath/bpf/bpf_assembler.h"

namespace bulkhead::rules {
namespace {

using bpf::BpfAssembler;

static_assert(sizeof(FlowKey4) == 32 && sizeof(FlowKey6) == 56 && sizeof(FlowEntry) == 16 && sizeof(PortEntry) == 8);

enum Register { r0, r1, r2, r3, r4, r5, context, data, end, held, frame };

constexpr int kGoOn = -1;             // TCX_NEXT: the programs behind, then the usual way
constexpr std::int32_t kClock = 160;  // bpf_ktime_get_coarse_ns, since 5.11

// Places on the stack, from its top down.
constexpr int kKey = -56, kEntry = -72, kNumber = -76;

// Offsets in a frame.
constexpr int kType = 12, kNetwork = ETH_HLEN;
constexpr int kTransport4 = kNetwork + 20, kTransport6 = kNetwork + 40;
constexpr int kPorts = 4, kTcpFlags = 13;

constexpr std::uint32_t kFinSynRst = 0x07;

class Writer {
 public:
  // `all`: TCP that opens or ends a connection has a key too.
  Writer(const PathMaps& maps, bool all) : maps_(maps), all_(all), out_(a.label()) { a.move(context, r1); }

  // Leaves the key of a frame at kKey, `port` from the register, and runs `with` for the map of its kind.
  template <typename With>
  void for_key(int port, const With& with) {
    const auto v6 = a.label(), copy4 = a.label(), copy6 = a.label();
    a.load(BPF_W, r2, context, offsetof(__sk_buff, vlan_present));
    a.jump_if(BPF_JNE, r2, 0, out_);
    a.load(BPF_W, data, context, offsetof(__sk_buff, data));
    a.load(BPF_W, end, context, offsetof(__sk_buff, data_end));
    need(kTransport4 + kPorts);
    a.load(BPF_H, r2, data, kType);
    a.jump_if(BPF_JEQ, r2, htons(ETH_P_IPV6), v6);
    a.jump_if(BPF_JNE, r2, htons(ETH_P_IP), out_);

    a.load(BPF_B, r2, data, kNetwork);
    a.jump_if(BPF_JNE, r2, 0x45, out_);  // no options
    a.load(BPF_H, r2, data, kNetwork + 6);
    a.alu32(BPF_AND, r2, htons(0x3fff));  // no fragment
    a.jump_if(BPF_JNE, r2, 0, out_);
    a.load(BPF_B, r4, data, kNetwork + 9);
    protocol(kTransport4, copy4);
    a.here(copy4);
    key<FlowKey4>(port, kNetwork + 12, kTransport4);
    with(maps_.flows4);

    a.here(v6);
    need(kTransport6 + kPorts);
    a.load(BPF_B, r2, data, kNetwork);
    a.alu32(BPF_AND, r2, 0xf0);
    a.jump_if(BPF_JNE, r2, 0x60, out_);
    a.load(BPF_B, r4, data, kNetwork + 6);
    protocol(kTransport6, copy6);
    a.here(copy6);
    key<FlowKey6>(port, kNetwork + 8, kTransport6);
    with(maps_.flows6);
  }

  void address_of(int place, int to) {
    a.move(to, frame);
    a.add(to, place);
  }
  void count(PathCount what) {
    const auto none = a.label();
    a.store_value(BPF_W, frame, kNumber, static_cast<std::int32_t>(what));
    a.map(r1, maps_.counts);
    address_of(kNumber, r2);
    a.call(BPF_FUNC_map_lookup_elem);
    a.jump_if(BPF_JEQ, r0, 0, none);
    a.load(BPF_DW, r1, r0, 0);
    a.add(r1, 1);
    a.store(BPF_DW, r0, 0, r1);
    a.here(none);
  }
  std::vector<bpf_insn> done() {
    a.here(out_);
    a.set(r0, kGoOn);
    a.leave();
    return a.done();
  }
  [[nodiscard]] BpfAssembler::Label out() const { return out_; }
  [[nodiscard]] const PathMaps& maps() const { return maps_; }

  BpfAssembler a;

 private:
  // Everything up to there is in the linear part of the packet.
  void need(int bytes) {
    a.move(r2, data);
    a.add(r2, bytes);
    a.jump_if_by(BPF_JGT, r2, end, out_);
  }
  // Of r4: UDP or TCP.
  void protocol(int transport, BpfAssembler::Label fine) {
    a.jump_if(BPF_JEQ, r4, ip_proto::kUdp, fine);
    a.jump_if(BPF_JNE, r4, ip_proto::kTcp, out_);
    if (all_) return;
    need(transport + kTcpFlags + 1);
    a.load(BPF_B, r2, data, transport + kTcpFlags);
    a.alu32(BPF_AND, r2, kFinSynRst);
    a.jump_if(BPF_JNE, r2, 0, out_);
  }
  template <typename Key>
  void key(int port, int addresses, int transport) {
    a.store(BPF_W, frame, kKey + static_cast<int>(offsetof(Key, port)), port);
    copy(0, offsetof(Key, macs), sizeof(Key::macs));
    copy(addresses, offsetof(Key, addresses), sizeof(Key::addresses));
    copy(transport, offsetof(Key, ports), sizeof(Key::ports));
    a.store(BPF_W, frame, kKey + static_cast<int>(offsetof(Key, protocol)), r4);
  }
  void copy(int from, std::size_t to, std::size_t size) {
    for (int word = 0; word < static_cast<int>(size); word += 4) {
      a.load(BPF_W, r2, data, from + word);
      a.store(BPF_W, frame, kKey + static_cast<int>(to) + word, r2);
    }
  }

  PathMaps maps_;
  bool all_;
  BpfAssembler::Label out_;
};

}  // namespace

std::vector<bpf_insn> ingress_program(const PathMaps& maps) {
  Writer w(maps, false);
  BpfAssembler& a = w.a;
  a.load(BPF_W, r3, context, offsetof(__sk_buff, ifindex));
  w.for_key(r3, [&](int flows) {
    a.map(r1, flows);
    w.address_of(kKey, r2);
    a.call(BPF_FUNC_map_lookup_elem);
    a.jump_if(BPF_JEQ, r0, 0, w.out());
    a.move(held, r0);
    a.map_value(r1, maps.epoch);
    a.load(BPF_W, r2, r1, 0);
    a.load(BPF_W, r3, held, offsetof(FlowEntry, epoch));
    a.jump_if_by(BPF_JNE, r2, r3, w.out());
    a.call(kClock);
    a.load(BPF_DW, r3, held, offsetof(FlowEntry, until));
    a.jump_if_by(BPF_JGT, r0, r3, w.out());
    w.count(PathCount::kPassed);
    a.load(BPF_W, r1, held, offsetof(FlowEntry, out));
    a.set(r2, 0);
    a.call(BPF_FUNC_redirect);
    a.leave();
  });
  return w.done();
}

std::vector<bpf_insn> egress_program(const PathMaps& maps, std::uint64_t lifetime) {
  Writer w(maps, true);
  BpfAssembler& a = w.a;
  a.load(BPF_W, r2, context, offsetof(__sk_buff, mark));
  a.move(r3, r2);
  a.alu32(BPF_AND, r3, kAdmittedMark);
  a.jump_if(BPF_JEQ, r3, 0, w.out());
  a.alu32(BPF_AND, r2, ~kAdmittedMark);
  a.store(BPF_W, context, offsetof(__sk_buff, mark), r2);
  a.load(BPF_W, held, context, offsetof(__sk_buff, ingress_ifindex));
  a.jump_if(BPF_JEQ, held, 0, w.out());  // this node's own
  const auto look_up_port = [&] {
    a.map(r1, maps.ports);
    w.address_of(kNumber, r2);
    a.call(BPF_FUNC_map_lookup_elem);
    a.jump_if(BPF_JEQ, r0, 0, w.out());
  };
  a.store(BPF_W, frame, kNumber, held);
  look_up_port();  // what is routed came in by a bridge or from elsewhere
  a.load(BPF_W, r2, context, offsetof(__sk_buff, ifindex));
  a.store(BPF_W, frame, kNumber, r2);
  a.store(BPF_W, frame, kEntry + static_cast<int>(offsetof(FlowEntry, out)), r2);
  look_up_port();
  // A frame that is flooded for want of a better way leaves by ports that are not its own.
  a.load(BPF_W, data, context, offsetof(__sk_buff, data));
  a.load(BPF_W, end, context, offsetof(__sk_buff, data_end));
  a.move(r2, data);
  a.add(r2, ETH_HLEN);
  a.jump_if_by(BPF_JGT, r2, end, w.out());
  a.load(BPF_W, r2, data, 0);
  a.load(BPF_W, r3, r0, 0);
  a.jump_if_by(BPF_JNE, r2, r3, w.out());
  a.load(BPF_H, r2, data, 4);
  a.load(BPF_H, r3, r0, 4);
  a.jump_if_by(BPF_JNE, r2, r3, w.out());
  w.for_key(held, [&](int flows) {
    a.map_value(r1, maps.epoch);
    a.load(BPF_W, r2, r1, 0);
    a.store(BPF_W, frame, kEntry + static_cast<int>(offsetof(FlowEntry, epoch)), r2);
    a.call(kClock);
    a.set64(r1, lifetime);
    a.add_by(r0, r1);
    a.store(BPF_DW, frame, kEntry + static_cast<int>(offsetof(FlowEntry, until)), r0);
    a.map(r1, flows);
    w.address_of(kKey, r2);
    w.address_of(kEntry, r3);
    a.set(r4, BPF_ANY);
    a.call(BPF_FUNC_map_update_elem);
    w.count(PathCount::kLearned);
    a.set(r0, kGoOn);
    a.leave();
  });
  return w.done();
}

std::optional<std::vector<Byte>> flow_key(ByteSpan frame, std::uint32_t port, bool all) {
  if (std::ssize(frame) < kTransport4 + kPorts) return std::nullopt;
  const std::uint16_t type = load_be16(&frame[kType]);
  std::size_t addresses = 0, size = 0, transport = 0;
  std::uint8_t protocol = 0;
  if (type == ETH_P_IP) {
    if (frame[kNetwork] != 0x45 || (load_be16(&frame[kNetwork + 6]) & 0x3fff) != 0) return std::nullopt;
    protocol = frame[kNetwork + 9];
    addresses = kNetwork + 12;
    size = 8;
    transport = kTransport4;
  } else if (type == ETH_P_IPV6) {
    if (std::ssize(frame) < kTransport6 + kPorts || frame[kNetwork] >> 4 != 6) return std::nullopt;
    protocol = frame[kNetwork + 6];
    addresses = kNetwork + 8;
    size = 32;
    transport = kTransport6;
  } else {
    return std::nullopt;
  }
  if (protocol == ip_proto::kTcp) {
    const bool whole = frame.size() > transport + kTcpFlags;
    if (!all && (!whole || (frame[transport + kTcpFlags] & kFinSynRst) != 0)) return std::nullopt;
  } else if (protocol != ip_proto::kUdp) {
    return std::nullopt;
  }
  std::vector<Byte> key;
  const auto number = [&](std::uint32_t value) {
    std::array<Byte, 4> bytes{};
    std::memcpy(bytes.data(), &value, bytes.size());
    key.insert(key.end(), bytes.begin(), bytes.end());
  };
  const auto some = [&](std::size_t at, std::size_t length) {
    key.insert(key.end(), frame.begin() + static_cast<std::ptrdiff_t>(at),
               frame.begin() + static_cast<std::ptrdiff_t>(at + length));
  };
  number(port);
  some(0, 12);
  some(addresses, size);
  some(transport, kPorts);
  number(protocol);
  return key;
}

}  // namespace bulkhead::rules
