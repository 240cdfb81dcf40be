// The tap on real interfaces: VLAN tags, super-packets, partial checksums and what happens to interfaces.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <thread>

#include "datapath/io/kernel_bypass.h"
#include "datapath/io/packet_mmap_tap_source.h"
#include "tests/support/packet_builder.h"

namespace bulkhead::io {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// A namespace entered for the time of the test; the veth pair "tapa" - "tapb" is in it.
class TapSourceTest : public testing::Test {
 protected:
  void SetUp() override {
    before_ = open_namespace();
    if (unshare(CLONE_NEWNET) != 0) GTEST_SKIP() << "needs CAP_SYS_ADMIN for a network namespace";
    inside_ = true;
    // No neighbour discovery: the only packets are those of the test.
    ASSERT_TRUE(
        run("echo 1 | tee /proc/sys/net/ipv6/conf/all/disable_ipv6 > /proc/sys/net/ipv6/conf/default/disable_ipv6"));
    ASSERT_TRUE(
        run("ip link set lo up && ip link add tapa type veth peer name tapb && ip link set tapa up && ip link set tapb "
            "up"));
  }
  void TearDown() override {
    if (inside_) setns(before_, CLONE_NEWNET);  // the namespace ends with its last user
    if (before_ >= 0) close(before_);
    if (sender_ >= 0) close(sender_);
  }

  static int open_namespace() { return ::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC); }
  static bool run(const std::string& command) { return std::system(command.c_str()) == 0; }

  static PacketMmapTapSettings on(std::vector<std::string> interfaces) {
    PacketMmapTapSettings settings;
    settings.interfaces = std::move(interfaces);
    settings.block_count = 8;
    return settings;
  }

  // Copies of the packets that `wanted` accepts, until `count` of them or two seconds.
  struct Seen {
    RawPacket packet;
    std::vector<Byte> bytes;
  };
  static std::vector<Seen> collect(PacketMmapTapSource& source, std::size_t count,
                                   const std::function<bool(const RawPacket&)>& wanted,
                                   milliseconds limit = milliseconds(2000)) {
    std::vector<Seen> out;
    PacketBatch batch;
    batch.packets.reserve(32);
    const auto end = steady_clock::now() + limit;
    while (out.size() < count && steady_clock::now() < end) {
      if (source.receive(batch, milliseconds(20)) != ReceiveStatus::kPackets) continue;
      for (const RawPacket& packet : batch.packets) {
        if (wanted(packet)) out.push_back({packet, {packet.data, packet.data + packet.captured}});
      }
      source.release(batch);
    }
    return out;
  }

  // A frame of an EtherType that nothing else sends, as it is, out of `interface`.
  static std::vector<Byte> frame(std::uint16_t mark, std::size_t payload = 50) {
    std::vector<Byte> out(14 + payload, 0xab);
    std::memset(out.data(), 2, 12);
    store_be16(&out[12], 0x88b5);  // local experimental
    store_be16(&out[14], mark);
    return out;
  }
  static std::vector<Byte> tagged(std::uint16_t tpid, std::uint16_t tci, std::vector<Byte> inner) {
    Byte tag[4];
    store_be16(tag, tpid);
    store_be16(tag + 2, tci);
    inner.insert(inner.begin() + 12, tag, tag + 4);
    return inner;
  }
  // One socket for all: closing an AF_PACKET socket takes the kernel tens of milliseconds.
  bool send(const std::string& interface, const std::vector<Byte>& bytes) {
    if (sender_ < 0) sender_ = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_ifindex = static_cast<int>(if_nametoindex(interface.c_str()));
    address.sll_halen = 6;
    return sendto(sender_, bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&address),
                  sizeof address) == static_cast<ssize_t>(bytes.size());
  }
  static bool is_experimental(const RawPacket& packet) {
    return packet.captured >= 16 && load_be16(packet.data + 12) == 0x88b5;
  }

  int before_ = -1;
  int sender_ = -1;
  bool inside_ = false;
};

