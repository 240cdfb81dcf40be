#include "rules/nft/flow_rules.h"

#include <linux/netfilter/nf_tables.h>

#include <utility>

#include "datapath/base/flow_key.h"

namespace bulkhead::rules {

NftSet datagram_protocols() {
  NftSet out;
  out.name = "datagram-protocols";
  out.key = {NftType::kProtocol};
  for (const Byte protocol : {ip_proto::kUdp, ip_proto::kSctp}) {
    NftElement element;
    element.key = {protocol};
    out.elements.push_back(std::move(element));
  }
  return out;
}

RuleBuilder flow_key(NftFamily family, IpFamily version, FlowKind kind, bool reply) {
  const bool v4 = version == IpFamily::kV4;
  const unsigned words = v4 ? 1 : 4;
  const auto reg = [&](unsigned addresses, unsigned fields) {
    return static_cast<Register>(kFirstRegister + addresses * words + fields);
  };
  const PacketSide first = reply ? PacketSide::kDestination : PacketSide::kSource;
  const PacketSide second = reply ? PacketSide::kSource : PacketSide::kDestination;
  RuleBuilder out(family);
  out.ip_version(version);
  if (kind == FlowKind::kIcmpEcho) {
    out.protocol(v4 ? ip_proto::kIcmp : ip_proto::kIcmpv6);
    const Byte type = v4 ? (reply ? 0 : 8) : (reply ? 129 : 128);
    out.load(NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1).equals({type});
  } else if (kind == FlowKind::kTcp) {
    out.protocol(ip_proto::kTcp);
  } else {
    out.load_protocol().in_set("datagram-protocols");
  }
  out.load_address(version, first, reg(0, 0)).load_address(version, second, reg(1, 0)).load_protocol(reg(2, 0));
  if (kind == FlowKind::kIcmpEcho) {
    out.load(NFT_PAYLOAD_TRANSPORT_HEADER, 4, 2, reg(2, 1)).load(NFT_PAYLOAD_TRANSPORT_HEADER, 4, 2, reg(2, 2));
  } else {
    out.load_port(first, reg(2, 1)).load_port(second, reg(2, 2));
  }
  return out;
}

}  // namespace bulkhead::rules
