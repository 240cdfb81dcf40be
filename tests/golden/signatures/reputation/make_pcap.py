#!/usr/bin/env python3
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, ethernet, ip, udp

capture = Capture()
HOST, HOST_IN_NETWORK, IN_NETWORK, ZERO, UNKNOWN = "10.1.0.10", "10.2.0.20", "10.2.0.99", "10.3.0.30", "10.9.0.1"
PAIRS = ((HOST, IN_NETWORK), (HOST_IN_NETWORK, ZERO), (IN_NETWORK, UNKNOWN), (ZERO, HOST), (UNKNOWN, "10.9.0.2"), (UNKNOWN, ZERO))
for port, (source, destination) in enumerate(PAIRS, 4000):
    capture.add(ethernet(ip(source, destination, 17, udp(source, destination, port, 5000, b"x"))))
capture.write(sys.argv[1])
