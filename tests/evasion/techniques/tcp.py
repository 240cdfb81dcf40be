"""What a sender can do to a TCP connection without changing what its receiver reads."""
import random

from case import evasion
from packets import ACK, FIN, PSH, RST, SYN, URG
from scripts import Tcp

SEGMENTS, IGNORED, HANDSHAKE, RESETS, CLOCKS, URGENT = (
    "TCP: segments small, late, repeated", "TCP: packets that the receiver ignores", "TCP: handshakes",
    "TCP: resets and ends that are none", "TCP: timestamps and sequence numbers", "TCP: urgent data")


def text(stage):
    return b"exec " + stage.command + b" --now please\n"


def pieces(data, size):
    return [(at, data[at:at + size]) for at in range(0, len(data), size)]


def started(stage, **options):
    tcp = Tcp(stage, port=7000, **options)
    tcp.open()
    return tcp


def finish(tcp):
    tcp.s_ack()
    tcp.close()


# --- segments ---------------------------------------------------------------------------------------------------

@evasion(SEGMENTS)
def one_byte_each(stage):
    tcp = started(stage)
    tcp.say(text(stage), cut=1)
    tcp.close()


@evasion(SEGMENTS)
def one_byte_each_and_none_acknowledged(stage):
    tcp = started(stage)
    for at, piece in pieces(text(stage), 1):
        tcp.c(at, piece)
    finish(tcp)


@evasion(SEGMENTS)
def last_first(stage):
    tcp = started(stage)
    for at, piece in reversed(pieces(text(stage), 4)):
        tcp.c(at, piece)
    finish(tcp)


@evasion(SEGMENTS)
def shuffled(stage):
    tcp = started(stage)
    parts = pieces(text(stage), 3)
    random.Random(7).shuffle(parts)
    for at, piece in parts:
        tcp.c(at, piece)
    finish(tcp)


@evasion(SEGMENTS)
def each_segment_twice(stage):
    tcp = started(stage)
    for at, piece in pieces(text(stage), 4):
        tcp.c(at, piece)
        tcp.c(at, piece)
        tcp.s_ack()
    tcp.close()


@evasion(SEGMENTS)
def retransmissions_that_overlap_by_half(stage):
    tcp = started(stage)
    data = text(stage)
    for at in range(0, len(data), 4):
        tcp.c(at, data[at:at + 8])
    finish(tcp)


@evasion(SEGMENTS)
def an_hour_between_two_segments_of_an_established_connection(stage):
    tcp = started(stage)
    data = text(stage)
    tcp.say(data[:12])
    stage.capture.wait(590)
    tcp.say(data[12:])
    tcp.close()


@evasion(SEGMENTS)
def in_a_small_window(stage):
    tcp = Tcp(stage, port=7000)
    tcp.open(window=4)
    for at, piece in pieces(text(stage), 4):
        tcp.c(at, piece)
        tcp.s_ack(window=4)
    tcp.close()


@evasion(SEGMENTS)
def the_numbers_wrap(stage):
    tcp = started(stage, client_isn=0xFFFFFFFF - 12)
    tcp.say(text(stage), cut=5)
    tcp.close()


@evasion(SEGMENTS)
def with_the_last_packet_of_the_handshake(stage):
    tcp = Tcp(stage, port=7000)
    tcp.put("c", SYN, -1)
    tcp.put("s", SYN | ACK, -1, ack=0)
    data = text(stage)
    tcp.c(0, data[:12])
    tcp.say(data[12:])
    tcp.close()


@evasion(SEGMENTS)
def the_end_with_the_last_data(stage):
    tcp = started(stage)
    data = text(stage)
    tcp.c(0, data[:12])
    tcp.s_ack()
    tcp.c(12, data[12:], flags=FIN | PSH | ACK)
    tcp.put("s", FIN | ACK, 0, ack=len(data) + 1)
    tcp.put("c", ACK, len(data) + 1, ack=1)


@evasion(SEGMENTS)
def the_end_before_the_data_that_it_ends(stage):
    tcp = started(stage)
    data = text(stage)
    tcp.c(0, data[:8])
    tcp.put("c", FIN | ACK, len(data))
    tcp.c(16, data[16:])
    tcp.c(8, data[8:16])
    tcp.put("s", ACK, 0, ack=len(data) + 1)
    tcp.put("s", FIN | ACK, 0, ack=len(data) + 1)
    tcp.put("c", ACK, len(data) + 1, ack=1)


