#!/usr/bin/env python3
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, TcpTalk


def element(tag, body):
    return bytes([tag, len(body)]) + body if len(body) < 128 else bytes([tag, 0x81, len(body)]) + body


def message(number, operation, body):
    return element(0x30, element(2, bytes([number])) + element(operation, body))


def result(number, operation, code, text=b""):
    return message(number, operation, element(10, bytes([code])) + element(4, b"") + element(4, text))


capture = Capture()
talk = TcpTalk(capture, "10.1.0.10", 40001, "10.2.0.20", 10389)
talk.open()
talk.client(message(1, 0x60, element(2, b"\x03") + element(4, b"cn=admin,dc=example,dc=org") + element(0x80, b"guess")))
talk.server(result(1, 0x61, 49, b"no such password"))
talk.client(message(2, 0x60, element(2, b"\x03") + element(4, b"") + element(0x80, b"")))
talk.server(result(2, 0x61, 0))
equal = element(0xA3, element(4, b"objectClass") + element(4, b"person"))
talk.client(message(3, 0x63, element(4, b"dc=example,dc=org") + element(10, b"\x02") + element(10, b"\0") + element(2, b"\0") +
                    element(2, b"\0") + element(1, b"\0") + element(0xA0, equal + element(0x87, b"mail")) +
                    element(0x30, element(4, b"uid") + element(4, b"userPassword"))))
talk.server(message(3, 0x64, element(4, b"uid=anna,dc=example,dc=org") + element(0x30, b"")) + result(3, 0x65, 0))
talk.client(message(4, 0x42, b""))
talk.close()
capture.write(sys.argv[1])