TEST_F(TapSourceTest, PlainFramesWithTimeNumberAndInterface) {
  PacketMmapTapSource source(on({"tapb"}));
  const Status opened = source.open();
  ASSERT_TRUE(opened) << opened.error().to_string();
  EXPECT_TRUE(source.capabilities().live);
  for (std::uint16_t i = 1; i <= 5; ++i) ASSERT_TRUE(send("tapa", frame(i)));
  const auto seen = collect(source, 5, is_experimental);
  ASSERT_EQ(seen.size(), 5U);
  std::uint64_t last = 0;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    const RawPacket& packet = seen[i].packet;
    EXPECT_EQ(seen[i].bytes, frame(static_cast<std::uint16_t>(i + 1)));
    EXPECT_GT(packet.number, last);
    last = packet.number;
    EXPECT_EQ(packet.interface_index, if_nametoindex("tapb"));
    EXPECT_EQ(packet.link_type, LinkType::kEthernet);
    EXPECT_EQ(packet.gso_segment_size, 0U);
    EXPECT_FALSE(packet.vlan.present);
    EXPECT_NEAR(static_cast<double>(packet.time.seconds()), static_cast<double>(time(nullptr)), 5.0);
  }
  EXPECT_GE(source.stats().received, 5U);
  EXPECT_EQ(source.stats().kernel_drops, 0U);
  EXPECT_EQ(source.stats().invalid_records, 0U);
}

TEST_F(TapSourceTest, VlanTagsArriveOutOfBand) {
  PacketMmapTapSource source(on({"tapb"}));
  ASSERT_TRUE(source.open());
  ASSERT_TRUE(send("tapa", tagged(0x8100, 0x6007, frame(1))));                    // priority 3, id 7
  ASSERT_TRUE(send("tapa", tagged(0x88a8, 100, tagged(0x8100, 200, frame(2)))));  // QinQ
  ASSERT_TRUE(send("tapa", frame(3)));
  const auto seen = collect(source, 3, [](const RawPacket& p) { return p.vlan.present || is_experimental(p); });
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_TRUE(seen[0].packet.vlan.present);
  EXPECT_EQ(seen[0].packet.vlan.tpid, 0x8100);
  EXPECT_EQ(seen[0].packet.vlan.tci, 0x6007);
  EXPECT_EQ(seen[0].bytes, frame(1)) << "the tag is not in the frame";
  EXPECT_EQ(seen[1].packet.vlan.tpid, 0x88a8);
  EXPECT_EQ(seen[1].packet.vlan.tci, 100);
  EXPECT_EQ(seen[1].bytes, tagged(0x8100, 200, frame(2))) << "only the outer tag is taken out";
  EXPECT_FALSE(seen[2].packet.vlan.present);
}

