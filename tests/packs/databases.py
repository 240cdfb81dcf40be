"""Conversations with databases: login and one query, or a refusal."""
import struct

from talks import as_bytes, c, s, tcp


# --- PostgreSQL ---
def _pg(kind, content=b""):
    return kind + struct.pack("!I", len(content) + 4) + content


_PG_START = b"user\0app\0database\0shop\0\0"
_PG_START = struct.pack("!IHH", len(_PG_START) + 8, 3, 0) + _PG_START
_PG_READY = _pg(b"Z", b"I")


def pgsql(query, prepared=False, port=5432, **options):
    """A query, simple or as a prepared statement."""
    query = as_bytes(query)
    ask = _pg(b"P", b"\0" + query + b"\0\0\0") + _pg(b"S") if prepared else _pg(b"Q", query + b"\0")
    return tcp(c(_PG_START), s(_pg(b"R", bytes(4)) + _PG_READY), c(ask), s(_pg(b"C", b"SELECT 1\0") + _PG_READY),
               c(_pg(b"X")), port=port, **options)


def pgsql_refused(port=5432, **options):
    error = b'SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed for user "app"\0\0'
    return tcp(c(_PG_START), s(_pg(b"R", struct.pack("!I", 5) + b"salt")), c(_pg(b"p", b"md500\0")), s(_pg(b"E", error)),
               port=port, **options)


# --- MySQL ---
def _my(sequence, payload):
    return struct.pack("<I", len(payload))[:3] + bytes([sequence]) + payload


_MY_GREETING = _my(0, b"\x0a8.0.36\0" + struct.pack("<I", 5) + b"12345678\0" + b"\xfe\xf7" + b"\x2d\x02\0\xbf\x81\x15" +
                   bytes(10) + b"123456789012\0mysql_native_password\0")
_MY_LOGIN = _my(1, struct.pack("<IIB", 0x000AA28D, 1 << 24, 45) + bytes(23) + b"app\0\x04hashshop\0mysql_native_password\0")
_MY_OK = b"\0\0\0\x02\0\0\0"


def mysql(query, prepared=False, answer=None, port=3306, **options):
    reply = _my(1, _MY_OK if answer is None else as_bytes(answer))
    return tcp(s(_MY_GREETING), c(_MY_LOGIN), s(_my(2, _MY_OK)), c(_my(0, (b"\x16" if prepared else b"\x03") + as_bytes(query))),
               s(reply), port=port, **options)


def mysql_refused(port=3306, **options):
    error = b"\xff\x15\x04#28000Access denied for user 'app'@'10.1.0.10' (using password: YES)"
    return tcp(s(_MY_GREETING), c(_MY_LOGIN), s(_my(2, error)), port=port, **options)


# --- MongoDB: documents as dictionaries of texts, numbers, dictionaries ---
def _document(fields):
    out = b""
    for name, value in fields.items():
        name = as_bytes(name) + b"\0"
        if isinstance(value, dict):
            out += b"\3" + name + _document(value)
        elif isinstance(value, list):
            out += b"\4" + name + _document({str(i): item for i, item in enumerate(value)})
        elif isinstance(value, int):
            out += b"\x10" + name + struct.pack("<i", value)
        else:
            text = as_bytes(value)
            out += b"\2" + name + struct.pack("<I", len(text) + 1) + text + b"\0"
    return struct.pack("<I", len(out) + 5) + out + b"\0"


def _message(number, answers, fields):
    body = struct.pack("<IB", 0, 0) + _document(fields)
    return struct.pack("<IIII", len(body) + 16, number, answers, 2013) + body


def mongodb(*commands, port=27017, **options):
    steps = []
    for number, fields in enumerate(commands, 1):
        steps += [c(_message(number, 0, {**fields, "$db": "admin"})), s(_message(number + 100, number, {"ok": 1}))]
    return tcp(*steps, port=port, **options)
