"""Conversations for the cases of signature packs, said in one line each.

    http("POST", "/run/ns/pod/ctr", body="cmd=id", port=10250)      a request and its answer
    tcp(c(b"PING\\r\\n"), s(b"+PONG\\r\\n"), port=6379)                what the sides say, in turn
    redis("CONFIG", "SET", "dir", "/root/.ssh")                      commands as arrays of RESP
    dns("a.example"), udp(c(b"..."), port=11211), icmp_echo(b"..."), tls("name"), grpc("service", "method", b"message")
    several(talk, talk, ...)                                         one after the other, from the same client

How the same is said otherwise, for evasive variants:
    cut=N          the client's bytes in segments of N
    reorder=True   each second segment before the one in front of it
    chunked=N      an HTTP body in chunks of N; h2=True  the request over HTTP/2
    v6=True        over IPv6

A talk is a function of a Stage; nothing is built before the stage is known. Addresses: the client's says which case it is.
"""
import gzip
import ipaddress
import itertools
import json
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import dns_packets
import tls_messages
from packets import CLIENT_MAC, PSH, ACK, SERVER_MAC, SYN, RST, Capture, TcpTalk, ethernet, icmp, ip

SERVER, SERVER_V6 = "10.200.0.20", "fd00:200::20"


class Stage:
    """Where a talk is played: a capture and the number of the case."""

    def __init__(self, capture, number):
        self.capture, self.number = capture, number
        self.ports = itertools.count(30000)

    def ends(self, server, v6):
        high, low = divmod(self.number, 250)
        if v6 or (server and ":" in server):
            return f"fd00:100::{high:x}:{low + 1:x}", server or SERVER_V6
        return f"10.100.{high}.{low + 1}", server or SERVER


def number_of(address):
    """The case that an address of a client belongs to; None for other addresses."""
    packed = ipaddress.ip_address(address).packed
    if len(packed) == 4 and packed[:2] == bytes([10, 100]):
        return packed[2] * 250 + packed[3] - 1
    if len(packed) == 16 and packed[:4] == bytes.fromhex("fd000100"):
        return int.from_bytes(packed[12:14], "big") * 250 + int.from_bytes(packed[14:], "big") - 1
    return None


def as_bytes(text):
    return text if isinstance(text, bytes) else text.encode()


def c(data):
    return "client", as_bytes(data)


def s(data):
    return "server", as_bytes(data)


def segments(data, cut, reorder):
    step = cut or 1400
    pieces = [(at, data[at:at + step]) for at in range(0, len(data), step)]
    if reorder:
        for i in range(0, len(pieces) - 1, 2):
            pieces[i], pieces[i + 1] = pieces[i + 1], pieces[i]
    return pieces


def tcp(*steps, port=80, server=None, cut=0, reorder=False, v6=False):
    def play(stage):
        talk = TcpTalk(stage.capture, *_client(stage, server, v6), port)
        talk.open()
        for side, data in steps:
            start = talk.seq[side]
            inward = side == "client"
            for at, piece in segments(data, cut if inward else 0, reorder and inward):
                talk.segment(side, PSH | ACK, piece, seq=(start + at) & 0xFFFFFFFF)
            talk.seq[side] = start + len(data)
            talk.segment("server" if inward else "client", ACK)
        talk.close()
    return play


def _client(stage, server, v6):
    client, server = stage.ends(server, v6)
    return client, next(stage.ports), server


def several(*talks):
    def play(stage):
        for talk in talks:
            talk(stage)
    return play


def again(count, talk):
    return several(*[talk] * count)


def http(method="GET", uri="/", headers=(), body=b"", status=200, reply=b"ok", reply_headers=(), host="svc.internal",
         chunked=0, h2=False, zipped=False, version="1.1", **options):
    """Headers: a sequence of (name, value), as they shall stand in the request. `zipped`: the answer is compressed."""
    if isinstance(body, (dict, list)):
        body = json.dumps(body)
    if isinstance(reply, (dict, list)):
        reply = json.dumps(reply)
    body, reply, headers, reply_headers = as_bytes(body), as_bytes(reply), list(headers), list(reply_headers)
    if zipped:
        reply = gzip.compress(reply, mtime=0)
        reply_headers.append(("Content-Encoding", "gzip"))
    options.setdefault("port", 80)
    if h2:
        return _http2(method, uri, host, headers, body, status, reply, reply_headers, options)
    names = {name.lower() for name, _ in headers}
    if "host" not in names and host:
        headers.insert(0, ("Host", host))
    if chunked:
        headers.append(("Transfer-Encoding", "chunked"))
        pieces = [body[at:at + chunked] for at in range(0, len(body), chunked)]
        body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    elif body and "content-length" not in names:
        headers.append(("Content-Length", str(len(body))))
    request = as_bytes(f"{method} ") + as_bytes(uri) + as_bytes(f" HTTP/{version}\r\n") + _lines(headers) + body
    answer = as_bytes(f"HTTP/1.1 {status} Answer\r\n") + _lines(
        [("Content-Length", str(len(reply)))] + reply_headers) + reply
    return tcp(c(request), s(answer), **options)


