#!/usr/bin/env python3
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, TcpTalk


def binary(magic, opcode, status, key, value, extras=b""):
    return struct.pack("!BBHBBHIIQ", magic, opcode, len(key), len(extras), 0, status, len(key + value + extras), 0, 0) + extras + key + value


capture = Capture()
talk = TcpTalk(capture, "10.1.0.10", 40001, "10.2.0.20", 11211)
talk.open()
talk.client(b"set session:1 0 60 5\r\nhello\r\nget session:1 other\r\n")
talk.server(b"STORED\r\nVALUE session:1 0 5\r\nhello\r\nEND\r\n")
talk.client(b"stats\r\nflush_all\r\nbogus\r\n")
talk.server(b"STAT pid 1\r\nSTAT uptime 100\r\nEND\r\nOK\r\nERROR\r\n")
talk.close()
talk = TcpTalk(capture, "10.1.0.10", 40002, "10.2.0.20", 7000)
talk.open()
talk.client(binary(0x80, 0x21, 0, b"PLAIN", b"\0anna\0secret"))
talk.server(binary(0x81, 0x21, 0x20, b"", b"Auth failure."))
talk.client(binary(0x80, 0, 0, b"session:2", b""))
talk.server(binary(0x81, 0, 1, b"", b"Not found"))
talk.close()
capture.write(sys.argv[1])
