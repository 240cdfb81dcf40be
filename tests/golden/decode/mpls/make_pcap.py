#!/usr/bin/env python3
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, ethernet, ipv4, ipv6, udp

V4, V6 = ("10.1.0.10", "10.2.0.20"), ("fd00::1", "fd00::2")


def labels(*numbers):
    last = len(numbers) - 1
    return b"".join(struct.pack("!I", label << 12 | (0x100 if i == last else 0) | 64) for i, label in enumerate(numbers))


def datagram(ends, port):
    build = ipv4 if "." in ends[0] else ipv6
    return build(*ends, 17, udp(*ends, port, 9999, b"ping"))


def frame(stack, packet, ether_type=0x8847):
    return ethernet(stack + packet, ether_type=ether_type)


capture = Capture()
capture.add(frame(labels(100), datagram(V4, 1)))
capture.add(frame(labels(100, 200, 300), datagram(V4, 2)))
capture.add(frame(labels(0), datagram(V4, 3)))                      # explicit null, IPv4
capture.add(frame(labels(2), datagram(V6, 4)))                      # explicit null, IPv6
capture.add(frame(labels(100), datagram(V6, 5), ether_type=0x8848))  # multicast EtherType
capture.add(frame(labels(100), b"\0\0\0\0" + ethernet(datagram(V4, 6))))  # pseudowire with a control word
capture.add(frame(labels(1), datagram(V4, 7)))                      # router alert may not stand at the bottom
capture.add(frame(labels(3), datagram(V4, 8)))                      # implicit null is never sent
capture.add(frame(labels(100)[:3], b""))                            # label cut
capture.add(frame(labels(100), b"\x20" * 30))                       # neither IPv4 nor IPv6 nor Ethernet
capture.write(sys.argv[1])
