#!/usr/bin/env python3
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, ethernet, ip, udp

capture = Capture(step=1)
for number in range(6):
    for port in (5001, 5002, 5003):
        capture.add(ethernet(ip("10.1.0.10", "10.2.0.20", 17,
                                udp("10.1.0.10", "10.2.0.20", 40000 + number, port, b"x"))))
capture.write(sys.argv[1])
