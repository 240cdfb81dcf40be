// Builds frames for tests layer by layer, outermost first; lengths, next-protocol fields and checksums
// are filled in by build() unless a field says otherwise, so that a broken packet is one assignment away.
//
//     const Bytes frame = PacketBuilder().ethernet().vlan(7).ipv4("10.0.0.1", "10.0.0.2")
//                             .tcp(40000, 80, {.flags = tcp_flags::kSyn}).build();
//     const Bytes bad = PacketBuilder().ethernet().ipv4("10.0.0.1", "10.0.0.2", {.total_length = 5})
//                             .udp(53, 53, {.bad_checksum = true}).payload("x").build();
//
// Thread   any; value types.
// Errors   a layer that cannot be (bad address text) stops the test by BULKHEAD_CHECK.
// Tests    tests/unit/datapath/decode/decoder_test.cpp decodes what this builds.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datapath/base/ip_address.h"
#include "datapath/base/timestamp.h"
#include "datapath/io/packet_batch.h"

namespace bulkhead::test {

using Bytes = std::vector<std::uint8_t>;

// "de ad|beef": hex digits; blanks, '|' and ':' are ignored.
[[nodiscard]] Bytes from_hex(std::string_view hex);
[[nodiscard]] Bytes to_bytes(std::string_view text);
// RFC 1071 over `bytes` (an odd last byte counts as high), starting from `sum`; not complemented.
[[nodiscard]] std::uint32_t checksum_sum(ByteSpan bytes, std::uint32_t sum = 0);
[[nodiscard]] std::uint16_t checksum_finish(std::uint32_t sum);

namespace tcp_flags {
inline constexpr std::uint8_t kFin = 1, kSyn = 2, kRst = 4, kPsh = 8, kAck = 16, kUrg = 32, kEce = 64, kCwr = 128;
}

struct EthernetFields {
  std::string_view destination = "02:00:00:00:00:02";
  std::string_view source = "02:00:00:00:00:01";
  std::optional<std::uint16_t> ether_type;
};
struct VlanFields {
  std::uint16_t tpid = 0x8100;  // 0x88a8 for the outer tag of QinQ
  std::uint8_t priority = 0;
  std::optional<std::uint16_t> ether_type;
};
struct ArpFields {
  std::uint16_t operation = 1;
  std::string_view sender_mac = "02:00:00:00:00:01";
  std::string_view sender_ip = "10.0.0.1";
  std::string_view target_mac = "00:00:00:00:00:00";
  std::string_view target_ip = "10.0.0.2";
};
struct Ipv4Fields {
  std::uint8_t ttl = 64;
  std::uint8_t tos = 0;
  std::uint16_t id = 0;
  bool dont_fragment = false;
  bool more_fragments = false;
  bool reserved_bit = false;
  std::uint32_t fragment_offset = 0;  // bytes, a multiple of 8
  Bytes options;                      // as they lie; padded with zeros to four bytes
  std::optional<std::uint8_t> protocol;
  std::optional<std::uint16_t> total_length;
  std::optional<std::uint8_t> header_words;
  std::uint8_t version = 4;
  bool bad_checksum = false;
};
struct Ipv6Fields {
  std::uint8_t hop_limit = 64;
  std::uint8_t traffic_class = 0;
  std::uint32_t flow_label = 0;
  std::optional<std::uint8_t> next_header;
  std::optional<std::uint16_t> payload_length;
  std::uint8_t version = 6;
};
struct ExtensionFields {
  std::optional<std::uint8_t> next_header;
  std::optional<std::uint8_t> length;  // the header's own length byte
};
struct FragmentFields {
  std::uint32_t offset = 0;  // bytes, a multiple of 8
  bool more = false;
  std::uint32_t id = 1;
  std::uint8_t reserved = 0;
  std::optional<std::uint8_t> next_header;
};
struct TcpFieldsIn {
  std::uint8_t flags = tcp_flags::kAck;
  std::uint32_t seq = 1;
  std::uint32_t ack = 0;
  std::uint16_t window = 65535;
  std::uint16_t urgent = 0;
  Bytes options;  // as they lie; padded with zeros to four bytes
  std::optional<std::uint8_t> header_words;
  std::optional<std::uint16_t> checksum;
  bool bad_checksum = false;
};
struct UdpFieldsIn {
  std::optional<std::uint16_t> length;
  std::optional<std::uint16_t> checksum;  // 0: none given (RFC 768)
  bool bad_checksum = false;
};
struct IcmpFields {
  std::uint32_t rest = 0;  // the four bytes after the checksum: identifier and sequence, MTU, ...
  bool bad_checksum = false;
};
struct SctpFields {
  std::uint32_t verification_tag = 0;
};
struct GreFields {
  std::uint16_t flags_version = 0;  // checksum 0x8000, routing 0x4000, key 0x2000, sequence 0x1000, version 0..7
  Bytes optional_fields;            // what the flags announce
  std::optional<std::uint16_t> protocol;
};
struct VxlanFields {
  std::uint32_t vni = 1;
  std::uint8_t flags = 0x08;
};
struct GeneveFields {
  std::uint32_t vni = 1;
  Bytes options;  // a multiple of four bytes
  std::optional<std::uint16_t> protocol;
};

// TCP options in wire form, to be concatenated.
[[nodiscard]] Bytes tcp_option_mss(std::uint16_t mss);
[[nodiscard]] Bytes tcp_option_window_scale(std::uint8_t shift);
[[nodiscard]] Bytes tcp_option_sack_permitted();
[[nodiscard]] Bytes tcp_option_timestamps(std::uint32_t value, std::uint32_t echo);
[[nodiscard]] Bytes concat(std::initializer_list<Bytes> parts);

class PacketBuilder {
 public:
  PacketBuilder& ethernet(const EthernetFields& fields = {});
  PacketBuilder& vlan(std::uint16_t id, const VlanFields& fields = {});
  PacketBuilder& mpls(std::uint32_t label, std::uint8_t ttl = 64);  // the last label before IP gets the bottom bit
  PacketBuilder& pppoe(std::uint16_t session = 1);                  // session stage with its PPP protocol field
  PacketBuilder& arp(const ArpFields& fields = {});
  PacketBuilder& ipv4(std::string_view source, std::string_view destination, const Ipv4Fields& fields = {});
  PacketBuilder& ipv6(std::string_view source, std::string_view destination, const Ipv6Fields& fields = {});
  // `options` are the bytes after the two-byte head, padded with a PadN to a multiple of eight.
  PacketBuilder& hop_by_hop(const Bytes& options = {}, const ExtensionFields& fields = {});
  PacketBuilder& destination_options(const Bytes& options = {}, const ExtensionFields& fields = {});
  PacketBuilder& routing(std::uint8_t type, std::uint8_t segments_left, const Bytes& data = Bytes(4),
                         const ExtensionFields& fields = {});
  PacketBuilder& fragment(const FragmentFields& fields);
  PacketBuilder& auth_header(std::uint32_t spi, const Bytes& icv = Bytes(12), std::uint16_t reserved = 0);
  PacketBuilder& esp(std::uint32_t spi, std::uint32_t sequence = 1);
  PacketBuilder& tcp(std::uint16_t source, std::uint16_t destination, const TcpFieldsIn& fields = {});
  PacketBuilder& udp(std::uint16_t source, std::uint16_t destination, const UdpFieldsIn& fields = {});
  PacketBuilder& icmp(std::uint8_t type, std::uint8_t code, const IcmpFields& fields = {});
  PacketBuilder& icmpv6(std::uint8_t type, std::uint8_t code, const IcmpFields& fields = {});
  PacketBuilder& sctp(std::uint16_t source, std::uint16_t destination, const SctpFields& fields = {});
  PacketBuilder& gre(const GreFields& fields = {});
  PacketBuilder& vxlan(const VxlanFields& fields = {});
  PacketBuilder& geneve(const GeneveFields& fields = {});
  PacketBuilder& payload(std::string_view text);
  PacketBuilder& payload(const Bytes& bytes);
  // Bytes after the datagram that no length field counts: Ethernet padding.
  PacketBuilder& trailer(const Bytes& bytes);
  // A frame shorter than 60 bytes gets zeros behind it, as on a real wire.
  PacketBuilder& pad_to_60();