@evasion(SEGMENTS)
def acknowledged_by_the_reset_alone(stage):
    tcp = started(stage)
    for at, piece in pieces(text(stage), 6):
        tcp.c(at, piece)
    tcp.put("s", RST | ACK, 0, ack=len(text(stage)))


@evasion(SEGMENTS, sid=2)
def the_answer_in_single_bytes(stage):
    tcp = started(stage)
    tcp.say(b"id\n")
    tcp.tell(b"uid=0(" + stage.evil + b"-root) gid=0", cut=1)
    tcp.close()


@evasion(SEGMENTS, sid=2)
def the_answer_in_reverse(stage):
    tcp = started(stage)
    tcp.say(b"id\n")
    for at, piece in reversed(pieces(b"uid=0(" + stage.evil + b"-root) gid=0", 3)):
        tcp.s(at, piece)
    tcp.c_ack()
    tcp.close()


@evasion(SEGMENTS)
def behind_a_hundred_kilobytes(stage):
    tcp = started(stage)
    for _ in range(20):
        tcp.say(b"." * 5_000)
    tcp.say(text(stage), cut=4)
    tcp.close()


@evasion(SEGMENTS)
def after_eight_hundred_segments_out_of_order(stage):
    tcp = started(stage)
    data = b"." * 3196 + text(stage)
    for at, piece in reversed(pieces(data, 4)):
        tcp.c(at, piece)
    finish(tcp)


@evasion(SEGMENTS)
def over_ipv6_last_first(stage):
    tcp = started(stage, v6=True)
    for at, piece in reversed(pieces(text(stage), 4)):
        tcp.c(at, piece)
    finish(tcp)


# --- packets that the receiver ignores --------------------------------------------------------------------------

def chaff(how, name, first=True, sid=1):
    """Noise in the place of each segment, sent so that the receiver does not take it; before the segment or after."""
    def play(stage):
        tcp = started(stage)
        for at, piece in pieces(text(stage), 6):
            if first:
                how(tcp, at, b"#" * len(piece))
            tcp.c(at, piece)
            if not first:
                how(tcp, at, b"#" * len(piece))
            tcp.s_ack()
        tcp.close()
    evasion(IGNORED, sid=sid, name=name)(play)


for _first, _when in ((True, "before each segment"), (False, "after each segment")):
    chaff(lambda tcp, at, noise: tcp.put("c", PSH | ACK, at, noise, sum_override=0xBEEF), f"bad TCP checksum {_when}", _first)
    chaff(lambda tcp, at, noise: tcp.put("c", PSH | ACK, at, noise, ip_sum=0xBEEF), f"bad IP checksum {_when}", _first)
    chaff(lambda tcp, at, noise: tcp.put("c", PSH, at, noise), f"no ACK flag {_when}", _first)
    chaff(lambda tcp, at, noise: tcp.put("c", 0, at, noise), f"no flag at all {_when}", _first)
    chaff(lambda tcp, at, noise: tcp.put("c", PSH | ACK, at, noise, ack=900_000), f"acknowledges what was not sent {_when}",
          _first)
    chaff(lambda tcp, at, noise: tcp.put("c", PSH | ACK, at + 10_000_000, noise), f"far ahead of the window {_when}", _first)
    chaff(lambda tcp, at, noise: tcp.put("c", PSH | ACK, at - 10_000_000, noise), f"far behind the window {_when}", _first)
    chaff(lambda tcp, at, noise: tcp.put("c", PSH | ACK, at, noise, data_offset=4), f"header length of 16 {_when}", _first)
    chaff(lambda tcp, at, noise: tcp.put("c", PSH | ACK, at, noise, data_offset=15), f"header longer than the packet {_when}",
          _first)
    chaff(lambda tcp, at, noise: tcp.put("c", PSH | ACK, at, noise, total_length=30), f"IP length cuts the header {_when}",
          _first)
    chaff(lambda tcp, at, noise: tcp.put("c", SYN, at, noise), f"SYN with data inside the connection {_when}", _first)
