#!/usr/bin/env python3
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, ethernet, ipv4, ipv6, udp

OUTER, V4, V6 = ("192.0.2.1", "192.0.2.2"), ("10.1.0.10", "10.2.0.20"), ("fd00::1", "fd00::2")


def geneve(kind, body, options=b"", port=6081):
    header = struct.pack("!BBHI", len(options) // 4, 0, kind, 5 << 8) + options
    return ethernet(ipv4(*OUTER, 17, udp(*OUTER, 50000, port, header + body)))


def datagram(ends, port):
    build = ipv4 if "." in ends[0] else ipv6
    return build(*ends, 17, udp(*ends, port, 9999, b"ping"))


capture = Capture()
capture.add(geneve(0x6558, ethernet(datagram(V4, 1))))
capture.add(geneve(0x0800, datagram(V4, 2)))
capture.add(geneve(0x86DD, datagram(V6, 3), options=b"\x01\x02\x03\x01abcd"))
capture.add(geneve(0x1234, b"neither"))                   # a protocol type that is not known
capture.add(geneve(0x6558, ethernet(datagram(V4, 4)), port=6082))  # not Geneve's port
capture.write(sys.argv[1])
