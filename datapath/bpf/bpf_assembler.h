// Programs for the kernel's BPF machine, written as instructions with labels.
//
//     BpfAssembler a;
//     const auto out = a.label();
//     a.jump_if(BPF_JNE, r0, 0, out);      jumps go forward and are filled in by done()
//     ...
//     a.here(out);
//     a.leave();
//
// Numbers are those of the machine: registers 0 to 10, the codes of linux/bpf_common.h and linux/bpf.h.
//
// Thread   value type.
// Limits   what the kernel's verifier takes; a jump spans 32767 instructions.
// Source   Documentation/bpf/standardization/instruction-set.rst, include/uapi/linux/bpf.h
// Tests    tests/netns/tap_source_test.cpp, tests/netns/fast_path_netns_test.cpp (what is written with it, in the
// kernel)
#pragma once

#include <linux/bpf.h>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace bulkhead::bpf {

class BpfAssembler {
 public:
  using Label = std::size_t;
  Label label() {
    at_.push_back(0);
    return at_.size() - 1;
  }
  void here(Label label) { at_[label] = code_.size(); }

  void op(int code, int dst, int src, int offset, std::int32_t imm);
  void move(int dst, int src) { op(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0); }
  void set(int dst, std::int32_t value) { op(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, value); }
  void set32(int dst, std::uint32_t value) {
    op(BPF_ALU | BPF_MOV | BPF_K, dst, 0, 0, static_cast<std::int32_t>(value));
  }
  void set64(int dst, std::uint64_t value);
  // NOLINTNEXTLINE(misc-redundant-expression): ADD and K are 0
  void add(int dst, std::int32_t value) { op(BPF_ALU64 | BPF_ADD | BPF_K, dst, 0, 0, value); }
  void add_by(int dst, int src) { op(BPF_ALU64 | BPF_ADD | BPF_X, dst, src, 0, 0); }
  void alu32(int code, int dst, std::uint32_t value) {
    op(BPF_ALU | code | BPF_K, dst, 0, 0, static_cast<std::int32_t>(value));
  }
  void alu32_by(int code, int dst, int src) { op(BPF_ALU | code | BPF_X, dst, src, 0, 0); }
  void load(int size, int dst, int src, int offset) { op(BPF_LDX | BPF_MEM | size, dst, src, offset, 0); }
  void store(int size, int dst, int offset, int src) { op(BPF_STX | BPF_MEM | size, dst, src, offset, 0); }
  void store_value(int size, int dst, int offset, std::int32_t value) {
    op(BPF_ST | BPF_MEM | size, dst, 0, offset, value);
  }
  void jump(Label to) { branch(BPF_JMP | BPF_JA, 0, 0, 0, to); }
  void jump_if(int code, int dst, std::int32_t value, Label to) { branch(BPF_JMP | code | BPF_K, dst, 0, value, to); }
  void jump_if_by(int code, int dst, int src, Label to) { branch(BPF_JMP | code | BPF_X, dst, src, 0, to); }
  void jump32_if_by(int code, int dst, int src, Label to) { branch(BPF_JMP32 | code | BPF_X, dst, src, 0, to); }
  void call(std::int32_t helper) { op(BPF_JMP | BPF_CALL, 0, 0, 0, helper); }
  // The map itself, for helpers.
  void map(int dst, int fd) { wide(dst, BPF_PSEUDO_MAP_FD, fd, 0); }
  // Where the only value of an array of one lies.
  void map_value(int dst, int fd) { wide(dst, BPF_PSEUDO_MAP_VALUE, fd, 0); }
  void leave() { op(BPF_JMP | BPF_EXIT, 0, 0, 0, 0); }

  [[nodiscard]] std::vector<bpf_insn> done();

 private:
  void branch(int code, int dst, int src, std::int32_t imm, Label to) {
    jumps_.emplace_back(code_.size(), to);
    op(code, dst, src, 0, imm);
  }
  void wide(int dst, int kind, std::int32_t low, std::int32_t high);

  std::vector<bpf_insn> code_;
  std::vector<std::size_t> at_;  // of a label
  std::vector<std::pair<std::size_t, Label>> jumps_;
};

}  // namespace bulkhead::bpf