// A real TCP transfer between two namespaces: the kernel passes packets of up to 64 KB with checksums left open.
TEST_F(TapSourceTest, SuperPacketsAndPartialChecksums) {
  ASSERT_TRUE(run("ip addr add 10.88.0.1/24 dev tapa"));
  const int near = open_namespace();
  const pid_t child = fork();
  if (child == 0) {  // the far end: a namespace of its own with tapb, and a server that reads to the end
    if (unshare(CLONE_NEWNET) != 0) _exit(1);
    const std::string move = "ip link set lo up; nsenter --net=/proc/" + std::to_string(getppid()) +
                             "/ns/net ip link set tapb netns " + std::to_string(getpid()) +
                             " && ip addr add 10.88.0.2/24 dev tapb && ip link set tapb up";
    if (!run(move)) _exit(2);
    const int server = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(7000);
    if (bind(server, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(server, 1) != 0) _exit(3);
    alarm(10);
    const int connection = accept(server, nullptr, nullptr);
    static char sink[1 << 18];
    while (read(connection, sink, sizeof sink) > 0) {
    }
    _exit(0);
  }
  ASSERT_GT(child, 0);
  constexpr std::size_t kBytes = 8 << 20;
  PacketMmapTapSettings settings = on({"tapa"});
  settings.block_count = 64;
  PacketMmapTapSource source(settings);
  ASSERT_TRUE(source.open());
  std::thread client([near] {
    setns(near, CLONE_NEWNET);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(7000);
    inet_pton(AF_INET, "10.88.0.2", &address.sin_addr);
    int fd = -1;
    for (int i = 0; i < 200; ++i) {
      fd = socket(AF_INET, SOCK_STREAM, 0);
      if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) break;
      close(fd);
      fd = -1;
      std::this_thread::sleep_for(milliseconds(20));
    }
    if (fd < 0) return;
    const std::vector<char> data(kBytes, 'x');
    for (std::size_t done = 0; done < data.size();) {
      const ssize_t sent = write(fd, data.data() + done, data.size() - done);
      if (sent <= 0) break;
      done += static_cast<std::size_t>(sent);
    }
    close(fd);
  });
  std::size_t payload = 0, largest = 0, super_packets = 0, partial = 0, with_data = 0;
  PacketBatch batch;
  batch.packets.reserve(32);
  bool finished = false;
  const auto end = steady_clock::now() + milliseconds(8000);
  while (!finished && steady_clock::now() < end) {
    if (source.receive(batch, milliseconds(20)) != ReceiveStatus::kPackets) continue;
    for (const RawPacket& packet : batch.packets) {
      if (packet.captured < 54 || load_be16(packet.data + 12) != ETH_P_IP || packet.data[23] != IPPROTO_TCP) continue;
      if (load_be16(packet.data + 36) != 7000) continue;  // towards the server
      EXPECT_EQ(packet.captured, packet.wire_length) << "the snaplen holds super-packets";
      const std::size_t header = 14U + (packet.data[14] & 15U) * 4U;
      const std::size_t data = packet.captured - header - (packet.data[header + 12] >> 4U) * 4U;
      payload += data;
      largest = std::max<std::size_t>(largest, packet.captured);
      if (data != 0) {  // what a socket in TIME_WAIT acknowledges is sent with a whole checksum: only data counts
        ++with_data;
        if (packet.checksum == ChecksumState::kPartial) ++partial;
      }
      if (packet.gso_segment_size != 0) {
        ++super_packets;
        EXPECT_GT(data, packet.gso_segment_size);
        EXPECT_LE(packet.gso_segment_size, 1460U);
        EXPECT_GT(packet.gso_segment_size, 1300U);
      } else {
        EXPECT_LE(packet.captured, 1514U);
      }
      if ((packet.data[header + 13] & 1) != 0) finished = true;  // FIN
    }
    source.release(batch);
  }
  client.join();
  int status = 0;
  waitpid(child, &status, 0);
  close(near);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_TRUE(finished);
  EXPECT_EQ(source.stats().kernel_drops, 0U);
  EXPECT_GE(payload, kBytes) << "every byte was seen";
  EXPECT_GT(super_packets, 0U);
  EXPECT_GT(largest, 20000U);
  EXPECT_EQ(partial, with_data) << "checksums of data are never filled in between local namespaces";
}

TEST_F(TapSourceTest, SnaplenCutsAndCounts) {
  PacketMmapTapSettings settings = on({"tapb"});
  settings.snaplen = 40;
  PacketMmapTapSource source(settings);
  ASSERT_TRUE(source.open());
  ASSERT_TRUE(send("tapa", frame(1, 500)));
  const auto seen = collect(source, 1, is_experimental);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].packet.captured, 40U);
  EXPECT_EQ(seen[0].packet.wire_length, 514U);
  EXPECT_GE(source.stats().truncated, 1U);
}

