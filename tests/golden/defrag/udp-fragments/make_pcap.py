#!/usr/bin/env python3
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, ethernet, ipv4_fragments, udp

capture = Capture()
for number, order in enumerate(((0, 1, 2), (2, 1, 0), (1, 0, 2))):
    datagram = udp("10.1.0.10", "10.2.0.20", 5000 + number, 9999, b"0123456789 attack-pattern 0123456789")
    pieces = list(ipv4_fragments("10.1.0.10", "10.2.0.20", 17, datagram, (0, 24, 32), identification=7 + number))
    for index in order:
        capture.add(ethernet(pieces[index]))
capture.write(sys.argv[1])
