#!/usr/bin/env python3
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from dns_packets import UdpTalk
from packets import Capture


def element(tag, value):
    return bytes([tag, len(value)]) + value


def pdu(number):
    name = element(6, bytes([0x2B, 6, 1, 2, 1, 1, 5, 0]))
    variables = element(0x30, element(0x30, name + element(5, b"")))
    return element(0xA0 + number, element(2, b"\1") + element(2, b"\0") + element(2, b"\0") + variables)


def snmp(version, community, number):
    return element(0x30, element(2, bytes([version])) + element(4, community) + pdu(number))


capture = Capture()
agent = UdpTalk(capture, "10.1.0.10", 40010, "10.2.0.20", 1161)
agent.client(snmp(1, b"public", 0))
agent.server(snmp(1, b"public", 2))
agent.client(snmp(1, b"private", 3))
agent.client(snmp(1, b"private", 3)[:-4])
files = UdpTalk(capture, "10.1.0.10", 40011, "10.2.0.21", 69)
files.client(b"\0\1/etc/passwd\0octet\0")
time = UdpTalk(capture, "10.1.0.10", 40012, "10.2.0.22", 123)
time.client(b"\x23".ljust(48, b"\0"))
time.server(b"\x24".ljust(48, b"\0"))
capture.write(sys.argv[1])