TEST_F(TapSourceTest, SeveralInterfacesOnOneSocket) {
  ASSERT_TRUE(run("ip link add third type veth peer name fourth && ip link set third up && ip link set fourth up"));
  PacketMmapTapSettings settings = on({"tapb", "fourth"});
  settings.outgoing = false;
  PacketMmapTapSource source(settings);
  ASSERT_TRUE(source.open());
  ASSERT_TRUE(send("tapa", frame(1)));
  ASSERT_TRUE(send("third", frame(2)));
  ASSERT_TRUE(send("fourth", frame(3)));  // arrives at "third", which is not named; leaves through one that is
  ASSERT_TRUE(send("tapa", frame(4)));
  const auto seen = collect(source, 10, is_experimental, milliseconds(300));
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_EQ(seen[0].packet.interface_index, if_nametoindex("tapb"));
  EXPECT_EQ(seen[1].packet.interface_index, if_nametoindex("fourth"));
  EXPECT_EQ(load_be16(&seen[1].bytes[14]), 2U);
  EXPECT_EQ(load_be16(&seen[2].bytes[14]), 4U);
}

TEST_F(TapSourceTest, OutgoingPacketsOnlyWhenAsked) {
  for (const bool outgoing : {true, false}) {
    PacketMmapTapSettings settings = on({"tapa"});
    settings.outgoing = outgoing;
    PacketMmapTapSource source(settings);
    ASSERT_TRUE(source.open());
    ASSERT_TRUE(send("tapa", frame(1)));
    EXPECT_EQ(collect(source, 1, is_experimental, milliseconds(200)).size(), outgoing ? 1U : 0U);
  }
}

// Two members share the packets: each packet is read once, a flow stays with one member.
TEST_F(TapSourceTest, FanoutSharesByFlow) {
  PacketMmapTapSettings settings = on({"tapb"});
  settings.fanout_group = 4242;
  PacketMmapTapSource first(settings), second(settings);
  const Status opened = first.open();
  ASSERT_TRUE(opened) << opened.error().to_string();
  ASSERT_TRUE(second.open());
  // UDP over IPv4 from 64 source ports, five packets each.
  for (std::uint16_t port = 0; port < 64; ++port) {
    std::vector<Byte> packet(14 + 20 + 8 + 8, 0);
    std::memset(packet.data(), 2, 12);
    const Byte ip[] = {0x08, 0x00, 0x45, 0, 0, 36, 0, 0, 0, 0, 64, 17, 0, 0, 10, 88, 0, 1, 10, 88, 0, 2};
    std::memcpy(&packet[12], ip, sizeof ip);
    store_be16(&packet[34], static_cast<std::uint16_t>(1000 + port));
    store_be16(&packet[36], 9);
    store_be16(&packet[38], 16);
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(send("tapa", packet));
  }
  const auto is_udp = [](const RawPacket& p) {
    return p.captured >= 42 && p.data[23] == 17 && load_be16(p.data + 36) == 9;
  };
  std::map<std::uint16_t, int> ports[2];
  int member = 0;
  for (PacketMmapTapSource* source : {&first, &second}) {
    for (const Seen& seen : collect(*source, 320, is_udp, milliseconds(300)))
      ++ports[member][load_be16(&seen.bytes[34])];
    ++member;
  }
  EXPECT_FALSE(ports[0].empty());
  EXPECT_FALSE(ports[1].empty());
  EXPECT_EQ(ports[0].size() + ports[1].size(), 64U) << "no flow is at both members";
  for (const auto& list : ports) {
    for (const auto& [port, count] : list) EXPECT_EQ(count, 5) << port;
  }
}

