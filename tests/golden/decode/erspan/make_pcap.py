#!/usr/bin/env python3
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, ethernet, ipv4, udp

MIRROR, INNER = ("192.0.2.1", "192.0.2.2"), ("10.1.0.10", "10.2.0.20")
SEQUENCE = 0x1000


def mirrored(port):
    return ethernet(ipv4(*INNER, 17, udp(*INNER, port, 9999, b"ping")))


def gre(flags, body):
    fields = struct.pack("!I", 1) if flags & SEQUENCE else b""
    return ethernet(ipv4(*MIRROR, 47, struct.pack("!HH", flags, 0x88BE) + fields + body))


def type2(vlan, frame, version=1):
    return struct.pack("!HHI", version << 12 | vlan, 7, 0) + frame


capture = Capture()
capture.add(gre(SEQUENCE, type2(23, mirrored(1))))
capture.add(gre(SEQUENCE, type2(0, mirrored(2))))             # VLAN 0: none
capture.add(gre(SEQUENCE, type2(23, mirrored(3), version=2)))  # type III
capture.add(gre(SEQUENCE, b"\x10\x17\0"))                     # header cut
capture.add(gre(0, mirrored(4)))                              # type I
capture.write(sys.argv[1])
