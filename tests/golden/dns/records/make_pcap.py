#!/usr/bin/env python3
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from dns_packets import FIRST_NAME, UdpTalk, framed, message, name, question, record
from packets import Capture, TcpTalk

capture = Capture()

talk = UdpTalk(capture, "10.1.0.10", 40001, "10.2.0.53")
talk.client(message(0x0100, [question("www.example.com"), question("example.com", 28)], identification=7))
talk.server(message(0x8180, [question("www.example.com")], [
    record(FIRST_NAME, 5, name("a.example.com")),
    record("a.example.com", 1, bytes([192, 0, 2, 1])),
    record("a.example.com", 1, bytes([192, 0, 2, 2])),
    record("a.example.com", 28, bytes.fromhex("20010db8000000000000000000000001"))],
    [record("example.com", 2, name("ns.example.com"))], identification=7))
SOA = name("ns.example.com") + name("admin.example.com") + struct.pack("!5I", 1, 7200, 900, 1209600, 300)
talk.client(message(0x0100, [question("none.example.com", 33)]))
talk.server(message(0x8583, [question("none.example.com", 33)], [], [record("example.com", 6, SOA)]))
talk.server(message(0x8180, [question("_ldap._tcp.example.com", 255)], [
    record(FIRST_NAME, 33, struct.pack("!3H", 10, 60, 389) + name("dc.example.com")),
    record(FIRST_NAME, 15, struct.pack("!H", 10) + name("mx.example.com")),
    record(FIRST_NAME, 16, b"\x05v=spf\x02\xff!"),
    record(FIRST_NAME, 44, bytes([4, 2]) + bytes(range(32))),
    record(FIRST_NAME, 10, b"\0null\xfe"),
    record(FIRST_NAME, 12, name("ptr.example.com")),
    record(FIRST_NAME, 65, b"\0\1\0"),
    record(FIRST_NAME, 65280, b"private")]))
capture.write(sys.argv[1])
