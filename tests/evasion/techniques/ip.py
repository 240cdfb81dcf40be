"""Datagrams in pieces, headers before headers, packets inside packets."""
import random
import struct

from case import evasion
from packets import ACK, PSH, ethernet, icmp, ipv4, ipv6, tcp, udp
from scripts import Tcp

FRAGMENTS4, FRAGMENTS6, HEADERS, TUNNELS = (
    "IPv4: fragments", "IPv6: fragments", "IP: options and extension headers", "Tunnels and tags")
UDP, TCP, ICMP6, FRAGMENT, HOP_BY_HOP, ROUTING, DESTINATION = 17, 6, 58, 44, 0, 43, 60
EXPERIMENT = 0x1E  # an option that a host skips when it does not know it (RFC 4727); long padding is refused by Linux


def command(stage):
    return b"exec " + stage.command + b" --now, please, and quickly"


def datagram(stage, v6=False, more=b""):
    source, target = stage.ends(v6)
    return udp(source, target, 31000, 7001, command(stage) + more)


def cut(data, size):
    return [(at, data[at:at + size], at + size < len(data)) for at in range(0, len(data), size)]


def put4(stage, offset, data, more, protocol=UDP, identification=77, **options):
    source, target = stage.ends()
    stage.frame(ipv4(source, target, protocol, data, identification=identification,
                     flags=(0x2000 if more else 0) | offset // 8, **options))


def fragment6(offset, more, next_header=UDP, identification=77):
    return struct.pack("!BBHI", next_header, 0, offset | (1 if more else 0), identification)


def put6(stage, offset, data, more, identification=77, before=b"", first=None, hop_limit=64):
    """`before`: extension headers in front, whose first is of type `first`."""
    source, target = stage.ends(True)
    stage.frame(ipv6(source, target, FRAGMENT if first is None else first,
                     before + fragment6(offset, more, identification=identification) + data, hop_limit=hop_limit))


# --- fragments --------------------------------------------------------------------------------------------------

@evasion(FRAGMENTS4, sid=3)
def eight_bytes_each(stage):
    for piece in cut(datagram(stage), 8):
        put4(stage, *piece)


@evasion(FRAGMENTS4, sid=3)
def eight_bytes_each_last_first(stage):
    for piece in reversed(cut(datagram(stage), 8)):
        put4(stage, *piece)


@evasion(FRAGMENTS4, sid=3)
def eight_bytes_each_shuffled(stage):
    parts = cut(datagram(stage), 8)
    random.Random(3).shuffle(parts)
    for piece in parts:
        put4(stage, *piece)


@evasion(FRAGMENTS4, sid=3)
def each_fragment_twice(stage):
    for piece in cut(datagram(stage), 16):
        put4(stage, *piece)
        if piece[2]:  # the datagram is whole with the last one
            put4(stage, *piece)


@evasion(FRAGMENTS4, sid=3)
def twenty_seconds_between_fragments(stage):
    for piece in cut(datagram(stage), 16):
        put4(stage, *piece)
        stage.capture.wait(20)


@evasion(FRAGMENTS4, sid=3, settings=("defrag.timeout=30",))
def noise_that_the_receiver_has_forgotten(stage):
    """Linux gives up an incomplete datagram after 30 s; an engine that waits longer mixes it with the next one."""
    parts = cut(datagram(stage), 16)
    for at, data, more in parts[1:]:
        put4(stage, at, b"#" * len(data), more)
    stage.capture.wait(40)
    for piece in reversed(parts):
        put4(stage, *piece)


@evasion(FRAGMENTS4, sid=3)
def fragments_of_another_protocol_with_the_same_number(stage):
    for at, data, more in cut(datagram(stage), 16):
        put4(stage, at, b"#" * len(data), more, protocol=TCP)
        put4(stage, at, data, more)


@evasion(FRAGMENTS4, sid=3)
def fragments_with_a_bad_checksum_of_the_header(stage):
    for at, data, more in cut(datagram(stage), 16):
        source, target = stage.ends()
        packet = ipv4(source, target, UDP, b"#" * len(data), identification=77, flags=(0x2000 if more else 0) | at // 8)
        stage.frame(packet[:10] + b"\xbe\xef" + packet[12:])
        put4(stage, at, data, more)


@evasion(FRAGMENTS4, sid=3)
def fragments_with_different_ttl_and_tos(stage):
    for number, (at, data, more) in enumerate(cut(datagram(stage), 16)):
        put4(stage, at, data, more, ttl=64 + number, tos=4 * number)


@evasion(FRAGMENTS4, sid=3)
def options_in_each_fragment(stage):
    for at, data, more in cut(datagram(stage), 16):
        put4(stage, at, data, more, options=b"\x94\x04\0\0")


@evasion(FRAGMENTS4, sid=3)
def a_length_that_is_no_multiple_of_eight_in_the_last_alone(stage):
    for piece in cut(datagram(stage, more=b"..."), 24):
        put4(stage, *piece)


@evasion(FRAGMENTS4, sid=3)
def two_datagrams_interleaved(stage):
    other = udp(*stage.ends(), 31000, 7001, b"." * len(command(stage)))
    for (at, data, more), (_, noise, _) in zip(cut(datagram(stage), 16), cut(other, 16)):
        put4(stage, at, noise, more, identification=78)
        put4(stage, at, data, more)


@evasion(FRAGMENTS4, sid=1)
def segments_of_tcp_in_fragments(stage):
    """The first fragment holds 8 bytes of the TCP header, the flags come with the second."""
    def wrap(packet):
        source, target = packet[12:16], packet[16:20]
        ends = [".".join(map(str, part)) for part in (source, target)]
        stage.number_of_datagram = getattr(stage, "number_of_datagram", 100) + 1
        return [ipv4(*ends, TCP, data, identification=stage.number_of_datagram, flags=(0x2000 if more else 0) | at // 8)
                for at, data, more in cut(packet[20:], 8)]
    talk = Tcp(stage, port=7000, wrap=wrap)
    talk.open()
    talk.say(command(stage), cut=6)
    talk.close()


@evasion(FRAGMENTS4, sid=1)
def segments_of_tcp_in_fragments_last_first(stage):
    def wrap(packet):
        ends = [".".join(map(str, part)) for part in (packet[12:16], packet[16:20])]
        stage.number_of_datagram = getattr(stage, "number_of_datagram", 100) + 1
        return [ipv4(*ends, TCP, data, identification=stage.number_of_datagram, flags=(0x2000 if more else 0) | at // 8)
                for at, data, more in reversed(cut(packet[20:], 16))]
    talk = Tcp(stage, port=7000, wrap=wrap)
    talk.open()
    talk.say(command(stage), cut=6)
    talk.close()


@evasion(FRAGMENTS4, sid=4)
def an_echo_in_fragments(stage):
    for at, data, more in cut(icmp(8, 0, b"\0\1\0\1" + command(stage)), 8):
        put4(stage, at, data, more, protocol=1)


@evasion(FRAGMENTS6, sid=3)
def eight_bytes_each_over_ipv6(stage):
    for piece in cut(datagram(stage, True), 8):
        put6(stage, *piece)


@evasion(FRAGMENTS6, sid=3)
def last_first_over_ipv6(stage):
    for piece in reversed(cut(datagram(stage, True), 8)):
        put6(stage, *piece)


@evasion(FRAGMENTS6, sid=3)
def an_atomic_fragment(stage):
    """A fragment header on a datagram that is whole (RFC 6946)."""
    put6(stage, 0, datagram(stage, True), False)


@evasion(FRAGMENTS6, sid=3)
def atomic_fragments_amid_another_datagram_of_the_same_number(stage):
    noise = cut(b"#" * 64, 16)
    put6(stage, *noise[0])
    put6(stage, 0, datagram(stage, True), False)
    put6(stage, *noise[1])


@evasion(FRAGMENTS6, sid=3)
def options_before_the_fragment_header(stage):
    for at, data, more in cut(datagram(stage, True), 16):
        put6(stage, at, data, more, before=bytes([FRAGMENT, 0, 1, 4, 0, 0, 0, 0]), first=DESTINATION)


@evasion(FRAGMENTS6, sid=3)
def options_inside_the_fragmented_part(stage):
    source, target = stage.ends(True)
    whole = bytes([UDP, 1, EXPERIMENT, 12]) + bytes(12) + datagram(stage, True)
    for at, data, more in cut(whole, 24):  # the first holds all headers (RFC 7112)
        stage.frame(ipv6(source, target, FRAGMENT, fragment6(at, more, next_header=DESTINATION) + data))


@evasion(FRAGMENTS6, sid=3)
def later_fragments_name_another_protocol(stage):
    """RFC 8200: the next header of the first fragment counts alone."""
    source, target = stage.ends(True)
    for at, data, more in cut(datagram(stage, True), 16):
        stage.frame(ipv6(source, target, FRAGMENT, fragment6(at, more, next_header=UDP if at == 0 else TCP) + data))


@evasion(FRAGMENTS6, sid=1)
def segments_of_tcp_in_fragments_over_ipv6(stage):
    def wrap(packet):
        stage.number_of_datagram = getattr(stage, "number_of_datagram", 100) + 1
        return [packet[:4] + struct.pack("!HB", len(data) + 8, FRAGMENT) + packet[7:40] +
                fragment6(at, more, next_header=TCP, identification=stage.number_of_datagram) + data
                for at, data, more in cut(packet[40:], 24)]  # the first holds the header (RFC 7112)
    talk = Tcp(stage, port=7000, v6=True, wrap=wrap)
    talk.open()
    talk.say(command(stage), cut=12)
    talk.close()


# --- options and extension headers ------------------------------------------------------------------------------

def conversation(stage, wrap, v6=False):
    talk = Tcp(stage, port=7000, v6=v6, wrap=wrap)
    talk.open()
    talk.say(command(stage), cut=9)
    talk.close()


def with_headers(headers, first):
    """IPv6 extension headers between the IP header and TCP."""
    def wrap(packet):
        return [packet[:4] + struct.pack("!HB", len(packet) - 40 + len(headers), first) + packet[7:40] + headers + packet[40:]]
    return wrap


@evasion(HEADERS)
def ipv4_with_forty_bytes_of_options(stage):
    def wrap(packet):
        ends = [".".join(map(str, part)) for part in (packet[12:16], packet[16:20])]
        return [ipv4(*ends, TCP, packet[20:], options=b"\1" * 40)]
    conversation(stage, wrap)


@evasion(HEADERS)
def ipv4_with_a_router_alert(stage):
    def wrap(packet):
        ends = [".".join(map(str, part)) for part in (packet[12:16], packet[16:20])]
        return [ipv4(*ends, TCP, packet[20:], options=b"\x94\x04\0\0")]
    conversation(stage, wrap)


@evasion(HEADERS)
def tcp_with_forty_bytes_of_options(stage):
    talk = Tcp(stage, port=7000)
    talk.open(options=b"\1" * 40)
    for at in range(0, len(command(stage)), 9):
        talk.c(at, command(stage)[at:at + 9], options=b"\1" * 40)
    talk.s_ack()
    talk.close()


@evasion(HEADERS)
def ipv6_hop_by_hop(stage):
    conversation(stage, with_headers(bytes([TCP, 0, 1, 4, 0, 0, 0, 0]), HOP_BY_HOP), True)


@evasion(HEADERS)
def ipv6_destination_options_of_264_bytes(stage):
    content = bytes([EXPERIMENT, 255]) + bytes(255) + bytes([1, 3]) + bytes(3)
    conversation(stage, with_headers(bytes([TCP, 32]) + content, DESTINATION), True)


@evasion(HEADERS)
def ipv6_eight_destination_options(stage):
    one = lambda following: bytes([following, 0, 1, 4, 0, 0, 0, 0])
    conversation(stage, with_headers(one(DESTINATION) * 7 + one(TCP), DESTINATION), True)


@evasion(HEADERS)
def ipv6_routing_header_that_is_used_up(stage):
    conversation(stage, with_headers(bytes([TCP, 2, 253, 0, 0, 0, 0, 0]) + bytes(16), ROUTING), True)


@evasion(HEADERS)
def ipv6_all_of_them(stage):
    chain = bytes([DESTINATION, 0, 1, 4, 0, 0, 0, 0]) + bytes([ROUTING, 0, 1, 4, 0, 0, 0, 0]) + \
        bytes([DESTINATION, 2, 253, 0, 0, 0, 0, 0]) + bytes(16) + bytes([TCP, 0, 1, 4, 0, 0, 0, 0])
    conversation(stage, with_headers(chain, HOP_BY_HOP), True)


# --- tunnels and tags -------------------------------------------------------------------------------------------

OUTER, OUTER_V6 = ("172.30.0.1", "172.30.0.2"), ("fd00:30::1", "fd00:30::2")


def ends(packet):
    """The way of an inner packet through the tunnel: the client's side first."""
    forth = packet[12] == 10 and packet[13] == 100 if packet[0] >> 4 == 4 else packet[8:12] == bytes.fromhex("fd000100")
    return (OUTER, OUTER_V6) if forth else (OUTER[::-1], OUTER_V6[::-1])


def ether_type(packet):
    return 0x0800 if packet[0] >> 4 == 4 else 0x86DD


def ip_protocol(packet):
    return 4 if packet[0] >> 4 == 4 else 41


def in_gre(packet):
    return ipv4(*ends(packet)[0], 47, struct.pack("!HH", 0, ether_type(packet)) + packet)


def in_gre_with_key_and_number(packet):
    return ipv4(*ends(packet)[0], 47, struct.pack("!HHII", 0x3000, ether_type(packet), 7, 9) + packet)


def in_gre_with_ethernet(packet):
    return ipv4(*ends(packet)[0], 47, struct.pack("!HH", 0, 0x6558) + ethernet(packet))


def in_gre_over_ipv6(packet):
    return ipv6(*ends(packet)[1], 47, struct.pack("!HH", 0, ether_type(packet)) + packet)


def in_ipv4(packet):
    return ipv4(*ends(packet)[0], ip_protocol(packet), packet)


def in_ipv6(packet):
    return ipv6(*ends(packet)[1], ip_protocol(packet), packet)


def in_vxlan(packet, port=4789):
    return ipv4(*ends(packet)[0], UDP, udp(*ends(packet)[0], 49152, port, struct.pack("!II", 0x08000000, 42 << 8) +
                                           ethernet(packet)))


def in_vxlan_with_a_tag(packet):
    return ipv4(*ends(packet)[0], UDP, udp(*ends(packet)[0], 49152, 4789, struct.pack("!II", 0x08000000, 42 << 8) +
                                           ethernet(packet, vlans=((0x8100, 5),))))


def in_geneve(packet):
    return ipv4(*ends(packet)[0], UDP, udp(*ends(packet)[0], 49152, 6081, struct.pack("!BBHI", 0, 0, 0x6558, 42 << 8) +
                                           ethernet(packet)))


def in_geneve_with_options(packet):
    options = struct.pack("!HBB", 0x0102, 0x80, 2) + bytes(8)
    return ipv4(*ends(packet)[0], UDP, udp(*ends(packet)[0], 49152, 6081, struct.pack("!BBHI", 3, 0, 0x6558, 42 << 8) +
                                           options + ethernet(packet)))


def in_teredo(packet):
    return ipv4(*ends(packet)[0], UDP, udp(*ends(packet)[0], 3544, 3544, packet))


def tunnel(wrap, name, v6=False, settings=()):
    def play(stage):
        conversation(stage, lambda packet: [wrap(packet)], v6)
    evasion(TUNNELS, name=name, settings=settings)(play)


tunnel(in_gre, "GRE")
tunnel(in_gre, "GRE, IPv6 inside", v6=True)
tunnel(in_gre_with_key_and_number, "GRE with key and sequence number")
tunnel(in_gre_with_ethernet, "GRE with Ethernet")
tunnel(in_gre_over_ipv6, "GRE over IPv6")
tunnel(in_ipv4, "IPv4 in IPv4")
tunnel(in_ipv4, "IPv6 in IPv4", v6=True)
tunnel(in_ipv6, "IPv4 in IPv6")
tunnel(in_ipv6, "IPv6 in IPv6", v6=True)
tunnel(in_vxlan, "VXLAN")
tunnel(in_vxlan_with_a_tag, "VXLAN with a tag inside")
tunnel(in_geneve, "Geneve")
tunnel(in_geneve_with_options, "Geneve with options")
tunnel(in_teredo, "Teredo", v6=True)
tunnel(lambda packet: in_gre(in_vxlan(packet)), "VXLAN in GRE")
tunnel(lambda packet: in_vxlan(in_gre(packet)), "GRE in VXLAN")
tunnel(lambda packet: in_ipv6(in_gre(in_ipv6(packet))), "three tunnels deep")
tunnel(lambda packet: in_vxlan(in_vxlan(packet)), "VXLAN in VXLAN")


@evasion(TUNNELS)
def fragments_inside_a_tunnel(stage):
    def wrap(packet):
        inner = [".".join(map(str, part)) for part in (packet[12:16], packet[16:20])]
        stage.number_of_datagram = getattr(stage, "number_of_datagram", 100) + 1
        return [in_gre(ipv4(*inner, TCP, data, identification=stage.number_of_datagram, flags=(0x2000 if more else 0) | at // 8))
                for at, data, more in cut(packet[20:], 8)]
    conversation(stage, wrap)


@evasion(TUNNELS)
def a_tunnel_in_fragments(stage):
    def wrap(packet):
        whole = in_vxlan(packet)
        outer = [".".join(map(str, part)) for part in (whole[12:16], whole[16:20])]
        stage.number_of_datagram = getattr(stage, "number_of_datagram", 100) + 1
        # The number of the case keeps datagrams of different cases apart.
        return [ipv4(*outer, UDP, data, identification=(stage.number * 50 + stage.number_of_datagram) & 0xFFFF,
                     flags=(0x2000 if more else 0) | at // 8) for at, data, more in cut(whole[20:], 32)]
    conversation(stage, wrap)


def tagged(vlans, name):
    def play(stage):
        conversation(stage, lambda packet: [(packet, {"vlans": vlans})])
    evasion(TUNNELS, name=name)(play)


tagged(((0x8100, 7),), "one tag")
tagged(((0x88A8, 7), (0x8100, 8)), "two tags")
tagged(((0x88A8, 7), (0x8100, 8), (0x8100, 9)), "three tags")


def in_mpls(labels):
    def wrap(packet):
        stack = b"".join(struct.pack("!I", (100 + at) << 12 | (0x100 if at == labels - 1 else 0) | 64) for at in range(labels))
        return [(stack + packet, {"ether_type": 0x8847})]
    return wrap


@evasion(TUNNELS)
def mpls(stage):
    conversation(stage, in_mpls(1))


@evasion(TUNNELS)
def mpls_five_labels(stage):
    conversation(stage, in_mpls(5))


@evasion(TUNNELS)
def pppoe(stage):
    conversation(stage, lambda packet: [(struct.pack("!BBHHH", 0x11, 0, 7, len(packet) + 2, 0x0021) + packet,
                                         {"ether_type": 0x8864})])
