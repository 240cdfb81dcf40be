#!/usr/bin/env python3
import gzip
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, TcpTalk


def frame(kind, flags, stream, content=b""):
    return struct.pack("!I", len(content))[1:] + bytes([kind, flags]) + struct.pack("!I", stream) + content


def field(name, value):
    return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value


DATA, HEADERS, RST, SETTINGS, GOAWAY, WINDOW, CONTINUATION = 0, 1, 3, 4, 7, 8, 9
END, HEADERS_END = 1, 4
capture = Capture()
talk = TcpTalk(capture, "10.1.0.10", 40001, "10.2.0.20", 8080)
talk.open()
talk.client(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0, b"\0\2\0\0\0\0") +
            frame(HEADERS, END | HEADERS_END, 1, b"\x82\x86" + field(b":path", b"/etc/passwd") +
                  field(b":authority", b"files.example") + field(b"user-agent", b"curl/8")))
talk.server(frame(SETTINGS, 0, 0) + frame(HEADERS, HEADERS_END, 1, b"\x88" + field(b"content-encoding", b"gzip")) +
            frame(DATA, END, 1, gzip.compress(b"root:x:0:0:root:/root:/bin/sh\n", mtime=0)))
block = b"\x83\x86" + field(b":path", b"/etcdserverpb.KV/Range") + field(b"content-type", b"application/grpc")
talk.client(frame(HEADERS, 0, 3, block[:7]) + frame(CONTINUATION, HEADERS_END, 3, block[7:]) +
            frame(DATA, END, 3, b"\0\0\0\0\3key"))
talk.server(frame(HEADERS, HEADERS_END, 3, b"\x88" + field(b"content-type", b"application/grpc")) +
            frame(DATA, 0, 3, b"\0\0\0\0\5value") + frame(HEADERS, END | HEADERS_END, 3, field(b"grpc-status", b"0")))
talk.client(frame(WINDOW, 0, 0, struct.pack("!I", 34634)) + frame(GOAWAY, 0, 0, struct.pack("!II", 3, 0)))
talk.close()
capture.write(sys.argv[1])
