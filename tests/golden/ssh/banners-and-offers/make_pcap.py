#!/usr/bin/env python3
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from packets import Capture, TcpTalk


def packet(body, padding=8):
    return struct.pack("!IB", len(body) + padding + 1, padding) + body + b"\0" * padding


def offer(*lists):
    body = b"\x14" + b"c" * 16
    for names in lists + ("", ""):
        body += struct.pack("!I", len(names)) + names.encode()
    return packet(body + b"\0" * 5)


CLIENT = offer("curve25519-sha256,ext-info-c", "ssh-ed25519", "aes128-ctr", "aes128-ctr", "hmac-sha2-256", "hmac-sha2-256",
               "none", "none")
SERVER = offer("curve25519-sha256", "ssh-ed25519", "aes128-ctr", "aes256-ctr", "hmac-sha2-256", "hmac-sha1", "none", "zlib")
NEW_KEYS = packet(b"\x15")

capture = Capture()
talk = TcpTalk(capture, "10.1.0.10", 40001, "10.2.0.20", 2222)
talk.open()
talk.server(b"SSH-2.0-OpenSSH_9.2 a comment\r\n")
talk.client(b"SSH-1.99-PuTTY_Release_0.72\r\n" + CLIENT[:50])
talk.client(CLIENT[50:])
talk.server(SERVER)
talk.client(packet(b"\x1e" + b"k" * 36))
talk.server(packet(b"\x1f" + b"k" * 200) + NEW_KEYS)
talk.client(NEW_KEYS)
talk.client(b"\xdd" * 64)
talk.server(b"\xdd" * 64)
talk.close()

talk = TcpTalk(capture, "10.1.0.10", 40002, "10.2.0.20", 22)
talk.open()
talk.client(b"SSH-2.0-client\r\n")
talk.server(b"a greeting before the banner\r\nSSH-2.0-server\r\n")
talk.close()
capture.write(sys.argv[1])
