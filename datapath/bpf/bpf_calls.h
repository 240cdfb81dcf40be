// What of bpf(2) is needed: maps, programs, and programs at an interface (tcx, since Linux 6.6).
//
// Thread   any; each call is one system call.
// Errors   the kernel's, with its verifier's last words for a program. Loading needs CAP_BPF, attaching CAP_NET_ADMIN,
//          finding objects of other processes CAP_SYS_ADMIN.
// Source   bpf(2), include/uapi/linux/bpf.h
// Tests    tests/netns/fast_path_netns_test.cpp
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <string>
#include <vector>

#include "datapath/base/result.h"

namespace bulkhead::bpf {

// Owns a descriptor of a map or a program.
class BpfObject {
 public:
  BpfObject() = default;
  explicit BpfObject(int fd) : fd_(fd) {}
  BpfObject(BpfObject&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  BpfObject& operator=(BpfObject&& other) noexcept;
  ~BpfObject();
  [[nodiscard]] int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

struct MapShape {
  std::uint32_t type = BPF_MAP_TYPE_ARRAY;
  std::uint32_t key_size = 4, value_size = 0, entries = 0, flags = 0;
};
// Names are cut to 15 bytes.
[[nodiscard]] Result<BpfObject> make_map(const MapShape& shape, const char* name);
[[nodiscard]] Status set_element(int map, const void* key, const void* value);
[[nodiscard]] Status get_element(int map, const void* key, void* value);
[[nodiscard]] Status drop_element(int map, const void* key);

[[nodiscard]] Result<BpfObject> load_program(bpf_prog_type type, const std::vector<bpf_insn>& code, const char* name);

enum class Side : std::uint8_t { kIngress, kEgress };
// Behind the programs that are there. Stays when the descriptor is closed, goes with the interface.
[[nodiscard]] Status attach(int program, std::uint32_t interface, Side side);
[[nodiscard]] Status detach(int program, std::uint32_t interface, Side side);
// Ids of the programs there, in their order.
[[nodiscard]] Result<std::vector<std::uint32_t>> attached(std::uint32_t interface, Side side);

[[nodiscard]] Result<BpfObject> program_of(std::uint32_t id);
[[nodiscard]] std::string name_of_program(int program);
[[nodiscard]] std::uint32_t id_of_program(int program);
[[nodiscard]] std::string name_of_map(int map);
// The maps of the machine with that name that have come since `seen`, which is the id of the last one looked at.
[[nodiscard]] std::vector<BpfObject> maps_named(const std::string& name, std::uint32_t& seen);

}  // namespace bulkhead::bpf
