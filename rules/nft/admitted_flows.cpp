#include "rules/nft/admitted_flows.h"

#include <linux/netfilter/nf_tables.h>

#include <cerrno>
#include <utility>

#include "rules/fast_path/fast_path.h"

namespace bulkhead::rules {

namespace {

static_assert(kPathLifetime.count() == kAdmittedMs);
constexpr std::uint32_t kFlows = 16384;  // emptying the sets costs the kernel less than a millisecond

}  // namespace

std::string admitted_set_name(IpFamily version) {
  return version == IpFamily::kV4 ? "admitted4" : "admitted6";
}

NftSet admitted_set(IpFamily version) {
  const NftType address = version == IpFamily::kV4 ? NftType::kIpv4 : NftType::kIpv6;
  NftSet out;
  out.name = admitted_set_name(version);
  out.key = {NftType::kInterfaceIndex, address, address, NftType::kProtocol, NftType::kMark};
  out.timeouts = out.from_packets = out.dynamic_elements = true;
  out.size = kFlows;
  return out;
}

// Loads of up to four bytes are the kernel's fast ones; both ports stand side by side and are one.
RuleBuilder admitted_key(NftFamily family, IpFamily version) {
  const bool v4 = version == IpFamily::kV4;
  const unsigned words = v4 ? 1 : 4;
  const auto reg = [](unsigned word) { return static_cast<Register>(kFirstRegister + word); };
  RuleBuilder out(family);
  out.ip_version(version);
  out.load(NFT_PAYLOAD_TRANSPORT_HEADER, 0, 4, reg(2 + 2 * words));
  if (v4) {
    out.load_address(version, PacketSide::kSource, reg(1)).load_address(version, PacketSide::kDestination, reg(2));
  } else {
    out.load(NFT_PAYLOAD_NETWORK_HEADER, 8, 32, reg(1));
  }
  return std::move(out.load_protocol(reg(1 + 2 * words)).load_index());
}

Status forget_admitted(NftTransport& transport, const std::string& table) {
  NftBatch batch;
  for (const IpFamily version : {IpFamily::kV4, IpFamily::kV6}) {
    NftCommand command;
    command.op = NftOp::kFlushElements;
    command.family = NftFamily::kBridge;
    command.table = table;
    command.name = admitted_set_name(version);
    batch.push_back(std::move(command));
  }
  Status status = transport.apply(batch);
  forget_fast_path();
  if (!status && status.error().code == ENOENT) return ok();
  return status;
}

}  // namespace bulkhead::rules
