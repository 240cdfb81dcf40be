"""Segments and fragments that bring two versions of the same bytes.

Every way in which one piece can lie on another, both orders of the two versions, each system. What the system reads is
computed from its rule, byte by byte; where the attack is what it reads, the engine must alert, where it is not, an alert
is false. The first piece of the stream is missing until the end, so that nothing is read before both versions are there.
"""
import itertools
import struct

from case import evasion
from packets import ipv4, ipv6, udp
from scripts import Tcp

# The later of two pieces wins where (old begin, old end, new begin, new end) say so.
SEGMENTS = {
    "windows": lambda ob, oe, nb, ne: nb < ob,
    "bsd": lambda ob, oe, nb, ne: nb < ob,
    "vista": lambda ob, oe, nb, ne: False,
    "linux": lambda ob, oe, nb, ne: nb < ob or (nb == ob and ne > oe),
    "solaris": lambda ob, oe, nb, ne: ne >= oe if nb <= ob else ne > oe,
}
FRAGMENTS = {
    "windows": lambda ob, oe, nb, ne: nb < ob and ne > oe,
    "bsd": lambda ob, oe, nb, ne: nb < ob,
    "vista": lambda ob, oe, nb, ne: nb < ob and ne > oe,
    "linux": lambda ob, oe, nb, ne: nb <= ob,  # until 4.18
    "solaris": lambda ob, oe, nb, ne: nb < ob and ne >= oe,
}
# (begin, end) of the older and of the newer piece, in units; nine ways to lie on one another.
WAYS = {
    "same": ((2, 5), (2, 5)), "begins before": ((2, 5), (1, 4)), "ends behind": ((2, 5), (3, 6)),
    "inside": ((1, 6), (2, 5)), "around": ((2, 5), (1, 6)), "same begin, shorter": ((2, 6), (2, 4)),
    "same begin, longer": ((2, 4), (2, 6)), "same end, shorter": ((1, 5), (3, 5)), "same end, longer": ((3, 5), (1, 5)),
}


def read_by(rule, pieces):
    """What a system reads: later pieces are judged against the one that owns each byte."""
    owner = {}
    for at, (begin, data) in enumerate(pieces):
        for place in range(begin, begin + len(data)):
            if place in owner:
                old_begin, old = pieces[owner[place]]
                if not rule(old_begin, old_begin + len(old), begin, begin + len(data)):
                    continue
            owner[place] = at
    end = max(owner) + 1 if owner else 0
    return bytes(pieces[owner[place]][1][place - pieces[owner[place]][0]] if place in owner else 0 for place in range(end))


def schedule(way, attack_first, text, unit, noise=b"#"):
    """Pieces in order of arrival: the versions that overlap, the rest that neither has, the beginning at last."""
    (ob, oe), (nb, ne) = WAYS[way]
    old, new = (ob * unit, oe * unit), (nb * unit, ne * unit)
    true = lambda begin, end: text[begin:end]
    false = lambda begin, end: noise * (min(end, len(text)) - begin)
    both = [(old[0], (true if attack_first else false)(*old)), (new[0], (false if attack_first else true)(*new))]
    lowest, highest = min(old[0], new[0]), max(old[1], new[1])
    rest = [(highest, text[highest:])] if highest < len(text) else []
    return both + rest + [(0, text[:lowest])]


def attack_is_read(rule, pieces, word):
    return word in read_by(rule, pieces)


def both_orders(rule, text, unit, word):
    for way, attack_first in itertools.product(WAYS, (True, False)):
        pieces = schedule(way, attack_first, text, unit)
        yield way, attack_first, attack_is_read(rule, pieces, word)


def linux_since_4_18(way, attack_first):
    """A fragment inside what is there is dropped; one that overlaps otherwise ends the datagram (inet_frag_queue_insert)."""
    (old_begin, old_end), (new_begin, new_end) = WAYS[way]
    return attack_first and old_begin <= new_begin and new_end <= old_end


def name_of(target, way, attack_first):
    return f"{target}: newer piece {way}, attack in the {'older' if attack_first else 'newer'}"


def tcp_text(stage):
    return b"exec " + stage.command + b" --now please\n"  # a unit of 4 bytes: no piece holds the whole word


def tcp_case(way, attack_first):
    def play(stage):
        tcp = Tcp(stage, port=7000)
        tcp.open()
        for begin, data in schedule(way, attack_first, tcp_text(stage), 4):
            tcp.c(begin, data)
        tcp.s_ack()
        tcp.close()
    return play


def udp_payload(stage):
    """The UDP datagram with the command: fragments of 8 bytes cut it."""
    source, target = stage.ends()
    return udp(source, target, 31000, 7001, b"exec " + stage.command + b" --now, please, and quickly")


def fragment(stage, offset, data, more, identification=77, v6=False, protocol=17):
    source, target = stage.ends(v6)
    if v6:
        header = struct.pack("!BBHI", protocol, 0, offset | (1 if more else 0), identification)
        stage.frame(ipv6(source, target, 44, header + data))
    else:
        stage.frame(ipv4(source, target, protocol, data, identification=identification,
                         flags=(0x2000 if more else 0) | offset // 8))


def fragment_case(way, attack_first, v6=False):
    def play(stage):
        source, target = stage.ends(v6)
        text = udp(source, target, 31000, 7001, b"exec " + stage.command + b" --now, please, and quickly")
        for begin, data in schedule(way, attack_first, text, 8):
            fragment(stage, begin, data, begin + len(data) < len(text), v6=v6)
    return play


class _Evil:  # for the truth of the schedules; the twin has words of the same length
    client, evil, command = "10.100.0.1", b"evil", b"/bin/evil-command"

    @staticmethod
    def ends(v6=False):
        return "10.100.0.1", "10.200.0.20"


for _target, _rule in SEGMENTS.items():
    for _way, _first, _read in both_orders(_rule, tcp_text(_Evil), 4, _Evil.command):
        evasion("TCP: overlapping segments", sid=1, target=_target, name=name_of(_target, _way, _first),
                arrives=_read)(tcp_case(_way, _first))
for _target, _rule in FRAGMENTS.items():
    for _way, _first, _read in both_orders(_rule, udp_payload(_Evil), 8, _Evil.command):
        evasion("IPv4: overlapping fragments", sid=3, target=_target, name=name_of(_target, _way, _first),
                arrives=_read)(fragment_case(_way, _first))
for _way, _first in itertools.product(WAYS, (True, False)):
    if linux_since_4_18(_way, _first):
        evasion("IPv4: overlapping fragments, as Linux reads them since 4.18", sid=3,
                name=name_of("linux", _way, _first))(fragment_case(_way, _first))
