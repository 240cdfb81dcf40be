#!/usr/bin/env python3
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, SYN, ethernet, ipv4, ipv6, tcp, udp

SOURCE, DESTINATION = "10.1.0.10", "10.2.0.20"
capture = Capture()
whole = ethernet(ipv4(SOURCE, DESTINATION, 17, udp(SOURCE, DESTINATION, 5000, 9999, b"ping")))
capture.add(whole)
capture.add(ethernet(ipv4(SOURCE, DESTINATION, 17, b"")[:12], ether_type=0x0800))  # IPv4 header cut
capture.add(ethernet(ipv4(SOURCE, DESTINATION, 17, b"\0" * 8, total_length=200)))   # longer than the frame
capture.add(ethernet(b"\x55" + ipv4(SOURCE, DESTINATION, 17, b"")[1:], ether_type=0x0800))  # version 5
capture.add(ethernet(ipv6("fd00::1", "fd00::2", 6, b"")[:30], ether_type=0x86DD))  # IPv6 header cut
capture.add(ethernet(ipv4(SOURCE, DESTINATION, 6, tcp(SOURCE, DESTINATION, 1, 2, 3, 0, SYN)[:13])))  # TCP header cut
short = bytearray(tcp(SOURCE, DESTINATION, 1, 2, 3, 0, SYN))
short[12] = 0x30  # data offset below five words
capture.add(ethernet(ipv4(SOURCE, DESTINATION, 6, bytes(short))))
capture.add(ethernet(ipv4(SOURCE, DESTINATION, 17, b"\x13\x88\x27")))  # UDP header cut
capture.add(b"\x02\0\0\0\0\x02\x02\0\0\0\0")  # not even an Ethernet header
capture.add(whole)
capture.write(sys.argv[1])
