#!/usr/bin/env python3
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, TcpTalk


def message(kind, content=b""):
    return kind + struct.pack("!I", len(content) + 4) + content


def authentication(code, rest=b""):
    return message(b"R", struct.pack("!I", code) + rest)


READY = message(b"Z", b"I")
parameters = b"user\0app\0database\0shop\0application_name\0psql\0\0"
capture = Capture()
talk = TcpTalk(capture, "10.1.0.10", 40001, "10.2.0.20", 5432)
talk.open()
talk.client(struct.pack("!II", 8, 80877103))
talk.server(b"N")
talk.client(struct.pack("!IHH", len(parameters) + 8, 3, 0) + parameters)
talk.server(authentication(5, b"\x9fi\x1a\x8e"))
talk.client(message(b"p", b"md5f00\0"))
talk.server(authentication(0) + message(b"S", b"DateStyle\0ISO, MDY\0") + message(b"K", struct.pack("!II", 61, 99)) + READY)
talk.client(message(b"Q", b"select name from users where id = 1 or 1=1\0"))
row = struct.pack("!HI", 1, 5) + b"alice"
talk.server(message(b"T", b"\0\1name\0" + b"\0" * 18) + message(b"D", row) + message(b"D", row) +
            message(b"C", b"SELECT 2\0") + READY)
talk.client(message(b"P", b"s1\0drop table $1\0\0\0") + message(b"B", b"\0s1\0\0\0\0\0\0\0") +
            message(b"E", b"\0\0\0\0\0") + message(b"S"))
talk.server(message(b"1") + message(b"2") + message(b"E", b"SERROR\0VERROR\0C42601\0Msyntax error\0P12\0\0") + READY)
talk.client(message(b"X"))
talk.close()
capture.write(sys.argv[1])
