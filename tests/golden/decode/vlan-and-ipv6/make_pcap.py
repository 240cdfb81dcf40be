#!/usr/bin/env python3
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, ethernet, ip, udp

capture = Capture()
for source, destination in (("10.1.0.10", "10.2.0.20"), ("fd00:1::10", "fd00:2::20")):
    for vlans in ((), ((0x8100, 5),), ((0x88A8, 100), (0x8100, 7))):
        capture.add(ethernet(ip(source, destination, 17, udp(source, destination, 5000, 9999, b"ping")), vlans=vlans))
capture.write(sys.argv[1])
