#!/usr/bin/env python3
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, ethernet, icmp, ip

capture = Capture(step=0.5)
for i in range(4):
    for source in ("10.1.0.10", "10.1.0.11"):
        capture.add(ethernet(ip(source, "10.2.0.20", 1, icmp(8, 0, bytes([0, 1, 0, i])))))
capture.wait(70)
for i in range(5):
    capture.add(ethernet(ip("10.1.0.10", "10.2.0.20", 1, icmp(8, 0, bytes([0, 2, 0, i])))))
capture.write(sys.argv[1])