chaff(lambda tcp, at, noise: tcp.put("c", PSH | ACK, at, noise, ttl=1, never_arrives=True),
      "the same place again with a TTL that ends on the way", first=False)


@evasion(IGNORED)
def noise_with_a_ttl_that_ends_on_the_way_before_the_data(stage):
    tcp = started(stage)
    for at, piece in pieces(text(stage), 6):
        tcp.c(at, b"#" * len(piece), ttl=1, never_arrives=True)
        tcp.c(at, piece)
        tcp.s_ack()
    tcp.close()


@evasion(IGNORED)
def bytes_behind_the_end_of_the_datagram(stage):
    tcp = started(stage)
    for at, piece in pieces(text(stage), 6):
        tcp.c(at, piece, trailer=b"####")
    finish(tcp)


# --- handshakes -------------------------------------------------------------------------------------------------

@evasion(HANDSHAKE)
def the_syn_comes_three_times(stage):
    tcp = Tcp(stage, port=7000)
    for _ in range(3):
        tcp.put("c", SYN, -1)
    tcp.put("s", SYN | ACK, -1, ack=0)
    tcp.put("c", ACK, 0, ack=0)
    tcp.say(text(stage), cut=6)
    tcp.close()


@evasion(HANDSHAKE)
def an_older_syn_with_another_number(stage):
    tcp = Tcp(stage, port=7000)
    tcp.put("c", SYN, 3_000_000, never_arrives=True)
    tcp.put("c", SYN, -1)
    tcp.put("s", SYN | ACK, -1, ack=0)
    tcp.put("c", ACK, 0, ack=0)
    tcp.say(text(stage), cut=6)
    tcp.close()


@evasion(HANDSHAKE)
def a_forged_answer_to_the_syn_before_the_true_one(stage):
    tcp = Tcp(stage, port=7000)
    tcp.put("c", SYN, -1)
    tcp.put("s", SYN | ACK, 7_000_000, ack=0)
    tcp.put("s", SYN | ACK, -1, ack=0)
    tcp.put("c", ACK, 0, ack=0)
    tcp.say(text(stage), cut=6)
    tcp.close()


@evasion(HANDSHAKE)
def a_split_handshake(stage):
    """The server answers with a SYN of its own: the client's SYN/ACK makes it look like the server (simultaneous open)."""
    tcp = Tcp(stage, port=7000)
    tcp.put("c", SYN, -1)
    tcp.put("s", SYN, -1)
    tcp.put("c", SYN | ACK, -1, ack=0)
    tcp.put("s", ACK, 0, ack=0)
    tcp.say(text(stage), cut=6)
    tcp.close()


@evasion(HANDSHAKE)
def a_handshake_of_four_packets(stage):
    tcp = Tcp(stage, port=7000)
    tcp.put("c", SYN, -1)
    tcp.put("s", ACK, -1, ack=0)
    tcp.put("s", SYN, -1)
    tcp.put("c", SYN | ACK, -1, ack=0)
    tcp.put("s", ACK, 0, ack=0)
    tcp.say(text(stage), cut=6)
    tcp.close()


@evasion(HANDSHAKE)
def data_in_the_syn_that_is_not_taken(stage):
    tcp = Tcp(stage, port=7000)
    tcp.put("c", SYN, -1, b"##########")
    tcp.put("s", SYN | ACK, -1, ack=0)
    tcp.put("c", ACK, 0, ack=0)
    tcp.say(text(stage), cut=6)
    tcp.close()


@evasion(HANDSHAKE)
def fast_open_takes_data_in_the_syn(stage):
    tcp = Tcp(stage, port=7000)
    data = text(stage)
    tcp.put("c", SYN, -1, data[:12], options=b"\x22\x0a" + bytes(range(8)))
    tcp.end["c"] = 12
    tcp.put("s", SYN | ACK, -1, ack=12)
    tcp.put("c", ACK, 12, ack=0)
    tcp.say(data[12:])
    tcp.close()


