#!/usr/bin/env python3
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, TcpTalk


def packet(sequence, payload):
    return struct.pack("<I", len(payload))[:3] + bytes([sequence]) + payload


GREETING = packet(0, b"\x0a10.11.6-MariaDB\0" + struct.pack("<I", 5) + b"12345678\0" + b"\xfe\xf7" + b"\x2d\x02\0\xbf\x81\x15" +
                  bytes(10) + b"123456789012\0mysql_native_password\0")


def login(user, database):
    return packet(1, struct.pack("<IIB", 0x000AA28D, 1 << 24, 45) + bytes(23) + user + b"\0\x04hash" + database +
                  b"\0mysql_native_password\0")


capture = Capture()
talk = TcpTalk(capture, "10.1.0.10", 40001, "10.2.0.20", 3306)
talk.open()
talk.server(GREETING)
talk.client(login(b"root", b"shop"))
talk.server(packet(2, b"\0\0\0\x02\0\0\0"))
talk.client(packet(0, b"\x03SELECT name FROM users WHERE id=1 UNION SELECT password FROM users"))
talk.server(packet(1, b"\x01") + packet(2, b"\x03def" + bytes(20)) + packet(3, b"\xfe\0\0\x02\0") +
            packet(4, b"\x04anna") + packet(5, b"\x06secret") + packet(6, b"\xfe\0\0\x02\0"))
talk.client(packet(0, b"\x03SELEC"))
talk.server(packet(1, b"\xff\x28\x04#42000You have an error in your SQL syntax"))
talk.client(packet(0, b"\x03LOAD DATA LOCAL INFILE 'a' INTO TABLE b"))
talk.server(packet(1, b"\xfb/etc/passwd"))
talk.client(packet(2, b"root:x:0:0::/root:/bin/sh\n") + packet(3, b""))
talk.server(packet(4, b"\0\x01\0\x02\0\0\0"))
talk.client(packet(0, b"\x01"))
talk.close()
talk = TcpTalk(capture, "10.1.0.10", 40002, "10.2.0.20", 13306)
talk.open()
talk.server(GREETING)
talk.client(login(b"admin", b""))
talk.server(packet(2, b"\xff\x15\x04#28000Access denied for user 'admin'@'10.1.0.10' (using password: YES)"))
talk.close()
capture.write(sys.argv[1])
