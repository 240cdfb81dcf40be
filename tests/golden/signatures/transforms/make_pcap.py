#!/usr/bin/env python3
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import SYN, Capture, ethernet, ip, tcp

capture = Capture()
TEXTS = (b"a \t\r\n b  c", b"%41%4a+%zz%4", b"HoSt: XyZ\r\nB:Cd", b":m: G\r\nx: y\r\n:p\r\nz", b"aGVsbG8=world", b"\x0c\x0f\x0e")
for number, text in enumerate(TEXTS):
    option = bytes([253, 2 + len(text)]) + text
    option += b"\x01" * (-len(option) % 4)
    capture.add(ethernet(ip("10.1.0.10", "10.2.0.20", 6,
                            tcp("10.1.0.10", "10.2.0.20", 40000 + number, 80, 1000, 0, SYN, options=option))))
capture.write(sys.argv[1])
