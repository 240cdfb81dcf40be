#!/usr/bin/env python3
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, ethernet, ipv4, udp

capture = Capture(step=1)
for number in range(12):
    source = "10.1.0.10" if number % 3 else "10.1.0.11"
    capture.add(ethernet(ipv4(source, "10.2.0.20", 17, udp(source, "10.2.0.20", 5000, 9999, b"ping"))))
capture.write(sys.argv[1])