TEST_F(TapSourceTest, AFullRingIsCounted) {
  PacketMmapTapSettings settings = on({"tapb"});
  settings.block_count = 2;
  settings.block_bytes = 128 * 1024;
  PacketMmapTapSource source(settings);
  ASSERT_TRUE(source.open());
  for (std::uint16_t i = 0; i < 600; ++i) ASSERT_TRUE(send("tapa", frame(i, 1400)));
  std::this_thread::sleep_for(milliseconds(20));
  const SourceStats stats = source.stats();
  EXPECT_GT(stats.kernel_drops, 0U);
  EXPECT_GT(stats.kernel_freezes, 0U);
  const auto seen = collect(source, 600, is_experimental, milliseconds(300));
  EXPECT_EQ(seen.size() + stats.kernel_drops, 600U) << "received or counted as lost";
  ASSERT_TRUE(send("tapa", frame(7)));
  EXPECT_EQ(collect(source, 1, is_experimental).size(), 1U) << "the ring goes on afterwards";
}

TEST_F(TapSourceTest, AnInterfaceThatGoesDownComesBack) {
  PacketMmapTapSource source(on({"tapb"}));
  ASSERT_TRUE(source.open());
  ASSERT_TRUE(run("ip link set tapb down"));
  collect(source, 1, is_experimental, milliseconds(100));
  EXPECT_EQ(source.interface_losses(), 1U);
  EXPECT_EQ(source.last_error().code, ENETDOWN) << source.last_error().to_string();
  collect(source, 1, is_experimental, milliseconds(700));
  EXPECT_EQ(source.interface_losses(), 1U) << "told once";
  ASSERT_TRUE(run("ip link set tapb up"));
  bool heard =
      false;  // the peer sends nothing until the kernel's link watch has seen the carrier, up to a second later
  for (std::uint16_t i = 0; i < 20 && !heard; ++i) {
    ASSERT_TRUE(send("tapa", frame(i)));
    heard = !collect(source, 1, is_experimental, milliseconds(100)).empty();
  }
  EXPECT_TRUE(heard) << source.last_error().to_string();
}

TEST_F(TapSourceTest, AnInterfaceMadeAnewIsFoundAgain) {
  for (const bool several : {false, true}) {
    PacketMmapTapSource source(on(several ? std::vector<std::string>{"lo", "tapb"} : std::vector<std::string>{"tapb"}));
    ASSERT_TRUE(source.open());
    ASSERT_TRUE(run("ip link del tapa"));
    EXPECT_EQ(collect(source, 1, is_experimental, milliseconds(700)).size(), 0U);
    EXPECT_EQ(source.interface_losses(), 1U);
    ASSERT_TRUE(run("ip link add tapa type veth peer name tapb && ip link set tapa up && ip link set tapb up"));
    bool found = false;
    for (std::uint16_t i = 0; i < 20 && !found; ++i) {
      ASSERT_TRUE(send("tapa", frame(i)));
      found = !collect(source, 1, is_experimental, milliseconds(100)).empty();
    }
    EXPECT_TRUE(found) << source.last_error().to_string();
    EXPECT_EQ(source.reopens(), 1U);
  }
}

