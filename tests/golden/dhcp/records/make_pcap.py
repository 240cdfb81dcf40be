#!/usr/bin/env python3
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from dhcp_packets import END, message, option
from packets import Capture, ethernet, ip, udp

capture = Capture()
SERVER, BROADCAST = "10.0.0.1", "255.255.255.255"
LEASE = (option(51, struct.pack("!I", 3600)) + option(58, struct.pack("!I", 1800)) + option(59, struct.pack("!I", 3000))
         + option(1, bytes([255, 255, 255, 0])) + option(3, bytes([10, 0, 0, 1])) + option(6, bytes([10, 0, 0, 53])))


def send(source, source_port, destination, destination_port, payload):
    capture.add(ethernet(ip(source, destination, 17, udp(source, destination, source_port, destination_port, payload))))


ASKS = option(12, b"pod-1") + option(55, bytes([1, 3, 6, 15, 43, 66])) + option(60, b"udhcp 1.36") + option(61, b"\1pod")
send("0.0.0.0", 68, BROADCAST, 67, message(1, option(53, b"\1") + ASKS + END))
send(SERVER, 67, "10.0.0.9", 68, message(2, option(53, b"\2") + LEASE + END, assigned="10.0.0.9", server=SERVER))
send("0.0.0.0", 68, BROADCAST, 67, message(1, option(53, b"\3") + option(50, bytes([10, 0, 0, 9])) + ASKS + END))
send(SERVER, 67, "10.0.0.9", 68, message(2, option(53, b"\5") + LEASE + END, assigned="10.0.0.9", server=SERVER))
send("10.0.0.9", 68, SERVER, 67, message(1, option(53, b"\3") + END, client="10.0.0.9"))
send(SERVER, 67, "10.0.0.9", 68, message(2, option(53, b"\5") + option(51, b"\0\0"), assigned="10.0.0.9"))
send("10.0.0.8", 4000, "10.0.0.7", 4001, message(1, option(53, b"\7") + option(52, b"\3") + END,
                                                   server_name=option(12, b"hidden") + END, file=END))
capture.write(sys.argv[1])
