#!/usr/bin/env python3
"""Writes the small captures of these cases: one UDP packet, whole, cut off, and with an impossible length."""
import pathlib
import struct

HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)


def udp_frame(payload: bytes) -> bytes:
    udp = struct.pack(">HHHH", 1111, 2222, 8 + len(payload), 0) + payload
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2]))
    total = sum(struct.unpack(">10H", ip))
    total = (total & 0xFFFF) + (total >> 16)
    ip = ip[:10] + struct.pack(">H", ~total & 0xFFFF) + ip[12:]
    return bytes(6) + b"\x02\0\0\0\0\1" + b"\x08\0" + ip + udp


def record(second: int, captured: int = -1) -> bytes:
    frame = udp_frame(b"xxabcxx")
    return struct.pack("<IIII", 1756123200 + second, 0, len(frame) if captured < 0 else captured, len(frame)) + frame


here = pathlib.Path(__file__).parent
for case in ("rules-fatal", "rules-reported"):
    (here / case / "one.pcap").write_bytes(HEADER + record(0))
(here / "pcap-truncated/cut.pcap").write_bytes(HEADER + record(0) + record(1)[:-10])
(here / "pcap-corrupt/corrupt.pcap").write_bytes(HEADER + record(0) + record(1, 0x7FFFFFFF) + record(2))
