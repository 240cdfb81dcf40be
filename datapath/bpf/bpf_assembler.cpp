#include "datapath/bpf/bpf_assembler.h"

namespace bulkhead::bpf {

void BpfAssembler::op(int code, int dst, int src, int offset, std::int32_t imm) {
  bpf_insn one{};
  one.code = static_cast<std::uint8_t>(code);
  one.dst_reg = static_cast<std::uint8_t>(dst) & 0xf;
  one.src_reg = static_cast<std::uint8_t>(src) & 0xf;
  one.off = static_cast<std::int16_t>(offset);
  one.imm = imm;
  code_.push_back(one);
}

void BpfAssembler::set64(int dst, std::uint64_t value) {
  wide(dst, 0, static_cast<std::int32_t>(value), static_cast<std::int32_t>(value >> 32));
}

void BpfAssembler::wide(int dst, int kind, std::int32_t low, std::int32_t high) {
  // NOLINTNEXTLINE(misc-redundant-expression): LD and IMM are 0
  op(BPF_LD | BPF_DW | BPF_IMM, dst, kind, 0, low);
  op(0, 0, 0, 0, high);
}

std::vector<bpf_insn> BpfAssembler::done() {
  for (const auto& [at, to] : jumps_) code_[at].off = static_cast<std::int16_t>(at_[to] - at - 1);
  return std::move(code_);
}

}  // namespace bulkhead::bpf