def _lines(headers):
    return b"".join(as_bytes(name) + b": " + as_bytes(value) + b"\r\n" for name, value in headers) + b"\r\n"


def _frame(kind, flags, stream, content=b""):
    return struct.pack("!I", len(content))[1:] + bytes([kind, flags]) + struct.pack("!I", stream) + content


def _length(number):
    """An HPACK integer with a prefix of seven bits."""
    if number < 127:
        return bytes([number])
    out, number = bytes([127]), number - 127
    while number >= 128:
        out, number = out + bytes([number % 128 + 128]), number // 128
    return out + bytes([number])


def _fields(*pairs):
    return b"".join(b"\0" + _length(len(name)) + name + _length(len(value)) + value
                    for name, value in ((as_bytes(n).lower(), as_bytes(v)) for n, v in pairs))


def _http2(method, uri, host, headers, body, status, reply, reply_headers, options):
    data, head, settings, end, end_head = 0, 1, 4, 1, 4
    fields = _fields((":method", method), (":scheme", "http"), (":path", uri), (":authority", host), *headers)
    request = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _frame(settings, 0, 0) + _frame(
        head, end_head | (0 if body else end), 1, fields) + (_frame(data, end, 1, body) if body else b"")
    answer = _frame(settings, 0, 0) + _frame(head, end_head, 1, _fields((":status", str(status)), *reply_headers)) + \
        _frame(data, end, 1, reply)
    return tcp(c(request), s(answer), **options)


def grpc(service, method, message=b"", port=2379, **options):
    body = b"\0" + struct.pack("!I", len(message)) + message
    return http("POST", f"/{service}/{method}", [("Content-Type", "application/grpc"), ("TE", "trailers")], body,
                reply=b"\0\0\0\0\0", h2=True, port=port, **options)


def resp(*words):
    words = [as_bytes(word) for word in words]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


def redis(*words, reply=b"+OK\r\n", port=6379, **options):
    return tcp(c(resp(*words)), s(reply), port=port, **options)


def udp(*steps, port=53, server=None, v6=False):
    def play(stage):
        talk = dns_packets.UdpTalk(stage.capture, *_client(stage, server, v6), port)
        for side, data in steps:
            (talk.client if side == "client" else talk.server)(data)
    return play


def dns(name, type_=1, address=None, over_tcp=False, port=53, **options):
    """A question and its answer."""
    questions = [dns_packets.question(name, type_)]
    answers = [dns_packets.record(dns_packets.FIRST_NAME, 1, ipaddress.ip_address(address).packed)] if address else []
    ask, tell = dns_packets.message(0x0100, questions), dns_packets.message(0x8180, questions, answers)
    if over_tcp:
        return tcp(c(dns_packets.framed(ask)), s(dns_packets.framed(tell)), port=port, **options)
    return udp(c(ask), s(tell), port=port, **options)


def tls(name, port=443, offers=("h2", "http/1.1"), **options):
    hello = tls_messages.client_hello(tls_messages.server_name(name) + tls_messages.alpn(*offers))
    reply = tls_messages.record(22, tls_messages.server_hello()) + tls_messages.record(
        22, tls_messages.certificates(tls_messages.SERVER_CERTIFICATE))
    return tcp(c(tls_messages.record(22, hello, 0x0301)), s(reply), port=port, **options)


def icmp_echo(payload, count=1, answered=True, v6=False):
    def play(stage):
        client, server = stage.ends(None, v6)
        for sequence in range(1, count + 1):
            for kind, ends, macs in ((8, (client, server), (CLIENT_MAC, SERVER_MAC)),
                                     (0, (server, client), (SERVER_MAC, CLIENT_MAC)))[:2 if answered else 1]:
                body = icmp(kind, 0, struct.pack("!HH", 77, sequence) + payload)
                stage.capture.add(ethernet(ip(*ends, 1, body), source=macs[0], destination=macs[1]))
    return play


def refused(ports, server=None, v6=False):
    """Connections that are reset at once."""
    def play(stage):
        for port in ports:
            talk = TcpTalk(stage.capture, *_client(stage, server, v6), port)
            talk.segment("client", SYN)
            talk.segment("server", RST | ACK)
    return play


def new_capture():
    return Capture(step=0.0001)
