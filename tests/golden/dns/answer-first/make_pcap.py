#!/usr/bin/env python3
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from dns_packets import FIRST_NAME, UdpTalk, framed, message, name, question, record
from packets import Capture, TcpTalk

capture = Capture()

talk = UdpTalk(capture, "10.1.0.10", 40004, "10.2.0.53", 5300)
talk.server(message(0x8180, [question("a.example")], [record(FIRST_NAME, 1, bytes(4))]))
talk.client(message(0x0100, [question("b.example")]))
talk.server(message(0x8180, [question("b.example")], [record(FIRST_NAME, 1, bytes(4))]))
other = UdpTalk(capture, "10.1.0.10", 40005, "10.2.0.53")
other.client(b"no DNS at all")
other.server(message(0x8181))
other.client(message(0x0100, [question("c.example")]))
capture.write(sys.argv[1])
