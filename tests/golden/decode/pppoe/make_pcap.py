#!/usr/bin/env python3
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, ethernet, ipv4, ipv6, udp

V4, V6 = ("10.1.0.10", "10.2.0.20"), ("fd00::1", "fd00::2")
SESSION, DISCOVERY = 0x8864, 0x8863


def session(protocol, body):
    return ethernet(struct.pack("!BBHHH", 0x11, 0, 1, len(body) + 2, protocol) + body, ether_type=SESSION)


def discovery(code, tags):
    return ethernet(struct.pack("!BBHH", 0x11, code, 0, len(tags)) + tags, ether_type=DISCOVERY)


def datagram(ends, port):
    build = ipv4 if "." in ends[0] else ipv6
    return build(*ends, 17, udp(*ends, port, 9999, b"ping"))


capture = Capture()
capture.add(session(0x0021, datagram(V4, 1)))
capture.add(session(0x0057, datagram(V6, 2)))
capture.add(session(0xC021, b"\x01\x01\0\x04"))                 # LCP: known, not read
capture.add(session(0x1234, b"neither"))                        # no PPP protocol
capture.add(session(0x0021, datagram(V4, 3)[:12]))              # IPv4 header cut
capture.add(discovery(0x09, struct.pack("!HH", 0x0101, 0)))     # PADI
capture.add(discovery(0x42, b""))                               # a code that is not assigned
capture.add(ethernet(b"\x11\0\0", ether_type=SESSION))          # header cut
capture.write(sys.argv[1])
