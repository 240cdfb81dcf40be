#!/usr/bin/env python3
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, ethernet, ip, udp

capture = Capture(step=0.1)


def send(source, destination, source_port, port, payload):
    capture.add(ethernet(ip(source, destination, 17, udp(source, destination, source_port, port, payload))))


A, B, C = "10.1.0.10", "10.2.0.20", "10.3.0.30"
send(A, B, 40000, 6000, b"before")
send(A, B, 40001, 5000, b"mark")
send(A, C, 40002, 6000, b"after")
send(B, A, 40003, 6000, b"other host")
capture.wait(5)
send(A, B, 40004, 6000, b"expired")
send(A, B, 40005, 5001, b"pair")
send(B, A, 40006, 5001, b"pair again")
send(A, C, 40007, 6001, b"another pair")
send(B, A, 40008, 6001, b"this pair")
send(A, B, 40009, 5002, b"forget")
send(A, B, 40010, 6001, b"gone")
capture.write(sys.argv[1])
