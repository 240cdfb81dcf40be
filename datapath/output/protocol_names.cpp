#include "datapath/output/protocol_names.h"

#include <array>

namespace bulkhead::output {

namespace {
// Numbers 0 to 143; "Any" where IANA says "any host internal protocol" and the like.
constexpr std::array<std::string_view, 144> kNames{
    "HOPOPT",      "ICMP",       "IGMP",        "GGP",        "IP-in-IP",
    "ST",          "TCP",        "CBT",         "EGP",        "IGP",
    "BBN-RCC-MON", "NVP-II",     "PUP",         "ARGUS",      "EMCON",
    "XNET",        "CHAOS",      "UDP",         "MUX",        "DCN-MEAS",
    "HMP",         "PRM",        "XNS-IDP",     "TRUNK-1",    "TRUNK-2",
    "LEAF-1",      "LEAF-2",     "RDP",         "IRTP",       "ISO-TP4",
    "NETBLT",      "MFE-NSP",    "MERIT-INP",   "DCCP",       "3PC",
    "IDPR",        "XTP",        "DDP",         "IDPR-CMTP",  "TP++",
    "IL",          "IPv6",       "SDRP",        "IPv6-Route", "IPv6-Frag",
    "IDRP",        "RSVP",       "GRE",         "DSR",        "BNA",
    "ESP",         "AH",         "I-NLSP",      "SwIPe",      "NARP",
    "MOBILE",      "TLSP",       "SKIP",        "IPv6-ICMP",  "IPv6-NoNxt",
    "IPv6-Opts",   "Any",        "CFTP",        "Any",        "SAT-EXPAK",
    "KRYPTOLAN",   "RVD",        "IPPC",        "Any",        "SAT-MON",
    "VISA",        "IPCU",       "CPNX",        "CPHB",       "WSN",
    "PVP",         "BR-SAT-MON", "SUN-ND",      "WB-MON",     "WB-EXPAK",
    "ISO-IP",      "VMTP",       "SECURE-VMTP", "VINES",      "TTP",
    "NSFNET-IGP",  "DGP",        "TCF",         "EIGRP",      "OSPF",
    "Sprite-RPC",  "LARP",       "MTP",         "AX.25",      "OS",
    "MICP",        "SCC-SP",     "ETHERIP",     "ENCAP",      "Any",
    "GMTP",        "IFMP",       "PNNI",        "PIM",        "ARIS",
    "SCPS",        "QNX",        "A/N",         "IPComp",     "SNP",
    "Compaq-Peer", "IPX-in-IP",  "VRRP",        "PGM",        "Any",
    "L2TP",        "DDX",        "IATP",        "STP",        "SRP",
    "UTI",         "SMP",        "SM",          "PTP",        "IS-IS",
    "FIRE",        "CRTP",       "CRUDP",       "SSCOPMCE",   "IPLT",
    "SPS",         "PIPE",       "SCTP",        "FC",         "RSVP-E2E-IGNORE",
    "Mobility",    "UDPLite",    "MPLS-in-IP",  "manet",      "HIP",
    "Shim6",       "WESP",       "ROHC",        "Ethernet",
};
}  // namespace

std::string_view protocol_name(std::uint8_t protocol, NumberText& buffer) {
  if (protocol < kNames.size()) return kNames[protocol];
  buffer = {static_cast<char>('0' + protocol / 100), static_cast<char>('0' + protocol / 10 % 10),
            static_cast<char>('0' + protocol % 10)};
  return {buffer.data(), buffer.size()};
}

}  // namespace bulkhead::output