  [[nodiscard]] Bytes build() const;

 private:
  enum class Kind : std::uint8_t {
    kEthernet,
    kVlan,
    kMpls,
    kPppoe,
    kArp,
    kIpv4,
    kIpv6,
    kHopByHop,
    kDestOptions,
    kRouting,
    kFragment,
    kAuth,
    kEsp,
    kTcp,
    kUdp,
    kIcmp,
    kIcmpv6,
    kSctp,
    kGre,
    kVxlan,
    kGeneve,
    kPayload
  };
  struct Layer {
    Kind kind;
    Bytes header;                           // with all fields that need no other layer
    std::optional<std::uint16_t> next;      // given next-protocol field
    std::optional<std::uint16_t> length;    // given length field
    std::optional<std::uint16_t> checksum;  // given checksum
    bool bad_checksum = false;
    IpAddress source, destination;  // of an IP layer
  };

  Layer& add(Kind kind, Bytes header);
  void finish(std::size_t index, Bytes& layer, const Bytes& above) const;
  void finish_checksum(std::size_t index, Bytes& bytes, std::size_t offset, std::uint8_t protocol) const;
  [[nodiscard]] std::uint16_t ether_type_after(std::size_t index) const;
  [[nodiscard]] std::uint8_t protocol_after(std::size_t index) const;