TEST_F(TapSourceTest, OpenSaysWhatIsWrong) {
  const Status missing = PacketMmapTapSource(on({"nowhere"})).open();
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().to_string(), testing::HasSubstr("nowhere"));
  EXPECT_EQ(missing.error().code, ENODEV);
  PacketMmapTapSettings settings = on({"tapb"});
  settings.block_bytes = 4096;
  EXPECT_FALSE(PacketMmapTapSource(settings).open());
  // Without the capability: in a child, which cannot get it back.
  const pid_t child = fork();
  if (child == 0) {
    if (setuid(65534) != 0) _exit(3);
    const Status refused = PacketMmapTapSource(on({"tapb"})).open();
    _exit(!refused && refused.error().code == EPERM &&
                  refused.error().to_string().find("CAP_NET_RAW") != std::string::npos
              ? 0
              : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

// Packets of one flow that a ring would bring.
class KernelBypassTest : public TapSourceTest {
 protected:
  static FlowTuple tuple(bool v6, std::uint8_t protocol) {
    FlowTuple out;
    out.source = *IpAddress::parse(v6 ? "fd00::1" : "10.0.0.1");
    out.destination = *IpAddress::parse(v6 ? "fd00::2" : "10.0.0.2");
    out.source_port = 40000;
    out.destination_port = 443;
    out.protocol = protocol;
    return out;
  }
  static test::PacketBuilder ip(bool v6, bool back, const test::Ipv4Fields& fields = {}) {
    test::PacketBuilder out;
    out.ethernet();
    if (v6) return out.ipv6(back ? "fd00::2" : "fd00::1", back ? "fd00::1" : "fd00::2");
    return out.ipv4(back ? "10.0.0.2" : "10.0.0.1", back ? "10.0.0.1" : "10.0.0.2", fields);
  }
  static test::Bytes packet(bool v6, std::uint8_t protocol, bool back, std::uint16_t client_port = 40000,
                            std::uint8_t flags = test::tcp_flags::kAck) {
    test::PacketBuilder out = ip(v6, back);
    const std::uint16_t from = back ? 443 : client_port, to = back ? client_port : 443;
    if (protocol == ip_proto::kUdp) return out.udp(from, to).payload("bulk").build();
    return out.tcp(from, to, {.flags = flags}).payload("bulk").build();
  }
  static bool is_ip(const RawPacket& packet) {
    const std::uint16_t type = packet.captured > 14 ? load_be16(packet.data + 12) : 0;
    return type == 0x0800 || type == 0x86dd;
  }
  // How many of these come.
  std::size_t come(PacketMmapTapSource& source, const std::vector<test::Bytes>& frames) {
    for (const test::Bytes& each : frames) EXPECT_TRUE(send("tapa", each));
    EXPECT_TRUE(send("tapa", frame(7)));  // behind them
    std::size_t out = 0;
    const auto seen = collect(
        source, 1000, [](const RawPacket& p) { return is_ip(p) || is_experimental(p); }, milliseconds(150));
    for (const Seen& one : seen) out += is_ip(one.packet) ? 1 : 0;
    return out;
  }
};

TEST_F(KernelBypassTest, FlowsThatAreLeftAreCountedAndDoNotCome) {
  auto bypass = KernelBypass::create(256 * 1024, false);
  if (!bypass) GTEST_SKIP() << bypass.error().to_string();
  PacketMmapTapSettings settings = on({"tapb"});
  settings.bypass = *bypass;
  PacketMmapTapSource source(settings);
  const Status opened = source.open();
  ASSERT_TRUE(opened) << opened.error().to_string();
  for (const bool v6 : {false, true}) {
    for (const std::uint8_t protocol : {ip_proto::kTcp, ip_proto::kUdp}) {
      SCOPED_TRACE(std::to_string(protocol) + (v6 ? " over IPv6" : " over IPv4"));
      const auto there = packet(v6, protocol, false), back = packet(v6, protocol, true);
      EXPECT_EQ(come(source, {there, back}), 2U) << "before";
      const std::uint32_t handle = (*bypass)->leave(tuple(v6, protocol));
      ASSERT_NE(handle, 0U);
      EXPECT_EQ(come(source, {there, there, back, packet(v6, protocol, false, 40001)}), 1U) << "another port comes";
      const auto counts = (*bypass)->counts(handle);
      EXPECT_EQ(counts[0].packets, 2U);
      EXPECT_EQ(counts[0].bytes, 2 * there.size());
      EXPECT_EQ(counts[1].packets, 1U);
      EXPECT_EQ(counts[1].bytes, back.size());
      if (protocol == ip_proto::kTcp) {
        std::vector<test::Bytes> ends;
        for (const std::uint8_t flag : {test::tcp_flags::kSyn, test::tcp_flags::kFin, test::tcp_flags::kRst}) {
          ends.push_back(packet(v6, protocol, false, 40000, flag));
        }
        EXPECT_EQ(come(source, ends), 3U) << "ends and beginnings come";
      }
      EXPECT_EQ((*bypass)->end(handle)[0].packets, 2U);
      EXPECT_EQ(come(source, {there, back}), 2U) << "afterwards";
    }
  }
}

TEST_F(KernelBypassTest, WhatTheFilterCannotReadComes) {
  auto bypass = KernelBypass::create(256 * 1024, false);
  if (!bypass) GTEST_SKIP() << bypass.error().to_string();
  PacketMmapTapSettings settings = on({"tapb"});
  settings.bypass = *bypass;
  PacketMmapTapSource source(settings);
  ASSERT_TRUE(source.open());
  const std::uint32_t handle = (*bypass)->leave(tuple(false, ip_proto::kUdp));
  ASSERT_NE(handle, 0U);
  const auto plain = packet(false, ip_proto::kUdp, false);
  test::Bytes fragment = plain, options = plain, cut = plain;
  fragment[20] = 0x20;  // more fragments
  options[14] = 0x46;
  cut.resize(14 + 22);
  EXPECT_EQ(come(source, {fragment, options, cut, plain}), 3U);
  EXPECT_TRUE(send("tapa", tagged(0x8100, 5, plain)));
  EXPECT_EQ(collect(source, 1, [](const RawPacket& p) { return p.vlan.present; }).size(), 1U);
  EXPECT_EQ((*bypass)->counts(handle)[0].packets, 1U);
}

TEST_F(KernelBypassTest, OfSeveralInterfacesOnlyTheNamedOnesCome) {
  ASSERT_TRUE(run("ip link add tapc type veth peer name tapd && ip link set tapc up && ip link set tapd up"));
  auto bypass = KernelBypass::create(256 * 1024, true);
  if (!bypass) GTEST_SKIP() << bypass.error().to_string();
  PacketMmapTapSettings settings = on({"tapb", "tapd"});
  settings.outgoing = false;
  settings.bypass = *bypass;
  PacketMmapTapSource source(settings);
  ASSERT_TRUE(source.open());
  const auto plain = packet(false, ip_proto::kUdp, false);
  for (const char* interface : {"tapa", "tapb", "tapc", "tapd"}) EXPECT_TRUE(send(interface, plain));
  const auto seen = collect(source, 4, is_ip, milliseconds(200));
  ASSERT_EQ(seen.size(), 2U) << "sent out of tapa and tapc";
  for (const Seen& one : seen) {
    const std::uint32_t index = one.packet.interface_index;
    EXPECT_TRUE(index == if_nametoindex("tapb") || index == if_nametoindex("tapd"));
  }
}

TEST_F(KernelBypassTest, PlacesAreGivenBackAndRunOut) {
  auto bypass = KernelBypass::create(256 * 1024, false);
  if (!bypass) GTEST_SKIP() << bypass.error().to_string();
  FlowTuple one = tuple(false, ip_proto::kUdp);
  for (int round = 0; round < 3; ++round) {
    std::vector<std::uint32_t> handles;
    for (std::uint32_t i = 0; i < 60000; ++i) {
      one.source_port = static_cast<std::uint16_t>(i);
      one.destination_port = static_cast<std::uint16_t>(1 + i / 256);
      if (const std::uint32_t handle = (*bypass)->leave(one); handle != 0) handles.push_back(handle);
    }
    EXPECT_GT(handles.size(), KernelBypass::kSlots / 4) << "two entries a flow, two places an entry";
    EXPECT_LE(handles.size(), KernelBypass::kSlots / 2);
    EXPECT_GT((*bypass)->without_place(), 0U);
    for (const std::uint32_t handle : handles) static_cast<void>((*bypass)->end(handle));
  }
  one.protocol = ip_proto::kIcmp;
  EXPECT_EQ((*bypass)->leave(one), 0U);
}

}  // namespace
}  // namespace bulkhead::io
