#!/usr/bin/env python3
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, ethernet, ip, udp

capture = Capture(step=0.1)


def send(source, destination, source_port, port, payload):
    capture.add(ethernet(ip(source, destination, 17, udp(source, destination, source_port, port, payload))))


A, B, C = "10.1.0.10", "10.2.0.20", "10.3.0.30"
send(A, B, 40000, 5000, b"one")
send(A, B, 40000, 5000, b"two")
send(B, A, 40001, 5001, b"back")
send("2001:db8::1", "2001:db8::2", 40002, 5000, b"six")
send(C, B, 40003, 5002, b"forget")
send(C, B, 40003, 5003, b"again")
capture.write(sys.argv[1])