@evasion(HANDSHAKE)
def the_handshake_carries_ecn_and_odd_flags(stage):
    tcp = Tcp(stage, port=7000)
    tcp.put("c", SYN | 0xC0, -1)
    tcp.put("s", SYN | ACK | 0x40, -1, ack=0)
    tcp.put("c", ACK, 0, ack=0)
    tcp.say(text(stage), cut=6)
    tcp.close()


@evasion(HANDSHAKE)
def the_syn_has_push_and_urgent_too(stage):
    tcp = Tcp(stage, port=7000)
    tcp.put("c", SYN | PSH | URG, -1)
    tcp.put("s", SYN | ACK, -1, ack=0)
    tcp.put("c", ACK, 0, ack=0)
    tcp.say(text(stage), cut=6)
    tcp.close()


@evasion(HANDSHAKE)
def the_last_packet_of_the_handshake_is_lost(stage):
    tcp = Tcp(stage, port=7000)
    tcp.put("c", SYN, -1)
    tcp.put("s", SYN | ACK, -1, ack=0)
    tcp.c(6, text(stage)[6:12])
    tcp.c(0, text(stage)[:6])
    tcp.c(12, text(stage)[12:])
    finish(tcp)


@evasion(HANDSHAKE)
def the_same_ports_again_after_a_reset(stage):
    tcp = started(stage)
    tcp.say(b"nothing to see\n")
    tcp.reset()
    again = Tcp(stage, port=7000, client_isn=900_000, server_isn=800_000)
    again.own_port = tcp.own_port
    stage.scripts.remove(tcp)
    again.open()
    again.say(text(stage), cut=6)
    again.close()


@evasion(HANDSHAKE)
def the_same_ports_again_after_the_end(stage):
    tcp = started(stage)
    tcp.say(b"nothing to see\n")
    tcp.close()
    again = Tcp(stage, port=7000, client_isn=9_000_000, server_isn=8_000_000)
    again.own_port = tcp.own_port
    stage.scripts.remove(tcp)
    again.open()
    again.say(text(stage), cut=6)
    again.close()


@evasion(HANDSHAKE)
def a_reset_refuses_a_first_try_that_had_another_number(stage):
    tcp = Tcp(stage, port=7000)
    tcp.put("c", SYN, 5_000_000)
    tcp.put("s", RST | ACK, -1, ack=5_000_001)
    tcp.put("c", SYN, -1)
    tcp.put("s", SYN | ACK, -1, ack=0)
    tcp.put("c", ACK, 0, ack=0)
    tcp.say(text(stage), cut=6)
    tcp.close()


# --- resets and ends that are none ------------------------------------------------------------------------------

def interruption(how, name):
    def play(stage):
        tcp = started(stage)
        data = text(stage)
        tcp.say(data[:12])
        how(tcp)
        tcp.say(data[12:], cut=6)
        tcp.close()
    evasion(RESETS, name=name)(play)


interruption(lambda tcp: tcp.put("c", RST, 12, sum_override=0xBEEF), "reset with a bad checksum")
interruption(lambda tcp: tcp.put("c", RST, 12, ttl=1, never_arrives=True), "reset with a TTL that ends on the way")
interruption(lambda tcp: tcp.put("c", RST | ACK, 12, ttl=1, never_arrives=True), "reset with ACK and a TTL that ends on the way")
interruption(lambda tcp: tcp.put("s", RST | ACK, 0, ttl=1, never_arrives=True), "reset of the server with a TTL that ends on the way")
interruption(lambda tcp: tcp.put("c", RST, 50_000_000), "reset out of the window")
interruption(lambda tcp: tcp.put("c", RST, 13), "reset in the window but not at its edge (RFC 5961)")
interruption(lambda tcp: tcp.put("s", RST, 50_000_000), "reset of the server out of the window")
interruption(lambda tcp: tcp.put("c", FIN | ACK, 12, sum_override=0xBEEF), "FIN with a bad checksum")
interruption(lambda tcp: tcp.put("c", FIN | ACK, 12, ttl=1, never_arrives=True), "FIN with a TTL that ends on the way")
interruption(lambda tcp: tcp.put("c", FIN | ACK, 50_000_000), "FIN out of the window")
interruption(lambda tcp: tcp.put("c", FIN, 12), "FIN without ACK")
interruption(lambda tcp: tcp.put("c", SYN, 70_000_000), "SYN out of the window")
interruption(lambda tcp: tcp.put("c", SYN, 11), "SYN in the window")
interruption(lambda tcp: tcp.put("s", SYN | ACK, 90_000_000, ack=12), "SYN/ACK inside the connection")
interruption(lambda tcp: tcp.put("c", FIN | RST | SYN | ACK, 70_000_000), "every flag, out of the window")


