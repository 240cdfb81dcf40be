#!/usr/bin/env python3
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, TcpTalk


def document(elements):
    return struct.pack("<I", len(elements) + 5) + elements + b"\0"


def text(name, value):
    return b"\x02" + name + b"\0" + struct.pack("<I", len(value) + 1) + value + b"\0"


def number(name, value):
    return b"\x10" + name + b"\0" + struct.pack("<i", value)


def nested(name, elements):
    return b"\x03" + name + b"\0" + document(elements)


def binary(name, value):
    return b"\x05" + name + b"\0" + struct.pack("<IB", len(value), 0) + value


def message(number_of, response_to, elements):
    body = struct.pack("<IB", 0, 0) + document(elements)
    return struct.pack("<IIII", len(body) + 16, number_of, response_to, 2013) + body


capture = Capture()
talk = TcpTalk(capture, "10.1.0.10", 40001, "10.2.0.20", 27017)
talk.open()
talk.client(message(1, 0, number(b"hello", 1) + nested(b"client", nested(b"application", text(b"name", b"shell")) +
                                                          nested(b"driver", text(b"name", b"PyMongo"))) + text(b"$db", b"admin")))
talk.server(message(101, 1, number(b"ok", 1)))
talk.client(message(2, 0, number(b"saslStart", 1) + text(b"mechanism", b"SCRAM-SHA-256") +
                    binary(b"payload", b"n,,n=anna,r=abcdef") + text(b"$db", b"admin")))
talk.server(message(102, 2, number(b"ok", 0) + text(b"errmsg", b"Authentication failed.") + number(b"code", 18) +
                    text(b"codeName", b"AuthenticationFailed")))
talk.client(message(3, 0, text(b"find", b"users") + nested(b"filter", text(b"name", b"anna") +
                                                           nested(b"password", text(b"$ne", b"x"))) + text(b"$db", b"shop")))
talk.server(message(103, 3, nested(b"cursor", number(b"id", 0)) + number(b"ok", 1)))
talk.client(message(4, 0, text(b"find", b"users") + nested(b"filter", text(b"$where", b"sleep(100)")) + text(b"$db", b"shop")))
talk.client(message(5, 0, number(b"dropDatabase", 1) + text(b"$db", b"shop")))
talk.server(message(105, 5, number(b"ok", 1)))
talk.server(message(104, 4, number(b"ok", 1)))
talk.close()
capture.write(sys.argv[1])
