#!/usr/bin/env python3
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, ethernet, icmp, ip

capture = Capture()
for number in range(8):
    for source, identifier in (("10.1.0.10", 7), ("10.3.0.30", 8)):
        echo = icmp(8, 0, struct.pack("!HH", identifier, number) + b"x" * 8)
        capture.add(ethernet(ip(source, "10.2.0.20", 1, echo)))
    capture.wait(0.5)
capture.write(sys.argv[1])
