#!/usr/bin/env python3
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, ethernet, ip, udp

capture = Capture(step=0.4)


def send(source, destination, source_port, port, payload):
    capture.add(ethernet(ip(source, destination, 17, udp(source, destination, source_port, port, payload))))


A, B, C, D = "10.1.0.10", "10.2.0.20", "10.3.0.30", "10.4.0.40"
send(A, B, 40000, 5000, b"session")
for i in range(4):
    send(B, A, 5000, 40000, b"answer %d" % i)
capture.wait(1)
send(C, B, 40001, 5001, b"source")
for i in range(5):
    send(C, D, 40002 + i, 6000, b"elsewhere")
capture.wait(1)
send(A, B, 40010, 5002, b"bytes")
for i in range(5):
    send(A, B, 40010, 5002, b"x" * 20)
capture.wait(1)
send(A, D, 40020, 5003, b"time")
for i in range(8):
    send(B, D, 40030 + i, 6001, b"tick")
capture.write(sys.argv[1])
