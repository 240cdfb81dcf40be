#!/usr/bin/env python3
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, TcpTalk, ethernet, ip, udp


def question(number, name):
    labels = b"".join(bytes([len(x)]) + x.encode() for x in name.split("."))
    return struct.pack(">HHHHHH", number, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", 1, 1)


capture = Capture()
for number, name in enumerate(("db.shop.example", "command.bad.example", "www.good.example")):
    query = udp("10.1.0.10", "10.1.0.53", 40000 + number, 53, question(number, name))
    capture.add(ethernet(ip("10.1.0.10", "10.1.0.53", 17, query)))
for port, host in ((41000, "198.51.100.7"), (41001, "203.0.113.66")):
    talk = TcpTalk(capture, "10.1.0.10", port, host, 443)
    talk.open()
    talk.client(b"hello")
    talk.server(b"hello")
    talk.close()
capture.write(sys.argv[1])
