#!/usr/bin/env python3
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, TcpTalk


def text(value):
    return struct.pack("!H", len(value)) + value


def request(key, version, number, body):
    message = struct.pack("!HHI", key, version, number) + text(b"reports-1") + body
    return struct.pack("!I", len(message)) + message


def response(number, body):
    return struct.pack("!II", len(body) + 4, number) + body


capture = Capture()
talk = TcpTalk(capture, "10.1.0.10", 40001, "10.2.0.20", 19092)
talk.open()
talk.client(request(18, 0, 1, b""))
talk.server(response(1, struct.pack("!HI", 0, 0)))
talk.client(request(17, 1, 2, text(b"PLAIN")))
talk.server(response(2, struct.pack("!HI", 0, 1) + text(b"PLAIN")))
talk.client(request(36, 1, 3, struct.pack("!I", 12) + b"\0anna\0secret"))
talk.server(response(3, struct.pack("!H", 58) + text(b"Authentication failed: Invalid username or password") + struct.pack("!I", 0)))
talk.client(request(3, 1, 4, struct.pack("!I", 1) + text(b"payroll")))
talk.client(request(1, 4, 5, struct.pack("!IIIIBI", 0xFFFFFFFF, 500, 1, 1000, 0, 1) + text(b"payroll") +
                    struct.pack("!IIQI", 1, 0, 0, 1000)))
talk.server(response(4, bytes(12)))
talk.server(response(5, bytes(12)))
talk.client(request(20, 1, 6, struct.pack("!I", 1) + text(b"audit") + struct.pack("!I", 1000)))
talk.close()
capture.write(sys.argv[1])
