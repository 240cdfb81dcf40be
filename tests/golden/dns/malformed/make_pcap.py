#!/usr/bin/env python3
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from dns_packets import FIRST_NAME, UdpTalk, framed, message, name, question, record
from packets import Capture, TcpTalk

capture = Capture()

talk = UdpTalk(capture, "10.1.0.10", 40003, "10.2.0.53")
talk.client(message(0x0100, [question("a.b")]))
talk.server(message(0x8180, [question("a.b")]))
talk.client(message(0x8180, [question("a.b")]))
talk.server(message(0x0100, [question("a.b")]))
talk.client(message(0x0100, [question("a.b")])[:-1])
talk.client(message(0x7940, [question("a.b")]))
talk.client(message(0x0100, [question(b"\x01a" + FIRST_NAME)]))
talk.client(message(0x0100, [question(FIRST_NAME)]))
loop = struct.pack("!H", 0xC000 + 12 + 9 + 12)
talk.server(message(0x8180, [question("a.b")], [record(FIRST_NAME, 999, loop), record(loop, 1, bytes(4))]))
talk.client(message(0x0100, [question(17 * (b"\x3f" + 63 * b"x") + b"\0")]))
talk.client(message(0x0100, [question("last.example")]))
capture.write(sys.argv[1])