# --- timestamps and numbers -------------------------------------------------------------------------------------

def with_clock(how, name):
    def play(stage):
        tcp = started(stage, timestamps=(100_000, 500_000))
        data = text(stage)
        tcp.say(data[:6])
        for at, piece in pieces(data[6:], 6):
            tcp.clock["c"] += 10
            tcp.clock["s"] += 10
            how(tcp, at + 6, piece)
        finish(tcp)
    evasion(CLOCKS, name=name)(play)


def old_noise_first(tcp, at, piece):
    tcp.put("c", PSH | ACK, at, b"#" * len(piece), timestamp=(90_000, tcp.clock["s"]))
    tcp.c(at, piece)
    tcp.s_ack()


def old_noise_after(tcp, at, piece):
    tcp.c(at, piece)
    tcp.put("c", PSH | ACK, at, b"#" * len(piece), timestamp=(90_000, tcp.clock["s"]))


def clock_wraps(tcp, at, piece):
    tcp.clock["c"] = (tcp.clock["c"] + 0x3FFFFFFF) & 0xFFFFFFFF
    tcp.c(at, piece)
    tcp.s_ack()


def no_option_in_noise(tcp, at, piece):
    tcp.put("c", PSH | ACK, at, b"#" * len(piece), timestamp=(0, 0))
    tcp.c(at, piece)
    tcp.s_ack()


with_clock(old_noise_first, "noise with an old timestamp before each segment (PAWS)")
with_clock(old_noise_after, "noise with an old timestamp after each segment")
with_clock(clock_wraps, "the sender's clock leaps and wraps")
with_clock(no_option_in_noise, "noise with a timestamp of 0 before each segment")


@evasion(CLOCKS)
def a_keep_alive_with_a_byte_of_noise(stage):
    tcp = started(stage)
    data = text(stage)
    tcp.say(data[:10])
    tcp.put("c", ACK, 9, b"#")
    tcp.s_ack()
    tcp.say(data[10:])
    tcp.close()


@evasion(CLOCKS)
def zero_window_probes_with_noise(stage):
    tcp = started(stage)
    data = text(stage)
    tcp.say(data[:10])
    tcp.s_ack(window=0)
    tcp.put("c", ACK, 10, data[10:11])
    tcp.s_ack(upto=10, window=0)
    tcp.s_ack(upto=10, window=60_000)
    tcp.say(data[10:])
    tcp.close()


@evasion(CLOCKS)
def bytes_behind_the_window_that_come_again(stage):
    tcp = Tcp(stage, port=7000)
    tcp.open(window=16)
    data = text(stage)
    tcp.c(0, data[:12])
    tcp.s_ack(window=4)
    tcp.c(12, data[12:16] + b"#" * (len(data) - 16), never_arrives=True)
    tcp.s_ack(upto=16, window=60_000)
    tcp.c(16, data[16:])
    finish(tcp)


# --- urgent data ------------------------------------------------------------------------------------------------

@evasion(URGENT, settings=("stream.reassembly.urgent.policy=oob",))
def a_byte_that_the_application_does_not_read(stage):
    """Linux takes the byte before the urgent pointer out of the stream."""
    tcp = started(stage)
    data = text(stage)
    tcp.say(data[:10])
    tcp.c(10, b"#", flags=PSH | ACK | URG, urgent=1)
    tcp.s_ack()
    tcp.say(data[10:])
    tcp.close()


@evasion(URGENT, settings=("stream.reassembly.urgent.policy=oob",))
def an_urgent_pointer_of_zero(stage):
    """Linux takes the first byte of the segment out."""
    tcp = started(stage)
    data = text(stage)
    tcp.say(data[:10])
    tcp.c(10, b"#" + data[10:20], flags=PSH | ACK | URG, urgent=0)
    tcp.c(21, data[20:])
    finish(tcp)
