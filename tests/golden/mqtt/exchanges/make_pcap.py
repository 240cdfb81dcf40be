#!/usr/bin/env python3
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, TcpTalk


def text(value):
    return struct.pack("!H", len(value)) + value


def packet(first, body):
    length, out = len(body), bytes([first])
    while True:
        out += bytes([length & 127 | (128 if length > 127 else 0)])
        length >>= 7
        if not length:
            return out + body


capture = Capture()
talk = TcpTalk(capture, "10.1.0.10", 40001, "10.2.0.20", 1883)
talk.open()
properties = b"\x21\0\x14\x26" + text(b"region") + text(b"north")
talk.client(packet(0x10, text(b"MQTT") + b"\5\xc6\0\x3c" + bytes([len(properties)]) + properties + text(b"sensor-1") +
                   b"\0" + text(b"state") + text(b"gone") + text(b"user") + text(b"secret")))
talk.server(packet(0x20, b"\0\0\x03\x22\0\x0a"))
talk.client(packet(0x82, b"\0\1\0" + text(b"commands/#") + b"\1"))
talk.server(packet(0x90, b"\0\1\0\1"))
talk.client(packet(0x34, text(b"readings/7") + b"\0\2\0" + b"21.5"))
talk.server(packet(0x50, b"\0\2"))
talk.client(packet(0x62, b"\0\2"))
talk.server(packet(0x70, b"\0\2"))
talk.server(packet(0x32, text(b"commands/stop") + b"\0\x09\0" + b"now"))
talk.client(packet(0x40, b"\0\x09\x10"))
talk.server(packet(0x40, b"\0\x63"))
talk.client(packet(0xE0, b"\4\0"))
talk.close()
capture.write(sys.argv[1])