  std::vector<Layer> layers_;
  Bytes trailer_;
  bool pad_ = false;
};

// Splits the one IPv4 or IPv6 datagram in an Ethernet frame into fragments whose payloads are at most
// `payload_bytes` (rounded down to eight), in order. IPv6 gets a fragment header right after the fixed header.
[[nodiscard]] std::vector<Bytes> fragment_frame(const Bytes& frame, std::size_t payload_bytes, std::uint32_t id = 1);

// A RawPacket over `bytes`, which must outlive it.
[[nodiscard]] io::RawPacket raw_packet(const Bytes& bytes, Timestamp time = {}, std::uint64_t number = 1,
                                       io::LinkType link = io::LinkType::kEthernet);

struct TimedPacket {
  Timestamp time;
  Bytes bytes;
  std::uint32_t wire_length = 0;  // 0: all bytes are there
};

// Writes a classic pcap file (microseconds, little endian); false when the file cannot be written.
[[nodiscard]] bool write_pcap(const std::string& path, const std::vector<TimedPacket>& packets,
                              io::LinkType link = io::LinkType::kEthernet);

// The frames of one TCP connection with correct sequence numbers: what flow, stream and pipeline tests need.
//
//     TcpConversation c({.client = "10.0.0.1", .server = "10.0.0.2", .server_port = 80});
//     c.handshake(); c.to_server("GET / HTTP/1.0\r\n\r\n"); c.to_client("HTTP/1.0 200 OK\r\n\r\n"); c.close();
//     write_pcap("x.pcap", c.packets());
struct TcpConversationFields {
  std::string client = "10.0.0.1";
  std::string server = "10.0.0.2";
  std::uint16_t client_port = 40000;
  std::uint16_t server_port = 80;
  std::uint32_t client_isn = 1000;
  std::uint32_t server_isn = 5000;
  Timestamp start{1'700'000'000'000'000'000};
  Nanoseconds step{1'000'000};  // between two packets
  std::uint16_t mss = 1460;     // data beyond it goes into several segments
  std::optional<std::uint16_t> vlan;
};

class TcpConversation {
 public:
  explicit TcpConversation(TcpConversationFields fields = {});
  TcpConversation& handshake();
  TcpConversation& to_server(std::string_view data);
  TcpConversation& to_client(std::string_view data);
  TcpConversation& ack_from_client();
  TcpConversation& ack_from_server();
  TcpConversation& close();  // FIN from the client, FIN from the server, last ACK
  TcpConversation& reset_by_server();
  // One segment with everything given by hand; sequence numbers of the conversation do not move.
  TcpConversation& segment(bool from_client, std::uint32_t seq, std::uint32_t ack, std::uint8_t flags,
                           std::string_view data = {});
  [[nodiscard]] std::uint32_t client_seq() const { return client_seq_; }
  [[nodiscard]] std::uint32_t server_seq() const { return server_seq_; }
  [[nodiscard]] const std::vector<TimedPacket>& packets() const { return packets_; }

 private:
  void send(bool from_client, std::string_view data);

  TcpConversationFields fields_;
  std::uint32_t client_seq_;
  std::uint32_t server_seq_;
  std::vector<TimedPacket> packets_;
};

}  // namespace bulkhead::test
