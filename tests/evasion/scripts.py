"""TCP conversations as scripts in offsets of the stream, so that they can be written as packets and played to a real stack.

    tcp = Tcp(stage)
    tcp.open(); tcp.c(0, b"exec /bin"); tcp.c(9, b"..."); tcp.s_ack(20); tcp.close()

`c(offset, data)` is a segment of the client whose first byte is the offset-th of its stream, `s(...)` one of the server.
Options: flags, ttl, sum_override, options (of TCP), window, urgent, ack (offset of the other side, default what it has
sent), ip_sum (a wrong IP checksum), never_arrives (the network loses it: it is in the capture alone).
"""
import struct

from packets import ACK, FIN, PSH, RST, SYN, ipv4, ipv6, tcp


class Step:
    """One segment, before it is packed."""

    def __init__(self, side, flags, offset, data, ack, opts):
        self.side, self.flags, self.offset, self.data, self.ack, self.opts = side, flags, offset, data, ack, opts

    def lost(self):
        return self.opts.get("never_arrives", False)


class Tcp:
    def __init__(self, stage, port=80, v6=False, client_isn=1000, server_isn=5000, wrap=None, timestamps=None):
        """`wrap`: turns an IP packet into what is on the wire (a list of frames' payloads); default itself.
        `timestamps`: (client's clock, server's clock) to put the option into each segment."""
        self.stage, self.v6, self.port, self.wrap = stage, v6, port, wrap
        self.own_port = next(stage.ports)
        self.isn = {"c": client_isn, "s": server_isn}
        self.end = {"c": 0, "s": 0}     # next offset of each side
        self.clock = dict(zip("cs", timestamps)) if timestamps else None
        self.steps = []
        stage.scripts.append(self)

    def put(self, side, flags, offset, data=b"", ack=None, **opts):
        other = "s" if side == "c" else "c"
        if self.clock is not None and "timestamp" not in opts:
            opts["timestamp"] = (self.clock[side], 0 if flags == SYN else self.clock[other])
        step = Step(side, flags, offset, data, self.end[other] if ack is None else ack, opts)
        self.steps.append(step)
        packet = self.packed(step, self.isn["c"], self.isn["s"])
        for piece in (self.wrap(packet) if self.wrap else [packet]):
            if isinstance(piece, tuple):
                self.stage.frame(piece[0], side == "c", **piece[1])
            else:
                self.stage.frame(piece, side == "c")
        return step

    def packed(self, step, client_isn, server_isn):
        isn = {"c": client_isn, "s": server_isn}
        opts = dict(step.opts)
        side, other = step.side, "s" if step.side == "c" else "c"
        client, server = self.stage.ends(self.v6)
        client_port, server_port = self.own_port, self.port
        source, target = (client, server) if side == "c" else (server, client)
        ports = (client_port, server_port) if side == "c" else (server_port, client_port)
        options = opts.get("options", b"")
        if opts.get("timestamp") is not None:
            options = b"\1\1\x08\x0a" + struct.pack("!II", *[value & 0xFFFFFFFF for value in opts["timestamp"]]) + options
        seq = isn[side] + 1 + step.offset
        acknowledged = isn[other] + 1 + step.ack if step.flags & ACK else opts.get("raw_ack", 0)
        body = tcp(source, target, *ports, seq, acknowledged, step.flags, step.data, window=opts.get("window", 64240),
                   options=options, urgent=opts.get("urgent", 0), sum_override=opts.get("sum_override"))
        if opts.get("data_offset") is not None:
            body = body[:12] + bytes([opts["data_offset"] << 4]) + body[13:]
        if self.v6:
            return ipv6(source, target, 6, body, hop_limit=opts.get("ttl", 64))
        packet = ipv4(source, target, 6, body, ttl=opts.get("ttl", 64), options=opts.get("ip_options", b""),
                      total_length=opts.get("total_length"))
        if opts.get("ip_sum") is not None:
            packet = packet[:10] + struct.pack("!H", opts["ip_sum"]) + packet[12:]
        return packet + opts.get("trailer", b"")

    def open(self, **opts):
        self.put("c", SYN, -1, **opts)
        self.put("s", SYN | ACK, -1, ack=0, **opts)
        self.put("c", ACK, 0, ack=0, **opts)

    def c(self, offset, data, flags=PSH | ACK, **opts):
        """A segment of the client; what is next in order moves its end."""
        step = self.put("c", flags, offset, data, **opts)
        if not opts.get("never_arrives"):
            self.end["c"] = max(self.end["c"], offset + len(data))
        return step

    def s(self, offset, data, flags=PSH | ACK, **opts):
        step = self.put("s", flags, offset, data, **opts)
        self.end["s"] = max(self.end["s"], offset + len(data))
        return step

    def s_ack(self, upto=None, **opts):
        self.put("s", ACK, self.end["s"], ack=self.end["c"] if upto is None else upto, **opts)

    def c_ack(self, upto=None, **opts):
        self.put("c", ACK, self.end["c"], ack=self.end["s"] if upto is None else upto, **opts)

    def say(self, data, cut=1400):
        """In order, and acknowledged."""
        for at in range(0, len(data), cut):
            self.c(self.end["c"], data[at:at + cut])
        self.s_ack()

    def tell(self, data, cut=1400):
        for at in range(0, len(data), cut):
            self.s(self.end["s"], data[at:at + cut])
        self.c_ack()

    def close(self, **opts):
        self.put("c", FIN | ACK, self.end["c"], **opts)
        self.put("s", FIN | ACK, self.end["s"], ack=self.end["c"] + 1, **opts)
        self.put("c", ACK, self.end["c"] + 1, ack=self.end["s"] + 1, **opts)

    def reset(self, side="c", **opts):
        self.put(side, RST | ACK, opts.pop("offset", self.end[side]), **opts)
