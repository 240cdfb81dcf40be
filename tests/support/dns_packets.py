"""DNS messages for captures of golden cases: message(0x8180, [question("a.b")], [record("a.b", 1, bytes([1, 2, 3, 4]))])."""
import struct

from packets import CLIENT_MAC, SERVER_MAC, ethernet, ip, udp

FIRST_NAME = b"\xc0\x0c"  # a pointer to the first question's name


def name(text):
    return b"".join(bytes([len(label)]) + label.encode("latin1") for label in text.split(".") if label) + b"\0"


def question(text, type_=1, class_=1):
    return (text if isinstance(text, bytes) else name(text)) + struct.pack("!HH", type_, class_)


def record(text, type_, data, ttl=60, class_=1):
    owner = text if isinstance(text, bytes) else name(text)
    return owner + struct.pack("!HHIH", type_, class_, ttl, len(data)) + data


def message(flags, questions=(), answers=(), authorities=(), additional=(), identification=1):
    sections = (questions, answers, authorities, additional)
    return struct.pack("!6H", identification, flags, *map(len, sections)) + b"".join(map(b"".join, sections))


def framed(data):
    return struct.pack("!H", len(data)) + data


class UdpTalk:
    """Datagrams between two ends; every call adds a frame to the capture."""

    def __init__(self, capture, client, client_port, server, server_port=53):
        self.capture, self.ends = capture, ((client, client_port), (server, server_port))

    def send(self, payload, source, destination, macs):
        body = udp(source[0], destination[0], source[1], destination[1], payload)
        self.capture.add(ethernet(ip(source[0], destination[0], 17, body), source=macs[0], destination=macs[1]))

    def client(self, payload):
        self.send(payload, *self.ends, (CLIENT_MAC, SERVER_MAC))

    def server(self, payload):
        self.send(payload, *reversed(self.ends), (SERVER_MAC, CLIENT_MAC))
