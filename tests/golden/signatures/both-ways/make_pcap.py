#!/usr/bin/env python3
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, ethernet, ip, udp

capture = Capture()
A, B, C = "10.1.0.10", "10.2.0.20", "10.1.0.11"
for source, source_port, destination, port in ((A, 4000, B, 5000), (B, 5000, A, 4000), (A, 5002, C, 5002), (C, 5002, A, 5002),
                                               (A, 5002, B, 5003)):
    capture.add(ethernet(ip(source, destination, 17, udp(source, destination, source_port, port, b"xabc"))))
capture.write(sys.argv[1])
