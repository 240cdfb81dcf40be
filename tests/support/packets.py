"""Builds frames byte by byte and writes them as a pcap file; standard library only.

Every golden case's make_pcap.py uses it, so that a capture can be read as a text and made again:

    from packets import Capture, TcpTalk
    capture = Capture()
    talk = TcpTalk(capture, "10.0.0.1", 40000, "10.0.0.2", 80)
    talk.open(); talk.client(b"GET / HTTP/1.1\\r\\n\\r\\n"); talk.server(b"..."); talk.close()
    capture.write("input.pcap")

Checksums are right unless a builder is given another one. Time starts at 2026-01-01 and advances one millisecond a packet.
"""
import ipaddress
import struct

START = 1767225600  # 2026-01-01T00:00:00Z
FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
CLIENT_MAC, SERVER_MAC = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def pseudo_header(source, destination, protocol, length):
    source, destination = ipaddress.ip_address(source), ipaddress.ip_address(destination)
    if source.version == 4:
        return source.packed + destination.packed + struct.pack("!BBH", 0, protocol, length)
    return source.packed + destination.packed + struct.pack("!IHBB", length, 0, 0, protocol)


def tcp(source, destination, source_port, destination_port, seq, ack, flags, payload=b"", window=64240, options=b"",
        urgent=0, sum_override=None):
    options += b"\0" * (-len(options) % 4)
    offset = (20 + len(options)) // 4
    header = struct.pack("!HHIIBBHHH", source_port, destination_port, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF,
                         offset << 4, flags, window, 0, urgent) + options
    value = checksum(pseudo_header(source, destination, 6, len(header) + len(payload)) + header + payload)
    value = value if sum_override is None else sum_override
    return header[:16] + struct.pack("!H", value) + header[18:] + payload


def udp(source, destination, source_port, destination_port, payload=b""):
    length = 8 + len(payload)
    header = struct.pack("!HHHH", source_port, destination_port, length, 0)
    value = checksum(pseudo_header(source, destination, 17, length) + header + payload) or 0xFFFF
    return header[:6] + struct.pack("!H", value) + payload


def icmp(type_, code, body=b"\0\0\0\0"):
    value = checksum(struct.pack("!BBH", type_, code, 0) + body)
    return struct.pack("!BBH", type_, code, value) + body


def ipv4(source, destination, protocol, payload, ttl=64, identification=1, flags=0x4000, total_length=None, tos=0,
         options=b""):
    options += b"\0" * (-len(options) % 4)
    words = (20 + len(options)) // 4
    total = words * 4 + len(payload) if total_length is None else total_length
    header = struct.pack("!BBHHHBBH4s4s", 0x40 | words, tos, total, identification, flags, ttl, protocol, 0,
                         ipaddress.IPv4Address(source).packed, ipaddress.IPv4Address(destination).packed) + options
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + payload


def ipv6(source, destination, next_header, payload, hop_limit=64):
    return struct.pack("!IHBB16s16s", 6 << 28, len(payload), next_header, hop_limit,
                       ipaddress.IPv6Address(source).packed, ipaddress.IPv6Address(destination).packed) + payload


def ip(source, destination, protocol, payload, **options):
    build = ipv4 if ipaddress.ip_address(source).version == 4 else ipv6
    return build(source, destination, protocol, payload, **options)


def ethernet(payload, ether_type=None, source=CLIENT_MAC, destination=SERVER_MAC, vlans=()):
    """`vlans`: (TPID, VID) from the outside in."""
    if ether_type is None:
        ether_type = 0x0800 if payload[0] >> 4 == 4 else 0x86DD
    tags = b"".join(struct.pack("!HH", tpid, vid) for tpid, vid in vlans)
    return destination + source + tags + struct.pack("!H", ether_type) + payload


def ipv4_fragments(source, destination, protocol, payload, pieces, identification=7):
    """Datagram cut at the given payload offsets (multiples of 8)."""
    ends = list(pieces[1:]) + [len(payload)]
    for start, end in zip(pieces, ends):
        more = 0x2000 if end < len(payload) else 0
        yield ipv4(source, destination, protocol, payload[start:end], identification=identification,
                   flags=more | start // 8)


class Capture:
    def __init__(self, link_type=1, start=START, step=0.001):
        self.link_type, self.now, self.step = link_type, round(start * 1e6), round(step * 1e6)  # microseconds
        self.frames = []

    def add(self, frame, wire_length=None):
        self.frames.append((self.now, frame, wire_length or len(frame)))
        self.now += self.step

    def wait(self, seconds):
        self.now += round(seconds * 1e6)

    def write(self, path):
        with open(path, "wb") as file:
            file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, self.link_type))
            for micros, frame, wire_length in self.frames:
                file.write(struct.pack("<IIII", micros // 1_000_000, micros % 1_000_000, len(frame), wire_length))
                file.write(frame)


class TcpTalk:
    """One TCP connection; every call adds frames to the capture."""

    def __init__(self, capture, client, client_port, server, server_port, vlans=(), client_isn=1000, server_isn=5000):
        self.capture, self.vlans = capture, vlans
        self.ends = {"client": (client, client_port), "server": (server, server_port)}
        self.seq = {"client": client_isn, "server": server_isn}

    def segment(self, side, flags, payload=b"", seq=None, advance=True, **options):
        """One segment; without `seq` the next in order."""
        other = "server" if side == "client" else "client"
        (source, source_port), (destination, destination_port) = self.ends[side], self.ends[other]
        body = tcp(source, destination, source_port, destination_port, self.seq[side] if seq is None else seq,
                   self.seq[other] if flags & ACK else 0, flags, payload, **options)
        macs = (CLIENT_MAC, SERVER_MAC) if side == "client" else (SERVER_MAC, CLIENT_MAC)
        self.capture.add(ethernet(ip(source, destination, 6, body), source=macs[0], destination=macs[1],
                                  vlans=self.vlans))
        if advance and seq is None:
            self.seq[side] += len(payload) + (1 if flags & (SYN | FIN) else 0)

    def open(self):
        self.segment("client", SYN)
        self.segment("server", SYN | ACK)
        self.segment("client", ACK)

    def client(self, payload, acknowledge=True):
        self.segment("client", PSH | ACK, payload)
        if acknowledge:
            self.segment("server", ACK)

    def server(self, payload, acknowledge=True):
        self.segment("server", PSH | ACK, payload)
        if acknowledge:
            self.segment("client", ACK)

    def close(self):
        self.segment("client", FIN | ACK)
        self.segment("server", FIN | ACK)
        self.segment("client", ACK)
