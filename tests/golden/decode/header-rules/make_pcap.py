#!/usr/bin/env python3
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, SYN, ethernet, icmp, ipv4, ipv4_fragments, tcp

SOURCE, DESTINATION = "10.1.0.10", "10.2.0.20"
capture = Capture()
capture.add(ethernet(ipv4(SOURCE, DESTINATION, 6, tcp(SOURCE, DESTINATION, 1000, 80, 3, 0, SYN))))
capture.add(ethernet(ipv4(SOURCE, DESTINATION, 6, tcp(SOURCE, DESTINATION, 1000, 80, 3, 0, SYN)[:13])))  # cut
capture.add(ethernet(next(ipv4_fragments(SOURCE, DESTINATION, 17, b"ping" * 8, [0, 16]))))
capture.add(ethernet(ipv4(SOURCE, DESTINATION, 47, b"\0\0\x12\x34" + b"ping")))  # GRE with a protocol nobody knows
capture.add(ethernet(ipv4(SOURCE, DESTINATION, 89, b"ping" * 6)))  # OSPF
capture.add(ethernet(ipv4(SOURCE, DESTINATION, 1, icmp(8, 0, b"\0\1\0\1ping"))))
capture.write(sys.argv[1])
