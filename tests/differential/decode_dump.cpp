// Prints what the decoder makes of a capture, for comparison with other programs:
//     decode_dump FILE.pcap        one line for each event: "<packet number> <event name>"
//     decode_dump --views FILE     one line for each view: number, origin, protocol, addresses, ports, payload length
//     decode_dump --counters FILE  one line for each counter that is not zero, named as in EVE statistics
//     decode_dump --cases DIR      writes the frames of event_cases.h into one capture per link type
#include <pcap/pcap.h>

#include <cstdio>
#include <map>
#include <memory>
#include <string_view>

#include "datapath/decode/decoder.h"
#include "datapath/defrag/ip_defrag.h"
#include "tests/unit/datapath/decode/event_cases.h"

namespace bulkhead {
namespace {

void print_events(std::uint64_t number, const decode::DecodeEventList& events) {
  for (const decode::DecodeEvent event : events) {
    std::printf("%llu %s\n", static_cast<unsigned long long>(number), std::string(info(event).name).c_str());
  }
}

void print_view(std::uint64_t number, const decode::PacketView& v) {
  std::printf("%llu origin=%u depth=%u proto=%u %s:%u > %s:%u payload=%zu flags=%x vlans=%u%s%s%s\n",
              static_cast<unsigned long long>(number), static_cast<unsigned>(v.origin), v.tunnel_depth, v.protocol,
              v.source.to_string().c_str(), v.source_port, v.destination.to_string().c_str(), v.destination_port,
              v.payload.size(), v.tcp.flags, v.vlan_count, v.invalid ? " invalid" : "",
              v.ip_checksum_bad ? " ipsum" : "", v.l4_checksum_bad ? " l4sum" : "");
}

void print_counters(const decode::DecodeCounters& d) {
  const auto put = [](const char* name, const Counter& counter) {
    if (counter.value() != 0) std::printf("%s %llu\n", name, static_cast<unsigned long long>(counter.value()));
  };
#define PUT(name) put(#name, d.name)
  PUT(invalid), PUT(ipv4), PUT(ipv6), PUT(ethernet), PUT(arp), PUT(unknown_ethertype), PUT(chdlc), PUT(raw), PUT(null);
  PUT(sll), PUT(tcp), PUT(udp), PUT(sctp), PUT(esp), PUT(icmpv4), PUT(icmpv6), PUT(ppp), PUT(pppoe), PUT(geneve);
  PUT(gre), PUT(vlan), PUT(vlan_qinq), PUT(vlan_qinqinq), PUT(vntag), PUT(vxlan), PUT(ieee8021ah), PUT(teredo);
  PUT(ipv4_in_ipv6), PUT(ipv6_in_ipv6), PUT(mpls), PUT(erspan), PUT(nsh), PUT(too_many_layers);
#undef PUT
}

enum class Print { kEvents, kViews, kCounters };

class Dump {
 public:
  explicit Dump(Print what) : what_(what) {}

  void packet(const io::RawPacket& raw) {
    decoder_.decode(raw, chain_);
    for (std::size_t i = 0; i < chain_.count; ++i) {
      const decode::PacketView& v = chain_.views[i];
      if (what_ == Print::kViews) print_view(raw.number, v);
      if (what_ == Print::kEvents) print_events(raw.number, v.events);
      if (!v.is_fragment || v.invalid) continue;
      const defrag::DefragResult result = defrag_.insert(v, raw.time);
      if (what_ == Print::kEvents) print_events(raw.number, result.events);
      if (!result.datagram.empty()) decoder_.decode_datagram(result.datagram, v, chain_);
    }
  }

  void finish() const {
    if (what_ == Print::kCounters) print_counters(decoder_.counters());
  }

 private:
  Print what_;
  decode::Decoder decoder_{decode::DecodeSettings{}};
  defrag::IpDefrag defrag_{defrag::DefragSettings{}};
  decode::PacketChain chain_;
};

int dump_file(const char* path, Print what) {
  char error[PCAP_ERRBUF_SIZE];
  const std::unique_ptr<pcap_t, decltype(&pcap_close)> file(
      pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, error), &pcap_close);
  if (!file) {
    std::fprintf(stderr, "%s: %s\n", path, error);
    return 2;
  }
  Dump dump(what);
  pcap_pkthdr* header = nullptr;
  const u_char* data = nullptr;
  for (std::uint64_t number = 1; pcap_next_ex(file.get(), &header, &data) == 1; ++number) {
    io::RawPacket raw;
    raw.data = data;
    raw.captured = header->caplen;
    raw.wire_length = header->len;
    raw.time = {header->ts.tv_sec * 1'000'000'000LL + header->ts.tv_usec};
    raw.number = number;
    raw.link_type = static_cast<io::LinkType>(pcap_datalink(file.get()));
    if (pcap_datalink(file.get()) == DLT_RAW) raw.link_type = io::LinkType::kRaw;
    dump.packet(raw);
  }
  dump.finish();
  return 0;
}

int write_cases(const std::string& directory) {
  std::map<std::uint16_t, std::vector<test::TimedPacket>> files;
  Timestamp time{1'700'000'000'000'000'000};
  for (test::EventCase& example : test::all_event_cases()) {
    time = time + std::chrono::milliseconds(1);
    files[static_cast<std::uint16_t>(example.link)].push_back({time, std::move(example.frame), 0});
  }
  for (const auto& [link, packets] : files) {
    const std::string path = directory + "/link" + std::to_string(link) + ".pcap";
    if (!test::write_pcap(path, packets, static_cast<io::LinkType>(link))) return 1;
  }
  return 0;
}

}  // namespace
}  // namespace bulkhead

int main(int argc, char** argv) {
  const std::string_view word = argc > 1 ? argv[1] : "";
  if (argc == 3 && word == "--cases") return bulkhead::write_cases(argv[2]);
  if (argc == 3 && word == "--views") return bulkhead::dump_file(argv[2], bulkhead::Print::kViews);
  if (argc == 3 && word == "--counters") return bulkhead::dump_file(argv[2], bulkhead::Print::kCounters);
  if (argc == 2) return bulkhead::dump_file(argv[1], bulkhead::Print::kEvents);
  std::fprintf(stderr, "usage: decode_dump [--views | --counters] FILE | --cases DIR\n");
  return 2;
}
