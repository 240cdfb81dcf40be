"""DHCP messages for captures of golden cases."""
import ipaddress
import struct

END = b"\xff"


def option(code, value):
    return bytes([code, len(value)]) + value


def message(op, options, client="0.0.0.0", assigned="0.0.0.0", server="0.0.0.0", relay="0.0.0.0", server_name=b"", file=b""):
    addresses = b"".join(ipaddress.ip_address(each).packed for each in (client, assigned, server, relay))
    return (struct.pack("!BBBBIHH", op, 1, 6, 0, 0x11223344, 3, 0x8000) + addresses
            + bytes.fromhex("020000000001").ljust(16, b"\0") + server_name.ljust(64, b"\0") + file.ljust(128, b"\0")
            + bytes.fromhex("63825363") + options)
