// PacketViews without a frame, for tests of what lies behind the decoder.
//
//     ViewMaker make;
//     PacketView& syn = make.tcp({.from = "10.0.0.1", .to = "10.0.0.2", .source_port = 40000,
//                                 .destination_port = 80, .flags = tcp_flag::kSyn, .seq = 1000});
//
// Lifetime the view and its payload live until the maker makes the next one.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "datapath/base/big_endian.h"
#include "datapath/base/check.h"
#include "datapath/decode/packet_view.h"

namespace bulkhead::test {

struct ViewFields {
  std::string_view from = "10.0.0.1";
  std::string_view to = "10.0.0.2";
  std::uint16_t source_port = 40000;
  std::uint16_t destination_port = 80;
  double at = 0;  // seconds after the maker's epoch
  std::uint8_t ttl = 64;
  std::vector<std::uint16_t> vlan = {};
  std::uint8_t tunnel_depth = 0;
  std::uint32_t frame_bytes = 60;
};

class ViewMaker {
 public:
  static constexpr std::int64_t kEpoch = 1'700'000'000;

  decode::PacketView& ip(std::uint8_t protocol, const ViewFields& f) {
    raw_ = io::RawPacket{};
    raw_.number = ++number_;
    raw_.time = {kEpoch * 1'000'000'000 + static_cast<std::int64_t>(f.at * 1e9)};
    view_ = decode::PacketView{};
    view_.raw = &raw_;
    frame_.assign(f.frame_bytes, Byte{0});
    view_.frame = frame_;
    view_.source = address(f.from);
    view_.destination = address(f.to);
    view_.family = view_.source.family();
    view_.protocol = protocol;
    view_.ttl = f.ttl;
    view_.tunnel_depth = f.tunnel_depth;
    for (const std::uint16_t id : f.vlan) view_.vlan_id[view_.vlan_count++] = id;
    return view_;
  }

  decode::PacketView& tcp(const ViewFields& f, const decode::TcpFields& tcp, std::string_view payload = {}) {
    ip(ip_proto::kTcp, f);
    view_.has_tcp = true;
    view_.tcp = tcp;
    return ports(f, payload);
  }
  decode::PacketView& udp(const ViewFields& f, std::string_view payload = {}) {
    ip(ip_proto::kUdp, f);
    view_.has_udp = true;
    ports(f, payload);
    store_be16(udp_header_, f.source_port);
    store_be16(udp_header_ + 2, f.destination_port);
    store_be16(udp_header_ + 4, static_cast<std::uint16_t>(8 + payload.size()));
    view_.l4_header = udp_header_;
    view_.l4_header_length = sizeof udp_header_;
    return view_;
  }
  decode::PacketView& icmp(const ViewFields& f, std::uint8_t type, std::uint8_t code, int id = -1) {
    const bool v6 = address(f.from).is_v6();
    ip(v6 ? ip_proto::kIcmpv6 : ip_proto::kIcmp, f);
    (v6 ? view_.has_icmpv6 : view_.has_icmp) = true;
    view_.icmp_type = type;
    view_.icmp_code = code;
    view_.has_icmp_id = id >= 0;
    view_.icmp_id = static_cast<std::uint16_t>(id);
    return view_;
  }

  [[nodiscard]] static IpAddress address(std::string_view text) {
    const auto parsed = IpAddress::parse(text);
    BULKHEAD_CHECK(parsed.has_value());
    return *parsed;
  }

 private:
  decode::PacketView& ports(const ViewFields& f, std::string_view payload) {
    view_.source_port = f.source_port;
    view_.destination_port = f.destination_port;
    payload_.assign(payload.begin(), payload.end());
    view_.payload = payload_;
    return view_;
  }

  io::RawPacket raw_;
  decode::PacketView view_;
  std::vector<Byte> frame_;
  std::vector<Byte> payload_;
  Byte udp_header_[8] = {};
  std::uint64_t number_ = 0;
};

}  // namespace bulkhead::test
