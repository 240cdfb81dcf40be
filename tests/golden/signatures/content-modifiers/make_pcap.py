#!/usr/bin/env python3
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, ethernet, ipv4, udp

capture = Capture()
for number, payload in enumerate((b"0123456789ABCDEF", b"0123456789abcdef", b"xx0123", b"0123--ABCD", b"0123---ABCD")):
    capture.add(ethernet(ipv4("10.1.0.10", "10.2.0.20", 17, udp("10.1.0.10", "10.2.0.20", 5000 + number, 9999,
                                                               payload))))
capture.write(sys.argv[1])
